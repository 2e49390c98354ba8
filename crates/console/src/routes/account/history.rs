//! The account's own sign-ins: exact where the sign-in page is vague.

use axum::extract::State;
use palisade_web::{Outcome, Visitor};

use super::{page, permit};
use crate::{ConsoleState, parts::Sections};

pub(super) async fn show(State(_state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    permit(&visitor)?;
    page(&visitor, "Sign-ins", "/account/history").body(&Sections::new())
}
