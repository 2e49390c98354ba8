//! What is done with evaluations.

use palisade_base::{Caller, Date, Error, Kind, PersonId, RecordId};
use palisade_records::Records;

use super::{Comparison, Evaluation, Marks, PastEvaluation, Saved};

/// All evaluations. Cheap to clone.
#[derive(Clone)]
pub struct Evaluations {
    records: Records,
}

fn later<T>() -> Result<T, Error> {
    Err(Error::new(Kind::Unavailable, "This is not possible yet."))
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
    /// `NotFound` where the caller does not see the employee, `Denied` where they may not evaluate them.
    pub async fn start(&self, _caller: &Caller, _employee: RecordId, _evaluated_on: Date) -> Result<RecordId, Error> {
        let _ = &self.records;
        later()
    }

    /// An evaluation with its marks; that it was viewed is in the trail, where it is about another.
    ///
    /// # Errors
    /// `NotFound` where there is none, or none for this caller.
    pub async fn open(&self, _caller: &Caller, _id: RecordId) -> Result<(Evaluation, Marks), Error> {
        later()
    }

    /// The marks of the last evaluation of the same employee and kind that the caller sees; for "same as last time".
    ///
    /// # Errors
    /// As [`Evaluations::open`].
    pub async fn previous_marks(&self, _caller: &Caller, _id: RecordId) -> Result<Marks, Error> {
        later()
    }

    /// Saves a batch of marks, and nothing else: the later tap stands.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Conflict` where it is no draft any more, `Invalid` with the place of each wrong mark.
    pub async fn mark(&self, _caller: &Caller, _id: RecordId, _marks: &Marks) -> Result<Saved, Error> {
        later()
    }

    /// Who can be asked to review it, by name.
    ///
    /// # Errors
    /// As [`Evaluations::open`].
    pub async fn reviewers(&self, _caller: &Caller, _id: RecordId) -> Result<Vec<(PersonId, String)>, Error> {
        later()
    }

    /// Sets date, notes and who is asked to review it.
    ///
    /// # Errors
    /// As [`Evaluations::mark`]; `Conflict` where it has another version.
    pub async fn set_details(
        &self,
        _caller: &Caller,
        _version: (RecordId, i64),
        _evaluated_on: Date,
        _notes: &str,
        _reviewer: Option<PersonId>,
    ) -> Result<(), Error> {
        later()
    }

    /// Hands a draft in.
    ///
    /// # Errors
    /// `NotFound`, `Denied`, `Conflict`, `Invalid` with what is missing.
    pub async fn complete(&self, _caller: &Caller, _version: (RecordId, i64)) -> Result<(), Error> {
        later()
    }

    /// Makes what was handed in a draft again.
    ///
    /// # Errors
    /// As [`Evaluations::complete`].
    pub async fn take_back(&self, _caller: &Caller, _version: (RecordId, i64)) -> Result<(), Error> {
        later()
    }

    /// Gives it back to its author, with a reason.
    ///
    /// # Errors
    /// As [`Evaluations::complete`].
    pub async fn give_back(&self, _caller: &Caller, _version: (RecordId, i64), _reason: &str) -> Result<(), Error> {
        later()
    }

    /// Confirms what was handed in: it is closed for good.
    ///
    /// # Errors
    /// As [`Evaluations::complete`].
    pub async fn review(&self, _caller: &Caller, _version: (RecordId, i64)) -> Result<(), Error> {
        later()
    }

    /// Makes a draft that is a copy of a reviewed evaluation, and takes its place once it is reviewed.
    ///
    /// # Errors
    /// As [`Evaluations::complete`].
    pub async fn amend(&self, _caller: &Caller, _version: (RecordId, i64)) -> Result<RecordId, Error> {
        later()
    }

    /// Throws a draft away.
    ///
    /// # Errors
    /// As [`Evaluations::complete`].
    pub async fn discard(&self, _caller: &Caller, _version: (RecordId, i64)) -> Result<(), Error> {
        later()
    }

    /// Two evaluations side by side; that they were viewed is in the trail, where they are about others.
    ///
    /// # Errors
    /// As [`Evaluations::open`].
    pub async fn compare(&self, _caller: &Caller, _a: RecordId, _b: RecordId) -> Result<Comparison, Error> {
        later()
    }

    /// Takes in whole evaluations from elsewhere, handed in or reviewed: all of them in one transaction, or none.
    ///
    /// # Errors
    /// `Denied`, or `Invalid` with the place of everything that is wrong.
    pub async fn record_history(&self, _caller: &Caller, _past: &[PastEvaluation]) -> Result<Vec<RecordId>, Error> {
        later()
    }

    /// Takes evaluations out again that came from a sheet or a table and that nobody has touched since.
    ///
    /// # Errors
    /// `Denied`, `NotFound`, or `Conflict` where one of them was changed since.
    pub async fn withdraw_history(&self, _caller: &Caller, _ids: &[RecordId]) -> Result<(), Error> {
        later()
    }
}
