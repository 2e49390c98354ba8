//! `cargo xtask fail2ban [DIR]`: fail2ban's own filters on its own sample lines. Its files stay where they are: their
//! licence is not ours.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, bail, ensure};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use palisade_base::Instant;
use palisade_jail::{Filter, Folder, Judge, Verdict};
use serde_json::{Map, Value};

use crate::setup::FAIL2BAN;

/// Where Debian's package has the filters, and the lines that they are tested with.
const UNPACKED: (&str, &str) = ("etc/fail2ban", "usr/lib/python3/dist-packages/fail2ban/tests/files/logs");
/// "Now" of the samples, and the zone of their dates: both as fail2ban's tests set them.
const NOW: &str = "2005-08-14T10:00:00Z";
const ZONE: &str = "CET-01CEST-02,M3.5.0,M10.5.0";
/// These must pass to the last line; the others are counted.
const REQUIRED: [&str; 5] = ["sshd", "nginx-", "apache-", "postfix", "dovecot"];

/// How many failures of a filter are shown.
const SHOWN: usize = 5;

/// How one filter did.
#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    failures: Vec<String>,
    /// Lines that the same rule can read with two addresses. Here nobody is banned for them; fail2ban bans one.
    ambiguous: Vec<String>,
    warnings: usize,
}

/// Judges every sample line of a tree, prints what came of it, and fails where a filter that must pass does not.
pub(crate) fn run(root: &Path, dir: Option<&str>) -> Result<()> {
    let (config, logs) = locate(root, dir)?;
    let mut total = Tally::default();
    let mut broken = Vec::new();
    for name in filters(&config)? {
        let tally = try_filter(&config, &logs, &name);
        tally.print(&name);
        for line in tally.failures.iter().take(SHOWN).chain(&tally.ambiguous) {
            println!("    {line}");
        }
        if !tally.failures.is_empty() && REQUIRED.iter().any(|required| name.starts_with(required)) {
            broken.push(name);
        }
        total.passed += tally.passed;
        total.failures.extend(tally.failures);
        total.ambiguous.extend(tally.ambiguous);
        total.warnings += tally.warnings;
    }
    total.print("total");
    ensure!(broken.is_empty(), "these must pass to the last line: {}", broken.join(", "));
    Ok(())
}

impl Tally {
    fn print(&self, name: &str) {
        let count = self.passed + self.failures.len() + self.ambiguous.len();
        print!("{name:24} {:4} of {count:4}", self.passed);
        if !self.ambiguous.is_empty() {
            print!(", {} could mean two addresses and ban nobody", self.ambiguous.len());
        }
        if self.warnings > 0 {
            print!(", {} expression(s) warned of", self.warnings);
        }
        println!();
    }
}

fn locate(root: &Path, dir: Option<&str>) -> Result<(PathBuf, PathBuf)> {
    let (config, logs) = match dir {
        Some(dir) => (Path::new(dir).join("config"), Path::new(dir).join("fail2ban/tests/files/logs")),
        None => (root.join(FAIL2BAN).join(UNPACKED.0), root.join(FAIL2BAN).join(UNPACKED.1)),
    };
    for folder in [&config.join("filter.d"), &logs] {
        ensure!(folder.is_dir(), "{} is not there: run `cargo xtask setup`, or name a source tree", folder.display());
    }
    Ok((config, logs))
}

