//! The records that a link can lead to, for drop-down lists.

use palisade_base::{Caller, Error};
use palisade_web::component::Choice;

use crate::{Kind, ListRequest, Record, RecordType, Records};

/// The most that a drop-down list has.
const MOST: u64 = 1_000;

/// The records of this type that the caller sees and that are in use, in their own order.
pub(super) async fn choices(records: &Records, caller: &Caller, to: &'static RecordType) -> Result<Vec<Choice>, Error> {
    let request = ListRequest { limit: MOST, ..ListRequest::default() };
    let page = records.list(caller, to, &request).await?;
    Ok(page.records.iter().map(|record| Choice::new(record.id.to_string(), label(record))).collect())
}

/// The record's title, after that of the group which its list is sorted by: two skills may share a name, in two trades.
fn label(record: &Record) -> String {
    let group = record.ty.sort.first().filter(|name| !record.ty.title.contains(name));
    let group = group.filter(|name| matches!(record.ty.field(name).map(|field| field.kind), Some(Kind::Link(_))));
    match group.and_then(|name| record.text(name)) {
        Some(group) => format!("{group}: {}", record.title()),
        None => record.title(),
    }
}
