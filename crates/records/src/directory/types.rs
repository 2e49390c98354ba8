//! The person as a record type, and its fields for the types that share them.

use super::{NAME_MAX, store};
use crate::{Field, Kind, RecordType, verbs};

/// The permission to set somebody's mail address.
pub const SET_EMAIL: &str = "directory.person.set_email";

const TO_CALL: &str = "to call and address the person";
const TO_REACH: &str = "to reach the person about work and their account";

/// The given name.
pub const GIVEN_NAME: Field = Field::new("given_name", "Given name", Kind::Text(NAME_MAX))
    .required()
    .searchable()
    .listed()
    .personal(TO_CALL)
    .also_called(&["first name"]);

/// The family name.
pub const FAMILY_NAME: Field = Field::new("family_name", "Family name", Kind::Text(NAME_MAX))
    .required()
    .searchable()
    .listed()
    .personal(TO_CALL)
    .also_called(&["last name", "surname"]);

/// The mail address. Mails about a person's account may go there: whoever could change it for somebody else could have
/// them sent to themselves. So setting it takes a permission of its own.
pub const EMAIL: Field = Field::new("email", "Mail address", Kind::Email)
    .hint("Where the company writes to. No two people share one.")
    .searchable()
    .listed()
    .personal(TO_REACH)
    .set_with(SET_EMAIL)
    .also_called(&["mail", "e mail", "email address"]);

/// The telephone number.
pub const PHONE: Field = Field::new("phone", "Telephone", Kind::Phone)
    .searchable()
    .listed()
    .personal(TO_REACH)
    .also_called(&["phone number"]);

/// A person of the directory.
pub static PERSON: RecordType = RecordType {
    name: "person",
    singular: "person",
    plural: "People",
    about: "Everybody whom the company knows by name, once each: employees, users, and people who are neither.",
    table: "person",
    path: "people",
    base: None,
    fields: &[GIVEN_NAME, FAMILY_NAME, EMAIL, PHONE],
    title: &["given_name", "family_name"],
    sort: &["family_name", "given_name"],
    key: &[&["email"]],
    unique: &[&["email"]],
    check: None,
    subject: Some("id"),
    verbs: verbs!("directory", "person"),
    rows: store::ROWS,
    lifecycle: None,
    children: &[],
    retention: "As long as an app or an account refers to the person; then until erased.",
};
