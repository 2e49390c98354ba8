//! Making an employee's standing anew from their evaluations.

use std::collections::BTreeSet;

use palisade_base::{Date, Error, RecordId};
use palisade_store::WriteTx;

use super::{project::project, store};

/// Makes the standing of one employee anew from their evaluations, in the transaction that changes one of them.
///
/// Only that employee's rows are read, and none of another's is written; done twice, it gives the same. Where several of
/// somebody's evaluations change at once, call it once, behind the last.
///
/// # Errors
/// The database can't be used.
pub async fn rebuild(tx: &mut WriteTx, employee: RecordId, today: Date) -> Result<(), Error> {
    hold(tx, [employee].into()).await?;
    let (categories, catalogue) = store::categories(tx).await?;
    let past = store::past(tx, employee).await?;
    Ok(store::write(tx, employee, &project(&past, &categories, today), catalogue).await?)
}

/// Takes these employees' evaluations into one's own hands until the transaction ends: whoever else changes one of them
/// waits, and then sees what this one has done. What is read before it may be out of date afterwards.
///
/// # Errors
/// The database can't be used.
pub(crate) async fn hold(tx: &mut WriteTx, employees: BTreeSet<RecordId>) -> Result<(), Error> {
    // Always in this order, slots first and employees by id, so that two never wait for each other.
    store::assign_slots(tx).await?;
    for employee in employees {
        store::hold(tx, employee).await?;
    }
    Ok(())
}
