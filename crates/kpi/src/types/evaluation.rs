//! Evaluations: somebody's skills and tools on a day, in their own eyes or another's.

use palisade_records::{
    Child, Field, Kind, Lifecycle, RecordType, Stamp, Transition, Verb, Verbs, directory::PERSON, verbs,
};

use super::{EMPLOYEE, SKILL, TIER, TOOL};
use crate::{
    evaluation::{effect, policy},
    store::EVALUATION_ROWS,
};

/// The permission to start evaluations and to fill them in; only their author does, as far as it reaches.
pub const EVALUATE: &str = "kpi.evaluation.create";

/// The permission to review what others have handed in, and to return it.
pub const REVIEW: &str = "kpi.evaluation.review";

/// The permission to make a corrected copy of a reviewed evaluation.
pub const AMEND: &str = "kpi.evaluation.amend";

/// The kinds: as stored, and as people read them.
pub(crate) const KINDS: &[(&str, &str)] = &[("self", "Self-evaluation"), ("manager", "By a manager")];

/// The states: as stored, and as people read them.
pub(crate) const STATES: &[(&str, &str)] = &[("draft", "Draft"), ("completed", "Completed"), ("reviewed", "Reviewed")];

const ORIGINS: &[(&str, &str)] =
    &[("form", "Filled in here"), ("sheet", "Score card"), ("table", "Table"), ("api", "API")];

const TO_DEVELOP: &str = "to see what the person can do, and to help them grow";
const TO_ANSWER_FOR: &str = "to know who answers for an evaluation";

/// The rating of a skill.
pub const RATING: Field = Field::new("rating", "Rating", Kind::Int { min: 1, max: 5 })
    .hint("1 never done it, 2 done once or twice, 3 with help, 4 alone, 5 expert.")
    .personal(TO_DEVELOP);

/// What there is to say about one skill or tool.
pub const NOTE: Field = Field::new("notes", "Notes", Kind::LongText(1_000)).stored_in("note").personal(TO_DEVELOP);

/// The marks on skills.
pub static SKILL_MARKS: Child = Child {
    name: "skills",
    table: "evaluation_skill",
    parent: "evaluation_id",
    key: "skill_id",
    of: &SKILL,
    fields: &[RATING, NOTE],
    given_at: "tapped_at",
};

/// The marks on tools.
pub static TOOL_MARKS: Child = Child {
    name: "tools",
    table: "evaluation_tool",
    parent: "evaluation_id",
    key: "tool_id",
    of: &TOOL,
    fields: &[
        Field::new("can_operate", "Can operate", Kind::Bool).personal(TO_DEVELOP),
        Field::new("truck_stock", "On the truck", Kind::Bool).personal(TO_DEVELOP),
        NOTE,
    ],
    given_at: "tapped_at",
};

/// To fill in an evaluation, or to throw the draft away, is a part of evaluating: it takes no permission of its own.
const VERBS: Verbs = {
    let verbs = verbs!("kpi", "evaluation");
    Verbs {
        update: Verb { permission: EVALUATE, ..verbs.update },
        archive: Verb { permission: EVALUATE, action: "evaluation.discard" },
        restore: Verb { permission: EVALUATE, ..verbs.restore },
        ..verbs
    }
};

