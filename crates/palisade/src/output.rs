//! What commands print: text for people, JSON for programs; results on standard output, the rest on standard error.

use std::io::{ErrorKind, Write as _};

use serde_json::{Value, json};

use crate::failure::Failure;

/// Where a command's words go.
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether programs read it.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// The result: as it is for programs, in words for people.
    pub(crate) fn result(&self, value: &Value, words: impl FnOnce() -> String) {
        let text = if self.json { value.to_string() } else { words() };
        self.line(&text);
    }

    /// One line (or paragraph) of the result.
    #[expect(clippy::unused_self, reason = "everything that is printed goes through here")]
    pub(crate) fn line(&self, text: &str) {
        if writeln!(std::io::stdout().lock(), "{text}").is_err_and(|error| error.kind() == ErrorKind::BrokenPipe) {
            // Who closed the pipe (`| head`) has read enough.
            std::process::exit(0);
        }
    }

    /// What is being done.
    pub(crate) fn progress(&self, text: &str) {
        let line = if self.json { json!({ "progress": text }).to_string() } else { text.to_owned() };
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }

    pub(crate) fn failure(&self, failure: &Failure) {
        let text = if self.json {
            json!({ "error": { "kind": failure.kind, "message": failure.message } }).to_string()
        } else {
            format!("palisade: {failure}")
        };
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }
}

/// Columns that line up, under their heads.
pub(crate) fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let widths: Vec<usize> = (0..heads.len())
        .map(|column| std::iter::once(&heads).chain(rows).map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    std::iter::once(&heads).chain(rows).map(line).collect::<Vec<_>>().join("\n")
}

/// A field of a result as people read it; nothing where there is none.
pub(crate) fn text(value: &Value, field: &str) -> String {
    match &value[field] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(yes) => (if *yes { "yes" } else { "no" }).to_owned(),
        Value::Array(list) => list
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [vec!["ada".to_owned(), "yes".to_owned()], vec!["žofie".to_owned(), String::new()]];
        assert_eq!(table(&["USER", "FACTOR"], &rows), "USER   FACTOR\nada    yes\nžofie");
    }
}
