//! What turns most lines away before anything costly is done.

use aho_corasick::AhoCorasick;
use regex::{RegexSet, RegexSetBuilder};

use super::Pattern;

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

/// Says in one pass which patterns may match.
#[derive(Debug)]
pub(crate) struct Prefilter(Option<RegexSet>);

impl Prefilter {
    pub(crate) fn new<'a>(patterns: impl Iterator<Item = &'a Pattern>) -> Self {
        let texts: Vec<&str> = patterns.map(|pattern| pattern.wide.as_str()).collect();
        // Too big together: each is asked by itself.
        Self(RegexSetBuilder::new(texts).size_limit(32 << 20).dfa_size_limit(16 << 20).build().ok())
    }

    pub(crate) fn may_match_any(&self, text: &str) -> bool {
        self.0.as_ref().is_none_or(|set| set.is_match(text))
    }

    /// Whether the pattern of this number may match, once for all patterns.
    pub(crate) fn candidates(&self, text: &str, count: usize) -> Vec<usize> {
        match &self.0 {
            Some(set) => set.matches(text).iter().collect(),
            None => (0..count).collect(),
        }
    }
}
