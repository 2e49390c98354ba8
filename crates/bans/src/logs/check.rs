//! What is to be known about jails before they are used.

use std::path::Path;

use palisade_config::{Config, Finding, Severity};
use palisade_helper::follow::{Follower, LogPattern};
use palisade_jail::{JailConfig, Place};

use super::{own, read_folder};

/// What is wrong with the jails of log files, and what works otherwise than whoever wrote them may think. Nothing is started.
///
/// A mistake in `[[jail]]` is an error; one in a folder of fail2ban's is a warning, since it keeps nothing else from working.
#[must_use]
pub fn check_jails(config: &Config) -> Vec<Finding> {
    let mut findings = own::check(config);
    for (number, jail) in config.jail.iter().enumerate() {
        let patterns = jail.logs.iter().filter_map(|path| LogPattern::parse(path).ok()).collect();
        findings.extend(look_at_logs(config, &format!("jail.{number}.logs"), &jail.name, patterns));
    }
    // A folder that is not there is told of by the configuration's own check.
    if let Some(folder) = config.jails.fail2ban.as_deref().filter(|folder| folder.is_dir()) {
        findings.extend(check_folder(config, folder));
    }
    findings
}

/// What keeps jails of `[[jail]]` from being used.
#[must_use]
pub fn broken_jails(config: &Config) -> Vec<Finding> {
    let mut findings = own::check(config);
    findings.retain(|finding| finding.severity == Severity::Error);
    findings
}

fn check_folder(config: &Config, folder: &Path) -> Vec<Finding> {
    let files = read_folder(config, folder);
    let told = |place: &Place, what: &str, fix: &str| {
        let what = format!("{}: {what}", folder.join(place.to_string()).display());
        Finding::warning(config.place("jails.fail2ban"), what, fix)
    };
    let broken = files.broken.iter().map(|error| {
        told(&error.place, &format!("this jail can't be used, so it bans nobody: {}", error.what), &error.fix)
    });
    let warnings = files.warnings.iter().map(|found| told(&found.place, &found.what, &found.fix));
    let logs = files.jails.iter().flat_map(|jail| look_at_logs_of(config, jail));
    broken.chain(warnings).chain(logs).collect()
}

fn look_at_logs_of(config: &Config, jail: &JailConfig) -> Vec<Finding> {
    let (at, mut findings, mut patterns) = ("jails.fail2ban", Vec::new(), Vec::new());
    for path in &jail.log_paths {
        match LogPattern::parse(&path.path) {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => {
                let hint = format!("Correct `logpath` of [{}].", jail.name);
                findings.push(Finding::warning(config.place(at), error.to_string(), hint));
            }
        }
    }
    findings.extend(look_at_logs(config, at, &jail.name, patterns));
    findings
}

/// Whether the log files are there and can be read. They are opened as a jail opens them, and nothing is read of them.
fn look_at_logs(config: &Config, at: &str, name: &str, patterns: Vec<LogPattern>) -> Vec<Finding> {
    let mut follower = Follower::new(patterns, None);
    drop(follower.tick());
    let told = |problem: &String| {
        let hint = format!(
            "Until it can be read, the jail sees nothing of it. What only root may read comes through the helper: name it in \
             the helper's file under [[log]], with name = \"{name}\"."
        );
        Finding::warning(config.place(at), format!("jail {name:?}: {problem}"), hint)
    };
    follower.problems().iter().map(told).collect()
}
