//! Tools of people's own that the catalogue does not list.

use palisade_records::{Field, Kind, RecordType, verbs};

use super::{EMPLOYEE, EVALUATION, TOOL_CATEGORY};
use crate::store::ABOUT_EMPLOYEE_ROWS;

const TO_ASSIGN: &str = "to assign work that the person can do";

/// A tool of one person's.
pub static CUSTOM_TOOL: RecordType = RecordType {
    name: "custom_tool",
    singular: "own tool",
    plural: "Own tools",
    about: "Tools that somebody has or can operate, and that the catalogue does not list.",
    table: "custom_tool",
    path: "custom-tools",
    base: None,
    fields: &[
        Field::new("employee_id", "Employee", Kind::Link(&EMPLOYEE))
            .required()
            .fixed()
            .listed()
            .filter()
            .personal(TO_ASSIGN),
        Field::new("category_id", "Category", Kind::Link(&TOOL_CATEGORY)).listed().filter().personal(TO_ASSIGN),
        Field::new("name", "Tool", Kind::Text(100)).required().searchable().listed().personal(TO_ASSIGN),
        Field::new("description", "What it is for", Kind::LongText(2000)).searchable().personal(TO_ASSIGN),
        Field::new("can_operate", "Can operate it", Kind::Bool).listed().filter().personal(TO_ASSIGN),
        Field::new("truck_stock", "On the truck", Kind::Bool).listed().filter().personal(TO_ASSIGN),
        Field::new("evaluation_id", "Evaluation", Kind::Link(&EVALUATION)).personal(TO_ASSIGN).by_program(),
    ],
    title: &["name"],
    sort: &["name"],
    key: &[&["employee_id", "name"]],
    unique: &[&["employee_id", "name"]],
    check: None,
    subject: Some("employee_id"),
    verbs: verbs!("kpi", "custom_tool"),
    rows: ABOUT_EMPLOYEE_ROWS,
    lifecycle: None,
    children: &[],
    retention: "As long as the person works here; afterwards as the retention policy says.",
};
