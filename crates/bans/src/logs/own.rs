//! Jails that stand in `palisade.toml` itself.

use std::sync::Arc;

use palisade_base::Span;
use palisade_config::{Config, Finding, IncrementConfig, LogJailConfig, Severity};
use palisade_helper::follow::LogPattern;
use palisade_jail::{
    BanTime, Expressions, Filter, Increment, JailConfig, JailError, JailFiles, JailPolicy, LogPath, Place, Warning,
};

/// The jails of `[[jail]]`; what is wrong with one does not open the others.
pub(crate) fn read(config: &Config) -> JailFiles {
    let mut files = JailFiles::default();
    for (number, jail) in config.jail.iter().enumerate() {
        let here = place_in(config, &format!("jail.{number}"));
        match read_one(config, number, jail) {
            Ok((filter, warnings)) => {
                files.warnings.extend(warnings.into_iter().map(|found| as_warning(config, found)));
                files.jails.push(jail_of(jail, filter, here));
            }
            Err(found) => files.broken.push(as_error(config, found)),
        }
    }
    files
}

/// What is wrong with them, and what works otherwise than whoever wrote them may think.
pub(crate) fn check(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, jail) in config.jail.iter().enumerate() {
        match read_one(config, number, jail) {
            Ok((_, warnings)) => findings.extend(warnings),
            Err(error) => findings.push(error),
        }
        findings.extend(check_paths(config, number, jail));
    }
    findings
}

/// How bans grow, as jails have it.
pub(crate) fn growth(increment: IncrementConfig) -> Increment {
    Increment {
        factor: increment.factor,
        multipliers: Vec::new(),
        max_time: increment.max_seconds.map(|seconds| Span::seconds(i64::from(seconds))),
    }
}

fn read_one(config: &Config, number: usize, jail: &LogJailConfig) -> Result<(Filter, Vec<Finding>), Finding> {
    let own = Expressions { fail: &jail.failregex, ignore: &jail.ignoreregex, date: jail.datepattern.as_deref() };
    let read = match &jail.filter {
        Some(call) => Filter::open(call, &own),
        None => Filter::of_expressions(&jail.name, &own),
    };
    let finding = |severity, place: &Place, what: &str, hint: &str| {
        let (key, what) = told(jail, place, what);
        Finding { severity, ..Finding::error(config.place(&format!("jail.{number}.{key}")), what, hint) }
    };
    let filter = read.map_err(|error| finding(Severity::Error, &error.place, &error.what, &error.fix))?;
    let warnings = filter.warnings().iter();
    let warnings = warnings.map(|found| finding(Severity::Warning, &found.place, &found.what, &found.fix)).collect();
    Ok((filter, warnings))
}

/// The key that a filter's place means, and what to say: an expression stands in `palisade.toml`, all else in the
/// filter's own file.
fn told(jail: &LogJailConfig, place: &Place, what: &str) -> (String, String) {
    let name = &jail.name;
    match &*place.file {
        list @ ("failregex" | "ignoreregex") => {
            (format!("{list}.{}", place.line.saturating_sub(1)), format!("jail {name:?}: {what}"))
        }
        "datepattern" => ("datepattern".to_owned(), format!("jail {name:?}: {what}")),
        _ => ("filter".to_owned(), format!("jail {name:?}: {place}: {what}")),
    }
}

fn check_paths(config: &Config, number: usize, jail: &LogJailConfig) -> Vec<Finding> {
    let logs = jail.logs.iter().enumerate();
    let bad = logs.filter_map(|(log, path)| Some((log, LogPattern::parse(path).err()?)));
    bad.map(|(log, error)| {
        let hint = "Write the whole path: \"/var/log/my-app/*.log\".";
        Finding::error(config.place(&format!("jail.{number}.logs.{log}")), error.to_string(), hint)
    })
    .collect()
}

fn jail_of(jail: &LogJailConfig, filter: Filter, place: Place) -> JailConfig {
    let log_paths = jail.logs.iter().map(|path| LogPath { path: path.clone(), from_end: false }).collect();
    let policy = JailPolicy {
        max_retry: jail.max_tries,
        find_time: jail.find_time(),
        ban_time: BanTime::For(jail.ban_time()),
        increment: jail.increment.map(growth),
        allowed: Vec::new(),
        is_shadow: jail.shadow,
    };
    JailConfig { name: jail.name.clone(), place, filter: Arc::new(filter), log_paths, policy, time_zone: None }
}

fn place_in(config: &Config, at: &str) -> Place {
    Place { file: config.path().to_string_lossy().into(), line: config.place(at).map_or(0, |place| place.line) }
}

fn place_of(config: &Config, finding: &Finding) -> Place {
    let line = finding.place.as_ref().map_or(0, |place| place.line);
    Place { line, ..place_in(config, "") }
}

fn as_error(config: &Config, finding: Finding) -> JailError {
    JailError { place: place_of(config, &finding), what: finding.what, fix: finding.hint }
}

fn as_warning(config: &Config, finding: Finding) -> Warning {
    Warning { place: place_of(config, &finding), what: finding.what, fix: finding.hint }
}
