//! Documents link to files that are there, and name tests that there are.

use std::path::{Component, Path, PathBuf};

use super::{Finding, Tree};
use crate::workspace::Workspace;

/// The document that says which test shows which defence.
const CHECKS: &str = "docs/security-checks.md";

/// Every test that the list of security checks names is there.
pub(super) fn check_named_tests(tree: &Tree<'_>) -> Vec<Finding> {
    let Some(document) = tree.workspace.file(CHECKS) else { return Vec::new() };
    let functions = || tree.sources.iter().flat_map(|(.., source)| &source.functions);
    let is_test = |name: &str| functions().any(|function| function.may_be_test && function.name == name);
    let mut findings = Vec::new();
    for (number, line) in document.text.lines().enumerate() {
        for name in line.split('`').skip(1).step_by(2).filter(|name| looks_like_a_test(name) && !is_test(name)) {
            findings.push(Finding::new(CHECKS, number + 1, format!("there is no test `{name}`")));
        }
    }
    findings
}

fn looks_like_a_test(name: &str) -> bool {
    name.matches('_').count() > 1 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

pub(super) fn check(workspace: &Workspace) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in workspace.with_extension("md") {
        let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
        for (number, line) in file.text.lines().enumerate() {
            for target in targets(line).filter(|target| !exists(workspace, &folder.join(target))) {
                findings.push(Finding::new(&file.path, number + 1, format!("links to {target}, which is not there")));
            }
        }
    }
    findings
}

/// The relative paths that a line of Markdown links to, without their fragments.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let links = line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    links
        .map(|target| target.split('#').next().unwrap_or(target))
        .filter(|target| !target.is_empty() && !target.contains(':') && target.contains(['.', '/']))
}

fn exists(workspace: &Workspace, path: &Path) -> bool {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(plain.pop()),
            Component::Normal(name) => plain.push(name),
            _ => {}
        }
    }
    // Pictures are no text files, so they are looked up on disk.
    plain.to_str().is_some_and(|path| workspace.file(path).is_some()) || workspace.root.join(plain).exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_was_renamed_is_found() {
        let tests = "#[test] fn a_lie_is_refused() {} fn no_test_at_all() {}";
        let document =
            "| lie | `a_lie_is_refused` |\n| other | `a_lie_is_believed`, `no_test_at_all`, `palisade verify` |\n";
        let workspace = Workspace::of(&[(CHECKS, document), ("crates/a/tests/it/main.rs", tests)]);
        let findings = check_named_tests(&Tree::read(&workspace).unwrap());
        assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), [2, 2]);
    }

    #[test]
    fn a_link_to_nowhere_is_found() {
        let text = "[a](b.md#part) and [web](https://example.org/x.md)\n![gone](images/gone.png) [up](../README.md)\n";
        let workspace = Workspace::of(&[("README.md", "x"), ("docs/a.md", text), ("docs/b.md", "y")]);
        let lines: Vec<usize> = check(&workspace).iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [2]);
    }
}
