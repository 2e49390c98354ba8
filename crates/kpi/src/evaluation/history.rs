//! Whole evaluations from elsewhere: sheets, tables, and the demo's past. Many at once, in one transaction.

use std::collections::{BTreeSet, HashMap, HashSet};

use palisade_base::{
    Caller, Category, Date, Error, FieldError, Instant, Kind, PersonId, RecordId, Resource, TrailEntry,
};
use palisade_records::{
    RowFilter,
    policy::{self, Import, UndoImport},
};
use palisade_store::{Conn, WriteTx};

use super::{
    EvaluationKind, Evaluations, Marks, PastEvaluation, State,
    marks::{self, Catalogue, Known, Rows},
    service::{created, doubles, put_rows, read_notes},
    store::{self, NewEvaluation, Subject},
};
use crate::{
    standing,
    types::{EMPLOYEE, EVALUATION},
};

/// More than a file has: 500 people for ten years of quarters, twice.
const MOST: usize = 50_000;

impl Evaluations {
    /// Takes in whole evaluations from elsewhere, handed in or reviewed: all of them in one transaction, or none. Each has
    /// its entry in the trail, under one for the whole.
    ///
    /// # Errors
    /// `Denied` (traced), or `Invalid` with the place of everything that is wrong: `evaluations[2].skills[7].rating`.
    pub async fn record_history(&self, caller: &Caller, past: &[PastEvaluation]) -> Result<Vec<RecordId>, Error> {
        self.records.permit::<Import>(caller, &EVALUATION).await?;
        if past.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.records.store().write().await?;
        let (ids, entries) = self.record_history_in(&mut tx, caller, past).await?;
        let resource = Resource::whole(EVALUATION.name);
        let whole = TrailEntry::new(Category::Change, caller, EVALUATION.verbs.import.action, resource);
        tx.commit_all(whole.note("evaluations", ids.len()), entries).await?;
        Ok(ids)
    }

    /// The same within a transaction that does more; gives the entries that must be committed with it.
    pub(crate) async fn record_history_in(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        past: &[PastEvaluation],
    ) -> Result<(Vec<RecordId>, Vec<TrailEntry>), Error> {
        policy::permit::<Import>(&EVALUATION, caller)?;
        let now = self.records.store().env().now();
        // Whether there is something of a day already is only known once nobody else can bring it in meanwhile.
        standing::hold(tx, past.iter().map(|one| one.employee).collect()).await?;
        let checked = self.check_past(tx, caller, past, now).await?;
        let all: Vec<NewEvaluation> = checked.iter().map(|(new, _)| new.clone()).collect();
        if store::insert(tx, &all, now).await? != all.len() as u64 {
            return Err(Error::internal("an evaluation of the past met another on its way in"));
        }
        let mut entries = Vec::with_capacity(all.len());
        for (new, rows) in &checked {
            let mut entry = created(caller, EVALUATION.verbs.import.action, new);
            put_rows(tx, &mut entry, (new.id, rows)).await?;
            entries.push(entry);
        }
        self.stand_all_anew(tx, all.iter().map(|new| new.employee)).await?;
        Ok((all.into_iter().map(|new| new.id).collect(), entries))
    }

    /// Takes evaluations out again that came with a sheet or a table and that nobody has touched since; they go out of use.
    ///
    /// # Errors
    /// `Denied` (traced), or `Conflict` where one of them is not as it came any more; nothing was changed then.
    pub async fn withdraw_history(&self, caller: &Caller, ids: &[RecordId]) -> Result<(), Error> {
        self.records.permit::<UndoImport>(caller, &EVALUATION).await?;
        let mut tx = self.records.store().write().await?;
        let entries = self.withdraw_history_in(&mut tx, caller, ids).await?;
        if entries.is_empty() {
            return Ok(());
        }
        let resource = Resource::whole(EVALUATION.name);
        let whole = TrailEntry::new(Category::Change, caller, EVALUATION.verbs.undo_import.action, resource);
        Ok(tx.commit_all(whole.note("evaluations", ids.len()), entries).await?)
    }

    /// The same within a transaction that does more; gives the entries that must be committed with it.
    pub(crate) async fn withdraw_history_in(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        ids: &[RecordId],
    ) -> Result<Vec<TrailEntry>, Error> {
        policy::permit::<UndoImport>(&EVALUATION, caller)?;
        let now = self.records.store().env().now();
        let (mut employees, mut entries) = (Vec::new(), Vec::new());
        for id in ids {
            if !self.records.reaches(tx, caller, EVALUATION.verbs.undo_import.permission, (&EVALUATION, *id)).await? {
                return Err(Error::not_found());
            }
            let untouched = store::as_it_came(tx, *id).await?;
            employees.push(untouched.ok_or_else(touched)?);
            store::put_aside(tx, *id, now).await?;
            let resource = Resource::new(EVALUATION.name, id);
            entries.push(TrailEntry::new(Category::Change, caller, EVALUATION.verbs.undo_import.action, resource));
        }
        self.stand_all_anew(tx, employees.into_iter()).await?;
        Ok(entries)
    }

    async fn stand_all_anew(
        &self,
        tx: &mut WriteTx,
        employees: impl Iterator<Item = RecordId> + Send,
    ) -> Result<(), Error> {
        for employee in employees.collect::<BTreeSet<_>>() {
            standing::rebuild(tx, employee, self.records.today()).await?;
        }
        Ok(())
    }

