//! A filled-in score card on its way to an evaluation: looked at first, then taken in, all of it or nothing.

use std::collections::HashMap;

use palisade_base::{Caller, Category, Date, Error, RecordId, Resource, TrailEntry};
use palisade_records::{
    Archived, Batch, Draft, ListRequest, RecordType, Records,
    policy::{self, Import},
    transfer::{Inbox, plain_file_name},
};

use super::{
    FilledCard, Note, read_filled,
    store::{self, Subject},
};
use crate::{
    catalogue::name_key,
    evaluation::{EvaluationKind, EvaluationOrigin, Evaluations, Marks, NewDraft, PastEvaluation, SkillMark, ToolMark},
    evaluation_table::{LastEvaluation, last_evaluation, say_the_same},
    lookup,
    types::{CUSTOM_TOOL, EMPLOYEE, EVALUATE, EVALUATION, SPECIAL_SKILL},
};

/// The kind of file, as it is kept.
const KIND: &str = "filled_score_card";
/// Special skills and own tools of one person that are looked through.
const MOST: u64 = 10_000;

/// Filled-in score cards. Cheap to clone.
#[derive(Clone)]
pub struct FilledSheets {
    records: Records,
    evaluations: Evaluations,
    inbox: Inbox,
}

/// What somebody decided where the sheet leaves it open.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chosen {
    /// Whom it is about.
    pub employee: Option<RecordId>,
    /// Its day.
    pub date: Option<Date>,
    /// Whether the employee filled it in themselves, though somebody else brings it.
    pub own_words: bool,
}

/// What taking a card in would do.
pub struct Proposal {
    /// The card.
    pub card: FilledCard,
    /// Whom the caller may evaluate.
    pub subjects: Vec<Subject>,
    /// Whom it is about, where that is clear or chosen.
    pub subject: Option<Subject>,
    /// Its day, where that is clear or chosen.
    pub date: Option<Date>,
    /// Whether it is the employee's own view.
    pub kind: EvaluationKind,
    /// Whether the caller may say that the employee filled it in.
    pub may_choose_kind: bool,
    /// How many ratings each category of the sheet has.
    pub categories: Vec<(String, usize)>,
    /// Marks on skills and tools that the catalogue has not.
    pub unknown: Vec<Note>,
    /// The last evaluation of the same person and kind, and what this one says otherwise.
    pub last: Option<(Date, Vec<Differs>)>,
    /// Whether just this was taken in already.
    pub is_there: bool,
    marks: Marks,
}

/// A skill that is rated otherwise than the last time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differs {
    /// Its category and name.
    pub skill: (String, String),
    /// The rating of the last time.
    pub before: Option<u8>,
    /// The rating now.
    pub after: u8,
}

impl Proposal {
    /// Why it can't be taken in as it is; nothing where it can.
    #[must_use]
    pub fn obstacle(&self) -> Option<&'static str> {
        if !self.card.problems.is_empty() {
            return Some("Mend the cells that are named below in the file, and upload it again.");
        }
        if self.marks.rated() == 0 {
            return Some("No skill of the catalogue is rated on this sheet.");
        }
        if self.is_there {
            return Some("Just this was taken in already: there is an evaluation of that day with the same marks.");
        }
        match (&self.subject, self.date) {
            (None, _) => Some("Choose whom the sheet is about."),
            (_, None) => Some("Enter the day on which it was filled in."),
            _ => None,
        }
    }

    /// How many tools have an answer.
    #[must_use]
    pub const fn tools(&self) -> usize {
        self.marks.tools.len()
    }
}

impl FilledSheets {
    /// The filled-in sheets of these evaluations.
    #[must_use]
    pub fn new(records: Records, evaluations: Evaluations) -> Self {
        let inbox = Inbox::new(records.store().clone(), KIND);
        Self { records, evaluations, inbox }
    }