fn filters(config: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(config.join("filter.d"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".conf").filter(|name| !name.ends_with("common")).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

fn try_filter(config: &Path, logs: &Path, name: &str) -> Tally {
    let mut samples = Samples { config, logs, name, judges: BTreeMap::new(), tally: Tally::default() };
    let mut files = vec![name.to_owned()];
    while let Some(file) = files.pop() {
        if let Err(error) = samples.try_file(&file, &mut files) {
            samples.tally.failures.push(format!("{file}: {error:#}"));
        }
    }
    samples.tally
}

/// The sample lines of one filter, with a judge for each set of its parameters.
struct Samples<'a> {
    config: &'a Path,
    logs: &'a Path,
    name: &'a str,
    judges: BTreeMap<String, Judge>,
    tally: Tally,
}

/// One set of parameters that the following lines are judged with.
#[derive(Clone, Default)]
struct Setting {
    key: String,
    parameters: BTreeMap<String, String>,
    prefix: Option<String>,
}

impl Samples<'_> {
    fn try_file(&mut self, file: &str, files: &mut Vec<String>) -> Result<()> {
        let bytes = std::fs::read(self.logs.join(file)).context("there are no sample lines")?;
        let text = String::from_utf8_lossy(&bytes);
        let mut common = Map::new();
        let mut settings = vec![Setting::default()];
        let mut expected = Map::new();
        for (index, line) in text.split('\n').enumerate() {
            match directive(line)? {
                Some(("failJSON", Value::Object(map))) => expected = map,
                Some(("fileOptions", Value::Object(map))) => common = map,
                Some(("filterOptions", value)) => settings = self.settings(&common, value),
                Some(("addFILE", Value::String(other))) => files.insert(0, other),
                _ if expected.is_empty() && (line.starts_with('#') || line.trim().is_empty()) => {}
                _ => {
                    let expected = std::mem::take(&mut expected);
                    for setting in &settings {
                        self.try_line(setting, &expected, line, &format!("{file}:{}", index + 1))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn settings(&self, common: &Map<String, Value>, value: Value) -> Vec<Setting> {
        let sets = if let Value::Array(sets) = value { sets } else { vec![value] };
        sets.iter().filter_map(|set| self.setting(common, set.as_object()?)).collect()
    }

    /// `None` where the set is not meant for this filter.
    fn setting(&self, common: &Map<String, Value>, set: &Map<String, Value>) -> Option<Setting> {
        let mut all = common.clone();
        all.extend(set.clone());
        let condition = all.get("test.condition").and_then(Value::as_str);
        if condition.is_some_and(|condition| condition != format!("name=='{}'", self.name)) {
            return None;
        }
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let parameters: BTreeMap<String, String> = all
            .iter()
            .filter(|(name, _)| !name.starts_with("test."))
            .map(|(name, value)| (name.clone(), text(value)))
            .collect();
        Some(Setting { key: format!("{parameters:?}"), parameters, prefix: all.get("test.prefix-line").map(text) })
    }

    fn try_line(&mut self, setting: &Setting, expected: &Map<String, Value>, line: &str, place: &str) -> Result<()> {
        if expected.get("constraint").and_then(Value::as_str).is_some_and(|rule| !holds(rule, self.name, setting)) {
            return Ok(());
        }
        if !self.judges.contains_key(&setting.key) {
            let filter = Filter::read_with(&Folder::new(self.config), self.name, &setting.parameters)?;
            self.tally.warnings = self.tally.warnings.max(filter.warnings().len());
            self.judges.insert(setting.key.clone(), Judge::new(Arc::new(filter), TimeZone::posix(ZONE)?));
        }
        let Some(judge) = self.judges.get_mut(&setting.key) else { bail!("no judge") };
        let now = Instant::parse(NOW)?;
        let verdict = match setting.parameters.get("logtype").is_some_and(|kind| kind == "journal") {
            true => judge.judge_at(format!("{}{line}", setting.prefix.as_deref().unwrap_or("")).as_bytes(), now),
            false => judge.judge(line.as_bytes(), now),
        };
        match complaint(expected, &verdict)? {
            None => self.tally.passed += 1,
            Some(_) if matches!(verdict, Verdict::Ambiguous { .. }) => {
                self.tally.ambiguous.push(format!("{place} {:?}: {line}", setting.parameters));
            }
            Some(what) => self.tally.failures.push(format!("{place} {:?}: {what}: {line}", setting.parameters)),
        }
        Ok(())
    }
}

/// `# failJSON: {…}` and its like.
fn directive(line: &str) -> Result<Option<(&str, Value)>> {
    let Some(rest) = line.strip_prefix('#') else { return Ok(None) };
    let rest = rest.trim_start_matches('#');
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    for name in ["failJSON", "fileOptions", "filterOptions", "addFILE"] {
        if let Some(json) = rest.strip_prefix(name).and_then(|rest| rest.strip_prefix(':')) {
            let json = json.trim();
            return Ok(Some((name, serde_json::from_str(json).with_context(|| format!("not read: {json}"))?)));
        }
    }
    Ok(None)
}

/// The two forms of Python that the samples use as a condition.
fn holds(rule: &str, name: &str, setting: &Setting) -> bool {
    let logtype = setting.parameters.get("logtype").map(String::as_str);
    let mode = setting.parameters.get("mode").map(String::as_str);
    match rule.split_once(['=', '!']) {
        Some((left, right)) => {
            let wanted = right.trim_start_matches('=').trim().trim_matches(['\'', '"']);
            let actual = match () {
                () if left.contains("logtype") => logtype,
                () if left.contains("mode") => mode,
                () => Some(name),
            };
            (actual == Some(wanted)) != rule.contains("!=")
        }
        None => true,
    }
}

/// What is wrong with a verdict; `None` where it is the expected one.
fn complaint(expected: &Map<String, Value>, verdict: &Verdict) -> Result<Option<String>> {
    let is_match = expected.get("match").and_then(Value::as_bool).unwrap_or(false);
    let failure = match (verdict, is_match) {
        (Verdict::Failure(failure), true) => failure,
        (Verdict::Failure(failure), false) => {
            return Ok(Some(format!("should not match, found {} by rule {}", failure.host, failure.rule)));
        }
        (_, false) => return Ok(None),
        (verdict, true) => return Ok(Some(format!("should match, got {verdict:?}"))),
    };
    for key in ["host", "ip4", "ip6", "dns"] {
        if let Some(host) = expected.get(key).and_then(Value::as_str)
            && !host.eq_ignore_ascii_case(&failure.host.to_string())
        {
            return Ok(Some(format!("host is {}, should be {host}", failure.host)));
        }
    }
    if let Some(user) = expected.get("user").and_then(Value::as_str)
        && !user.is_empty()
        && failure.user.as_deref() != Some(user)
    {
        return Ok(Some(format!("user is {:?}, should be {user}", failure.user)));
    }
    let Some(time) = expected.get("time").and_then(Value::as_str) else { return Ok(None) };
    let local = lenient(time).with_context(|| format!("{time} is no time"))?;
    let at: Timestamp = TimeZone::posix(ZONE)?.to_zoned(local)?.timestamp();
    let at = Instant::from_micros(at.as_second() * 1_000_000);
    // fail2ban drops parts of a second; lines of the future count as of now.
    let found = Instant::from_micros(failure.at.as_micros() / 1_000_000 * 1_000_000);
    let expected = at.min(Instant::parse(NOW)?);
    Ok((found != expected).then(|| format!("time is {found}, should be {expected}")))
}

/// `2004-12-5T7:08:09`: some samples are written without leading zeros.
fn lenient(time: &str) -> Option<DateTime> {
    let mut numbers = time.split(['-', 'T', ':', '.']).map(str::parse::<i16>);
    let year = numbers.next()?.ok()?;
    let rest: Vec<i8> = numbers.take(5).map(|number| number.ok()?.try_into().ok()).collect::<Option<_>>()?;
    let [month, day, hour, minute, second] = rest.try_into().ok()?;
    DateTime::new(year, month, day, hour, minute, second, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// fail2ban's own lines, judged by its own filters as `cargo xtask setup` unpacked them.
    ///
    /// covers T5.3 (part)
    #[test]
    fn fail2bans_own_sample_lines_are_judged_as_fail2ban_does() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        run(&root, None).unwrap();
    }
}
