//! What people are working on: beside their other pages, on the pages of each record, and what needs attention.

mod above;
mod block;
mod due;
mod link;
mod tab;

use palisade_base::{Permission, Scope};
use palisade_records::Records;
use palisade_web::{Access, Routes};

use crate::types::QUALIFICATION;

pub(super) use above::{GoalProgress, QualificationValidity};
pub(super) use block::needs_attention;
pub(super) use link::GoalLinks;
pub(super) use tab::body;

/// The routes.
pub(super) fn routes(records: &Records) -> Routes {
    let read = Access::Permission(Permission::new(QUALIFICATION.verbs.read.permission), Scope::Own);
    Routes::new(records.clone()).get(due::PATH, read, due::show).finish()
}
