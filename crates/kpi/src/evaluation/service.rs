//! What is done with evaluations: started, filled in, handed in, reviewed, corrected.

use palisade_base::{Caller, Category, Date, Error, FieldError, Kind, PersonId, RecordId, Resource, TrailEntry};
use palisade_records::{
    Draft, Merged, Permitted, Record, Records, add_row_changes, add_rows,
    policy::{self, Create, Update},
};
use palisade_store::{Conn, WriteTx};
use serde_json::{Value as Json, json};

use super::{
    Evaluation, EvaluationKind, EvaluationOrigin, Marks, NewDraft, Saved, State,
    marks::{self, Catalogue, Known, Rows},
    store::{self, NewEvaluation, Subject},
};
use crate::types::{AMEND, EMPLOYEE, EVALUATE, EVALUATION, SKILL_MARKS, TOOL_MARKS};

/// All evaluations. Cheap to clone.
#[derive(Clone)]
pub struct Evaluations {
    pub(super) records: Records,
}

impl Evaluations {
    /// The evaluations among these records.
    #[must_use]
    pub const fn new(records: Records) -> Self {
        Self { records }
    }

    /// The caller's open draft about this employee; a new one where there is none.
    ///
    /// # Errors
    /// `NotFound` where the caller does not see the employee, `Denied` (traced) where they may not evaluate them, `Invalid`
    /// where the employee does not work here any more.
    pub async fn start(&self, caller: &Caller, employee: RecordId, evaluated_on: Date) -> Result<RecordId, Error> {
        let done = self.try_start(caller, employee, evaluated_on).await;
        self.records.trace_denial(caller, &EVALUATION, EVALUATION.verbs.create, None, done).await
    }

    async fn try_start(&self, caller: &Caller, employee: RecordId, evaluated_on: Date) -> Result<RecordId, Error> {
        let mut tx = self.records.store().write().await?;
        let draft = NewDraft::about(employee, evaluated_on);
        let new = self.prepare(&mut tx, caller, &draft).await?;
        let of = (new.employee, new.kind, new.evaluator);
        if let Some(open) = store::open_draft(&mut tx, of).await? {
            return Ok(open);
        }
        if store::insert(&mut tx, std::slice::from_ref(&new), self.records.store().env().now()).await? == 0 {
            // Somebody pressed the button twice, and the other press was first.
            return store::open_draft(&mut tx, of).await?.ok_or_else(Error::not_found);
        }
        tx.commit(created(caller, EVALUATION.verbs.create.action, &new)).await?;
        Ok(new.id)
    }

    /// Makes a draft with everything in it: all of it or nothing.
    ///
    /// # Errors
    /// As [`Evaluations::start`]; `Conflict` where the caller has an open draft about the employee; `Invalid` with the place
    /// of everything that is wrong: `skills[3].rating`.
    pub async fn create(&self, caller: &Caller, draft: &NewDraft) -> Result<RecordId, Error> {
        let done = self.try_create(caller, draft).await;
        self.records.trace_denial(caller, &EVALUATION, EVALUATION.verbs.create, None, done).await
    }

    async fn try_create(&self, caller: &Caller, draft: &NewDraft) -> Result<RecordId, Error> {
        let mut tx = self.records.store().write().await?;
        let (id, entry) = self.create_in(&mut tx, caller, draft).await?;
        tx.commit(entry).await?;
        Ok(id)
    }

