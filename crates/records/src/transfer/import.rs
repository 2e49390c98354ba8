//! A file taken in. The dry run does everything that applying does, in a transaction that is then dropped: it finds
//! exactly what would happen, clashes between two rows of the file included.

use std::collections::{HashMap, HashSet};

use palisade_base::{Caller, Error, FieldError, Kind as ErrorKind, RecordId, TrailEntry};
use palisade_sheets::{Cell, Limits, Sheet};
use palisade_store::{Value, WriteTx};
use serde_json::{Map, Value as Json};

use super::{
    Import, Inbox, Touched,
    columns::{self, ACTIVE, Column},
    in_words,
    links::Names,
    plain_file_name, read_table,
};
use crate::{
    Draft, Field, Kind, Record, RecordType, Records, View, parse_id,
    policy::{self, Archive, Create, Import as ImportAction, Restore, Update},
    service::{batch_entry, find_written},
    store,
};

/// The most rows of a file: while it is applied, nobody else can write.
pub const MAX_ROWS: usize = 2_000;

/// What a file does, or would do, row by row.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The rows, in order; blank ones are left out.
    pub rows: Vec<Row>,
}

/// A row and what it does.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number, as spreadsheet programs count: the headings are row 1.
    pub number: usize,
    /// What it does.
    pub outcome: RowOutcome,
}

