//! Checks beyond the types: first what the text alone shows, then what the machine has.

mod bench;
mod certificates;
mod databases;
mod firewall;
mod host;
mod hsts;
mod jails;
mod numbers;
mod rules;
mod sites;

use crate::{
    Config,
    error::{Finding, Place},
};

/// Collects what is wrong. Places are written with dots: `site.0.hosts.1`.
pub(crate) struct Checker<'a> {
    pub(crate) config: &'a Config,
    findings: Vec<Finding>,
}

/// What can be known from the text.
pub(crate) fn text_alone(config: &Config) -> Vec<Finding> {
    let mut checker = Checker { config, findings: Vec::new() };
    sites::check(&mut checker);
    bench::check(&mut checker);
    certificates::check(&mut checker);
    rules::check(&mut checker);
    databases::check(&mut checker);
    numbers::check(&mut checker);
    jails::check(&mut checker);
    firewall::check(&mut checker);
    checker.findings
}

/// What the files and directories show.
pub(crate) fn provisioned(config: &Config) -> Vec<Finding> {
    let mut checker = Checker { config, findings: Vec::new() };
    host::check(&mut checker);
    bench::check_tokens(&mut checker);
    jails::check_folder(&mut checker);
    checker.findings
}

impl Checker<'_> {
    pub(crate) fn report(&mut self, at: &str, what: impl Into<String>, hint: impl Into<String>) {
        self.findings.push(Finding::error(self.config.place(at), what, hint));
    }

    pub(crate) fn warn(&mut self, at: &str, what: impl Into<String>, hint: impl Into<String>) {
        self.findings.push(Finding::warning(self.config.place(at), what, hint));
    }

    /// Reports a number that is outside of its range.
    pub(crate) fn range(&mut self, at: &str, value: u64, least: u64, most: u64) {
        if !(least..=most).contains(&value) {
            let key = at.rsplit('.').next().unwrap_or(at);
            self.report(at, format!("{key} is {value}"), format!("It can be {least} to {most}."));
        }
    }
}

/// Finds the value in the text, or the nearest thing around it that is there.
pub(crate) fn locate(text: &str, at: &str) -> Option<Place> {
    let table = toml::de::DeTable::parse(text).ok()?;
    let (mut found, mut here) = (None, toml::de::DeValue::Table(table.into_inner()));
    for step in at.split('.') {
        let next = match &mut here {
            toml::de::DeValue::Table(table) => {
                let name = table.keys().find(|name| name.get_ref() == step).cloned();
                name.and_then(|name| table.remove(&name))
            }
            toml::de::DeValue::Array(list) => step.parse::<usize>().ok().and_then(|number| list.get(number).cloned()),
            _ => None,
        };
        let Some(next) = next else { break };
        found = Some(Place::locate(text, next.span()));
        here = next.into_inner();
    }
    found
}