    /// The same within a transaction that does more; gives the entry that must be committed with it. A denial is the
    /// caller's to trace.
    pub(crate) async fn create_in(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        draft: &NewDraft,
    ) -> Result<(RecordId, TrailEntry), Error> {
        let now = self.records.store().env().now();
        let mut new = self.prepare(tx, caller, draft).await?;
        let mut wrong = Vec::new();
        new.notes = read_notes(draft.notes.as_deref().unwrap_or_default(), "", &mut wrong);
        if draft.kind.is_some_and(|kind| kind != new.kind) {
            wrong.push(wrong_kind(new.kind));
        }
        let known = Known::read(tx, &[&draft.marks]).await?;
        let rows = marks::check(&draft.marks, (&known, Catalogue::InUse), ("", now), &mut wrong);
        doubles(&draft.marks, "", &mut wrong);
        if !wrong.is_empty() {
            return Err(Error::invalid(wrong));
        }
        if store::insert(tx, std::slice::from_ref(&new), now).await? == 0 {
            let message =
                "You have an open draft about this employee. Hand it in or discard it before you send another.";
            return Err(Error::new(Kind::Conflict, message));
        }
        let mut entry = created(caller, EVALUATION.verbs.create.action, &new);
        put_rows(tx, &mut entry, (new.id, &rows)).await?;
        Ok((new.id, entry))
    }

    /// A draft of this caller about this employee, where they may make one.
    async fn prepare(&self, tx: &mut WriteTx, caller: &Caller, draft: &NewDraft) -> Result<NewEvaluation, Error> {
        policy::permit::<Create>(&EVALUATION, caller)?;
        let evaluator = caller.person.ok_or_else(nobody)?;
        let subject = self.subject(tx, caller, draft.employee).await?;
        if !subject.is_active {
            return Err(Error::field("employee_id", "They do not work here any more, so nobody evaluates them."));
        }
        let kind = if subject.person == evaluator { EvaluationKind::SelfRated } else { EvaluationKind::Manager };
        Ok(NewEvaluation {
            id: RecordId::new(self.records.store().env()),
            employee: draft.employee,
            kind,
            evaluator,
            evaluated_on: draft.evaluated_on,
            state: State::Draft,
            completed_on: None,
            reviewed: None,
            amends: None,
            tier: None,
            origin: draft.origin,
            notes: None,
        })
    }

    /// An employee whom the caller may evaluate.
    async fn subject(&self, conn: &mut Conn, caller: &Caller, id: RecordId) -> Result<Subject, Error> {
        let find = async |conn: &mut Conn, rows| store::subjects(conn, &rows, &[id]).await;
        if let Some(subject) = find(conn, policy::reached_with(&EMPLOYEE, caller, EVALUATE)).await?.get(&id) {
            return Ok(*subject);
        }
        let seen = find(conn, policy::readable(&EMPLOYEE, caller)).await?;
        Err(if seen.is_empty() { Error::not_found() } else { out_of_reach() })
    }

    /// An evaluation with its marks; that it was viewed is in the trail, where it is about another.
    ///
    /// # Errors
    /// `NotFound` where there is none, or none for this caller.
    pub async fn open(&self, caller: &Caller, id: RecordId) -> Result<(Evaluation, Marks), Error> {
        let record = self.records.view(caller, &EVALUATION, id).await?;
        let marks = self.marks_of(&mut *self.records.store().read().await?, &record).await?;
        Ok((Evaluation::from_record(record)?, marks))
    }

    pub(super) async fn marks_of(&self, conn: &mut Conn, record: &Record) -> Result<Marks, Error> {
        let skills = self.records.rows(conn, record, &SKILL_MARKS).await?;
        let tools = self.records.rows(conn, record, &TOOL_MARKS).await?;
        Ok(Marks::from_rows(&skills, &tools))
    }

    /// The marks of the last evaluation of the same employee and kind that the caller sees, for "same as last time"; none
    /// where there is no such evaluation.
    ///
    /// # Errors
    /// `NotFound` where there is no such evaluation, or none for this caller.
    pub async fn previous_marks(&self, caller: &Caller, id: RecordId) -> Result<Marks, Error> {
        let this = Evaluation::from_record(self.records.get(caller, &EVALUATION, id).await?)?;
        let mut conn = self.records.store().read().await?;
        let rows = policy::readable(&EVALUATION, caller);
        let of = (id, this.employee, this.kind);
        let Some(previous) = store::previous(&mut conn, &rows, of, this.evaluated_on).await? else {
            return Ok(Marks::default());
        };
        let record = self.records.get(caller, &EVALUATION, previous).await?;
        self.marks_of(&mut conn, &record).await
    }

