//! A filter: what `filter.d/NAME.conf` says about log lines, compiled.

mod definition;
mod options;
mod standalone;

use std::collections::BTreeMap;

use crate::{
    date::DateForms,
    files::ConfigFiles,
    ini::{Options, Value, shortened},
    pattern::{Gate, Pattern, PatternOptions, Prefilter},
    problem::{JailError, Place, Warning},
};

pub(crate) use definition::Definition;
pub(crate) use options::split_options;
pub use standalone::Expressions;

/// More rules than this are no filter.
const MAX_RULES: usize = 500;
/// More lines than this are not held back for expressions over several lines.
const MAX_LINES: usize = 100;
const BETTER_WRITTEN: &str = "See the expression syntax in the manual of fail2ban's filters, and correct it.";

/// One line of `failregex`.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) pattern: Pattern,
    /// As it stands in the file, substitutions made.
    pub(crate) text: String,
    place: Place,
}

/// A filter, ready to judge lines. It is never changed; every log file's [`Judge`](crate::Judge) shares it.
#[derive(Debug)]
pub struct Filter {
    name: String,
    pub(crate) prefix: Option<Pattern>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) ignored: Vec<Pattern>,
    pub(crate) max_lines: usize,
    pub(crate) dates: DateForms,
    pub(crate) gate: Gate,
    pub(crate) prefix_gate: Gate,
    pub(crate) prefilter: Prefilter,
    pub(crate) prefix_prefilter: Prefilter,
    journal_match: Vec<String>,
    warnings: Vec<Warning>,
}

impl Filter {
    /// Reads and compiles a filter by its name, with parameters if there are any: `sshd[mode=aggressive]`.
    ///
    /// # Errors
    /// There is no such filter, or something in it is not understood; the error says where, what and what to do.
    pub fn read(files: &dyn ConfigFiles, call: &str) -> Result<Self, JailError> {
        Self::read_with(files, call, &BTreeMap::new())
    }

    /// The same, with options in front of the filter's own, as a jail has them.
    ///
    /// # Errors
    /// As [`Filter::read`].
    pub fn read_with(
        files: &dyn ConfigFiles,
        call: &str,
        options: &BTreeMap<String, String>,
    ) -> Result<Self, JailError> {
        let place = Place::new(call, 0);
        let value = |text: &str| Value { text: text.to_owned(), place: place.clone() };
        let options: Options = options.iter().map(|(name, text)| (name.clone(), value(text))).collect();
        let mut warnings = Vec::new();
        let definition = Definition::read(files, &value(call), &options, &mut warnings)?;
        let name = call.split('[').next().unwrap_or(call).trim();
        Self::compile(name, &definition, warnings)
    }

    pub(crate) fn compile(name: &str, definition: &Definition, mut warnings: Vec<Warning>) -> Result<Self, JailError> {
        let max_lines = max_lines(definition)?;
        let options = PatternOptions { multi_line: max_lines > 1 };
        let single = PatternOptions::default();
        let prefix = patterns(definition, "prefregex", single)?.into_iter().next().map(|rule| rule.pattern);
        let rules = patterns(definition, "failregex", options)?;
        check_hosts(prefix.as_ref(), &rules)?;
        let ignored = patterns(definition, "ignoreregex", single)?.into_iter().map(|rule| rule.pattern).collect();
        // An expression that nobody but us reads can't mislead fail2ban.
        if !definition.is_list {
            warn_of_greed(definition, prefix.as_ref(), &rules, &mut warnings);
        }
        Ok(Self {
            name: name.to_owned(),
            gate: Gate::new(rules.iter().map(|rule| &rule.pattern)),
            prefix_gate: Gate::new(prefix.iter()),
            prefilter: Prefilter::new(rules.iter().map(|rule| &rule.pattern)),
            prefix_prefilter: Prefilter::new(prefix.iter()),
            prefix,
            rules,
            ignored,
            max_lines,
            dates: dates(definition)?,
            journal_match: definition.lines("journalmatch").map(|(line, _)| line.to_owned()).collect(),
            warnings,
        })
    }

