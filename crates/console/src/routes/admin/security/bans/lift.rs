//! Letting somebody in again.

use axum::extract::State;
use palisade_bans::{Target, may_manage_bans};
use palisade_base::Error;
use palisade_web::{Notice, Outcome, ProtectedForm, Visitor, see_other_with};
use serde::Deserialize;

use super::PATH;
use crate::ConsoleState;

#[derive(Deserialize)]
pub(super) struct LiftForm {
    network: String,
}

pub(super) async fn submit(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(form): ProtectedForm<LiftForm>,
) -> Outcome {
    let permit = may_manage_bans(&visitor.caller)?;
    let target = Target::parse(&form.network).map_err(|message| Error::field("network", message))?;
    state.bans.lift(&visitor.caller, &permit, target).await?;
    Ok(see_other_with(PATH, &Notice::ok(format!("{target} may come in again."))))
}
