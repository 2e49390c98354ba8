//! The administration.

mod security;
mod system;
mod trail;
mod users;

use axum::extract::State;
use palisade_web::{Access, Outcome, Routes, Visitor, see_other};

use crate::{ConsoleState, navigation};

pub(super) fn routes(state: ConsoleState) -> Routes {
    Routes::new(state.clone())
        .get("/admin", Access::SignedIn, first_page)
        .merge(users::routes(state.clone()))
        .merge(security::routes(state.clone()))
        .merge(system::routes(state.clone()))
        .merge(trail::routes(state))
        .finish()
}

/// The first page of the administration that the visitor may open; 404 where there is none.
async fn first_page(State(_): State<ConsoleState>, visitor: Visitor) -> Outcome {
    let open = navigation().into_iter().find(|item| {
        item.permission.as_ref().is_some_and(|(permission, scope)| visitor.caller.authority.allows(permission, *scope))
    });
    match open {
        Some(item) => Ok(see_other(item.path)),
        None => Err(palisade_base::Error::not_found().into()),
    }
}
