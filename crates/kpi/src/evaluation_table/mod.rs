//! Evaluations in plain tabular form, a row for each mark: taken in with a dry run, per-row errors and a way back, and
//! given out in the form in which they can be taken in elsewhere.

mod columns;
mod export;
mod plan;
mod read;
mod store;

use std::collections::HashMap;

use palisade_base::{Caller, Category, Date, Error, FieldError, Kind as ErrorKind, RecordId, Resource, TrailEntry};
use palisade_records::{
    Records,
    pages::{ImportWords, Importer},
    policy::{self, Import, UndoImport},
    transfer::{Import as ImportFile, Inbox, Report, RowOutcome, Touched, plain_file_name, read_table},
};
use palisade_store::WriteTx;
use palisade_web::component::{Cell, Head, Row, Table};

use crate::{
    evaluation::{EvaluationKind, Evaluations, Marks, PastEvaluation},
    lookup::{self, People},
    types::EVALUATION,
};
use columns::COLUMNS;
use plan::{Book, Key, Plan};

pub use export::MAX_MARKS;
pub(crate) use plan::say_the_same;
pub use read::{LIMITS, MAX_ROWS, ReadRow, RowMark, TableRow, read_rows};
pub use store::Which;

/// Tables of evaluations, in and out. Cheap to clone.
#[derive(Clone)]
pub struct EvaluationTables {
    records: Records,
    evaluations: Evaluations,
    inbox: Inbox,
}

impl EvaluationTables {
    /// The tables of these evaluations.
    #[must_use]
    pub fn new(records: Records, evaluations: Evaluations) -> Self {
        let inbox = Inbox::new(records.store().clone(), EVALUATION.name);
        Self { records, evaluations, inbox }
    }

    /// Takes a file for checking: it must be readable and its headings known. Nothing else happens.
    ///
    /// # Errors
    /// `Denied` (traced), or what is wrong with the file as a whole, in the field `file`.
    pub async fn check_file(&self, caller: &Caller, (name, content): (&str, &[u8])) -> Result<RecordId, Error> {
        self.records.permit::<Import>(caller, &EVALUATION).await?;
        read_file(content.to_vec()).await?;
        let (id, tx) = self.inbox.keep(caller, (name, content)).await?;
        let action = EVALUATION.verbs.check_import.action;
        tx.commit(whole(caller, action).note("file", plain_file_name(name)).note("import", id.to_string())).await?;
        Ok(id)
    }

    /// What taking a checked file in would do now: everything is done, in a transaction that is then dropped.
    ///
    /// # Errors
    /// `NotFound` where it is not a file of this caller's that waits; otherwise the database can't be used.
    pub async fn preview_file(&self, caller: &Caller, id: RecordId) -> Result<Report, Error> {
        let mut plan = self.plan(caller, id).await?;
        if plan.report.wrong() == 0 && !plan.past.is_empty() {
            let mut tx = self.records.store().write().await?;
            let tried = self.record(&mut tx, caller, &plan).await;
            drop(tx);
            if let Err(error) = tried {
                plan.add_findings(error)?;
            }
        }
        Ok(plan.report)
    }

    /// Takes a checked file in: every evaluation of it, or none where a row is wrong.
    ///
    /// # Errors
    /// As [`EvaluationTables::preview_file`]; `Invalid` where a row is wrong or there is nothing to do.
    pub async fn apply_file(&self, caller: &Caller, id: RecordId) -> Result<Report, Error> {
        let plan = self.plan(caller, id).await?;
        if !plan.report.is_applicable() {
            return Err(not_applicable(plan.report.wrong()));
        }
        let mut tx = self.records.store().write().await?;
        let (ids, entries) = match self.record(&mut tx, caller, &plan).await {
            Err(error) if error.kind() == ErrorKind::Invalid => return Err(not_applicable(error.fields().len())),
            done => done?,
        };
        let touched: Vec<Touched> = ids.iter().map(|id| Touched::made(*id, 1)).collect();
        self.inbox.set_applied(&mut tx, id, (ids.len(), 0), &touched).await?;
        let entry =
            whole(caller, EVALUATION.verbs.import.action).note("import", id.to_string()).note("evaluations", ids.len());
        tx.commit_all(entry, entries).await?;
        Ok(plan.report)
    }

