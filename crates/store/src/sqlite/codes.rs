//! SQLite's result codes (<https://sqlite.org/rescode.html>), as callers tell errors apart.

use crate::{StoreError, UniqueViolation};

/// Translates an extended result code with its message.
pub(crate) fn classify(code: Option<&str>, message: &str) -> StoreError {
    let extended: u32 = code.and_then(|c| c.parse().ok()).unwrap_or(0);
    match (extended & 0xff, extended) {
        (_, 2067 | 1555) => StoreError::Unique(unique_violation(message)),
        (_, 787) => StoreError::ForeignKey,
        (19, _) => StoreError::Check(message.to_owned()),
        // Within this process nobody is ever in the way; another program holds a lock on the file.
        (5 | 6, _) => StoreError::Unavailable(format!("another program holds the database: {message}")),
        // No memory, read-only, interrupted, I/O error, full, can't open.
        (7 | 8 | 9 | 10 | 13 | 14, _) => StoreError::Unavailable(message.to_owned()),
        (11 | 26, _) => StoreError::Damaged(message.to_owned()),
        _ => StoreError::Other(message.to_owned()),
    }
}

/// Reads `UNIQUE constraint failed: employee.number, employee.site`, or `…: index 'app_user_name'` for an index over
/// an expression.
fn unique_violation(message: &str) -> UniqueViolation {
    let list = message.rsplit_once(": ").map_or("", |(_, list)| list);
    let index = list.strip_prefix("index '").and_then(|rest| rest.strip_suffix('\'')).map(str::to_owned);
    let pairs: Vec<(&str, &str)> = list.split(", ").filter_map(|pair| pair.split_once('.')).collect();
    UniqueViolation {
        table: pairs.first().map_or("", |(table, _)| table).to_owned(),
        columns: if index.is_some() { Vec::new() } else { pairs.iter().map(|(_, c)| (*c).to_owned()).collect() },
        index,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unique_violation_names_its_table_and_columns() {
        let error = classify(Some("2067"), "UNIQUE constraint failed: employee.number, employee.site");
        let StoreError::Unique(violation) = error else { panic!("not unique") };
        assert!(violation.is_on("employee", "site"));
        assert!(!violation.is_on("person", "site"));
    }

    #[test]
    fn a_violated_expression_index_is_known_by_its_name() {
        let StoreError::Unique(violation) = classify(Some("2067"), "UNIQUE constraint failed: index 'app_user_name'")
        else {
            panic!("not unique")
        };
        assert!(violation.is_of_index("app_user_name"));
    }
}
