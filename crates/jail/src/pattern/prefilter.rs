//! What turns most lines away before anything costly is done.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use regex::{RegexSet, RegexSetBuilder, bytes};

use super::Pattern;

/// A set may take so much memory, and as much for its automaton.
const SIZE: usize = 32 << 20;
const DFA: usize = 16 << 20;

/// Some text without which no pattern of a filter can match. Asked before the date is looked for.
#[derive(Debug)]
pub(crate) struct Gate(Option<AhoCorasick>);

impl Gate {
    /// A gate only where each pattern has such texts, and they are long enough to tell anything.
    pub(crate) fn new<'a>(patterns: impl Iterator<Item = &'a Pattern> + Clone) -> Self {
        let is_telling = |pattern: &Pattern| {
            !pattern.literals.is_empty() && pattern.literals.iter().all(|literal| literal.len() >= 3)
        };
        if patterns.clone().next().is_none() || !patterns.clone().all(is_telling) {
            return Self(None);
        }
        let literals = patterns.flat_map(|pattern| &pattern.literals);
        Self(AhoCorasick::new(literals).ok())
    }

    pub(crate) fn lets_pass(&self, line: &str) -> bool {
        self.0.as_ref().is_none_or(|literals| literals.is_match(line))
    }
}

/// Says in one pass which patterns may match. In two forms, as single patterns are: one for lines of plain ASCII.
#[derive(Debug)]
pub(crate) struct Prefilter {
    texts: Vec<String>,
    ascii: OnceLock<Option<bytes::RegexSet>>,
    any: OnceLock<Option<RegexSet>>,
}

impl Prefilter {
    pub(crate) fn new<'a>(patterns: impl Iterator<Item = &'a Pattern>) -> Self {
        let texts = patterns.map(|pattern| pattern.wide.clone()).collect();
        Self { texts, ascii: OnceLock::new(), any: OnceLock::new() }
    }

    /// `None` where a text is not ASCII, or some pattern names letters beyond it.
    fn ascii(&self, text: &str) -> Option<&bytes::RegexSet> {
        if !text.is_ascii() {
            return None;
        }
        let build =
            || bytes::RegexSetBuilder::new(&self.texts).unicode(false).size_limit(SIZE).dfa_size_limit(DFA).build();
        self.ascii.get_or_init(|| build().ok()).as_ref()
    }

    /// `None` where they are too big together: each is asked by itself.
    fn any(&self) -> Option<&RegexSet> {
        let build = || RegexSetBuilder::new(&self.texts).size_limit(SIZE).dfa_size_limit(DFA).build();
        self.any.get_or_init(|| build().ok()).as_ref()
    }

    pub(crate) fn may_match_any(&self, text: &str) -> bool {
        match self.ascii(text) {
            Some(set) => set.is_match(text.as_bytes()),
            None => self.any().is_none_or(|set| set.is_match(text)),
        }
    }

    /// The patterns that may match, by their numbers.
    pub(crate) fn candidates(&self, text: &str) -> Vec<usize> {
        match (self.ascii(text), self.texts.len()) {
            (Some(set), _) => set.matches(text.as_bytes()).iter().collect(),
            (None, count) => self.any().map_or_else(|| (0..count).collect(), |set| set.matches(text).iter().collect()),
        }
    }
}
