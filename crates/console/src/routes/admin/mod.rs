//! The administration.

use palisade_web::Routes;

use crate::ConsoleState;

pub(super) fn routes(state: ConsoleState) -> Routes {
    Routes::new(state).finish()
}
