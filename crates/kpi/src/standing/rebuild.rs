//! Making an employee's standing anew from their evaluations.

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
    store::assign_slots(tx).await?;
    let (categories, catalogue) = store::categories(tx).await?;
    let past = store::past(tx, employee).await?;
    Ok(store::write(tx, employee, &project(&past, &categories, today), catalogue).await?)
}
