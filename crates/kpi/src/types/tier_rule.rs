//! What a tier asks for.

use palisade_base::{FieldError, RecordId};
use palisade_records::{Field, Kind, RecordType, RowRules, Values, verbs};
use palisade_store::Value;

use super::{SKILL_CATEGORY, TIER, TOOL_CATEGORY};
use crate::tiers::Rule;

/// The kinds of rule: as stored, and as people read them.
pub(crate) const RULE_KINDS: &[(&str, &str)] = &[
    ("categories", "Categories with a mean"),
    ("category", "Mean of one category"),
    ("skills", "Share of skills at a rating"),
    ("experts", "Categories of an expert"),
    ("tools_operable", "Tools that they can operate"),
    ("tools_stocked", "Tools on the truck"),
    ("trains_others", "Trains others"),
];

/// The lists of tools that a rule can be about, besides one category.
pub(crate) const TOOL_LISTS: &[(&str, &str)] = &[("all", "All tools"), ("general", "The general list")];

/// One thing that a tier asks for; the tier is reached when all of its rules are met.
pub static TIER_RULE: RecordType = RecordType {
    name: "tier_rule",
    singular: "tier rule",
    plural: "Tier rules",
    about: "What each tier asks for. A tier is reached when all of its rules are met; who is promoted, people decide.",
    table: "tier_rule",
    path: "tier-rules",
    base: None,
    fields: &[
        Field::new("tier_id", "Tier", Kind::Link(&TIER)).required().listed().filter(),
        Field::new("kind", "Kind", Kind::Choice(RULE_KINDS))
            .hint("It decides which of the answers below are needed; leave the others empty.")
            .required()
            .listed()
            .filter(),
        // The list says the whole rule in words instead of these.
        Field::new("times", "How many categories", Kind::Int { min: 1, max: 100 }),
        Field::new("mean_tenths", "Mean", Kind::Tenths { min: 10, max: 50 })
            .hint("The least mean of the ratings in a category: 3.5."),
        Field::new("rating", "Rating", Kind::Int { min: 1, max: 5 })
            .hint("Of a share of skills: the rating that counts. Of an expert: no rating in the category is lower."),
        Field::new("share", "Share in percent", Kind::Int { min: 1, max: 100 })
            .hint("Of skills or tools: how many of them. Of an expert: how many of the ratings are a 5."),
        Field::new("coverage", "Coverage in percent", Kind::Int { min: 1, max: 100 })
            .hint("Only categories count in which so many of the skills are rated. Empty: one rated skill is enough."),
        Field::new("category_id", "Skill category", Kind::Link(&SKILL_CATEGORY)),
        Field::new("tools", "Which tools", Kind::Choice(TOOL_LISTS)),
        Field::new("tool_category_id", "Or those of one category", Kind::Link(&TOOL_CATEGORY)),
    ],
    title: &["kind"],
    sort: &["tier_id", "kind"],
    key: &[],
    unique: &[],
    check: Some(check),
    subject: None,
    verbs: verbs!("kpi", "tier_rule"),
    rows: RowRules::IMPERSONAL,
    lifecycle: None,
    children: &[],
    retention: "As long as the company works with them.",
};

/// Every combination must say something, and nothing may stand in it that says nothing.
fn check(values: &Values<'_>) -> Vec<FieldError> {
    Rule::read(|name| values.value(name).cloned()).err().unwrap_or_default()
}

/// The id in a value.
pub(crate) fn id_in(value: Option<Value>) -> Option<RecordId> {
    match value {
        Some(Value::Id(id)) => Some(RecordId(id)),
        _ => None,
    }
}
