//! The records that a link can lead to, for drop-down lists.

use palisade_base::{Caller, Error};
use palisade_web::component::Choice;

use crate::{ListRequest, RecordType, Records};

/// The most that a drop-down list has.
const MOST: u64 = 1_000;

/// The records of this type that the caller sees and that are in use, in their own order.
pub(super) async fn choices(records: &Records, caller: &Caller, to: &'static RecordType) -> Result<Vec<Choice>, Error> {
    let request = ListRequest { limit: MOST, ..ListRequest::default() };
    let page = records.list(caller, to, &request).await?;
    Ok(page.records.iter().map(|record| Choice::new(record.id.to_string(), record.title())).collect())
}
