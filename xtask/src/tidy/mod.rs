//! The rules of ARCHITECTURE.md that the compiler can't check. Each rule is a function from the tree to its findings.

mod arrows;
mod houses;
mod licences;
mod links;
mod sources;
mod sql;
mod templates;
mod words;

use std::fmt;

use anyhow::{Result, ensure};

use crate::{claims, source::Source, workspace::Workspace};

/// Something that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    /// Counted from 1; 0 where it is about the whole file.
    line: usize,
    what: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

/// The tree and its Rust files, read.
struct Tree<'a> {
    workspace: &'a Workspace,
    sources: Vec<(&'a str, &'a str, Source)>,
}

impl<'a> Tree<'a> {
    fn read(workspace: &'a Workspace) -> Result<Self> {
        let read = |file: &'a crate::workspace::File| {
            Ok((file.path.as_str(), file.text.as_str(), Source::parse(&file.path, &file.text)?))
        };
        Ok(Self { workspace, sources: workspace.with_extension("rs").map(read).collect::<Result<_>>()? })
    }
}

/// Checks everything and prints what it finds.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let findings = check(workspace)?;
    for finding in &findings {
        println!("{finding}");
    }
    ensure!(findings.is_empty(), "tidy: {} finding(s)", findings.len());
    println!("tidy: {} files, nothing found", workspace.files.len());
    Ok(())
}

fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let tree = Tree::read(workspace)?;
    let mut findings = arrows::check(workspace)?;
    findings.extend(houses::check(workspace)?);
    findings.extend(licences::check(workspace)?);
    findings.extend(links::check(workspace));
    findings.extend(links::check_named_tests(&tree));
    findings.extend(sources::check(&tree));
    findings.extend(sql::check(&tree));
    findings.extend(templates::check(&tree));
    findings.extend(words::check(workspace));
    findings.extend(check_claims(&tree)?);
    findings.sort();
    findings.dedup();
    Ok(findings)
}

/// A `covers` line stands on a test and names requirements that there are.
fn check_claims(tree: &Tree<'_>) -> Result<Vec<Finding>> {
    let ids = claims::requirement_ids(tree.workspace)?;
    let mut findings = Vec::new();
    for (path, _, source) in &tree.sources {
        for function in &source.functions {
            for (line, text) in claims::covers_lines(function) {
                if !function.may_be_test {
                    findings.push(Finding::new(
                        path,
                        line,
                        format!("`{}` claims a requirement but is no test", function.name),
                    ));
                }
                match claims::parse_covers(text) {
                    Err(problem) => findings.push(Finding::new(path, line, format!("covers: {problem}"))),
                    Ok(covered) => {
                        findings.extend(covered.iter().filter(|covered| !ids.contains(&covered.id)).map(|covered| {
                            Finding::new(
                                path,
                                line,
                                format!("covers: {} is not in {}", covered.id, claims::REQUIREMENTS),
                            )
                        }))
                    }
                }
            }
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rule itself: `cargo test` fails when the tree is untidy.
    #[test]
    fn the_tree_is_tidy() {
        let findings = check(&Workspace::find().unwrap()).unwrap();
        let listed: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "\n{}", listed.join("\n"));
    }

    #[test]
    fn a_claim_must_stand_on_a_test_and_name_what_there_is() {
        let workspace = Workspace::of(&[
            ("requirements.tsv", "id\tsource\n# note\nT1.1\tx\n"),
            ("a.rs", "/// covers T1.1\n#[test] fn right() {}\n/// covers T1.1\nfn no_test() {}\n"),
            ("b.rs", "/// covers T9.9\n#[test] fn unknown() {}\n/// covers something\n#[test] fn unreadable() {}\n"),
        ]);
        let findings = check_claims(&Tree::read(&workspace).unwrap()).unwrap();
        let lines: Vec<(&str, usize)> = findings.iter().map(|f| (f.path.as_str(), f.line)).collect();
        assert_eq!(lines, [("a.rs", 3), ("b.rs", 1), ("b.rs", 3)]);
    }
}
