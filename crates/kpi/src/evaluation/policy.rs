//! Who may do what with an evaluation, besides what the permissions say: pure functions.

use palisade_base::{Error, Kind};
use palisade_records::Moving;
use palisade_store::Value;

use super::EvaluationKind;

/// Only who writes an evaluation changes it.
pub(crate) fn author(moving: &Moving<'_>) -> Result<(), Error> {
    if moving.is_caller("evaluator_id") {
        return Ok(());
    }
    Err(Error::new(Kind::Denied, "Only who wrote this evaluation can do that."))
}

/// The author hands it in, on its day or later.
pub(crate) fn may_complete(moving: &Moving<'_>) -> Result<(), Error> {
    author(moving)?;
    match moving.record.value("evaluation_date") {
        // Dates are kept so that they sort as texts.
        Some(Value::Text(day)) if *day > moving.today.to_string() => Err(Error::field(
            "evaluation_date",
            "This day is still to come. Hand the evaluation in on its day, or change the date.",
        )),
        _ => Ok(()),
    }
}

/// Nobody confirms their own work, and nobody what was said about themselves.
pub(crate) fn may_review(moving: &Moving<'_>) -> Result<(), Error> {
    let denied = |message: &'static str| Err(Error::new(Kind::Denied, message));
    if moving.is_subject() {
        return denied("This evaluation is about you. Somebody else has to review it.");
    }
    let by_manager = moving.record.value("evaluation_type") == Some(&Value::from(EvaluationKind::Manager.as_str()));
    if by_manager && moving.is_caller("evaluator_id") {
        return denied("You wrote this evaluation. Another manager or an admin has to review it.");
    }
    Ok(())
}