    /// Checks all of them, and tells everything that is wrong at once.
    async fn check_past(
        &self,
        conn: &mut Conn,
        caller: &Caller,
        past: &[PastEvaluation],
        now: Instant,
    ) -> Result<Vec<(NewEvaluation, Rows)>, Error> {
        if past.len() > MOST {
            let message = format!("These are {} evaluations; at most {MOST} can be taken in at once.", past.len());
            return Err(Error::new(Kind::TooLarge, message));
        }
        let reach = policy::reached_with(&EMPLOYEE, caller, EVALUATION.verbs.import.permission);
        let facts = Facts::read(conn, &reach, past, (self.records.today(), now)).await?;
        let mut wrong = Vec::new();
        let mut checked = Vec::with_capacity(past.len());
        let mut days = HashSet::new();
        for (place, one) in past.iter().enumerate() {
            let at = format!("evaluations[{place}].");
            let of = (one.employee, one.evaluator, one.evaluated_on);
            if !days.insert(of) || store::is_there(conn, of).await? {
                let message = "There is an evaluation of this day by the same person already.".to_owned();
                wrong.push(FieldError { field: format!("{at}evaluation_date").into(), message });
            }
            let id = RecordId::new(self.records.store().env());
            checked.extend(facts.check((id, one), &at, &mut wrong));
        }
        if wrong.is_empty() { Ok(checked) } else { Err(Error::invalid(wrong)) }
    }
}

fn touched() -> Error {
    Error::new(
        Kind::Conflict,
        "One of these evaluations was changed or taken out since it came in. Nothing was taken back.",
    )
}

/// What evaluations of the past are checked against.
struct Facts {
    subjects: HashMap<RecordId, Subject>,
    people: HashSet<PersonId>,
    known: Known,
    today: Date,
    now: Instant,
}

impl Facts {
    async fn read(
        conn: &mut Conn,
        reach: &RowFilter,
        past: &[PastEvaluation],
        (today, now): (Date, Instant),
    ) -> Result<Self, Error> {
        let employees: BTreeSet<RecordId> = past.iter().map(|one| one.employee).collect();
        let reviewers = past.iter().filter_map(|one| one.reviewed.map(|(by, _)| by));
        let people: HashSet<PersonId> = past.iter().map(|one| one.evaluator).chain(reviewers).collect();
        let marks: Vec<&Marks> = past.iter().map(|one| &one.marks).collect();
        Ok(Self {
            subjects: store::subjects(conn, reach, &employees.into_iter().collect::<Vec<_>>()).await?,
            people: store::people(conn, &people.into_iter().collect::<Vec<_>>()).await?.into_iter().collect(),
            known: Known::read(conn, &marks).await?,
            today,
            now,
        })
    }

    /// The row to be, where nothing is wrong with who and when.
    fn check(
        &self,
        (id, one): (RecordId, &PastEvaluation),
        at: &str,
        wrong: &mut Vec<FieldError>,
    ) -> Option<(NewEvaluation, Rows)> {
        let rows = marks::check(&one.marks, (&self.known, Catalogue::Past), (at, self.now), wrong);
        doubles(&one.marks, at, wrong);
        let notes = read_notes(one.notes.as_deref().unwrap_or_default(), at, wrong);
        let mut say = |field: &str, message: &str| {
            wrong.push(FieldError { field: format!("{at}{field}").into(), message: message.to_owned() });
        };
        if one.marks.rated() == 0 {
            say("skills", "Nothing is rated.");
        }
        if one.evaluated_on > self.today {
            say("evaluation_date", "This day is still to come.");
        }
        if !self.people.contains(&one.evaluator) {
            say("evaluator_id", "There is no such person in the directory.");
        }
        let Some(subject) = self.subjects.get(&one.employee) else {
            say("employee_id", "There is no such employee, or you do not reach them.");
            return None;
        };
        let kind = if subject.person == one.evaluator { EvaluationKind::SelfRated } else { EvaluationKind::Manager };
        for (field, message) in self.wrong_review(one, subject) {
            say(field, message);
        }
        let new = NewEvaluation {
            id,
            employee: one.employee,
            kind,
            evaluator: one.evaluator,
            evaluated_on: one.evaluated_on,
            state: if one.reviewed.is_some() { State::Reviewed } else { State::Completed },
            completed_on: Some(one.evaluated_on),
            reviewed: one.reviewed,
            amends: None,
            tier: Some(one.tier.unwrap_or(subject.tier)),
            origin: one.origin,
            notes,
        };
        Some((new, rows))
    }

    fn wrong_review(&self, one: &PastEvaluation, subject: &Subject) -> Vec<(&'static str, &'static str)> {
        let Some((by, on)) = one.reviewed else { return Vec::new() };
        let mut wrong = Vec::new();
        if !self.people.contains(&by) {
            wrong.push(("reviewed_by", "There is no such person in the directory."));
        }
        if by == subject.person || by == one.evaluator {
            wrong.push(("reviewed_by", "Nobody reviews what they wrote themselves, or what is about them."));
        }
        if on < one.evaluated_on || on > self.today {
            wrong.push(("reviewed_on", "This day lies before the evaluation, or is still to come."));
        }
        wrong
    }
}
