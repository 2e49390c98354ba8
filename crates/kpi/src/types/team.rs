//! Teams and who leads them.

use palisade_records::{Field, Kind, RecordType, directory::PERSON, verbs};

use crate::store::TEAM_ROWS;

const AREAS: Kind =
    Kind::Choice(&[("north", "North"), ("south", "South"), ("east", "East"), ("west", "West"), ("central", "Central")]);

/// A crew with its manager. Who manages a team reaches the records of its members.
pub static TEAM: RecordType = RecordType {
    name: "team",
    singular: "team",
    plural: "Teams",
    about: "Crews and who leads them. A manager reaches the records of the people in their own teams.",
    table: "team",
    path: "teams",
    base: None,
    fields: &[
        Field::new("name", "Name", Kind::Text(100)).required().searchable().listed(),
        Field::new("area", "Area", AREAS).listed().filter(),
        Field::new("manager_id", "Manager", Kind::Link(&PERSON))
            .hint("Reaches the records of everybody in this team.")
            .listed()
            .filter()
            .personal("to know who leads the team"),
    ],
    title: &["name"],
    sort: &["name"],
    key: &[&["name"]],
    unique: &[&["name"]],
    check: None,
    subject: None,
    verbs: verbs!("kpi", "team"),
    rows: TEAM_ROWS,
    lifecycle: None,
    children: &[],
    retention: "As long as the company works with them.",
};
