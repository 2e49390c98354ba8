//! Employees and their tiers.

use palisade_records::{
    Base, Field, Hold, Kind, RecordType, RowRules,
    directory::{EMAIL, FAMILY_NAME, GIVEN_NAME, PERSON, PHONE},
    verbs,
};

use super::TEAM;
use crate::store::EMPLOYEE_ROWS;

/// The permission to see more of an employee than name, tier and team.
pub const READ_DETAILS: &str = "kpi.employee.read_details";

/// The permission to say of an employee that they train others, which the highest tier asks for.
pub const SET_TRAINER: &str = "kpi.employee.set_trainer";

/// Who has left leads nobody: the team's people would have nobody who evaluates them, and who has left would still reach
/// their records.
static LEADS: Hold = Hold {
    by: &TEAM,
    field: "manager_id",
    verb: "leads",
    advice: "Choose another manager for it first, or leave it without one for now.",
};

const TO_EMPLOY: &str = "to carry out the employment";

/// One of the five steps from apprentice to lead craftsman.
pub static TIER: RecordType = RecordType {
    name: "tier",
    singular: "tier",
    plural: "Tiers",
    about: "The five steps from apprentice to lead craftsman.",
    table: "tier",
    path: "tiers",
    base: None,
    fields: &[
        Field::new("number", "Step", Kind::Int { min: 1, max: 5 }).required().listed(),
        Field::new("name", "Name", Kind::Text(100)).required().searchable().listed(),
        Field::new("description", "Description", Kind::LongText(2000)).searchable().listed(),
    ],
    title: &["name"],
    sort: &["number"],
    key: &[&["number"], &["name"]],
    unique: &[&["number"], &["name"]],
    check: None,
    subject: None,
    verbs: verbs!("kpi", "tier"),
    rows: RowRules::IMPERSONAL,
    lifecycle: None,
    children: &[],
    retention: "As long as the company works with them.",
};

/// Somebody who works for the company: a person of the directory with a tier, a team and a date of hire.
pub static EMPLOYEE: RecordType = RecordType {
    name: "employee",
    singular: "employee",
    plural: "Employees",
    about: "Everybody who works here, with tier and team. Name, mail address and telephone are the person's own, and the same everywhere.",
    table: "employee",
    path: "employees",
    base: Some(Base { of: &PERSON, link: "person_id" }),
    fields: &[
        Field::new("person_id", "Person in the directory", Kind::Link(&PERSON))
            .hint("Choose somebody who is in the directory already, or leave this empty and enter the person below.")
            .fixed()
            .held(&LEADS),
        GIVEN_NAME.shared(),
        FAMILY_NAME.shared(),
        EMAIL.shared().unlisted().seen_with(READ_DETAILS),
        PHONE.shared().seen_with(READ_DETAILS),
        Field::new("number", "Employee number", Kind::Text(20))
            .hint("As on the payroll. No two people share one.")
            .also_called(&["employee no"])
            .searchable()
            .personal(TO_EMPLOY)
            .seen_with(READ_DETAILS)
            .set_by_others(),
        // Promotion is a decision about somebody else.
        Field::new("tier_id", "Tier", Kind::Link(&TIER))
            .required()
            .listed()
            .filter()
            .personal("to assign work that the person can do")
            .set_by_others()
            .changed_by("Another tier is a promotion, with its reason: decide on it on their page.")
            .also_called(&["tier level"]),
        // Who could choose their own team could choose who evaluates and promotes them.
        Field::new("team_id", "Team", Kind::Link(&TEAM))
            .listed()
            .filter()
            .personal("to organise the work")
            .set_by_others(),
        Field::new("hire_date", "Hired on", Kind::Date)
            .required()
            .listed()
            .personal(TO_EMPLOY)
            .seen_with(READ_DETAILS)
            .set_by_others()
            .also_called(&["hire date"]),
        Field::new("trains_others", "Trains others", Kind::Bool)
            .hint("Leads and trains colleagues. The highest tier asks for it.")
            .personal("to assign work that the person can do")
            .seen_with(READ_DETAILS)
            .set_with(SET_TRAINER),
        Field::new("notes", "Notes", Kind::LongText(4000))
            .hint("The employee can read this.")
            .personal(TO_EMPLOY)
            .seen_with(READ_DETAILS)
            .set_by_others(),
    ],
    title: &["given_name", "family_name"],
    sort: &["family_name", "given_name"],
    key: &[&["number"], &["email"], &["given_name", "family_name", "hire_date"]],
    unique: &[&["number"], &["person_id"]],
    check: None,
    subject: Some("person_id"),
    verbs: verbs!("kpi", "employee"),
    rows: EMPLOYEE_ROWS,
    lifecycle: None,
    children: &[],
    retention: "As long as the person works here; afterwards as the retention policy says.",
};