    /// Takes a file for checking: it must be a score card. Nothing else happens.
    ///
    /// # Errors
    /// What is wrong with the file as a whole, in the field `file`.
    pub async fn check(&self, caller: &Caller, (name, content): (&str, &[u8])) -> Result<RecordId, Error> {
        read(content.to_vec()).await?;
        let (id, tx) = self.inbox.keep(caller, (name, content)).await?;
        let entry = TrailEntry::new(Category::Change, caller, "score_card.check", Resource::whole("score_card"));
        tx.commit(entry.note("file", plain_file_name(name)).note("import", id.to_string())).await?;
        Ok(id)
    }

    /// What taking a checked card in would do. Where that shows an earlier evaluation of somebody else, the trail says so.
    ///
    /// # Errors
    /// `NotFound` where it is not a file of this caller's that waits; otherwise the database can't be used.
    pub async fn propose(&self, caller: &Caller, id: RecordId, chosen: Chosen) -> Result<Proposal, Error> {
        let card = read(self.inbox.waiting(caller, id).await?).await?;
        let rows = policy::reached_with(&EMPLOYEE, caller, EVALUATE);
        let subjects = store::subjects(&mut *self.records.store().read().await?, rows).await?;
        let may_choose_kind = policy::permit::<Import>(&EVALUATION, caller).is_ok();
        let (marks, unknown, names) = self.resolve(caller, &card).await?;
        let mut proposal = Proposal {
            subject: subject_of(&card, &subjects, chosen),
            date: chosen.date.or(card.day()),
            kind: EvaluationKind::Manager,
            categories: by_category(&card),
            card,
            subjects,
            may_choose_kind,
            unknown,
            last: None,
            is_there: false,
            marks,
        };
        let own = |subject: &Subject| Some(subject.person) == caller.person || (may_choose_kind && chosen.own_words);
        if proposal.subject.as_ref().is_some_and(own) {
            proposal.kind = EvaluationKind::SelfRated;
        }
        self.compare(caller, &mut proposal, &names).await?;
        Ok(proposal)
    }

    /// Takes a checked card in, as a draft or handed in. Special skills come as proposals, own tools as they are.
    ///
    /// # Errors
    /// As [`FilledSheets::propose`]; `Invalid` where something is open or wrong, `Denied` (traced), `Conflict` where there
    /// is an open draft. Nothing was changed then, except that a sheet that can't be handed in stays a draft.
    pub async fn apply(&self, caller: &Caller, id: RecordId, chosen: Chosen, hand_in: bool) -> Result<RecordId, Error> {
        let proposal = self.propose(caller, id, chosen).await?;
        if let Some(obstacle) = proposal.obstacle() {
            return Err(Error::field("file", obstacle));
        }
        let (Some(subject), Some(date)) = (&proposal.subject, proposal.date) else {
            return Err(Error::field("file", "Say whom the sheet is about, and of which day it is."));
        };
        if hand_in && date > self.records.today() {
            return Err(Error::field(
                "date",
                "This day is still to come. Take the sheet in as a draft, or change the date.",
            ));
        }
        let done = self.write(caller, id, (&proposal, subject, date)).await;
        let verb = EVALUATION.verbs.create;
        let made = self.records.trace_denial(caller, &EVALUATION, verb, None, done).await?;
        if hand_in && !is_brought_for_them(caller, &proposal, subject) {
            let version = self.records.get(caller, &EVALUATION, made).await?.version;
            self.evaluations.complete(caller, (made, version)).await?;
        }
        Ok(made)
    }

