//! Who may use whom. Arrows point down, never sideways.

use anyhow::Result;

use super::Finding;
use crate::workspace::{Member, Workspace};

/// The floors of the house, lowest first. A crate uses crates of lower floors only.
const FLOORS: [&[&str]; 9] = [
    &["palisade-base"],
    &["palisade-store"],
    &[
        "palisade-config",
        "palisade-counters",
        "palisade-helper",
        "palisade-jail",
        "palisade-keys",
        "palisade-sheets",
        "palisade-web",
    ],
    &["palisade-charts", "palisade-posture"],
    &["palisade-bans", "palisade-certificates", "palisade-records", "palisade-upstream"],
    &["palisade-gate", "palisade-identity", "palisade-trail"],
    &["palisade-console", "palisade-kpi"],
    &["palisade-server"],
    &["palisade"],
];

/// Crates that must stay able to leave: they use nothing above this floor.
const APPS: [(&str, &str); 1] = [("palisade-kpi", "palisade-records")];

/// Only tests may use these, and they may use anything.
const FOR_TESTS: [&str; 3] = ["palisade-testkit", "palisade-e2e", "xtask"];

/// Foreign crates that only some of ours may use: everywhere else they would open a second way to the same thing.
const FENCED: [(&str, &[&str], &str); 4] = [
    ("calamine", &["palisade-sheets"], "foreign workbooks are checked by palisade-sheets before anything reads them"),
    ("sqlx", &["palisade-store"], "the database is reached through palisade-store"),
    ("argon2", &["palisade-identity"], "passwords are hashed in one place, which bounds how many at once"),
    ("totp-rs", &["palisade-identity"], "one-time codes are checked in one place, which refuses a second use"),
];

/// What the lowest floor must do without: it does no input or output.
const TOO_HIGH_FOR_BASE: [&str; 6] = ["axum", "hyper", "rustls", "sqlx", "tokio", "reqwest"];

pub(super) fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for member in workspace.members()? {
        let path = format!("{}/Cargo.toml", member.folder);
        for (table, dependency) in dependencies(&member) {
            if let Some(what) = objection(&member.name, table, dependency) {
                findings.push(Finding::new(&path, 0, what));
            }
        }
        if floor(&member.name).is_none() && !FOR_TESTS.contains(&member.name.as_str()) {
            findings.push(Finding::new(
                &path,
                0,
                "this crate has no floor yet: give it one in xtask/src/tidy/arrows.rs",
            ));
        }
    }
    Ok(findings)
}

fn dependencies<'a>(member: &'a Member<'_>) -> impl Iterator<Item = (&'static str, &'a str)> {
    ["dependencies", "dev-dependencies", "build-dependencies"].into_iter().flat_map(|table| {
        let names = member.manifest.get(table).and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys);
        names.map(move |name| (table, name.as_str()))
    })
}

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|crates| crates.contains(&name))
}

/// Why this crate may not depend on that one; `None` where it may.
fn objection(name: &str, table: &str, dependency: &str) -> Option<String> {
    if FOR_TESTS.contains(&name) {
        return None;
    }
    let for_tests = table == "dev-dependencies";
    if FOR_TESTS.contains(&dependency) {
        return (!for_tests).then(|| format!("{dependency} is for tests: put it under [dev-dependencies]"));
    }
    if name == "palisade-base" && !for_tests && TOO_HIGH_FOR_BASE.contains(&dependency) {
        return Some(format!("palisade-base does no input or output, so it can't use {dependency}"));
    }
    if let Some((_, allowed, why)) = FENCED.iter().find(|(fenced, ..)| *fenced == dependency) {
        return (!for_tests && !allowed.contains(&name)).then(|| format!("{name} may not use {dependency}: {why}"));
    }
    let (own, other) = (floor(name)?, floor(dependency)?);
    let roof = APPS.iter().find(|(app, _)| *app == name).and_then(|(_, roof)| floor(roof));
    match roof {
        Some(roof) if other > roof => {
            Some(format!("{name} is an app: it may use palisade-records and what lies below"))
        }
        _ if other >= own => Some(format!("{name} may not use {dependency}: arrows point down, never up or sideways")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_point_down_only() {
        let allowed = |name, dependency| objection(name, "dependencies", dependency).is_none();
        assert!(allowed("palisade-gate", "palisade-records"));
        assert!(allowed("palisade-server", "palisade-kpi"));
        for (name, dependency) in [
            ("palisade-gate", "palisade-identity"),
            ("palisade-identity", "palisade-trail"),
            ("palisade-trail", "palisade-gate"),
            ("palisade-kpi", "palisade-identity"),
            ("palisade-kpi", "palisade-console"),
            ("palisade-base", "palisade-store"),
            ("palisade-base", "tokio"),
            ("palisade-web", "palisade-keys"),
            ("palisade-records", "sqlx"),
            ("palisade-store", "palisade-testkit"),
        ] {
            assert!(!allowed(name, dependency), "{name} -> {dependency}");
        }
    }

    #[test]
    fn the_test_kit_is_a_dev_dependency_of_anybody_but_no_way_round_the_floors() {
        assert_eq!(objection("palisade-store", "dev-dependencies", "palisade-testkit"), None);
        assert!(objection("palisade-gate", "dev-dependencies", "palisade-identity").is_some());
    }

    #[test]
    fn a_crate_without_a_floor_is_found() {
        let workspace = Workspace::of(&[("crates/new/Cargo.toml", "[package]\nname = \"palisade-new\"\n")]);
        assert_eq!(check(&workspace).unwrap().len(), 1);
    }
}