    /// Takes back what a file has brought, all of it or nothing.
    ///
    /// # Errors
    /// `NotFound` where there is nothing to take back any more, `Denied` (traced), `Conflict` where an evaluation was
    /// touched since.
    pub async fn undo_file(&self, caller: &Caller, id: RecordId) -> Result<usize, Error> {
        self.records.permit::<UndoImport>(caller, &EVALUATION).await?;
        let mut tx = self.records.store().write().await?;
        let touched = self.inbox.set_undone(&mut tx, id).await?;
        let ids: Vec<RecordId> = touched.iter().map(|one| one.record).collect();
        let entries = self.evaluations.withdraw_history_in(&mut tx, caller, &ids).await?;
        let entry = whole(caller, EVALUATION.verbs.undo_import.action)
            .note("import", id.to_string())
            .note("evaluations", ids.len());
        tx.commit_all(entry, entries).await?;
        Ok(ids.len())
    }

    /// The newest files.
    ///
    /// # Errors
    /// `Denied`, or the database can't be used.
    pub async fn files(&self, caller: &Caller) -> Result<Vec<ImportFile>, Error> {
        policy::permit::<Import>(&EVALUATION, caller)?;
        self.inbox.newest().await
    }

    async fn record(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        plan: &Plan,
    ) -> Result<(Vec<RecordId>, Vec<TrailEntry>), Error> {
        let past: Vec<PastEvaluation> = plan.past.iter().map(|(_, past)| past.clone()).collect();
        self.evaluations.record_history_in(tx, caller, &past).await
    }

    async fn plan(&self, caller: &Caller, id: RecordId) -> Result<Plan, Error> {
        self.records.permit::<Import>(caller, &EVALUATION).await?;
        let rows = read_file(self.inbox.waiting(caller, id).await?).await?;
        let book = Book {
            people: People::load(&self.records, caller).await?,
            skills: lookup::skills(&self.records, caller).await?,
            tools: lookup::tools(&self.records, caller).await?,
            caller: caller.person,
            now: self.records.store().env().now(),
        };
        let mut plan = book.plan(rows);
        self.set_aside_what_is_there(caller, &mut plan).await?;
        Ok(plan)
    }

    /// An evaluation that is there already stays as it is: the same once more is nothing to do, another is a mistake.
    async fn set_aside_what_is_there(&self, caller: &Caller, plan: &mut Plan) -> Result<(), Error> {
        let rows = policy::readable(&EVALUATION, caller);
        let mut conn = self.records.store().read().await?;
        let headers = store::headers(&mut conn, rows, &Which::default()).await?;
        let there: HashMap<Key, RecordId> = headers
            .iter()
            .map(|header| ((header.employee, header.evaluator, header.evaluated_on), header.id))
            .collect();
        let of = |past: &PastEvaluation| there.get(&(past.employee, past.evaluator, past.evaluated_on)).copied();
        let ids: Vec<RecordId> = plan.past.iter().filter_map(|(_, past)| of(past)).collect();
        let marks = store::marks(&mut conn, rows, &ids).await?;
        drop(conn);
        for (first, past) in std::mem::take(&mut plan.past) {
            match of(&past).and_then(|id| marks.get(&id)) {
                None => plan.past.push((first, past)),
                Some(marks) => plan.found(first, say_the_same(marks, &past.marks)),
            }
        }
        Ok(())
    }
}

impl Plan {
    /// The evaluation that begins in this row is there already.
    fn found(&mut self, first: usize, is_same: bool) {
        for row in self.report.rows.iter_mut().filter(|row| row.number == first) {
            if let RowOutcome::Created(title) = &row.outcome {
                row.outcome = if is_same {
                    RowOutcome::Same(title.clone())
                } else {
                    let words = format!(
                        "There is an evaluation of this day by the same person already, with other marks ({title}). Take these rows out, or correct the evaluation itself."
                    );
                    RowOutcome::Wrong(vec![words])
                };
            }
        }
    }

