//! What every crate has: a README, the workspace's lints, and migrations for both engines.

use anyhow::Result;

use super::Finding;
use crate::workspace::Workspace;

pub(super) fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for member in workspace.members()? {
        let manifest = format!("{}/Cargo.toml", member.folder);
        let lints = member.manifest.get("lints").and_then(|lints| lints.get("workspace"));
        if lints.and_then(toml::Value::as_bool) != Some(true) {
            findings.push(Finding::new(&manifest, 0, "add `[lints] workspace = true`"));
        }
        if workspace.file(&format!("{}/README.md", member.folder)).is_none_or(|readme| readme.text.trim().is_empty()) {
            findings.push(Finding::new(&manifest, 0, "the crate has no README.md that says what it is for"));
        }
    }
    findings.extend(lonely_migrations(workspace));
    Ok(findings)
}

/// A migration is written for both engines, under one name.
fn lonely_migrations(workspace: &Workspace) -> impl Iterator<Item = Finding> {
    const ENGINES: [&str; 2] = ["/migrations/sqlite/", "/migrations/postgres/"];
    workspace.with_extension("sql").filter_map(|file| {
        let engine = ENGINES.iter().position(|folder| file.path.contains(folder))?;
        let twin = file.path.replace(ENGINES[engine], ENGINES[1 - engine]);
        workspace.file(&twin).is_none().then(|| Finding::new(&file.path, 0, format!("its twin {twin} is missing")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_crate_and_a_lonely_migration_are_found() {
        let workspace = Workspace::of(&[
            ("crates/a/Cargo.toml", "[package]\nname = \"a\"\n[lints]\nworkspace = true\n"),
            ("crates/a/README.md", "# a\n\nWhat it is for.\n"),
            ("crates/a/migrations/sqlite/0001_x.sql", "x"),
            ("crates/a/migrations/postgres/0001_x.sql", "x"),
            ("crates/b/Cargo.toml", "[package]\nname = \"b\"\n"),
            ("crates/b/migrations/sqlite/0001_y.sql", "y"),
        ]);
        let findings: Vec<String> = check(&workspace).unwrap().iter().map(|finding| finding.path.clone()).collect();
        assert_eq!(findings, ["crates/b/Cargo.toml", "crates/b/Cargo.toml", "crates/b/migrations/sqlite/0001_y.sql"]);
    }
}
