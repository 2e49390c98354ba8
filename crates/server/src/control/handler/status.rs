//! `palisade status`

use palisade_base::Error;
use palisade_helper::client::HelperClient;
use palisade_store::Engine;
use serde_json::{Value, json};

use super::Control;

impl Control {
    /// What an operator looks at first; `problems` is empty while all is well.
    pub(super) async fn status(&self) -> Result<Value, Error> {
        let trail = self.trail.status().await?;
        let up = self.store.env().now().since(self.started_at);
        let helper = self.helper.as_ref();
        let mut problems: Vec<String> = trail.problems.clone();
        problems.extend(helper.map(HelperClient::problems).unwrap_or_default());
        Ok(json!({
            "version": env!("CARGO_PKG_VERSION"),
            "process": std::process::id(),
            "started_at": self.started_at.to_string(),
            "up_seconds": up.as_micros() / 1_000_000,
            "console": self.console,
            "sites": self.sites,
            "database": match self.store.engine() {
                Engine::Sqlite => "sqlite",
                Engine::Postgres => "postgresql",
            },
            "trail": trail,
            "keys": self.key_status()?,
            "helper": crate::helper::describe(helper),
            "problems": problems,
        }))
    }
}
