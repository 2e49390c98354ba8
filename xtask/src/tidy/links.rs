//! Documents link to files that are there.

use std::path::{Component, Path, PathBuf};

use super::Finding;
use crate::workspace::Workspace;

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
    fn a_link_to_nowhere_is_found() {
        let text = "[a](b.md#part) and [web](https://example.org/x.md)\n![gone](images/gone.png) [up](../README.md)\n";
        let workspace = Workspace::of(&[("README.md", "x"), ("docs/a.md", text), ("docs/b.md", "y")]);
        let lines: Vec<usize> = check(&workspace).iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [2]);
    }
}
