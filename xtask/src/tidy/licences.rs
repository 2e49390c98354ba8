//! Licences of what is linked in, and crates that must not come in. `deny.toml` says the same for `cargo deny`.

use std::{collections::BTreeSet, process::Command};

use anyhow::{Context as _, Result, ensure};

use super::Finding;
use crate::workspace::Workspace;

/// Licences that ask for no more than a notice.
const ALLOWED: [&str; 12] = [
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// A second stack for TLS or cryptography, under any of its names.
const BANNED: [&str; 8] =
    ["boring", "boring-sys", "mbedtls", "native-tls", "openssl", "openssl-sys", "ring", "rustls-openssl"];

pub(super) fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // The tree that is really built: the lock file also lists what optional features would bring.
    let tree = Command::new(cargo)
        .args(["tree", "--workspace", "--locked", "--prefix", "none", "--format", "{p}\t{l}", "--edges", "all"])
        .current_dir(&workspace.root)
        .env("CARGO_TERM_COLOR", "never")
        .output()
        .context("cargo could not be run")?;
    ensure!(tree.status.success(), "cargo tree failed: {}", String::from_utf8_lossy(&tree.stderr));
    let lines: BTreeSet<String> = String::from_utf8(tree.stdout)?.lines().map(str::to_owned).collect();
    Ok(lines.iter().filter_map(|line| judge(line)).map(|what| Finding::new("Cargo.lock", 0, what)).collect())
}

/// Judges a line `name v1.2.3 (…)<tab>licence`.
fn judge(line: &str) -> Option<String> {
    let (package, licence) = line.split_once('\t')?;
    let name = package.split(' ').next()?;
    if BANNED.contains(&name) {
        return Some(format!("{name} is banned: the program has one TLS and cryptography stack (see deny.toml)"));
    }
    let licence = licence.trim_end_matches(" (*)");
    (!is_permissive(licence))
        .then(|| format!("{name} has the licence `{licence}`, which is not on the list (see deny.toml)"))
}

/// Whether an SPDX expression can be met with the allowed licences alone.
fn is_permissive(expression: &str) -> bool {
    if ALLOWED.contains(&expression) {
        return true;
    }
    // The old way of writing OR.
    let expression = expression.replace(" / ", " OR ").replace('/', " OR ");
    if let Some(parts) = split_outside_parentheses(&expression, " OR ") {
        return parts.iter().any(|part| is_permissive(part));
    }
    if let Some(parts) = split_outside_parentheses(&expression, " AND ") {
        return parts.iter().all(|part| is_permissive(part));
    }
    let inner = expression.strip_prefix('(').and_then(|inner| inner.strip_suffix(')'));
    inner.map_or_else(|| ALLOWED.contains(&expression.as_str()), is_permissive)
}

/// The parts between an operator that stands in no parentheses; `None` where there is none.
fn split_outside_parentheses<'a>(expression: &'a str, operator: &str) -> Option<Vec<&'a str>> {
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (at, c) in expression.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 && expression[at..].starts_with(operator) => {
                parts.push(&expression[start..at]);
                start = at + operator.len();
            }
            _ => {}
        }
    }
    (!parts.is_empty()).then(|| {
        parts.push(&expression[start..]);
        parts
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_are_judged_as_they_are_written() {
        for fine in [
            "MIT",
            "MIT/Apache-2.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "MIT OR LGPL-2.1-or-later",
            "Apache-2.0 / MIT",
        ] {
            assert!(is_permissive(fine), "{fine}");
        }
        for not in ["GPL-3.0", "MIT AND GPL-3.0", "(MIT OR GPL-3.0) AND MPL-2.0", ""] {
            assert!(!is_permissive(not), "{not}");
        }
    }

    #[test]
    fn a_second_crypto_stack_is_found() {
        assert!(judge("ring v0.17.0\tISC").is_some());
        assert!(judge("x v1.0.0\tGPL-3.0 (*)").is_some());
        assert_eq!(judge("serde v1.0.0\tMIT OR Apache-2.0 (*)"), None);
    }
}
