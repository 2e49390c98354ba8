//! `palisade session …`

use palisade_base::{Caller, Error, Kind, auth::ClientClass};
use palisade_identity::{
    model::SessionRow,
    policy::{permit_end_sessions, permit_read_sessions},
};
use serde_json::{Value, json};

use super::{Answer, Control};
use crate::control::Revoke;

/// The most sessions that a list shows.
const LISTED: i64 = 10_000;

impl Control {
    pub(super) async fn list_sessions(&self, caller: &Caller, answer: &mut Answer<'_>) -> Result<Value, Error> {
        let rows = self.identity.list_sessions(&permit_read_sessions(caller)?, LISTED).await?;
        for row in &rows {
            answer.item(session_json(row)).await?;
        }
        Ok(json!({ "sessions": rows.len() }))
    }

    pub(super) async fn revoke_sessions(&self, caller: &Caller, revoke: &Revoke) -> Result<Value, Error> {
        let permit = permit_end_sessions(caller)?;
        let ended = match revoke {
            Revoke::Session { id } => {
                let id = id.parse().map_err(|_| {
                    let message = format!("{id:?} is not a session's id. `palisade session list` shows them.");
                    Error::new(Kind::Invalid, message)
                })?;
                self.identity.end_session(caller, &permit, id).await?;
                1
            }
            Revoke::User { login } => {
                let user = self.find_user(caller, login).await?;
                self.identity.end_sessions_of(caller, &permit, user.id).await?
            }
            Revoke::All => self.identity.end_all_sessions(caller, &permit).await?,
        };
        Ok(json!({ "ended": ended }))
    }
}

const fn class_name(class: ClientClass) -> &'static str {
    match class {
        ClientClass::Browser => "browser",
        ClientClass::Mobile => "mobile",
        ClientClass::Api => "api",
    }
}

fn session_json(row: &SessionRow) -> Value {
    json!({
        "id": row.id.to_string(),
        "user": row.user_name,
        "name": row.display_name,
        "class": class_name(row.class),
        "created_at": row.created_at.to_string(),
        "last_used_at": row.last_used_at.to_string(),
        "expires_at": row.expires_at.to_string(),
        "address": row.address,
        "agent": row.agent,
    })
}