    /// Its name, without parameters.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What works otherwise here than its author may think.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Its expressions, substitutions made, in the order in which a [`Verdict`](crate::Verdict) counts them.
    pub fn rules(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.text.as_str())
    }

    /// The journal entries that it asks for. The journal is not read here: where there are any, the caller says so.
    #[must_use]
    pub fn journal_match(&self) -> &[String] {
        &self.journal_match
    }
}

fn max_lines(definition: &Definition) -> Result<usize, JailError> {
    let Some(value) = definition.get("maxlines") else { return Ok(1) };
    value.text.trim().parse().ok().filter(|lines| (1..=MAX_LINES).contains(lines)).ok_or_else(|| {
        let what = format!("`maxlines = {}` is no number from 1 to {MAX_LINES}", shortened(&value.text));
        JailError::new(value.place.clone(), what, "Write how many lines one failure may stretch over.")
    })
}

fn patterns(definition: &Definition, option: &str, options: PatternOptions) -> Result<Vec<Rule>, JailError> {
    let mut rules = Vec::new();
    for (text, place) in definition.lines(option) {
        if rules.len() == MAX_RULES {
            let what = format!("`{option}` has more than {MAX_RULES} lines");
            return Err(JailError::new(place, what, "Split the filter."));
        }
        let pattern = Pattern::new(text, options).map_err(|why| {
            let what = format!("the {option} `{}` is not understood: {why}", shortened(text));
            JailError::new(place.clone(), what, BETTER_WRITTEN)
        })?;
        rules.push(Rule { pattern, text: text.to_owned(), place });
    }
    Ok(rules)
}

fn dates(definition: &Definition) -> Result<DateForms, JailError> {
    let Some(value) = definition.get("datepattern") else { return Ok(DateForms::defaults()) };
    DateForms::new(&value.text).map_err(|why| {
        let what = format!("the datepattern `{}` is not understood: {why}", shortened(&value.text));
        JailError::new(value.place.clone(), what, "Write it with %% tokens, for example %%Y-%%m-%%d %%H:%%M:%%S.")
    })
}

/// Each rule must say, by itself or through the prefix, whose failure it is.
fn check_hosts(prefix: Option<&Pattern>, rules: &[Rule]) -> Result<(), JailError> {
    let says_who =
        |pattern: &Pattern| ["ip4", "ip6", "dns", "fid", "mlfid"].iter().any(|group| pattern.has_group(group));
    if prefix.is_some_and(says_who) {
        return Ok(());
    }
    match rules.iter().find(|rule| !says_who(&rule.pattern)) {
        None => Ok(()),
        Some(rule) => {
            let what = format!("the failregex `{}` does not say whose failure it is", shortened(&rule.text));
            Err(JailError::new(rule.place.clone(), what, "Put <HOST> where the address stands."))
        }
    }
}

fn warn_of_greed(definition: &Definition, prefix: Option<&Pattern>, rules: &[Rule], warnings: &mut Vec<Warning>) {
    let fix = "A whole address is read here, and nobody is banned where there are two. For fail2ban itself, write \
               `.*?` or a fixed text before <HOST>.";
    let mut warn = |place: Place, text: &str| {
        let what =
            format!("in `{}` something greedy before <HOST> can swallow the start of the address", shortened(text));
        warnings.push(Warning::new(place, what, fix));
    };
    if prefix.is_some_and(|prefix| prefix.is_greedy) {
        let value = definition.options.get("prefregex");
        warn(value.map_or(&definition.place, |value| &value.place).clone(), "prefregex");
    }
    for rule in rules.iter().filter(|rule| rule.pattern.is_greedy) {
        warn(rule.place.clone(), &rule.text);
    }
}
