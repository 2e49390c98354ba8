//! `palisade reload` and `palisade site list`

use palisade_base::{Caller, Error};
use palisade_config::Finding;
use palisade_console::SiteReports as _;
use serde_json::{Value, json};

use super::{Answer, Control};
use crate::reload::ReloadError;

impl Control {
    /// Reads the configuration again. A file that can't be used is a result, too: it lists what is wrong.
    pub(super) async fn reload(&self, caller: &Caller) -> Result<Value, Error> {
        match self.reloader.reload(caller).await {
            Ok(done) => Ok(json!({
                "ok": true,
                "changes": done.changes,
                "findings": findings_as_json(&done.warnings),
            })),
            Err(ReloadError::Config(error)) => Ok(json!({
                "ok": false,
                "message": error.to_string(),
                "file": error.path,
                "findings": findings_as_json(&error.findings),
            })),
            Err(ReloadError::Other(error)) => Err(error),
        }
    }

    pub(super) async fn list_sites(&self, answer: &mut Answer<'_>) -> Result<Value, Error> {
        let sites = self.live.sites();
        for site in &sites {
            answer.item(serde_json::to_value(site).map_err(Error::internal)?).await?;
        }
        Ok(json!({ "sites": sites.len() }))
    }

    /// Where people sign in; empty where no console is served.
    pub(super) fn console(&self) -> String {
        crate::site::base_url(&self.live.get().config)
    }
}

/// Findings for programs.
pub fn findings_as_json(findings: &[Finding]) -> Vec<Value> {
    let finding = |finding: &Finding| {
        let place = finding.place.as_ref();
        json!({
            "severity": finding.severity.as_str(),
            "line": place.map(|place| place.line),
            "column": place.map(|place| place.column),
            "what": finding.what,
            "hint": finding.hint,
        })
    };
    findings.iter().map(finding).collect()
}