    async fn write(
        &self,
        caller: &Caller,
        id: RecordId,
        (proposal, subject, date): (&Proposal, &Subject, Date),
    ) -> Result<RecordId, Error> {
        let card = &proposal.card;
        let makes = [(&SPECIAL_SKILL, card.special_skills.is_empty()), (&CUSTOM_TOOL, card.own_tools.is_empty())];
        let makes: Vec<&'static RecordType> = makes.into_iter().filter(|(_, none)| !none).map(|(ty, _)| ty).collect();
        let mut batch = self.records.batch(caller, &makes).await?;
        let made = self.evaluation(caller, &mut batch, (proposal, subject, date)).await?;
        add_new(&mut batch, &SPECIAL_SKILL, subject, card.special_skills.iter().map(|name| (name.as_str(), None)))
            .await?;
        let tools = card.own_tools.iter().map(|tool| (tool.name.as_str(), Some((tool.can_operate, tool.truck_stock))));
        add_new(&mut batch, &CUSTOM_TOOL, subject, tools).await?;
        self.inbox.set_applied(batch.tx(), id, (1, 0), &[]).await?;
        let entry =
            TrailEntry::new(Category::Change, caller, "score_card.evaluation", Resource::new("evaluation", made));
        batch.commit(entry.note("import", id.to_string())).await?;
        Ok(made)
    }

    async fn evaluation(
        &self,
        caller: &Caller,
        batch: &mut Batch<'_>,
        (proposal, subject, date): (&Proposal, &Subject, Date),
    ) -> Result<RecordId, Error> {
        let notes = Some(proposal.card.notes.clone()).filter(|notes| !notes.is_empty());
        let (employee, marks, origin) = (subject.employee, proposal.marks.clone(), EvaluationOrigin::Sheet);
        if is_brought_for_them(caller, proposal, subject) {
            let (evaluator, evaluated_on) = (subject.person, date);
            let past =
                PastEvaluation { employee, evaluator, evaluated_on, reviewed: None, tier: None, origin, notes, marks };
            let (ids, entries) = self.evaluations.record_history_in(batch.tx(), caller, &[past]).await?;
            entries.into_iter().for_each(|entry| batch.add(entry));
            return ids.first().copied().ok_or_else(|| Error::internal("an evaluation was not made"));
        }
        let draft = NewDraft { employee, evaluated_on: date, kind: Some(proposal.kind), origin, notes, marks };
        let (id, entry) = self.evaluations.create_in(batch.tx(), caller, &draft).await?;
        batch.add(entry);
        Ok(id)
    }

    /// The marks as the catalogue knows them; those that it does not know; and what skills are called.
    async fn resolve(&self, caller: &Caller, card: &FilledCard) -> Result<(Marks, Vec<Note>, lookup::Items), Error> {
        let (skills, tools) =
            (lookup::skills(&self.records, caller).await?, lookup::tools(&self.records, caller).await?);
        let tapped_at = self.records.store().env().now();
        let (mut marks, mut unknown) = (Marks::default(), Vec::new());
        for mark in &card.skills {
            match skills.find(&mark.category, &mark.name) {
                Ok(skill) => {
                    marks.skills.push(SkillMark { skill, rating: Some(mark.rating), note: None, tapped_at });
                }
                Err(text) => unknown.push(Note { place: mark.place.clone(), text }),
            }
        }
        for mark in &card.tools {
            let (can_operate, truck_stock) = (mark.can_operate, Some(mark.truck_stock));
            match tools.find(&mark.category, &mark.name) {
                Ok(tool) => marks.tools.push(ToolMark { tool, can_operate, truck_stock, note: None, tapped_at }),
                Err(text) => unknown.push(Note { place: mark.place.clone(), text }),
            }
        }
        Ok((marks, unknown, skills))
    }

    async fn compare(&self, caller: &Caller, proposal: &mut Proposal, names: &lookup::Items) -> Result<(), Error> {
        let Some(subject) = proposal.subject.clone() else { return Ok(()) };
        let Some(last) = last_evaluation(&self.records, caller, (subject.employee, proposal.kind)).await? else {
            return Ok(());
        };
        if Some(subject.person) != caller.person {
            let resource = Resource::new(EVALUATION.name, last.id);
            let entry = TrailEntry::new(Category::Access, caller, EVALUATION.verbs.read.action, resource);
            self.records.store().append(&[entry]).await?;
        }
        proposal.is_there = proposal.date == Some(last.evaluated_on) && say_the_same(&last.marks, &proposal.marks);
        proposal.last = Some((last.evaluated_on, differences(&last, &proposal.marks, names)));
        Ok(())
    }
}

