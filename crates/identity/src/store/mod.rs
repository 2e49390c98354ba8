//! The tables of identity. The directory's `person` table belongs to the record layer; it is only read here, joined
//! for the names of people.

pub(crate) mod factors;
pub(crate) mod grants;
pub(crate) mod identity_keys;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod site_sessions;
pub(crate) mod tries;
pub(crate) mod users;

use palisade_base::{Permission, Scope};
use palisade_store::{Row, Statement, StoreError};

/// Every statement of this crate, for the test that prepares them all.
pub const STATEMENTS: &[&[Statement]] = &[
    factors::STATEMENTS,
    grants::STATEMENTS,
    identity_keys::STATEMENTS,
    keys::STATEMENTS,
    links::STATEMENTS,
    sessions::STATEMENTS,
    settings::STATEMENTS,
    site_sessions::STATEMENTS,
    tries::STATEMENTS,
    users::STATEMENTS,
];

/// A column with one of a few fixed words.
fn word<T>(row: &Row, column: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let text: String = row.get(column)?;
    parse(&text).ok_or_else(|| StoreError::Decode { column: column.into(), message: "an unknown word".into() })
}

/// A permission with its scope, from columns of those names.
fn permission(row: &Row) -> Result<(Permission, Scope), StoreError> {
    Ok((Permission::from_name(row.get("permission")?), word(row, "scope", Scope::parse)?))
}

/// The number in a column `n`.
fn number(row: &Row) -> Result<i64, StoreError> {
    row.get("n")
}
