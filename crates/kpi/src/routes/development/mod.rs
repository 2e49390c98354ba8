//! What people are working on: beside their other pages, on the pages of each record, and what needs attention.

mod above;
mod block;
mod due;
mod link;
mod tab;

use palisade_base::{Caller, Category, Error, Permission, Resource, Scope, TrailEntry};
use palisade_records::Records;
use palisade_web::{Access, Routes};

use crate::types::{EMPLOYEE, QUALIFICATION};

pub(super) use above::{GoalProgress, QualificationValidity};
pub(super) use block::{KeptAttention, attention_of, needs_attention};
pub(super) use link::GoalLinks;
pub(super) use tab::body;

/// The routes.
pub(super) fn routes(records: &Records) -> Routes {
    let read = Access::Permission(Permission::new(QUALIFICATION.verbs.read.permission), Scope::Own);
    Routes::new(records.clone()).get(due::PATH, read, due::show).finish()
}

/// One leaf for a view of other people's records: of how many people, never what it says.
///
/// # Errors
/// The trail can't be written.
async fn trace(records: &Records, caller: &Caller, action: &'static str, people: usize) -> Result<(), Error> {
    if people == 0 {
        return Ok(());
    }
    let entry =
        TrailEntry::new(Category::Access, caller, action, Resource::whole(EMPLOYEE.name)).note("people", people);
    Ok(records.store().append(&[entry]).await?)
}
