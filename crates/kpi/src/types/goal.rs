//! What somebody wants to reach by a day.

use palisade_base::FieldError;
use palisade_records::{Field, Kind, Lifecycle, RecordType, Stamp, Transition, Values, Verb, verbs};

use super::{EMPLOYEE, EVALUATION, SKILL, SKILL_CATEGORY, TOOL};
use crate::{development::policy, store::ABOUT_EMPLOYEE_ROWS};

const TO_DEVELOP: &str = "to plan the person's training";

const STATES: Kind = Kind::Choice(&[("open", "Open"), ("reached", "Reached"), ("dropped", "Dropped")]);

const UPDATE: &str = "kpi.goal.update";

/// Open until the review of an evaluation shows that it is reached, or until it is dropped.
static LIFECYCLE: Lifecycle = Lifecycle {
    field: "state",
    locked: &["reached", "dropped"],
    editor: policy::anybody,
    taken: None,
    transitions: &[
        Transition {
            name: "drop",
            label: "Drop it",
            about: "It is no longer worked on. It stays in the list, under Dropped.",
            from: &["open"],
            to: "dropped",
            verb: Verb { permission: UPDATE, action: "goal.drop" },
            guard: policy::anybody,
            asks: &[],
            stamps: &[("closed_on", Stamp::Today)],
            effect: None,
        },
        Transition {
            name: "reopen",
            label: "Take it up again",
            about: "It is open again, with the day that it had.",
            from: &["dropped"],
            to: "open",
            verb: Verb { permission: UPDATE, action: "goal.reopen" },
            guard: policy::anybody,
            asks: &[],
            stamps: &[("closed_on", Stamp::Empty)],
            effect: None,
        },
    ],
};

/// A rating in a skill, a mean in a category, or a tool. How far it is follows from where the person stands.
pub static GOAL: RecordType = RecordType {
    name: "goal",
    singular: "goal",
    plural: "Goals",
    about: "What people want to reach by a day. A goal is reached when the review of an evaluation shows it.",
    table: "goal",
    path: "goals",
    base: None,
    fields: &[
        Field::new("employee_id", "Employee", Kind::Link(&EMPLOYEE))
            .required()
            .fixed()
            .listed()
            .filter()
            .personal(TO_DEVELOP),
        Field::new("skill_id", "Skill", Kind::Link(&SKILL))
            .hint("What the goal is about: a skill, a whole category, or a tool. Choose one of the three.")
            .fixed()
            .filter()
            .personal(TO_DEVELOP),
        Field::new("category_id", "Category", Kind::Link(&SKILL_CATEGORY)).fixed().filter().personal(TO_DEVELOP),
        Field::new("tool_id", "Tool", Kind::Link(&TOOL))
            .hint("Reached when the person can operate it.")
            .fixed()
            .filter()
            .personal(TO_DEVELOP),
        Field::new("target_tenths", "Rating to reach", Kind::Tenths { min: 10, max: 50 })
            .hint("From 1 to 5: for a category its mean, such as 3.5. A tool has none.")
            .listed()
            .personal(TO_DEVELOP),
        Field::new("target_date", "By", Kind::Date).required().listed().personal(TO_DEVELOP),
        Field::new("actions", "What will be done for it", Kind::LongText(2000)).searchable().personal(TO_DEVELOP),
        Field::new("state", "State", STATES).required().listed().filter().personal(TO_DEVELOP).begins_as("open"),
        Field::new("closed_by_id", "Closed by the review of", Kind::Link(&EVALUATION))
            .personal(TO_DEVELOP)
            .by_program(),
        Field::new("closed_on", "Closed on", Kind::Date).personal(TO_DEVELOP).by_program(),
    ],
    title: &["skill_id", "category_id", "tool_id"],
    sort: &["target_date"],
    key: &[],
    unique: &[],
    check: Some(check),
    subject: Some("employee_id"),
    verbs: verbs!("kpi", "goal"),
    rows: ABOUT_EMPLOYEE_ROWS,
    lifecycle: Some(&LIFECYCLE),
    children: &[],
    retention: "As long as the person works here; afterwards as the retention policy says.",
};

fn check(values: &Values<'_>) -> Vec<FieldError> {
    let wrong = |field: &'static str, message: &str| vec![FieldError { field: field.into(), message: message.into() }];
    let about = ["skill_id", "category_id", "tool_id"].map(|name| values.value(name).is_some());
    let target = values.number("target_tenths");
    match (about, target) {
        ([true, false, false], Some(tenths)) if tenths % 10 != 0 => {
            wrong("target_tenths", "A skill is rated in whole numbers: choose 1, 2, 3, 4 or 5.")
        }
        ([true, false, false] | [false, true, false], Some(_)) | ([false, false, true], None) => Vec::new(),
        ([true, false, false] | [false, true, false], None) => {
            wrong("target_tenths", "Enter the rating to reach, from 1 to 5.")
        }
        ([false, false, true], Some(_)) => wrong("target_tenths", "Leave this empty for a tool."),
        ([false, false, false], _) => wrong("skill_id", "Choose a skill, a category or a tool."),
        _ => wrong("skill_id", "Choose only one: a skill, a category or a tool."),
    }
}
