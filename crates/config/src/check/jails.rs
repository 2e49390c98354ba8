//! Jails: numbers within their ranges, and the folder that they are read from.

use super::Checker;

pub(super) fn check(checker: &mut Checker<'_>) {
    let jails = &checker.config.jails;
    checker.range("jails.company_wait_ms", jails.company_wait_ms, 0, 10_000);
    checker.range("jails.ipv6_escalation", u64::from(jails.ipv6_escalation), 0, 65_536);
    checker.range("jails.history_days", u64::from(jails.history_days), 1, 3_650);
}

/// Whether the folder is there. What is in it is read, and told of, by the jails themselves.
pub(super) fn check_folder(checker: &mut Checker<'_>) {
    let Some(folder) = &checker.config.jails.fail2ban else { return };
    if let Err(error) = std::fs::read_dir(folder) {
        let what = format!("the folder {} can't be read: {error}", folder.display());
        let hint =
            "Name the folder that holds jail.conf or jail.d, and filter.d; Palisade's user must be able to read it.";
        checker.report("jails.fail2ban", what, hint);
    }
}
