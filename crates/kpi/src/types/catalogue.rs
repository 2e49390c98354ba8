//! The catalogue: what a craftsman can learn, and what they work with.

use palisade_records::{Field, Kind, RecordType, RowRules, verbs};

const RETENTION: &str = "As long as the company works with them.";

const NAME: Field = Field::new("name", "Name", Kind::Text(100)).required().searchable().listed();
const DESCRIPTION: Field = Field::new("description", "Description", Kind::LongText(2000)).searchable();
const DISPLAY_ORDER: Field = Field::new("display_order", "Place in lists", Kind::Int { min: 0, max: 9999 })
    .hint("A number; smaller ones come first.")
    .required()
    .listed();

/// A trade that skills belong to.
pub static SKILL_CATEGORY: RecordType = RecordType {
    name: "skill_category",
    singular: "skill category",
    plural: "Skill categories",
    about: "The trades that skills are grouped by.",
    table: "skill_category",
    path: "skill-categories",
    base: None,
    fields: &[NAME, DESCRIPTION, DISPLAY_ORDER],
    title: &["name"],
    sort: &["display_order", "name"],
    key: &[&["name"]],
    unique: &[&["name"]],
    check: None,
    subject: None,
    verbs: verbs!("kpi", "skill_category"),
    rows: RowRules::IMPERSONAL,
    lifecycle: None,
    children: &[],
    retention: RETENTION,
};

/// Something that somebody can be rated on.
pub static SKILL: RecordType = RecordType {
    name: "skill",
    singular: "skill",
    plural: "Skills",
    about: "What people are rated on. One name may stand in two categories.",
    table: "skill",
    path: "skills",
    base: None,
    fields: &[
        Field::new("category_id", "Category", Kind::Link(&SKILL_CATEGORY)).required().listed().filter(),
        NAME,
        DESCRIPTION,
        DISPLAY_ORDER,
    ],
    title: &["name"],
    sort: &["category_id", "display_order", "name"],
    key: &[&["category_id", "name"]],
    unique: &[&["category_id", "name"]],
    check: None,
    subject: None,
    verbs: verbs!("kpi", "skill"),
    rows: RowRules::IMPERSONAL,
    lifecycle: None,
    children: &[],
    retention: RETENTION,
};

/// A group of tools; the trades again, and the general list.
pub static TOOL_CATEGORY: RecordType = RecordType {
    name: "tool_category",
    singular: "tool category",
    plural: "Tool categories",
    about: "The groups that tools are listed in.",
    table: "tool_category",
    path: "tool-categories",
    base: None,
    fields: &[NAME, DESCRIPTION, DISPLAY_ORDER],
    title: &["name"],
    sort: &["display_order", "name"],
    key: &[&["name"]],
    unique: &[&["name"]],
    check: None,
    subject: None,
    verbs: verbs!("kpi", "tool_category"),
    rows: RowRules::IMPERSONAL,
    lifecycle: None,
    children: &[],
    retention: RETENTION,
};

/// Something that somebody can operate, and own.
pub static TOOL: RecordType = RecordType {
    name: "tool",
    singular: "tool",
    plural: "Tools",
    about: "What people work with. One name may stand in two categories.",
    table: "tool",
    path: "tools",
    base: None,
    fields: &[
        Field::new("category_id", "Category", Kind::Link(&TOOL_CATEGORY)).required().listed().filter(),
        NAME,
        DESCRIPTION,
        DISPLAY_ORDER,
    ],
    title: &["name"],
    sort: &["category_id", "display_order", "name"],
    key: &[&["category_id", "name"]],
    unique: &[&["category_id", "name"]],
    check: None,
    subject: None,
    verbs: verbs!("kpi", "tool"),
    rows: RowRules::IMPERSONAL,
    lifecycle: None,
    children: &[],
    retention: RETENTION,
};
