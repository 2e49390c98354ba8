//! `palisade status`

use palisade_base::Error;
use palisade_gate::BoundAddresses;
use palisade_helper::client::HelperClient;
use palisade_store::Engine;
use serde_json::{Value, json};

use super::Control;

/// Every address that is listened on.
fn addresses_of(bound: &BoundAddresses) -> Vec<String> {
    bound.https.iter().chain(&bound.http).chain(&bound.operations).map(ToString::to_string).collect()
}

impl Control {
    /// What an operator looks at first; `problems` is empty while all is well.
    pub(super) async fn status(&self) -> Result<Value, Error> {
        let trail = self.trail.status().await?;
        let up = self.store.env().now().since(self.started_at);
        let helper = self.helper.as_ref();
        let mut problems: Vec<String> = trail.problems.clone();
        problems.extend(self.certificates.problems());
        problems.extend(helper.map(HelperClient::problems).unwrap_or_default());
        problems.extend(self.live.problems());
        let (now, console) = (self.live.get(), self.console());
        let hosts = now.config.sites.iter().flat_map(|site| &site.hosts).map(ToString::to_string);
        Ok(json!({
            "version": env!("CARGO_PKG_VERSION"),
            "process": std::process::id(),
            "started_at": self.started_at.to_string(),
            "up_seconds": up.as_micros() / 1_000_000,
            "console": if console.is_empty() { "none: [console] has no host" } else { console.as_str() },
            "sites": hosts.chain(now.bound.https.iter().map(ToString::to_string)).collect::<Vec<_>>(),
            "addresses": addresses_of(&now.bound),
            "warnings": now.config.warnings().iter().map(|finding| finding.what.clone()).collect::<Vec<_>>(),
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