    /// Saves a batch of marks, and nothing else: of two for the same skill or tool the later tap stands.
    ///
    /// # Errors
    /// `NotFound`, `Denied` (traced), `Conflict` where it is no draft any more, `Invalid` with the place of each wrong mark;
    /// nothing of the batch was saved then.
    pub async fn mark(&self, caller: &Caller, id: RecordId, marks: &Marks) -> Result<Saved, Error> {
        let done = self.try_mark(caller, id, marks).await;
        self.records.trace_denial(caller, &EVALUATION, EVALUATION.verbs.update, Some(id), done).await
    }

    async fn try_mark(&self, caller: &Caller, id: RecordId, marks: &Marks) -> Result<Saved, Error> {
        let now = self.records.store().env().now();
        let mut tx = self.records.store().write().await?;
        let found = self.records.fetch_for::<Update>(&mut tx, caller, &EVALUATION, id).await?;
        let rows = read_marks(&mut tx, marks, now).await?;
        self.records.hold(&mut tx, &found).await?;
        let skills = self.records.merge_rows(&mut tx, &found, &SKILL_MARKS, rows.skills).await?;
        let tools = self.records.merge_rows(&mut tx, &found, &TOOL_MARKS, rows.tools).await?;
        let saved = Saved {
            marks: Marks::from_rows(&skills.after, &tools.after),
            older: skills.older + tools.older,
            saved_at: now,
        };
        if skills.is_written || tools.is_written {
            tx.commit(marked(caller, id, &skills, &tools)).await?;
        }
        Ok(saved)
    }

    /// Who can be asked to review it, by name: who leads a team, other than who wrote it and whom it is about.
    ///
    /// # Errors
    /// `NotFound` where there is no such evaluation, or none for this caller.
    pub async fn reviewers(&self, caller: &Caller, id: RecordId) -> Result<Vec<(PersonId, String)>, Error> {
        let record = self.records.get(caller, &EVALUATION, id).await?;
        reviewers_of(&mut *self.records.store().read().await?, &record).await
    }

    /// Sets date, notes and who is asked to review it.
    ///
    /// # Errors
    /// As [`Evaluations::mark`]; `Conflict` also where it has another version.
    pub async fn set_details(
        &self,
        caller: &Caller,
        (id, version): (RecordId, i64),
        evaluated_on: Date,
        notes: &str,
        reviewer: Option<PersonId>,
    ) -> Result<(), Error> {
        let done = self.try_set_details(caller, (id, version), (evaluated_on, notes, reviewer)).await;
        self.records.trace_denial(caller, &EVALUATION, EVALUATION.verbs.update, Some(id), done).await
    }

    async fn try_set_details(
        &self,
        caller: &Caller,
        (id, version): (RecordId, i64),
        (day, notes, reviewer): (Date, &str, Option<PersonId>),
    ) -> Result<(), Error> {
        let mut tx = self.records.store().write().await?;
        let found = self.records.fetch_for::<Update>(&mut tx, caller, &EVALUATION, id).await?;
        found.record.expect_version(version)?;
        let mut wrong = Vec::new();
        let notes = read_notes(notes, "", &mut wrong);
        let old = found.record.value("reviewer_id").cloned();
        let is_new = reviewer.is_some() && reviewer.map(Into::into) != old;
        if is_new && !reviewers_of(&mut tx, &found.record).await?.iter().any(|(id, _)| Some(*id) == reviewer) {
            let message =
                "Choose somebody who leads a team, and neither wrote this nor is the one it is about.".to_owned();
            wrong.push(FieldError { field: "reviewer_id".into(), message });
        }
        if !wrong.is_empty() {
            return Err(Error::invalid(wrong));
        }
        let entry = details_entry(caller, &found, (day, notes.as_deref(), reviewer));
        if entry.changes.is_empty() {
            return Ok(());
        }
        let now = self.records.store().env().now();
        if !store::set_details(&mut tx, (id, version), (day, notes, reviewer), now).await? {
            return Err(Error::new(Kind::Conflict, "Somebody was quicker. Look at the evaluation again."));
        }
        Ok(tx.commit(entry).await?)
    }

