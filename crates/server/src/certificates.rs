//! Certificates, as the rest of the server joins them: records for CAs by the helper, and figures.

use std::{collections::BTreeMap, fmt::Write as _};

use async_trait::async_trait;
use palisade_base::Env;
use palisade_certificates::{Certificates, DnsChallenge};
use palisade_gate::MetricsSource;
use palisade_helper::client::HelperClient;

/// Sets records for CAs by a command of the helper.
pub(crate) struct DnsRecords(HelperClient);

impl DnsRecords {
    pub(crate) const fn new(helper: HelperClient) -> Self {
        Self(helper)
    }

    async fn run(&self, command: &str, action: &str, record: &str, value: &str) -> Result<(), String> {
        let arguments = [("action", action), ("name", record), ("value", value)];
        let arguments: BTreeMap<String, String> =
            arguments.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let result = self.0.run(command, arguments).await.map_err(|error| error.to_string())?;
        match result.code {
            Some(0) => Ok(()),
            code => {
                let ended =
                    code.map_or_else(|| "was ended by a signal".to_owned(), |code| format!("ended with {code}"));
                Err(format!("it {ended}: {}", result.errors.trim()))
            }
        }
    }
}

#[async_trait]
impl DnsChallenge for DnsRecords {
    async fn set(&self, command: &str, record: &str, value: &str) -> Result<(), String> {
        self.run(command, "set", record, value).await
    }

    async fn remove(&self, command: &str, record: &str, value: &str) -> Result<(), String> {
        self.run(command, "remove", record, value).await
    }
}

/// How long each certificate is good, for whoever watches.
pub(crate) fn figures(certificates: Certificates, env: Env) -> MetricsSource {
    std::sync::Arc::new(move |out| {
        let name = "palisade_certificate_seconds_left";
        let _ = writeln!(out, "# HELP {name} How long the certificate of a host is good.\n# TYPE {name} gauge");
        for status in certificates.status() {
            let left = status.facts.not_after.since(env.now()).as_seconds();
            // A host's name has letters, digits, dots, hyphens, colons and brackets only; no escaping is needed.
            let _ = writeln!(out, "{name}{{host=\"{}\",source=\"{}\"}} {left}", status.host, status.source);
        }
    })
}