/// What a row does.
#[derive(Clone, Debug)]
pub enum RowOutcome {
    /// It makes a record of this title.
    Created(String),
    /// It changes the record of this title: field, before, after.
    Changed(String, Vec<(&'static str, String, String)>),
    /// The record of this title is like that already.
    Same(String),
    /// It can't be taken in, for these reasons.
    Wrong(Vec<String>),
}

impl Report {
    /// How many rows make a record.
    #[must_use]
    pub fn created(&self) -> usize {
        self.rows.iter().filter(|row| matches!(row.outcome, RowOutcome::Created(_))).count()
    }

    /// How many rows change one.
    #[must_use]
    pub fn changed(&self) -> usize {
        self.rows.iter().filter(|row| matches!(row.outcome, RowOutcome::Changed(..))).count()
    }

    /// How many rows are wrong.
    #[must_use]
    pub fn wrong(&self) -> usize {
        self.rows.iter().filter(|row| matches!(row.outcome, RowOutcome::Wrong(_))).count()
    }

    /// Whether applying it would do anything, and all of it.
    #[must_use]
    pub fn is_applicable(&self) -> bool {
        self.wrong() == 0 && self.created() + self.changed() > 0
    }
}

/// What applying wrote: the trail entries, and what it takes to undo it.
#[derive(Default)]
struct Written {
    entries: Vec<TrailEntry>,
    undo: Vec<Touched>,
    touched: HashSet<RecordId>,
}

impl Records {
    /// The files of this type.
    pub(super) fn inbox(&self, ty: &RecordType) -> Inbox {
        Inbox::new(self.store.clone(), ty.name)
    }

    /// Takes a file for checking: it must be readable and its headings known. Nothing else happens to records.
    ///
    /// # Errors
    /// `Denied` (traced), or what is wrong with the file as a whole, in the field `file`.
    pub async fn check_import(
        &self,
        caller: &Caller,
        ty: &'static RecordType,
        (file_name, content): (&str, &[u8]),
    ) -> Result<RecordId, Error> {
        let permitted = policy::permit::<ImportAction>(ty, caller).map(drop);
        self.trace_denial(caller, ty, ty.verbs.import, None, permitted).await?;
        let sheet = read_file(content)?;
        columns::read_headings(ty, &View::new(ty, caller), sheet.rows.first().map_or(&[], Vec::as_slice))?;
        let (id, tx) = self.inbox(ty).keep(caller, (file_name, content)).await?;
        let name = plain_file_name(file_name);
        tx.commit(batch_entry(caller, ty, ty.verbs.check_import).note("file", name).note("import", id.to_string()))
            .await?;
        Ok(id)
    }

    /// What applying a checked file would do now.
    ///
    /// # Errors
    /// `NotFound` where it is not a file of this caller's that waits; otherwise the database can't be used.
    pub async fn preview_import(
        &self,
        caller: &Caller,
        ty: &'static RecordType,
        id: RecordId,
    ) -> Result<Report, Error> {
        let sheet = read_file(&self.waiting_file(caller, ty, id).await?)?;
        let mut tx = self.store.write().await?;
        let (report, _) = self.write_rows(&mut tx, caller, ty, &sheet).await?;
        Ok(report)
    }

    /// Applies a checked file: every row, or none where one is wrong.
    ///
    /// # Errors
    /// As [`Records::preview_import`]; `Invalid` where a row is wrong or there is nothing to do.
    pub async fn apply_import(&self, caller: &Caller, ty: &'static RecordType, id: RecordId) -> Result<Report, Error> {
        let sheet = read_file(&self.waiting_file(caller, ty, id).await?)?;
        let mut tx = self.store.write().await?;
        let (report, written) = self.write_rows(&mut tx, caller, ty, &sheet).await?;
        if !report.is_applicable() {
            let message = match report.wrong() {
                0 => "Everything in the file is there already. Nothing was changed.".to_owned(),
                wrong => format!(
                    "{wrong} rows can't be taken in. Nothing was changed: mend them in the file, and upload it again."
                ),
            };
            return Err(Error::field("file", message));
        }
        let counts = (report.created(), report.changed());
        self.inbox(ty).set_applied(&mut tx, id, counts, &written.undo).await?;
        let entry = batch_entry(caller, ty, ty.verbs.import)
            .note("import", id.to_string())
            .note("created", counts.0)
            .note("changed", counts.1);
        tx.commit_all(entry, written.entries).await?;
        Ok(report)
    }

    /// The newest imports of this type, newest first.
    ///
    /// # Errors
    /// `Denied`, or the database can't be used.
    pub async fn imports(&self, caller: &Caller, ty: &'static RecordType) -> Result<Vec<Import>, Error> {
        policy::permit::<ImportAction>(ty, caller)?;
        self.inbox(ty).newest().await
    }

    /// The content of a file that waits to be applied. Only who brought it may go on with it.
    async fn waiting_file(&self, caller: &Caller, ty: &'static RecordType, id: RecordId) -> Result<Vec<u8>, Error> {
        let permitted = policy::permit::<ImportAction>(ty, caller).map(drop);
        self.trace_denial(caller, ty, ty.verbs.import, None, permitted).await?;
        self.inbox(ty).waiting(caller, id).await
    }

    async fn write_rows(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        ty: &'static RecordType,
        sheet: &Sheet,
    ) -> Result<(Report, Written), Error> {
        let view = View::new(ty, caller);
        let headings = sheet.rows.first().map_or(&[][..], Vec::as_slice);
        let columns = columns::read_headings(ty, &view, headings)?;
        let names = load_names(tx, caller, ty, &columns).await?;
        let (mut report, mut written) = (Report::default(), Written::default());
        for (index, cells) in sheet.rows.iter().enumerate().skip(1) {
            if cells.iter().all(Cell::is_blank) {
                continue;
            }
            let outcome = match read_row(ty, &columns, &names, cells) {
                Ok(given) => self.write_row(tx, caller, ty, &given, &mut written).await?,
                Err(wrong) => RowOutcome::Wrong(wrong),
            };
            report.rows.push(Row { number: index + 1, outcome });
        }
        Ok((report, written))
    }

    /// Writes one row; what is wrong with it is an outcome, only the database's failure is an error.
    async fn write_row(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        ty: &'static RecordType,
        given: &GivenRow,
        written: &mut Written,
    ) -> Result<RowOutcome, Error> {
        let draft = &given.draft;
        let existing = match given.id {
            Some(id) => Some(id),
            None => match find_by_key(tx, ty, draft).await? {
                Found::Nobody => None,
                Found::One(id) => Some(id),
                Found::Several(words) => return Ok(RowOutcome::Wrong(vec![words])),
            },
        };
        if existing.is_some_and(|id| !written.touched.insert(id)) {
            return Ok(RowOutcome::Wrong(vec!["Another row of this file is about the same one.".into()]));
        }
        let done = match existing {
            Some(id) => self.change_by_row(tx, caller, ty, (id, given), written).await,
            None => self.create_by_row(tx, caller, ty, given, written).await,
        };
        match done {
            Err(error) if is_about_the_row(&error) => Ok(RowOutcome::Wrong(reasons(ty, &error, &given.unresolved))),
            done => done,
        }
    }

    async fn create_by_row(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        ty: &'static RecordType,
        given: &GivenRow,
        written: &mut Written,
    ) -> Result<RowOutcome, Error> {
        let (permit, rows) = policy::permit::<Create>(ty, caller)?;
        let (id, mut entries) = self.insert(tx, caller, ty, &given.draft, (&permit, rows)).await?;
        // The base's own entry stands behind the record's where the base was made on the way.
        let made_base = ty.base.is_some() && entries.len() > 1;
        entries.extend(self.set_active(tx, caller, ty, (id, given.active)).await?);
        let record = find_written(tx, caller, ty, id).await?;
        written.touched.insert(id);
        written.undo.push(Touched { record: id, version: record.version, made_base, before: None });
        written.entries.extend(entries);
        Ok(RowOutcome::Created(record.title()))
    }

    async fn change_by_row(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        ty: &'static RecordType,
        (id, given): (RecordId, &GivenRow),
        written: &mut Written,
    ) -> Result<RowOutcome, Error> {
        let found = self.fetch_for::<Update>(tx, caller, ty, id).await?;
        let mut entries = self.change(tx, caller, &found, &given.draft).await?;
        entries.extend(self.set_active(tx, caller, ty, (id, given.active)).await?);
        if entries.is_empty() {
            return Ok(RowOutcome::Same(found.record.title()));
        }
        let after = find_written(tx, caller, ty, id).await?;
        let before = Some(changed_before(&found.record, &after).to_string());
        written.undo.push(Touched { record: id, version: after.version, made_base: false, before });
        written.entries.extend(entries);
        Ok(RowOutcome::Changed(after.title(), differences(&found.record, &after)))
    }

    /// Takes a record out of use or into it where a file says so; gives the entry of that.
    pub(super) async fn set_active(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        ty: &'static RecordType,
        (id, active): (RecordId, Option<bool>),
    ) -> Result<Option<TrailEntry>, Error> {
        let Some(active) = active else { return Ok(None) };
        if find_written(tx, caller, ty, id).await?.archived_at.is_none() == active {
            return Ok(None);
        }
        let entry = if active {
            let found = self.fetch_for::<Restore>(tx, caller, ty, id).await?;
            self.write_archived(tx, caller, &found, false).await?
        } else {
            let found = self.fetch_for::<Archive>(tx, caller, ty, id).await?;
            if let Some(held) = self.held(tx, caller, &found.record).await? {
                // Something that is wrong with this row, and not with the whole file.
                return Err(Error::new(ErrorKind::Invalid, held.message()));
            }
            self.write_archived(tx, caller, &found, true).await?
        };
        Ok(Some(entry))
    }
}

fn read_file(content: &[u8]) -> Result<Sheet, Error> {
    read_table(content, &Limits { rows: MAX_ROWS + 1, ..Limits::default() })
}

async fn load_names(
    tx: &mut WriteTx,
    caller: &Caller,
    ty: &'static RecordType,
    columns: &[Option<Column>],
) -> Result<HashMap<usize, Names>, Error> {
    let mut names = HashMap::new();
    for column in columns.iter().flatten() {
        if let Column::Field(index) = column
            && let Kind::Link(to) = ty.fields[*index].kind
        {
            names.insert(*index, Names::load(tx, caller, to).await?);
        }
    }
    Ok(names)
}

/// A row as the file has it.
#[derive(Default)]
struct GivenRow {
    id: Option<RecordId>,
    draft: Draft,
    /// Whether it is to be in use, where the file says.
    active: Option<bool>,
    /// What is wrong with links by name; the check of the draft finds them wrong, too, and this says it better.
    unresolved: Vec<FieldError>,
}

/// Reads a row's cells.
///
/// # Errors
/// The row does not fit the headings.
fn read_row(
    ty: &'static RecordType,
    columns: &[Option<Column>],
    names: &HashMap<usize, Names>,
    cells: &[Cell],
) -> Result<GivenRow, Vec<String>> {
    if cells.get(columns.len()..).is_some_and(|extra| extra.iter().any(|cell| !cell.is_blank())) {
        return Err(vec!["There are values beyond the last heading.".to_owned()]);
    }
    let mut row = GivenRow::default();
    for (at, column) in columns.iter().enumerate() {
        let text = cells.get(at).unwrap_or(&Cell::Empty).display();
        let text = text.trim();
        match column {
            Some(Column::Field(index)) => row.give(&ty.fields[*index], names.get(index), text),
            Some(Column::Id) if !text.is_empty() => {
                let id =
                    parse_id(text).ok_or_else(|| vec!["Id: This is no id. Leave it empty for a new one.".to_owned()]);
                row.id = Some(id?);
            }
            Some(Column::Active) if !text.is_empty() => {
                let read = crate::value::read_bool(text);
                row.active = Some(read.map_err(|words| vec![format!("{ACTIVE}: {words}")])?);
            }
            Some(Column::Id | Column::Active) | None => {}
        }
    }
    Ok(row)
}

impl GivenRow {
    fn give(&mut self, field: &Field, names: Option<&Names>, text: &str) {
        let resolved = names.map_or_else(|| Ok(text.to_owned()), |names| names.resolve(text));
        let text = resolved.unwrap_or_else(|message| {
            self.unresolved.push(FieldError { field: field.name.into(), message });
            text.to_owned()
        });
        self.draft = std::mem::take(&mut self.draft).text(field.name, text);
    }
}

/// What a row's key leads to.
enum Found {
    Nobody,
    One(RecordId),
    /// More than one, in words for whoever brought the file.
    Several(String),
}

/// The record that the row means by the first of the type's keys that it fills.
async fn find_by_key(tx: &mut WriteTx, ty: &'static RecordType, draft: &Draft) -> Result<Found, Error> {
    for set in ty.key {
        let read = set.iter().map(|name| {
            let index = ty.position(name)?;
            let given = draft.given.iter().find(|(given, _)| given == name).map(|(_, given)| given)?;
            ty.fields[index].read_value(given).ok().filter(|value| !value.is_null()).map(|value| (index, value))
        });
        if let Some(values) = read.collect::<Option<Vec<(usize, Value)>>>() {
            let Some((first, _)) = store::find_by_fields(tx, ty, &values, None).await? else {
                return Ok(Found::Nobody);
            };
            if store::find_by_fields(tx, ty, &values, Some(first)).await?.is_none() {
                return Ok(Found::One(first));
            }
            let labels: Vec<&str> = values.iter().map(|(index, _)| ty.fields[*index].label).collect();
            let message = format!(
                "More than one {} has this {}. Say which by another column, or by its {}.",
                ty.singular,
                labels.join(", "),
                columns::ID
            );
            return Ok(Found::Several(message));
        }
    }
    Ok(Found::Nobody)
}

/// A conflict that names no field comes from the database itself: somebody else was quicker, and the transaction is over.
fn is_about_the_row(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Conflict => !error.fields().is_empty(),
        kind => matches!(kind, ErrorKind::Invalid | ErrorKind::Denied | ErrorKind::NotFound),
    }
}

fn reasons(ty: &RecordType, error: &Error, better: &[FieldError]) -> Vec<String> {
    let said = |finding: &FieldError| better.iter().find(|b| b.field == finding.field).unwrap_or(finding).clone();
    let fields: Vec<FieldError> = error.fields().iter().map(said).collect();
    if fields.is_empty() { vec![error.message().to_owned()] } else { in_words(ty, &fields) }
}

/// The changed fields as they were, as JSON: what undoing gives back.
fn changed_before(before: &Record, after: &Record) -> Json {
    let mut fields = Map::new();
    for (index, field) in before.ty.fields.iter().enumerate() {
        if before.cells[index].value != after.cells[index].value {
            fields.insert(field.name.into(), field.kind.write_json(&before.cells[index].value));
        }
    }
    if before.archived_at.is_some() != after.archived_at.is_some() {
        fields.insert(ACTIVE.into(), Json::Bool(before.archived_at.is_none()));
    }
    Json::Object(fields)
}

fn differences(before: &Record, after: &Record) -> Vec<(&'static str, String, String)> {
    let changed = before.ty.fields.iter().enumerate();
    let mut differences: Vec<_> = changed
        .filter(|(index, _)| before.cells[*index].value != after.cells[*index].value)
        .map(|(_, field)| {
            (field.label, before.text(field.name).unwrap_or_default(), after.text(field.name).unwrap_or_default())
        })
        .collect();
    let active = |record: &Record| if record.archived_at.is_none() { "yes" } else { "no" }.to_owned();
    if active(before) != active(after) {
        differences.push((ACTIVE, active(before), active(after)));
    }
    differences
}