/// What somebody can do, on a day, in their own eyes or another's.
pub static EVALUATION: RecordType = RecordType {
    name: "evaluation",
    singular: "evaluation",
    plural: "Evaluations",
    about: "What people can do, in their own eyes and in their manager's.",
    table: "evaluation",
    path: "evaluations",
    base: None,
    fields: &[
        Field::new("employee_id", "Employee", Kind::Link(&EMPLOYEE))
            .required()
            .fixed()
            .listed()
            .filter()
            .by_program()
            .personal(TO_DEVELOP),
        Field::new("evaluation_type", "Kind", Kind::Choice(KINDS))
            .stored_in("kind")
            .required()
            .listed()
            .filter()
            .by_program()
            .personal(TO_DEVELOP),
        Field::new("evaluator_id", "Evaluator", Kind::Link(&PERSON))
            .required()
            .listed()
            .filter()
            .by_program()
            .personal(TO_ANSWER_FOR),
        Field::new("evaluation_date", "Date", Kind::Date)
            .stored_in("evaluated_on")
            .required()
            .listed()
            .personal(TO_DEVELOP),
        Field::new("status", "State", Kind::Choice(STATES))
            .stored_in("state")
            .required()
            .listed()
            .filter()
            .begins_as(STATES[0].0)
            .personal(TO_DEVELOP),
        Field::new("reviewer_id", "To be reviewed by", Kind::Link(&PERSON))
            .filter()
            .by_program()
            .personal(TO_ANSWER_FOR),
        Field::new("reviewed_by", "Reviewed by", Kind::Link(&PERSON)).by_program().personal(TO_ANSWER_FOR),
        Field::new("reviewed_on", "Reviewed on", Kind::Date).by_program().personal(TO_ANSWER_FOR),
        Field::new("completed_on", "Completed on", Kind::Date).by_program().personal(TO_ANSWER_FOR),
        Field::new("return_reason", "Reason for returning it", Kind::LongText(2_000)).by_program().personal(TO_DEVELOP),
        Field::new("amends_id", "Corrects", Kind::Link(&EVALUATION)).by_program(),
        Field::new("tier_id", "Tier at the time", Kind::Link(&TIER)).by_program().personal(TO_DEVELOP),
        Field::new("origin", "Where it came from", Kind::Choice(ORIGINS)).required().begins_as(ORIGINS[0].0),
        Field::new("notes", "Notes", Kind::LongText(4_000)).hint("The employee can read this.").personal(TO_DEVELOP),
    ],
    title: &["evaluation_date"],
    sort: &["evaluation_date"],
    key: &[],
    unique: &[],
    check: None,
    subject: Some("employee_id"),
    verbs: VERBS,
    rows: EVALUATION_ROWS,
    lifecycle: Some(&LIFECYCLE),
    children: &[&SKILL_MARKS, &TOOL_MARKS],
    retention: "As long as the employee's record; afterwards as the retention policy says.",
};

/// A draft is its author's alone; what was handed in is closed, and only a transition opens it again.
static LIFECYCLE: Lifecycle = Lifecycle {
    field: "status",
    locked: &["completed", "reviewed"],
    editor: policy::author,
    taken: Some("Its author has another open draft about the same employee. Hand that in or discard it first."),
    transitions: &[
        Transition {
            name: "complete",
            label: "Hand in",
            about: "Hands a draft in: others see it, it counts, and nobody changes it any more.",
            from: &["draft"],
            to: "completed",
            verb: Verb { permission: EVALUATE, action: "evaluation.complete" },
            guard: policy::may_complete,
            asks: &[],
            stamps: &[("completed_on", Stamp::Today)],
            effect: Some(effect::complete),
        },
        Transition {
            name: "take-back",
            label: "Take back",
            about: "Makes it a draft of its author's again, as long as nobody has reviewed it.",
            from: &["completed"],
            to: "draft",
            verb: Verb { permission: EVALUATE, action: "evaluation.take_back" },
            guard: policy::author,
            asks: &[],
            stamps: &[("completed_on", Stamp::Empty)],
            effect: Some(effect::reopen),
        },
        Transition {
            name: "review",
            label: "Review",
            about: "Confirms it: from now on it stays as it is.",
            from: &["completed"],
            to: "reviewed",
            verb: Verb { permission: REVIEW, action: "evaluation.review" },
            guard: policy::may_review,
            asks: &[],
            stamps: &[("reviewed_by", Stamp::Caller), ("reviewed_on", Stamp::Today)],
            effect: Some(effect::review),
        },
        Transition {
            name: "return",
            label: "Return",
            about: "Gives it back to its author, with a reason.",
            from: &["completed"],
            to: "draft",
            verb: Verb { permission: REVIEW, action: "evaluation.return" },
            guard: policy::may_review,
            asks: &["return_reason"],
            stamps: &[("completed_on", Stamp::Empty)],
            effect: Some(effect::reopen),
        },
    ],
};