    /// Hands a draft in.
    ///
    /// # Errors
    /// `NotFound`, `Denied` (traced), `Conflict` where it is no draft or has another version, `Invalid` with what is missing.
    pub async fn complete(&self, caller: &Caller, version: (RecordId, i64)) -> Result<(), Error> {
        self.transition(caller, "complete", version, &Draft::new()).await
    }

    /// Makes what was handed in a draft again, as long as nobody has reviewed it.
    ///
    /// # Errors
    /// As [`Evaluations::complete`].
    pub async fn take_back(&self, caller: &Caller, version: (RecordId, i64)) -> Result<(), Error> {
        self.transition(caller, "take-back", version, &Draft::new()).await
    }

    /// Gives it back to its author, with a reason.
    ///
    /// # Errors
    /// As [`Evaluations::complete`].
    pub async fn give_back(&self, caller: &Caller, version: (RecordId, i64), reason: &str) -> Result<(), Error> {
        self.transition(caller, "return", version, &Draft::new().text("return_reason", reason)).await
    }

    /// Confirms what was handed in: it is closed for good.
    ///
    /// # Errors
    /// As [`Evaluations::complete`].
    pub async fn review(&self, caller: &Caller, version: (RecordId, i64)) -> Result<(), Error> {
        self.transition(caller, "review", version, &Draft::new()).await
    }

    async fn transition(
        &self,
        caller: &Caller,
        name: &str,
        (id, version): (RecordId, i64),
        given: &Draft,
    ) -> Result<(), Error> {
        self.records.transition(caller, &EVALUATION, name, (id, Some(version)), given).await.map(drop)
    }

    /// Throws a draft away: it goes out of use.
    ///
    /// # Errors
    /// `NotFound`, `Denied` (traced), `Conflict` where it is no draft any more or has another version.
    pub async fn discard(&self, caller: &Caller, version: (RecordId, i64)) -> Result<(), Error> {
        self.records.archive(caller, &EVALUATION, version).await.map(drop)
    }

    /// Makes a draft that is a copy of a reviewed evaluation, and takes its place once it is reviewed. A copy of a
    /// self-evaluation lies with its author; any other with who makes it.
    ///
    /// # Errors
    /// `NotFound`, `Denied` (traced), `Conflict` where it is not reviewed, has another version, or has a copy already.
    pub async fn amend(&self, caller: &Caller, (id, version): (RecordId, i64)) -> Result<RecordId, Error> {
        let done = self.try_amend(caller, (id, version)).await;
        let verb = palisade_records::Verb { permission: AMEND, action: "evaluation.amend" };
        self.records.trace_denial(caller, &EVALUATION, verb, Some(id), done).await
    }

    async fn try_amend(&self, caller: &Caller, (id, version): (RecordId, i64)) -> Result<RecordId, Error> {
        let record = self.records.get(caller, &EVALUATION, id).await?;
        let mut tx = self.records.store().write().await?;
        if !self.records.reaches(&mut tx, caller, AMEND, (&EVALUATION, id)).await? {
            return Err(Error::denied());
        }
        record.expect_version(version)?;
        let old = Evaluation::from_record(record)?;
        let new = copy(caller, &old, RecordId::new(self.records.store().env()))?;
        if let Some(message) = standing_in_the_way(&mut tx, &new).await? {
            return Err(Error::new(Kind::Conflict, message));
        }
        let now = self.records.store().env().now();
        if store::insert(&mut tx, std::slice::from_ref(&new), now).await? == 0 {
            return Err(Error::new(Kind::Conflict, "Somebody was quicker. Look at the evaluation again."));
        }
        let skills = self.records.rows(&mut tx, &old.record, &SKILL_MARKS).await?;
        let tools = self.records.rows(&mut tx, &old.record, &TOOL_MARKS).await?;
        let mut entry = created(caller, "evaluation.amend", &new);
        put_rows(&mut tx, &mut entry, (new.id, &Rows { skills, tools })).await?;
        tx.commit(entry).await?;
        Ok(new.id)
    }
}

