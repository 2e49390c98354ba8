//! Benches: of guarded Frappe sites alone, and with a helper that can look at them.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use super::Checker;
use crate::{Preset, file::read_file};

pub(super) fn check(checker: &mut Checker<'_>) {
    let config = checker.config;
    for (number, site) in config.sites.iter().enumerate() {
        let (at, Some(name)) = (format!("site.{number}.bench"), site.bench_name()) else { continue };
        if !site.is_guarded() || site.preset != Preset::Frappe {
            let what = format!("bench is for guarded sites with preset \"frappe\", and {:?} is none", site.name);
            checker.report(
                &at,
                what,
                "Take it out, or write preset = \"frappe\" and upstream = \"http://127.0.0.1:8000\".",
            );
        }
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if !(1..=64).contains(&name.len()) || !name.bytes().all(fits) {
            let hint = "Write the name of a [[bench]] of the helper's file: up to 64 letters, digits, dots, hyphens and underscores.";
            checker.report(&format!("{at}.name"), format!("{name:?} can't be a bench's name"), hint);
        }
        if config.helper.socket.is_none() {
            let what = format!("nobody can look at the files of the bench {name:?}: there is no helper");
            checker.warn(
                &at,
                what,
                "Write [helper] with socket = \"/run/palisade/helper.sock\"; docs/helper.md says the rest.",
            );
        }
    }
}

pub(super) fn check_tokens(checker: &mut Checker<'_>) {
    for (number, site) in checker.config.sites.iter().enumerate() {
        if let Some(path) = site.bench.as_ref().and_then(|bench| bench.token_file.as_deref())
            && let Err((what, hint)) = check_token(path)
        {
            checker.report(&format!("site.{number}.bench.token_file"), what, hint);
        }
    }
}

fn check_token(path: &Path) -> Result<(), (String, String)> {
    let shown = path.display();
    let content = read_file(path).map_err(|error| {
        (format!("{shown} can't be read: {error}"), "Palisade's user must be able to read it.".to_owned())
    })?;
    let mode = fs::metadata(path).map_or(0, |found| found.permissions().mode() & 0o777);
    if mode & 0o077 != 0 {
        return Err((
            format!("the token in {shown} can be read by others (mode {mode:04o})"),
            format!("Run: chmod 0600 {shown}"),
        ));
    }
    if !is_token(&content) {
        let hint = "Write one line, key:secret, as Frappe shows them when it makes API access for a user.";
        return Err((format!("{shown} holds no API token"), hint.to_owned()));
    }
    Ok(())
}

/// `key:secret`, with nothing in it that could end a header.
fn is_token(content: &[u8]) -> bool {
    let token = content.trim_ascii();
    let parts: Vec<&[u8]> = token.split(|byte| *byte == b':').collect();
    parts.len() == 2
        && parts.iter().all(|part| (1..=200).contains(&part.len()) && part.iter().all(u8::is_ascii_alphanumeric))
}
