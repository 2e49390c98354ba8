//! The directory's table.

use palisade_base::PersonId;
use palisade_store::{Conn, Row, StoreError, WriteTx, statements};

use super::Person;
use crate::RowRules;

/// One's own entry. Who leads whom is known by the apps, not by the directory.
pub(super) const ROWS: RowRules = RowRules { own: Some("r.id = ?"), team: None };

statements! {
    /// One person by id.
    FIND = "SELECT id, given_name, family_name, email, phone, version, created_at, updated_at, archived_at \
            FROM person WHERE id = $1";
    /// One person by mail address, which is kept in small letters.
    FIND_BY_EMAIL = "SELECT id, given_name, family_name, email, phone, version, created_at, updated_at, archived_at \
                     FROM person WHERE email = $1";
    /// A new person.
    INSERT = "INSERT INTO person (id, given_name, family_name, email, phone, version, created_at, updated_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
}

pub(super) async fn find(conn: &mut Conn, id: PersonId) -> Result<Option<Person>, StoreError> {
    conn.fetch_optional(FIND.bind(id)).await?.as_ref().map(read).transpose()
}

pub(super) async fn find_by_email(conn: &mut Conn, email: &str) -> Result<Option<Person>, StoreError> {
    conn.fetch_optional(FIND_BY_EMAIL.bind(email)).await?.as_ref().map(read).transpose()
}

pub(super) async fn insert(tx: &mut WriteTx, person: &Person) -> Result<(), StoreError> {
    let sql = INSERT
        .bind(person.id)
        .bind(&person.given_name)
        .bind(&person.family_name)
        .bind(person.email.clone())
        .bind(person.phone.clone())
        .bind(person.version)
        .bind(person.created_at)
        .bind(person.updated_at);
    tx.execute(sql).await.map(drop)
}

fn read(row: &Row) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.get("id")?,
        given_name: row.get("given_name")?,
        family_name: row.get("family_name")?,
        email: row.get("email")?,
        phone: row.get("phone")?,
        version: row.get("version")?,
        created_at: row.get("created_at")?,
        updated_at: row.get("updated_at")?,
        archived_at: row.get("archived_at")?,
    })
}