/// The corrected copy that is to be made.
fn copy(caller: &Caller, old: &Evaluation, id: RecordId) -> Result<NewEvaluation, Error> {
    if old.state != State::Reviewed || old.record.archived_at.is_some() {
        let message = "Only an evaluation that is reviewed and in use is corrected by a copy.";
        return Err(Error::new(Kind::Conflict, message));
    }
    let author = match old.kind {
        EvaluationKind::SelfRated => old.evaluator,
        EvaluationKind::Manager => caller.person.ok_or_else(nobody)?,
    };
    if old.kind == EvaluationKind::Manager && old.record.subject() == Some(author.into()) {
        return Err(Error::new(Kind::Denied, "This evaluation is about you. Somebody else has to correct it."));
    }
    Ok(NewEvaluation {
        id,
        employee: old.employee,
        kind: old.kind,
        evaluator: author,
        evaluated_on: old.evaluated_on,
        state: State::Draft,
        completed_on: None,
        reviewed: None,
        amends: Some(old.id()),
        tier: None,
        origin: EvaluationOrigin::Form,
        notes: old.notes.clone(),
    })
}

/// What keeps a corrected copy from being made.
async fn standing_in_the_way(conn: &mut Conn, new: &NewEvaluation) -> Result<Option<&'static str>, Error> {
    if let Some(old) = new.amends
        && store::copy_of(conn, old).await?.is_some()
    {
        return Ok(Some("There is a corrected copy of this evaluation already."));
    }
    let open = store::open_draft(conn, (new.employee, new.kind, new.evaluator)).await?;
    Ok(open.map(|_| "Who would correct it has an open draft about the same employee. That must be handed in or discarded first."))
}

/// Leaders of teams, other than who wrote the evaluation and whom it is about.
async fn reviewers_of(conn: &mut Conn, record: &Record) -> Result<Vec<(PersonId, String)>, Error> {
    let mut leaders = store::leaders(conn).await?;
    let evaluator = record.value("evaluator_id").cloned();
    leaders.retain(|(id, _)| record.subject() != Some((*id).into()) && evaluator != Some((*id).into()));
    Ok(leaders)
}

async fn read_marks(conn: &mut Conn, given: &Marks, now: palisade_base::Instant) -> Result<Rows, Error> {
    let mut wrong = Vec::new();
    let known = Known::read(conn, &[given]).await?;
    let rows = marks::check(given, (&known, Catalogue::InUse), ("", now), &mut wrong);
    if wrong.is_empty() { Ok(rows) } else { Err(Error::invalid(wrong)) }
}

/// What is sent as a whole names each skill and tool once.
pub(super) fn doubles(marks: &Marks, at: &str, wrong: &mut Vec<FieldError>) {
    let mut seen = std::collections::HashSet::new();
    let skills =
        marks.skills.iter().enumerate().map(|(place, mark)| (mark.skill, format!("{at}skills[{place}].skill_id")));
    let tools = marks.tools.iter().enumerate().map(|(place, mark)| (mark.tool, format!("{at}tools[{place}].tool_id")));
    for (id, field) in skills.chain(tools) {
        if !seen.insert(id) {
            wrong.push(FieldError { field: field.into(), message: "This is there twice.".into() });
        }
    }
}

/// Notes on the whole evaluation.
pub(super) fn read_notes(text: &str, at: &str, wrong: &mut Vec<FieldError>) -> Option<String> {
    let field = EVALUATION.field("notes")?;
    match marks::clean_text(field, text) {
        Ok(notes) => notes,
        Err(message) => {
            wrong.push(FieldError { field: format!("{at}notes").into(), message });
            None
        }
    }
}

