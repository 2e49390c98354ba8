//! What follows from a transition of an evaluation, in the same transaction.

use std::pin::Pin;

use palisade_base::{Error, Kind, RecordId};
use palisade_records::{Effecting, add_row_changes, drop_empty_rows, policy};
use palisade_store::Value;

use super::{EvaluationKind, Marks, service, store};
use crate::{
    development::{Reviewed, close_reached},
    standing,
    types::{EMPLOYEE, EVALUATE, EVALUATION},
};

type Done<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// Handed in: there must be something in it, and it counts from now on.
pub(crate) fn complete(effecting: Effecting<'_>) -> Done<'_> {
    Box::pin(async move {
        let Effecting { tx, moving, records, entry, .. } = effecting;
        let (record, employee) = (moving.record, employee_of(moving.record)?);
        let reach = policy::reached_with(&EMPLOYEE, moving.caller, EVALUATE);
        let subject = store::subjects(tx, &reach, &[employee]).await?.remove(&employee);
        let subject = subject.ok_or_else(service::out_of_reach)?;
        if !subject.is_active {
            let message = "The employee does not work here any more. Discard this draft.";
            return Err(Error::new(Kind::Conflict, message));
        }
        let mut rows = Vec::new();
        for child in EVALUATION.children {
            drop_empty_rows(tx, child, record).await?;
            rows.push(records.rows(tx, record, child).await?);
            add_row_changes(entry, child, &[], rows.last().map_or(&[], Vec::as_slice));
        }
        if Marks::from_rows(&rows[0], &[]).rated() == 0 {
            return Err(Error::field("skills", "Nothing is rated yet. Rate at least one skill, then hand it in."));
        }
        store::set_tier(tx, record.id, Some(subject.tier)).await?;
        standing::rebuild(tx, employee, moving.today).await
    })
}

/// A draft again: it does not count any more.
pub(crate) fn reopen(effecting: Effecting<'_>) -> Done<'_> {
    Box::pin(async move {
        let Effecting { tx, moving, .. } = effecting;
        store::set_tier(tx, moving.record.id, None).await?;
        standing::rebuild(tx, employee_of(moving.record)?, moving.today).await
    })
}

/// Confirmed. A corrected copy stands in the place of the old one from now on.
pub(crate) fn review(effecting: Effecting<'_>) -> Done<'_> {
    Box::pin(async move {
        let Effecting { tx, moving, records, entry, also } = effecting;
        let (employee, now) = (employee_of(moving.record)?, records.store().env().now());
        if let Some(Value::Id(old)) = moving.record.value("amends_id") {
            store::put_aside(tx, RecordId(*old), now).await?;
            entry.notes.push(("replaces", old.to_string().into()));
        }
        standing::rebuild(tx, employee, moving.today).await?;
        let (caller, evaluation, today) = (moving.caller, moving.record.id, moving.today);
        let by_manager = moving.record.value("evaluation_type") == Some(&Value::from(EvaluationKind::Manager.as_str()));
        let evaluated_on = moving.record.text("evaluation_date").and_then(|day| day.parse().ok());
        if let (true, Some(evaluated_on)) = (by_manager, evaluated_on) {
            let reviewed = Reviewed { caller, evaluation, employee, evaluated_on, today, now };
            also.extend(close_reached(tx, &reviewed).await?);
        }
        Ok(())
    })
}

fn employee_of(record: &palisade_records::Record) -> Result<RecordId, Error> {
    match record.value("employee_id") {
        Some(Value::Id(id)) => Ok(RecordId(*id)),
        _ => Err(Error::internal("an evaluation without an employee")),
    }
}