    /// Puts what was found wrong on the way into the report, each at the row that its evaluation begins in.
    ///
    /// # Errors
    /// The error is about no evaluation of the file.
    fn add_findings(&mut self, error: Error) -> Result<(), Error> {
        if error.kind() != ErrorKind::Invalid || error.fields().is_empty() {
            return Err(error);
        }
        for FieldError { field, message } in error.fields() {
            let place =
                field.strip_prefix("evaluations[").and_then(|rest| rest.split(']').next()?.parse::<usize>().ok());
            let first = place.and_then(|place| self.past.get(place)).map_or(1, |(first, _)| *first);
            for row in self.report.rows.iter_mut().filter(|row| row.number == first) {
                match &mut row.outcome {
                    RowOutcome::Wrong(reasons) => reasons.push(message.clone()),
                    outcome => *outcome = RowOutcome::Wrong(vec![message.clone()]),
                }
            }
        }
        Ok(())
    }
}

/// The newest evaluation of somebody that was handed in.
pub(crate) struct LastEvaluation {
    pub(crate) id: RecordId,
    pub(crate) evaluated_on: Date,
    pub(crate) marks: Marks,
}

/// The newest evaluation of this employee and kind that the caller may read.
pub(crate) async fn last_evaluation(
    records: &Records,
    caller: &Caller,
    (employee, kind): (RecordId, EvaluationKind),
) -> Result<Option<LastEvaluation>, Error> {
    let rows = policy::readable(&EVALUATION, caller);
    let mut conn = records.store().read().await?;
    let which = Which { employee: Some(employee), ..Which::default() };
    let headers = store::headers(&mut conn, rows, &which).await?;
    let Some(last) = headers.into_iter().rfind(|header| header.kind == kind) else { return Ok(None) };
    let marks = store::marks(&mut conn, rows, &[last.id]).await?.remove(&last.id).unwrap_or_default();
    Ok(Some(LastEvaluation { id: last.id, evaluated_on: last.evaluated_on, marks }))
}

/// Unpacking and reading keep a processor busy; other requests must not wait for that.
async fn read_file(content: Vec<u8>) -> Result<Vec<ReadRow>, Error> {
    let read = tokio::task::spawn_blocking(move || read_rows(&read_table(&content, &LIMITS)?));
    read.await.map_err(Error::internal)?
}

fn not_applicable(wrong: usize) -> Error {
    let message = match wrong {
        0 => "Everything in the file is there already. Nothing was changed.".to_owned(),
        1 => "A row can't be taken in. Nothing was changed: mend it in the file, and upload it again.".to_owned(),
        _ => {
            format!("{wrong} rows can't be taken in. Nothing was changed: mend them in the file, and upload it again.")
        }
    };
    Error::field("file", message)
}

/// The entry of something that is done to many at once.
fn whole(caller: &Caller, action: &'static str) -> TrailEntry {
    TrailEntry::new(Category::Change, caller, action, Resource::whole(EVALUATION.name))
}

impl Importer for EvaluationTables {
    fn words(&self) -> ImportWords {
        ImportWords {
            list: format!("/{}", EVALUATION.path),
            plural: EVALUATION.plural,
            row: "skill or tool of one evaluation",
            hint: "Excel (.xlsx) or CSV (UTF-8), at most 50,000 rows and 12 MB.",
            gaps: "Rows with the same employee, date and evaluator are one evaluation. One that is there already stays as it is.",
            advice: "The easiest way to a fitting file is to export evaluations and to change that.",
        }
    }

    fn columns(&self, _caller: &Caller) -> Table {
        let needed = ["Date", "Type"];
        let rows = COLUMNS.iter().map(|(_, heading, _, holds)| {
            let must =
                if needed.contains(heading) { Cell::text("must be there") } else { Cell::text("may be empty").muted() };
            Row::new([Cell::text(*heading), Cell::text(*holds), must])
        });
        Table::new("Columns of the file", [Head::new("Column"), Head::new("Holds"), Head::new("Needed")]).rows(rows)
    }

    async fn imports(&self, caller: &Caller) -> Result<Vec<ImportFile>, Error> {
        self.files(caller).await
    }

    async fn check(&self, caller: &Caller, file: (&str, &[u8])) -> Result<RecordId, Error> {
        self.check_file(caller, file).await
    }

    async fn preview(&self, caller: &Caller, id: RecordId) -> Result<Report, Error> {
        self.preview_file(caller, id).await
    }

    async fn apply(&self, caller: &Caller, id: RecordId) -> Result<Report, Error> {
        self.apply_file(caller, id).await
    }

    async fn undo(&self, caller: &Caller, id: RecordId) -> Result<(), Error> {
        self.undo_file(caller, id).await.map(drop)
    }
}
