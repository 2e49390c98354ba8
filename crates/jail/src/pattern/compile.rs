//! A pattern, ready to be searched for.

use std::{ops::Range, sync::OnceLock};

use super::translate::{Translated, translate};

/// A compiled expression may take so much memory, and as much again while it searches.
const SIZE_LIMIT: usize = 8 << 20;
/// How many steps back an expression with look-around may take on one line.
const BACKTRACK_LIMIT: usize = 200_000;

/// The search was given up: the line would have taken too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GaveUp;

/// How a pattern is meant.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PatternOptions {
    /// `^` and `$` also match at the line feeds within.
    pub(crate) multi_line: bool,
}

/// One of the two engines.
#[derive(Debug)]
enum Engine {
    /// Linear in the length of the line, whatever the pattern.
    Linear(Linear),
    /// Backtracks, within a limit.
    Bounded(fancy_regex::Regex),
}

/// An expression in two forms. Nearly all lines are plain ASCII, where classes such as `\S` are a tenth of the size, so that
/// finding groups costs a fraction; both forms match the same there.
#[derive(Debug)]
struct Linear {
    text: String,
    ascii: Option<regex::bytes::Regex>,
    /// Compiled when the first line comes that needs it.
    any: OnceLock<Option<regex::Regex>>,
}

/// Where the groups of a match stand.
#[derive(Clone, Debug)]
pub(crate) struct Captures {
    /// By group number; 0 is the whole match.
    pub(crate) ranges: Vec<Option<Range<usize>>>,
}

impl Captures {
    pub(crate) fn whole(&self) -> Range<usize> {
        self.ranges.first().cloned().flatten().unwrap_or(0..0)
    }
}

/// A pattern of a filter, in both of its forms.
#[derive(Debug)]
pub(crate) struct Pattern {
    engine: Engine,
    marked: String,
    marked_engine: OnceLock<Option<Engine>>,
    pub(crate) wide: String,
    pub(crate) literals: Vec<String>,
    pub(crate) has_host: bool,
    pub(crate) is_greedy: bool,
    pub(crate) groups: Vec<(String, usize)>,
}

impl Pattern {
    /// Compiles a pattern, or says what is wrong with it.
    pub(crate) fn new(python: &str, options: PatternOptions) -> Result<Self, String> {
        let Translated { exact, marked, wide, is_hard, has_host, is_greedy, groups, literals } =
            translate(python, options.multi_line)?;
        let engine = Engine::new(&exact, is_hard)?;
        Ok(Self { engine, marked, marked_engine: OnceLock::new(), wide, literals, has_host, is_greedy, groups })
    }

    pub(crate) fn has_group(&self, name: &str) -> bool {
        self.groups.iter().any(|(group, _)| group == name)
    }

    pub(crate) fn captures(&self, text: &str) -> Result<Option<Captures>, GaveUp> {
        self.engine.captures(text)
    }

    /// Searches the form in which an address is a mark.
    pub(crate) fn captures_marked(&self, text: &str) -> Result<Option<Captures>, GaveUp> {
        match self.marked_engine.get_or_init(|| Engine::new(&self.marked, self.is_hard()).ok()) {
            Some(engine) => engine.captures(text),
            None => Err(GaveUp),
        }
    }

    /// Whether it runs on the engine that backtracks.
    pub(crate) const fn is_hard(&self) -> bool {
        matches!(self.engine, Engine::Bounded(_))
    }

    /// The ranges of the groups of this name that took part, in the order of the pattern.
    pub(crate) fn ranges<'a>(
        &'a self,
        captures: &'a Captures,
        name: &'a str,
    ) -> impl Iterator<Item = Range<usize>> + 'a {
        let named = self.groups.iter().filter(move |(group, _)| group == name);
        named.filter_map(|(_, number)| captures.ranges.get(*number).cloned().flatten())
    }

    /// The first of them.
    pub(crate) fn range(&self, captures: &Captures, name: &str) -> Option<Range<usize>> {
        self.ranges(captures, name).next()
    }
}

impl Engine {
    fn new(text: &str, is_hard: bool) -> Result<Self, String> {
        if is_hard {
            let built = fancy_regex::RegexBuilder::new(text)
                .backtrack_limit(BACKTRACK_LIMIT)
                .delegate_size_limit(SIZE_LIMIT)
                .delegate_dfa_size_limit(SIZE_LIMIT)
                .max_prog_size(100_000)
                .build();
            return built.map(Self::Bounded).map_err(|error| error.to_string());
        }
        Linear::new(text).map(Self::Linear)
    }

    fn captures(&self, text: &str) -> Result<Option<Captures>, GaveUp> {
        match self {
            Self::Linear(linear) => linear.captures(text),
            Self::Bounded(regex) => {
                let Some(found) = regex.captures(text).map_err(|_| GaveUp)? else { return Ok(None) };
                let ranges = found.iter().map(|group| group.map(|group| group.range())).collect();
                Ok(Some(Captures { ranges }))
            }
        }
    }
}

impl Linear {
    fn new(text: &str) -> Result<Self, String> {
        let build = regex::bytes::RegexBuilder::new(text)
            .unicode(false)
            .size_limit(SIZE_LIMIT)
            .dfa_size_limit(SIZE_LIMIT)
            .build();
        let (ascii, any) = (build.ok(), OnceLock::new());
        if ascii.is_none() {
            // What names letters beyond ASCII, and what is no expression at all.
            let _ = any.set(Some(compile_any(text)?));
        }
        Ok(Self { text: text.to_owned(), ascii, any })
    }

    fn captures(&self, text: &str) -> Result<Option<Captures>, GaveUp> {
        if let Some(ascii) = self.ascii.as_ref().filter(|_| text.is_ascii()) {
            let Some(found) = ascii.captures(text.as_bytes()) else { return Ok(None) };
            let ranges = found.iter().map(|group| group.map(|group| group.range())).collect();
            return Ok(Some(Captures { ranges }));
        }
        let any = self.any.get_or_init(|| compile_any(&self.text).ok()).as_ref().ok_or(GaveUp)?;
        let Some(found) = any.captures(text) else { return Ok(None) };
        Ok(Some(Captures { ranges: found.iter().map(|group| group.map(|group| group.range())).collect() }))
    }
}

fn compile_any(text: &str) -> Result<regex::Regex, String> {
    let built = regex::RegexBuilder::new(text).size_limit(SIZE_LIMIT).dfa_size_limit(SIZE_LIMIT).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it grows too big when compiled".to_owned(),
        // The engine draws a picture over several lines; its last one says what is wrong.
        error => error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
    })
}
