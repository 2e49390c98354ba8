//! Admin > Trail.

mod entry;
mod export;
mod filter;
mod list;
mod verify;

use palisade_base::{Category, Error, Resource, Scope, TrailEntry};
use palisade_identity::permissions::{TRAIL_EXPORT, TRAIL_READ};
use palisade_web::{Access, Routes, Visitor, component::Breadcrumbs};

use crate::ConsoleState;

/// The list's path.
const PATH: &str = "/admin/trail";

pub(super) fn routes(state: ConsoleState) -> Routes {
    let may = |permission| Access::Permission(permission, Scope::All);
    Routes::new(state)
        .get("/admin/trail", may(TRAIL_READ), list::show)
        .get("/admin/trail/verify", may(TRAIL_READ), verify::show)
        .post("/admin/trail/verify", may(TRAIL_READ), verify::run)
        .get("/admin/trail/export.jsonl", may(TRAIL_EXPORT), export::download)
        .get("/admin/trail/{seq}", may(TRAIL_READ), entry::show)
        .finish()
}

fn crumbs() -> Breadcrumbs {
    Breadcrumbs::new().link("Trail", PATH)
}

/// Reading the trail leaves a trace in it: who looked, and for what.
async fn trace(state: &ConsoleState, visitor: &Visitor, action: &'static str, looked_for: &str) -> Result<(), Error> {
    let mut entry = TrailEntry::new(Category::Access, &visitor.caller, action, Resource::whole("trail"));
    if !looked_for.is_empty() {
        entry = entry.note("filter", looked_for);
    }
    let tx = state.store.write().await?;
    Ok(tx.commit(entry).await?)
}
