//! What this machine has: files, their modes, the data directory.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::Checker;
use crate::file::read_file;

pub(super) fn check(checker: &mut Checker<'_>) {
    check_data_dir(checker);
    let config = checker.config;
    if let (Some(certificate), Some(key)) = (&config.tls.certificate, &config.tls.key) {
        check_readable(checker, "tls.certificate", certificate);
        check_private(checker, "tls.key", key);
    }
    for (number, site) in config.sites.iter().enumerate() {
        if let Some(tls) = &site.tls {
            check_readable(checker, &format!("site.{number}.tls.certificate"), &tls.certificate);
            check_private(checker, &format!("site.{number}.tls.key"), &tls.key);
        }
        if let Some(ca) = site.upstream.as_ref().and_then(|upstream| upstream.ca.as_ref()) {
            check_readable(checker, &format!("site.{number}.upstream.ca"), ca);
        }
    }
    if let Some(ca) = &config.acme.ca {
        check_readable(checker, "acme.ca", ca);
    }
    if let Some(account) = &config.acme.external_account {
        check_private(checker, "acme.external_account.key_file", &account.key_file);
    }
}

fn check_data_dir(checker: &mut Checker<'_>) {
    let path = &checker.config.data_dir;
    let at = "data_dir";
    match fs::metadata(path) {
        Err(error) => {
            let hint = format!("Make it: install -d -m 0700 {}", path.display());
            checker.report(at, format!("the data directory {} can't be used: {error}", path.display()), hint);
        }
        Ok(found) if !found.is_dir() => {
            let what = format!("{} is no directory", path.display());
            checker.report(at, what, "Name a directory that Palisade may keep its data in.");
        }
        Ok(found) if found.permissions().mode() & 0o007 != 0 => {
            let what = format!("everybody on this host can reach into the data directory {}", path.display());
            checker.report(at, what, format!("Run: chmod 0700 {}", path.display()));
        }
        Ok(_) => {}
    }
}

fn check_readable(checker: &mut Checker<'_>, at: &str, path: &Path) -> bool {
    let read = read_file(path);
    if let Err(error) = &read {
        let what = format!("{} can't be read: {error}", path.display());
        checker.report(at, what, "Name the PEM file itself, and check that Palisade's user may read it.");
    }
    read.is_ok()
}

fn check_private(checker: &mut Checker<'_>, at: &str, path: &Path) {
    if !check_readable(checker, at, path) {
        return;
    }
    let mode = fs::metadata(path).map_or(0, |found| found.permissions().mode() & 0o777);
    if mode & 0o077 != 0 {
        let what = format!("the private key {} can be read by others (mode {mode:04o})", path.display());
        checker.report(at, what, format!("Run: chmod 0600 {}", path.display()));
    }
}
