//! What differs between two configurations: for the trail, and to know what a running server can't change.

use std::collections::BTreeSet;

use toml::{Table, Value};

use crate::{Backend, Config, Finding};

/// Sections that were taken in when the server started.
const FIXED: [&str; 6] = ["data_dir", "database", "company", "seal", "log", "helper"];
/// The longest value that is shown.
const SHOWN: usize = 80;

impl Config {
    /// What is different in `new`, a line for each: `site.tems.preset: "strict" → "frappe"`. Secrets are not among it.
    #[must_use]
    pub fn differences(&self, new: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        compare("", &Value::Table(self.to_table()), &Value::Table(new.to_table()), &mut lines);
        lines
    }

    /// What of `new` can't come into force while the server runs, each with its place in `new`.
    #[must_use]
    pub fn needs_restart(&self, new: &Self) -> Vec<Finding> {
        let (before, after) = (self.to_table(), new.to_table());
        let urls = |config: &Self| (config.database.url.clone(), config.database.owner_url.clone());
        let changed =
            |key: &&str| before.get(*key) != after.get(*key) || (*key == "database" && urls(self) != urls(new));
        let finding = |key: &str| {
            let what = format!("{key} can't be changed while the server runs");
            Finding::error(
                new.place(key),
                what,
                "Restart the server for it. Until then the old configuration stays in force.",
            )
        };
        let mut findings: Vec<Finding> = FIXED.iter().filter(|key| changed(key)).map(|key| finding(key)).collect();
        if self.console_app() != new.console_app() {
            findings.push(finding("console"));
        }
        findings
    }

    /// What the console is part of: sessions and roles depend on it.
    fn console_app(&self) -> Option<&'static str> {
        self.console_site().and_then(|site| match site.backend() {
            Backend::BuiltIn(app) => Some(app.as_str()),
            Backend::Upstream(_) => None,
        })
    }

    fn to_table(&self) -> Table {
        // Every section is plain values under names, so it can always be written as TOML.
        Table::try_from(self).unwrap_or_default()
    }
}

fn compare(at: &str, old: &Value, new: &Value, lines: &mut Vec<String>) {
    match (old, new) {
        (Value::Table(old), Value::Table(new)) => {
            let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for key in keys {
                let at = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                one(&at, old.get(key), new.get(key), lines);
            }
        }
        (Value::Array(old), Value::Array(new)) if named(old) && named(new) => {
            let names: BTreeSet<&str> = old.iter().chain(new).filter_map(name_of).collect();
            let find = |list: &'_ [Value], name: &str| list.iter().find(|entry| name_of(entry) == Some(name)).cloned();
            for name in names {
                one(&format!("{at}.{name}"), find(old, name).as_ref(), find(new, name).as_ref(), lines);
            }
        }
        _ if old != new => lines.push(format!("{at}: {} → {}", shown(old), shown(new))),
        _ => {}
    }
}

fn one(at: &str, old: Option<&Value>, new: Option<&Value>, lines: &mut Vec<String>) {
    match (old, new) {
        (Some(old), Some(new)) => compare(at, old, new, lines),
        (Some(old), None) => lines.push(format!("{at}: {}taken out", before_word(old))),
        (None, Some(new)) => lines.push(format!("{at}: {}added", before_word(new))),
        (None, None) => {}
    }
}

/// Sites and limits are known by their names, wherever they stand in the file.
fn named(list: &[Value]) -> bool {
    list.iter().all(|entry| name_of(entry).is_some())
}

fn name_of(entry: &Value) -> Option<&str> {
    entry.get("name").and_then(Value::as_str)
}

/// A value and a space; a whole site or limit is told by its name alone.
fn before_word(value: &Value) -> String {
    if name_of(value).is_some() { String::new() } else { format!("{} ", shown(value)) }
}

fn shown(value: &Value) -> String {
    let text = value.to_string().replace('\n', " ");
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