fn wrong_kind(kind: EvaluationKind) -> FieldError {
    let message = match kind {
        EvaluationKind::SelfRated => "What you say about yourself is a self-evaluation: self.",
        EvaluationKind::Manager => "What you say about another is a manager's evaluation: manager.",
    };
    FieldError { field: "evaluation_type".into(), message: message.into() }
}

/// Adds the marks of an evaluation that this transaction has made, and tells of them in its entry.
pub(super) async fn put_rows(
    tx: &mut WriteTx,
    entry: &mut TrailEntry,
    (id, rows): (RecordId, &Rows),
) -> Result<(), Error> {
    for (child, rows) in [(&SKILL_MARKS, &rows.skills), (&TOOL_MARKS, &rows.tools)] {
        add_row_changes(entry, child, &[], rows);
        add_rows(tx, child, id, rows).await?;
    }
    Ok(())
}

/// The entry of a new evaluation, with its facts as declared.
pub(super) fn created(caller: &Caller, action: &'static str, new: &NewEvaluation) -> TrailEntry {
    let id = |id: Option<RecordId>| id.map_or(Json::Null, |id| json!(id.to_string()));
    let day = |day: Option<Date>| day.map_or(Json::Null, |day| json!(day.to_string()));
    let reviewed = new.reviewed.unzip();
    TrailEntry::new(Category::Change, caller, action, Resource::new(EVALUATION.name, new.id))
        .changed("employee_id", Json::Null, id(Some(new.employee)))
        .changed("evaluation_type", Json::Null, json!(new.kind.as_str()))
        .changed("evaluator_id", Json::Null, id(Some(new.evaluator.into())))
        .changed("evaluation_date", Json::Null, day(Some(new.evaluated_on)))
        .changed("status", Json::Null, json!(new.state.as_str()))
        .changed("completed_on", Json::Null, day(new.completed_on))
        .changed("reviewed_by", Json::Null, id(reviewed.0.map(Into::into)))
        .changed("reviewed_on", Json::Null, day(reviewed.1))
        .changed("amends_id", Json::Null, id(new.amends))
        .changed("tier_id", Json::Null, id(new.tier))
        .changed("origin", Json::Null, json!(new.origin.as_str()))
        .changed("notes", Json::Null, json!(new.notes))
}

fn marked(caller: &Caller, id: RecordId, skills: &Merged, tools: &Merged) -> TrailEntry {
    let mut entry = TrailEntry::new(Category::Change, caller, "evaluation.mark", Resource::new(EVALUATION.name, id));
    for (child, merged) in [(&SKILL_MARKS, skills), (&TOOL_MARKS, tools)] {
        add_row_changes(&mut entry, child, &merged.before, &merged.after);
    }
    entry
}

fn details_entry(
    caller: &Caller,
    found: &Permitted<Update>,
    (day, notes, reviewer): (Date, Option<&str>, Option<PersonId>),
) -> TrailEntry {
    let record = &found.record;
    let before = |name: &str| {
        let kind = EVALUATION.field(name).map(|field| field.kind);
        kind.zip(record.value(name)).map_or(Json::Null, |(kind, value)| kind.write_json(value))
    };
    let resource = Resource::new(EVALUATION.name, record.id);
    TrailEntry::new(Category::Change, caller, EVALUATION.verbs.update.action, resource)
        .changed("evaluation_date", before("evaluation_date"), json!(day.to_string()))
        .changed("notes", before("notes"), json!(notes))
        .changed("reviewer_id", before("reviewer_id"), json!(reviewer.map(|id| id.to_string())))
}

/// What is said to a caller who is nobody in particular.
fn nobody() -> Error {
    Error::new(
        Kind::Denied,
        "An evaluation is signed with a person's name, and your user has none. An admin can link it to a person of the directory.",
    )
}

pub(super) fn out_of_reach() -> Error {
    Error::new(Kind::Denied, "You evaluate yourself and the people of your own teams only.")
}