/// Whether the caller brings what the employee has filled in themselves: that comes in as handed in.
fn is_brought_for_them(caller: &Caller, proposal: &Proposal, subject: &Subject) -> bool {
    proposal.kind == EvaluationKind::SelfRated && Some(subject.person) != caller.person
}

/// Unpacking and reading keep a processor busy; other requests must not wait for that.
async fn read(content: Vec<u8>) -> Result<FilledCard, Error> {
    let read = tokio::task::spawn_blocking(move || read_filled(&content));
    Ok(read.await.map_err(Error::internal)??)
}

/// Who was chosen; else the only one of that name; else the only one there is to choose.
fn subject_of(card: &FilledCard, subjects: &[Subject], chosen: Chosen) -> Option<Subject> {
    if let Some(id) = chosen.employee {
        return subjects.iter().find(|subject| subject.employee == id).cloned();
    }
    let name = card.name.as_deref().map(name_key)?;
    let swapped = name.split_once(", ").map(|(family, given)| format!("{given} {family}"));
    let is_it = |subject: &&Subject| {
        let key = name_key(&subject.name);
        key == name || Some(key) == swapped
    };
    let mut found = subjects.iter().filter(is_it);
    match (found.next(), found.next()) {
        (Some(subject), None) => Some(subject.clone()),
        _ => None,
    }
}

/// How many ratings each category has, in the order of the sheet.
fn by_category(card: &FilledCard) -> Vec<(String, usize)> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for mark in &card.skills {
        match counts.iter_mut().find(|(category, _)| *category == mark.category) {
            Some((_, count)) => *count += 1,
            None => counts.push((mark.category.clone(), 1)),
        }
    }
    counts
}

fn differences(last: &LastEvaluation, marks: &Marks, names: &lookup::Items) -> Vec<Differs> {
    let before: HashMap<RecordId, u8> =
        last.marks.skills.iter().filter_map(|mark| Some((mark.skill, mark.rating?))).collect();
    let differs = |mark: &SkillMark| {
        let (after, before) = (mark.rating?, before.get(&mark.skill).copied());
        let (category, name) = names.called(mark.skill)?;
        (before != Some(after)).then(|| Differs { skill: (category.to_owned(), name.to_owned()), before, after })
    };
    marks.skills.iter().filter_map(differs).collect()
}

/// Adds what the employee does not have yet by that name.
async fn add_new(
    batch: &mut Batch<'_>,
    ty: &'static RecordType,
    subject: &Subject,
    things: impl Iterator<Item = (&str, Option<(Option<bool>, bool)>)>,
) -> Result<(), Error> {
    let Some(employee) = ty.position("employee_id") else { return Ok(()) };
    let filters = vec![(employee, subject.employee.into())];
    let request = ListRequest { filters, archived: Archived::With, limit: MOST, ..ListRequest::default() };
    let mut there: Option<Vec<String>> = None;
    for (name, flags) in things {
        if there.is_none() {
            let records = batch.list(ty, &request).await?.records;
            there = Some(records.iter().map(|record| name_key(&record.title())).collect());
        }
        if there.as_ref().is_some_and(|there| there.contains(&name_key(name))) {
            continue;
        }
        let mut draft = Draft::new().text("employee_id", subject.employee.to_string()).text("name", name);
        if let Some((can_operate, truck_stock)) = flags {
            let word = |is: bool| if is { "yes" } else { "no" };
            draft = draft.text("can_operate", can_operate.map_or("", word)).text("truck_stock", word(truck_stock));
        }
        batch.create(ty, &draft).await?;
    }
    Ok(())
}
