//! The pages, one file for each noun.

mod account;
mod admin;
mod sign_in;
mod well_known;

use palisade_web::Routes;

use crate::ConsoleState;

/// Every page of the console.
#[must_use]
pub fn routes(state: ConsoleState) -> Routes {
    Routes::new(())
        .merge(sign_in::routes(state.clone()))
        .merge(account::routes(state.clone()))
        .merge(admin::routes(state.clone()))
        .merge(well_known::routes(state))
}
