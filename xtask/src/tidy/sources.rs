//! Rust files: sizes, words that have no place, and commits without a trail entry.

use super::{Finding, Tree};

const MAX_FILE_LINES: usize = 600;
const MAX_FUNCTION_LINES: usize = 100;

/// Files that are longer for a reason.
const LONG_FILES: [(&str, &str); 0] = [];

/// Where a transaction may be committed without a trail entry. The reasons themselves are a closed list, the enum
/// `Housekeeping` in palisade-store.
const HOUSEKEEPERS: [&str; 7] = [
    "crates/bans/src/service.rs",
    "crates/identity/src/",
    "crates/keys/src/rotation.rs",
    "crates/keys/src/vault.rs",
    "crates/store/src/",
    "crates/testkit/src/",
    "crates/trail/src/",
];

pub(super) fn check(tree: &Tree<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text, source) in &tree.sources {
        let lines = text.lines().count();
        if lines > MAX_FILE_LINES && !LONG_FILES.iter().any(|(long, _)| long == path) {
            let what =
                format!("{lines} lines: split it, or list it with a reason (more than {MAX_FILE_LINES} is too long)");
            findings.push(Finding::new(path, 0, what));
        }
        for function in &source.functions {
            let length = function.last_line + 1 - function.first_line;
            if length > MAX_FUNCTION_LINES {
                findings.push(Finding::new(
                    path,
                    function.first_line,
                    format!("`{}` has {length} lines: split it", function.name),
                ));
            }
        }
        for ident in &source.idents {
            let what = match ident.text.as_str() {
                "unsafe" => "`unsafe` has no place in this project",
                "todo" | "unimplemented" if ident.is_macro => "unfinished code is not committed",
                "commit_housekeeping" if !ident.in_test && !HOUSEKEEPERS.iter().any(|own| path.starts_with(own)) => {
                    "a change is committed with its trail entry: use `commit`"
                }
                _ => continue,
            };
            findings.push(Finding::new(path, ident.line, what));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    fn findings(path: &str, text: &str) -> Vec<usize> {
        let workspace = Workspace::of(&[(path, text)]);
        check(&Tree::read(&workspace).unwrap()).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn long_files_and_functions_are_found() {
        let body = |lines: usize| format!("fn f() {{\n{}}}\n", "x();\n".repeat(lines - 2));
        assert_eq!(findings("a.rs", &body(100)), [] as [usize; 0]);
        assert_eq!(findings("a.rs", &body(101)), [1]);
        assert_eq!(findings("a.rs", &"// one\n".repeat(600)), [] as [usize; 0]);
        assert_eq!(findings("a.rs", &"// one\n".repeat(601)), [0]);
    }

    #[test]
    fn words_without_a_place_are_found_even_inside_macros() {
        assert_eq!(findings("a.rs", "fn f() {\n unsafe { g() }\n}\nfn h() { m!(todo!()) }"), [2, 4]);
        assert_eq!(findings("crates/kpi/src/a.rs", "fn f() { tx.commit_housekeeping(r) }"), [1]);
        assert_eq!(findings("crates/store/src/a.rs", "fn f() { tx.commit_housekeeping(r) }"), [] as [usize; 0]);
    }
}
