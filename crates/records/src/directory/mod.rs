//! The one directory of people. A person stands below the apps and may exist without a user; an app's record (an
//! employee, a driver) holds the person's id and its own facts.

mod store;
mod types;

use palisade_base::{Env, Error, FieldError, Instant, PersonId};
use palisade_store::{Conn, StoreError, WriteTx};

use crate::{PermissionInfo, text};

pub use types::{EMAIL, FAMILY_NAME, GIVEN_NAME, PERSON, PHONE, SET_EMAIL};

/// Every statement of this module, for the test that prepares them all.
#[doc(hidden)]
pub use store::STATEMENTS;

/// The permissions of the directory.
#[must_use]
pub fn permissions() -> Vec<PermissionInfo> {
    let mut all = PERSON.permissions();
    all.push(PermissionInfo {
        name: SET_EMAIL,
        label: "Set mail addresses of people".into(),
        about: "Mails about somebody's account may go there, so it takes more than changing the record.".into(),
        scopes: PERSON.rows.scopes(),
    });
    all
}

/// Longest given or family name, in characters.
pub const NAME_MAX: usize = 100;

/// A person of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// The name that friends use.
    pub given_name: String,
    /// The name that lists are sorted by.
    pub family_name: String,
    /// Their mail address, in small letters; no two people share one.
    pub email: Option<String>,
    /// Their telephone number, as written.
    pub phone: Option<String>,
    /// Goes up by one with each change.
    pub version: i64,
    /// When they were entered.
    pub created_at: Instant,
    /// When they were last changed.
    pub updated_at: Instant,
    /// Since when they have been out of use.
    pub archived_at: Option<Instant>,
}

impl Person {
    /// Given and family name.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }
}

/// What is needed to enter a person. Checked when it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPerson {
    given_name: String,
    family_name: String,
    email: Option<String>,
    phone: Option<String>,
}

impl NewPerson {
    /// Reads the four facts; empty mail and phone are none.
    ///
    /// # Errors
    /// All fields that break a rule, by the names `given_name`, `family_name`, `email`, `phone`.
    pub fn parse(given_name: &str, family_name: &str, email: &str, phone: &str) -> Result<Self, Error> {
        let mut wrong = Vec::new();
        let mut take = |field: &'static str, read: Result<Option<String>, String>| match read {
            Ok(value) => value,
            Err(message) => {
                wrong.push(FieldError { field: field.into(), message });
                None
            }
        };
        let required = |text: &str, what: &str| match text::clean_line(text, NAME_MAX) {
            Ok(None) => Err(format!("Enter the {what}.")),
            read => read,
        };
        let given_name = take("given_name", required(given_name, "given name"));
        let family_name = take("family_name", required(family_name, "family name"));
        let email = take("email", text::clean_email(email));
        let phone = take("phone", text::clean_phone(phone));
        match (given_name, family_name, wrong.is_empty()) {
            (Some(given_name), Some(family_name), true) => Ok(Self { given_name, family_name, email, phone }),
            _ => Err(Error::invalid(wrong)),
        }
    }

    /// Given and family name.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }
}

/// Enters a person. The caller writes the trail entry that goes with it (`person.create`, or the event that this is part of).
///
/// # Errors
/// Somebody has that mail address already, or the database can't be used.
pub async fn create_person(tx: &mut WriteTx, new: NewPerson, env: &Env) -> Result<Person, Error> {
    if let Some(email) = &new.email
        && store::find_by_email(tx, email).await?.is_some()
    {
        return Err(Error::field("email", "Somebody in the directory has this mail address already."));
    }
    let now = env.now();
    let person = Person {
        id: PersonId::new(env),
        given_name: new.given_name,
        family_name: new.family_name,
        email: new.email,
        phone: new.phone,
        version: 1,
        created_at: now,
        updated_at: now,
        archived_at: None,
    };
    store::insert(tx, &person).await?;
    Ok(person)
}

/// The person with this id, archived or not. Decides nothing about who may see them: that is the caller's part.
///
/// # Errors
/// The database can't be used.
pub async fn find_person(conn: &mut Conn, id: PersonId) -> Result<Option<Person>, StoreError> {
    store::find(conn, id).await
}

/// The person with this mail address, in any spelling of its letters.
///
/// # Errors
/// The database can't be used.
pub async fn find_person_by_email(conn: &mut Conn, email: &str) -> Result<Option<Person>, StoreError> {
    store::find_by_email(conn, &email.trim().to_ascii_lowercase()).await
}
