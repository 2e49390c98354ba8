//! Promotions: who was given which tier, by whom and why.

use palisade_records::{Field, Kind, RecordType, Verb, Verbs, directory::PERSON, verbs};

use super::{EMPLOYEE, TIER};
use crate::store::ABOUT_EMPLOYEE_ROWS;

/// The permission to give somebody another tier.
pub const PROMOTE: &str = "kpi.promotion.create";

const TO_ANSWER_FOR: &str = "to know who gave somebody a tier, and why";

/// What is kept of it stays: to correct a tier is to decide again.
const VERBS: Verbs = {
    let verbs = verbs!("kpi", "promotion");
    Verbs {
        update: Verb { permission: PROMOTE, ..verbs.update },
        archive: Verb { permission: PROMOTE, ..verbs.archive },
        restore: Verb { permission: PROMOTE, ..verbs.restore },
        import: Verb { permission: PROMOTE, ..verbs.import },
        check_import: Verb { permission: PROMOTE, ..verbs.check_import },
        undo_import: Verb { permission: PROMOTE, ..verbs.undo_import },
        ..verbs
    }
};

/// Somebody was given another tier.
pub static PROMOTION: RecordType = RecordType {
    name: "promotion",
    singular: "promotion",
    plural: "Promotions",
    about: "Who was given which tier, with the reason and how its rules were met that day.",
    table: "promotion",
    path: "promotions",
    base: None,
    fields: &[
        Field::new("employee_id", "Employee", Kind::Link(&EMPLOYEE))
            .required()
            .listed()
            .filter()
            .by_program()
            .personal(TO_ANSWER_FOR),
        Field::new("from_tier_id", "From", Kind::Link(&TIER)).required().listed().by_program().personal(TO_ANSWER_FOR),
        Field::new("to_tier_id", "To", Kind::Link(&TIER))
            .required()
            .listed()
            .filter()
            .by_program()
            .personal(TO_ANSWER_FOR),
        Field::new("decided_on", "Date", Kind::Date).required().listed().by_program().personal(TO_ANSWER_FOR),
        Field::new("decided_by", "Decided by", Kind::Link(&PERSON)).listed().by_program().personal(TO_ANSWER_FOR),
        Field::new("reason", "Reason", Kind::LongText(2_000)).required().by_program().personal(TO_ANSWER_FOR),
        Field::new("evidence", "How the rules were met", Kind::LongText(20_000))
            .required()
            .by_program()
            .personal(TO_ANSWER_FOR),
    ],
    title: &["employee_id"],
    sort: &["decided_on"],
    key: &[],
    unique: &[],
    check: None,
    subject: Some("employee_id"),
    verbs: VERBS,
    rows: ABOUT_EMPLOYEE_ROWS,
    lifecycle: None,
    children: &[],
    retention: "As long as the employee's record; afterwards as the retention policy says.",
};
