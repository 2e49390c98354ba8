//! What somebody can do that the catalogue does not list.

use palisade_records::{Field, Kind, Lifecycle, RecordType, Transition, Verb, verbs};

use super::{EMPLOYEE, EVALUATION};
use crate::{development::policy, store::ABOUT_EMPLOYEE_ROWS};

const TO_ASSIGN: &str = "to assign work that the person can do";

/// The permission to say that somebody has a special skill indeed.
pub const CONFIRM_SPECIAL_SKILL: &str = "kpi.special_skill.confirm";

const STATES: Kind = Kind::Choice(&[("proposed", "Proposed"), ("confirmed", "Confirmed")]);

/// Proposed by the person themselves, confirmed by who leads them; changed only until then.
static LIFECYCLE: Lifecycle = Lifecycle {
    field: "state",
    locked: &["confirmed"],
    editor: policy::anybody,
    taken: None,
    transitions: &[
        Transition {
            name: "confirm",
            label: "Confirm",
            about: "You have seen it: it counts, and stays as it is.",
            from: &["proposed"],
            to: "confirmed",
            verb: Verb { permission: CONFIRM_SPECIAL_SKILL, action: "special_skill.confirm" },
            guard: policy::somebody_else,
            asks: &[],
            stamps: &[],
            effect: None,
        },
        Transition {
            name: "reopen",
            label: "Open again",
            about: "It counts as proposed, and can be changed, until it is confirmed again.",
            from: &["confirmed"],
            to: "proposed",
            verb: Verb { permission: CONFIRM_SPECIAL_SKILL, action: "special_skill.reopen" },
            guard: policy::somebody_else,
            asks: &[],
            stamps: &[],
            effect: None,
        },
    ],
};

/// A skill of one person's.
pub static SPECIAL_SKILL: RecordType = RecordType {
    name: "special_skill",
    singular: "special skill",
    plural: "Special skills",
    about: "What people can do that the catalogue does not list. They propose it themselves; who leads them confirms it.",
    table: "special_skill",
    path: "special-skills",
    base: None,
    fields: &[
        Field::new("employee_id", "Employee", Kind::Link(&EMPLOYEE))
            .required()
            .fixed()
            .listed()
            .filter()
            .personal(TO_ASSIGN),
        Field::new("name", "Skill", Kind::Text(100)).required().searchable().listed().personal(TO_ASSIGN),
        Field::new("description", "What it is", Kind::LongText(2000)).searchable().personal(TO_ASSIGN),
        Field::new("level", "How well", Kind::Int { min: 1, max: 5 })
            .hint("1 never done, 2 done once or twice, 3 with help, 4 alone, 5 expert.")
            .listed()
            .personal(TO_ASSIGN),
        Field::new("acquired_on", "Since", Kind::Date).personal(TO_ASSIGN),
        Field::new("evaluation_id", "Evaluation", Kind::Link(&EVALUATION)).personal(TO_ASSIGN).by_program(),
        Field::new("state", "State", STATES).required().listed().filter().personal(TO_ASSIGN).begins_as("proposed"),
    ],
    title: &["name"],
    sort: &["name"],
    key: &[&["employee_id", "name"]],
    unique: &[&["employee_id", "name"]],
    check: None,
    subject: Some("employee_id"),
    verbs: verbs!("kpi", "special_skill"),
    rows: ABOUT_EMPLOYEE_ROWS,
    lifecycle: Some(&LIFECYCLE),
    children: &[],
    retention: "As long as the person works here; afterwards as the retention policy says.",
};
