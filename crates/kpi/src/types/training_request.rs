//! Training that somebody asks for.

use palisade_base::FieldError;
use palisade_records::{Field, Kind, Lifecycle, RecordType, Stamp, Transition, Values, Verb, directory::PERSON, verbs};

use super::{EMPLOYEE, EVALUATION, SKILL, TOOL};
use crate::{development::policy, store::ABOUT_EMPLOYEE_ROWS};

const TO_DEVELOP: &str = "to plan the person's training";

/// The permission to approve and decline requests for training.
pub const DECIDE_TRAINING_REQUEST: &str = "kpi.training_request.decide";

const STATES: Kind =
    Kind::Choice(&[("requested", "Requested"), ("approved", "Approved"), ("declined", "Declined"), ("done", "Done")]);

const DECISION: &[(&str, Stamp)] = &[("decided_by", Stamp::Caller), ("decided_on", Stamp::Today)];

/// Requested by anybody for themselves, decided by somebody else.
static LIFECYCLE: Lifecycle = Lifecycle {
    field: "state",
    locked: &["approved", "declined", "done"],
    editor: policy::anybody,
    taken: None,
    transitions: &[
        Transition {
            name: "approve",
            label: "Approve",
            about: "The training will be arranged. The request is done when the next review shows what was learnt.",
            from: &["requested", "declined"],
            to: "approved",
            verb: Verb { permission: DECIDE_TRAINING_REQUEST, action: "training_request.approve" },
            guard: policy::somebody_else,
            asks: &[],
            stamps: DECISION,
            effect: None,
        },
        Transition {
            name: "decline",
            label: "Decline",
            about: "Say why: the person who asked reads it.",
            from: &["requested", "approved"],
            to: "declined",
            verb: Verb { permission: DECIDE_TRAINING_REQUEST, action: "training_request.decline" },
            guard: policy::somebody_else,
            asks: &["answer"],
            stamps: DECISION,
            effect: None,
        },
        Transition {
            name: "done",
            label: "Mark as done",
            about: "The training took place.",
            from: &["approved"],
            to: "done",
            verb: Verb { permission: DECIDE_TRAINING_REQUEST, action: "training_request.done" },
            guard: policy::somebody_else,
            asks: &[],
            stamps: &[],
            effect: None,
        },
    ],
};

/// A wish to be trained.
pub static TRAINING_REQUEST: RecordType = RecordType {
    name: "training_request",
    singular: "training request",
    plural: "Training requests",
    about: "Training that people ask for. Whoever leads them approves or declines it; the next review that shows the skill better closes it.",
    table: "training_request",
    path: "training-requests",
    base: None,
    fields: &[
        Field::new("employee_id", "Employee", Kind::Link(&EMPLOYEE))
            .required()
            .fixed()
            .listed()
            .filter()
            .personal(TO_DEVELOP),
        Field::new("topic", "Training in", Kind::Text(200))
            .hint("In a few words: Sweating copper joints.")
            .required()
            .searchable()
            .listed()
            .personal(TO_DEVELOP),
        Field::new("skill_id", "Skill", Kind::Link(&SKILL))
            .hint("The skill or the tool that it is about, where the catalogue has it.")
            .fixed()
            .filter()
            .personal(TO_DEVELOP),
        Field::new("tool_id", "Tool", Kind::Link(&TOOL)).fixed().filter().personal(TO_DEVELOP),
        Field::new("reason", "Why", Kind::LongText(2000)).searchable().personal(TO_DEVELOP),
        Field::new("state", "State", STATES).required().listed().filter().personal(TO_DEVELOP).begins_as("requested"),
        Field::new("decided_by", "Decided by", Kind::Link(&PERSON)).personal(TO_DEVELOP).by_program(),
        Field::new("decided_on", "Decided on", Kind::Date).listed().personal(TO_DEVELOP).by_program(),
        Field::new("answer", "Answer", Kind::LongText(2000)).personal(TO_DEVELOP).by_program(),
        Field::new("closed_by_id", "Done by the review of", Kind::Link(&EVALUATION)).personal(TO_DEVELOP).by_program(),
    ],
    title: &["topic"],
    sort: &["topic"],
    key: &[],
    unique: &[],
    check: Some(check),
    subject: Some("employee_id"),
    verbs: verbs!("kpi", "training_request"),
    rows: ABOUT_EMPLOYEE_ROWS,
    lifecycle: Some(&LIFECYCLE),
    children: &[],
    retention: "As long as the person works here; afterwards as the retention policy says.",
};

fn check(values: &Values<'_>) -> Vec<FieldError> {
    if values.value("skill_id").is_some() && values.value("tool_id").is_some() {
        let message = "Choose a skill or a tool, not both: make a request for each.".to_owned();
        return vec![FieldError { field: "tool_id".into(), message }];
    }
    Vec::new()
}
