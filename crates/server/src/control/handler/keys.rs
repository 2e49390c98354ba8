//! `palisade key …`

use palisade_base::{Caller, Error};
use palisade_keys::may_manage_keys;
use serde_json::{Value, json};

use super::{Answer, Control};

impl Control {
    pub(super) fn key_status(&self) -> Result<Value, Error> {
        let status = self.vault.status()?;
        Ok(json!({
            "key_file": status.origin,
            "fingerprint": status.key_file,
            "data_keys": status.data_keys,
            "values_under_current_key": status.current_used,
        }))
    }

    pub(super) async fn rotate_key(&self, caller: &Caller, answer: &mut Answer<'_>) -> Result<Value, Error> {
        let permit = may_manage_keys(caller)?;
        answer.progress("Making a new data key and encrypting every value anew under it.").await?;
        let rotation = answer.during(async { Ok(self.vault.rotate(&permit, caller).await?) }).await?;
        Ok(json!({ "key": rotation.key.to_string(), "values": rotation.values, "retired": rotation.retired }))
    }

    pub(super) async fn rewrap_keys(&self, caller: &Caller) -> Result<Value, Error> {
        let done = self.key_dir.replace(&self.vault, self.store.env(), caller).await?;
        Ok(json!({ "fingerprint": done.fingerprint, "key_file": done.file, "retired": done.retired }))
    }
}
