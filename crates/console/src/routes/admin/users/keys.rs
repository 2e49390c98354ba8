//! Revoking somebody's API key.

use axum::extract::State;
use palisade_base::{ApiKeyId, UserId};
use palisade_identity::policy::permit_change_users;
use palisade_web::{Notice, Outcome, PathId, ProtectedForm, Visitor, see_other_with};
use serde::Deserialize;

use crate::ConsoleState;

#[derive(Deserialize)]
pub(super) struct RevokeForm {
    key: ApiKeyId,
}

pub(super) async fn revoke(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    PathId(id): PathId<UserId>,
    ProtectedForm(form): ProtectedForm<RevokeForm>,
) -> Outcome {
    let permit = permit_change_users(&visitor.caller)?;
    state.identity.revoke_key_of(&visitor.caller, &permit, form.key).await?;
    Ok(see_other_with(format!("/admin/users/{id}"), &Notice::ok("The key is revoked.")))
}
