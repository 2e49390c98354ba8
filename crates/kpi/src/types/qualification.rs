//! Certificates and licences, with their last day.

use palisade_base::FieldError;
use palisade_records::{Field, Kind, RecordType, Values, verbs};

use super::EMPLOYEE;
use crate::store::ABOUT_EMPLOYEE_ROWS;

const TO_ASSIGN: &str = "to assign only work that the person is allowed to do";

const KINDS: Kind = Kind::Choice(&[
    ("licence", "Licence"),
    ("certificate", "Certificate"),
    ("course", "Course"),
    ("card", "Safety card"),
]);

/// A certificate or licence of somebody's. Who leads them keeps it; nobody writes down their own.
pub static QUALIFICATION: RecordType = RecordType {
    name: "qualification",
    singular: "qualification",
    plural: "Qualifications",
    about: "Certificates and licences, and how long they are valid. A renewed one keeps its record and gets a new date.",
    table: "qualification",
    path: "qualifications",
    base: None,
    fields: &[
        Field::new("employee_id", "Employee", Kind::Link(&EMPLOYEE))
            .required()
            .fixed()
            .listed()
            .filter()
            .personal(TO_ASSIGN)
            .set_by_others(),
        Field::new("kind", "Kind", KINDS).required().listed().filter().personal(TO_ASSIGN).set_by_others(),
        Field::new("name", "Name", Kind::Text(100))
            .hint("As others write it, too: jobs ask for it by this name.")
            .required()
            .searchable()
            .listed()
            .personal(TO_ASSIGN)
            .set_by_others(),
        Field::new("issuer", "Issued by", Kind::Text(100)).searchable().personal(TO_ASSIGN).set_by_others(),
        Field::new("number", "Its number", Kind::Text(60)).personal(TO_ASSIGN).set_by_others(),
        Field::new("issued_on", "Issued on", Kind::Date).personal(TO_ASSIGN).set_by_others(),
        Field::new("expires_on", "Valid until", Kind::Date)
            .hint("The last day on which it counts. Leave it empty where it does not end.")
            .listed()
            .personal(TO_ASSIGN)
            .set_by_others(),
        Field::new("notes", "Notes", Kind::LongText(2000))
            .hint("The employee can read this.")
            .personal(TO_ASSIGN)
            .set_by_others(),
    ],
    title: &["name"],
    sort: &["expires_on", "name"],
    key: &[&["employee_id", "name"]],
    unique: &[&["employee_id", "name"]],
    check: Some(check),
    subject: Some("employee_id"),
    verbs: verbs!("kpi", "qualification"),
    rows: ABOUT_EMPLOYEE_ROWS,
    lifecycle: None,
    children: &[],
    retention: "As long as the person works here; afterwards as the retention policy says.",
};

fn check(values: &Values<'_>) -> Vec<FieldError> {
    match (values.text("issued_on"), values.text("expires_on")) {
        (Some(issued), Some(expires)) if expires < issued => {
            let message = "This is before the day on which it was issued.".to_owned();
            vec![FieldError { field: "expires_on".into(), message }]
        }
        _ => Vec::new(),
    }
}
