//! Files that are looked at first and taken in later, with a way back for a while: what every import stands on.

use palisade_base::{Caller, Error, Kind as ErrorKind, RecordId};
use palisade_sheets::{Limits, Sheet, read_csv, read_workbook};
use palisade_store::{Store, WriteTx};

use super::{Import, store as imports};

/// How many files of one kind wait for one person: more would let anybody fill the disk.
const WAITING_AT_MOST: i64 = 5;

/// The files of one kind. Who may bring one, and what it does, is decided by whoever uses it.
#[derive(Clone)]
pub struct Inbox {
    store: Store,
    kind: &'static str,
}

/// A record that a file has made or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The record.
    pub record: RecordId,
    /// Its version afterwards: with another, somebody has touched it since.
    pub version: i64,
    /// Whether it made the base of the record, too.
    pub made_base: bool,
    /// The changed fields as they were, as JSON; `None`: it made the record.
    pub before: Option<String>,
}

impl Touched {
    /// A record that was made.
    #[must_use]
    pub const fn made(record: RecordId, version: i64) -> Self {
        Self { record, version, made_base: false, before: None }
    }
}

impl Inbox {
    /// The files of this kind: the name of a record type, mostly.
    #[must_use]
    pub const fn new(store: Store, kind: &'static str) -> Self {
        Self { store, kind }
    }

    /// Begins a transaction that keeps a file until it is taken in, a day at most, or until the same caller has brought
    /// five newer ones; commit it with its entry.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn keep(
        &self,
        caller: &Caller,
        (file_name, content): (&str, &[u8]),
    ) -> Result<(RecordId, WriteTx), Error> {
        let (env, now) = (self.store.env(), self.store.env().now());
        let id = RecordId::new(env);
        let mut tx = self.store.write().await?;
        imports::forget_old(&mut tx, now).await?;
        let (name, made_by) = (plain_file_name(file_name), caller.actor.to_string());
        imports::empty_older(&mut tx, self.kind, &made_by, WAITING_AT_MOST - 1).await?;
        imports::insert(&mut tx, id, self.kind, (&name, content), (&made_by, now)).await?;
        Ok((id, tx))
    }

    /// The content of a file that waits. Only who brought it may go on with it.
    ///
    /// # Errors
    /// `NotFound` where it is not a file of this caller's that waits, or it is kept no longer.
    pub async fn waiting(&self, caller: &Caller, id: RecordId) -> Result<Vec<u8>, Error> {
        let mut conn = self.store.read().await?;
        let brought = imports::waiting(&mut conn, id, self.kind, &caller.actor.to_string()).await?;
        brought.ok_or_else(Error::not_found)?.content.ok_or_else(kept_no_longer)
    }

    /// Writes down that a file was taken in, in the transaction that does it, and what it takes to undo it.
    ///
    /// # Errors
    /// Somebody else has taken it in meanwhile, or the database can't be used.
    pub async fn set_applied(
        &self,
        tx: &mut WriteTx,
        id: RecordId,
        (created, changed): (usize, usize),
        touched: &[Touched],
    ) -> Result<(), Error> {
        imports::set_applied(tx, id, (created, changed), self.store.env().now()).await?;
        Ok(imports::insert_rows(tx, id, touched).await?)
    }

    /// Writes down that a file is taken back, in the transaction that does it; gives what it had touched.
    ///
    /// # Errors
    /// `NotFound` where there is nothing to take back any more.
    pub async fn set_undone(&self, tx: &mut WriteTx, id: RecordId) -> Result<Vec<Touched>, Error> {
        if !imports::set_undone(tx, id, self.kind, self.store.env().now()).await? {
            return Err(Error::not_found());
        }
        Ok(imports::rows(tx, id).await?)
    }

    /// The newest files of this kind, newest first.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn newest(&self) -> Result<Vec<Import>, Error> {
        Ok(imports::newest(&mut *self.store.read().await?, self.kind).await?)
    }
}

fn kept_no_longer() -> Error {
    let message = format!(
        "This file is kept no longer: a file waits for a day, and only your newest {WAITING_AT_MOST} of a kind. \
         Upload it again. Nothing was changed."
    );
    Error::new(ErrorKind::NotFound, message)
}

/// The name of a file as it is kept: for people, never for a path.
#[must_use]
pub fn plain_file_name(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Reads a table from a file of either kind; of a workbook, the first sheet that holds anything. The first row must be the
/// headings, and one must follow.
///
/// # Errors
/// What is wrong with the file as a whole, in the field `file`.
pub fn read_table(content: &[u8], limits: &Limits) -> Result<Sheet, Error> {
    let sheet = if content.starts_with(b"PK") {
        let sheets = read_workbook(content, limits)?;
        sheets.into_iter().find(|sheet| !sheet.rows.is_empty()).unwrap_or_default()
    } else {
        read_csv(content, limits)?
    };
    if sheet.rows.len() < 2 {
        return Err(Error::field(
            "file",
            "There is no row below the headings. Fill in at least one, and upload it again.",
        ));
    }
    Ok(sheet)
}
