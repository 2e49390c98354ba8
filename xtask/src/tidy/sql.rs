//! SQL stands in the `store.rs` of the crate that owns the table, and nowhere else.

use super::{Finding, Tree};
use crate::source::unquote;

/// How a statement starts. Upper case is how this project writes it; a sentence does not start like this.
const STARTS: [&str; 11] = [
    "SELECT",
    "INSERT INTO",
    "UPDATE",
    "DELETE FROM",
    "WITH",
    "CREATE",
    "ALTER",
    "DROP",
    "GRANT",
    "REVOKE",
    "TRUNCATE",
];

pub(super) fn check(tree: &Tree<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, _, source) in tree.sources.iter().filter(|(path, ..)| !may_hold_sql(path)) {
        for literal in source.literals.iter().filter(|literal| !literal.in_test && is_sql(unquote(&literal.text))) {
            findings.push(Finding::new(
                path,
                literal.line,
                "SQL belongs into the store.rs of the crate that owns the table",
            ));
        }
    }
    findings
}

/// `store.rs`, a folder `store/` that it was split into, and the store crate and the test kit themselves.
fn may_hold_sql(path: &str) -> bool {
    let own = ["crates/store/", "crates/testkit/", "xtask/"].iter().any(|folder| path.starts_with(folder));
    own || path.ends_with("/store.rs") || path.contains("/src/store/")
}

fn is_sql(text: &str) -> bool {
    let text = text.trim_start();
    STARTS.iter().any(|start| text.strip_prefix(start).is_some_and(|rest| rest.starts_with(char::is_whitespace)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    #[test]
    fn sql_outside_a_store_is_found() {
        let query = "fn f() { go(\"SELECT id FROM app_user\"); m! { X = r#\" UPDATE a SET b = 1\"#; } }";
        let workspace = Workspace::of(&[
            ("crates/a/src/store.rs", query),
            ("crates/a/src/store/rows.rs", query),
            ("crates/a/src/routes/users.rs", query),
            ("crates/a/tests/it/users.rs", query),
            (
                "crates/a/src/words.rs",
                "/// SELECT is a word.\nfn f() { say(\"Update your browser\"); allow(\"DELETE\") }",
            ),
        ]);
        let findings = check(&Tree::read(&workspace).unwrap());
        assert_eq!(findings.len(), 2);
        assert!(findings.iter().all(|finding| finding.path == "crates/a/src/routes/users.rs"));
    }
}
