//! Figures as pages write them: one place, so that a number is never written in two ways.

use std::fmt::Display;

use palisade_charts::Figure;
use palisade_web::component::date_words;

use crate::{
    scoring::{Score, Share},
    standing::{CurrentSkill, Source},
};

/// A score for a chart.
pub(crate) fn figure(score: Score) -> Figure {
    Figure::new(f64::from(score.ten_thousandths()) / 10_000.0, score.to_string())
}

/// A score in a sentence or a cell.
pub(crate) fn score_words(score: Option<Score>) -> String {
    score.map_or_else(|| "–".to_owned(), |score| score.to_string())
}

/// A share in percent.
pub(crate) fn percent_words(share: Share) -> String {
    share.percent().map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"))
}

/// A share for a chart in percent; a gap where there is no whole.
pub(crate) fn percent_figure(share: Share) -> Option<Figure> {
    let percent = share.percent()?;
    Some(Figure::new(f64::from(percent), format!("{percent} %")))
}

/// A share in numbers: `9 of 12`.
pub(crate) fn part_words(share: Share) -> String {
    format!("{} of {}", share.part, share.whole)
}

/// `1 person`, `2 people`.
pub(crate) fn counted<N: Display + PartialEq + From<u8>>(number: N, one: &str, many: &str) -> String {
    let noun = if number == N::from(1) { one } else { many };
    format!("{number} {noun}")
}

/// The beginning of a sentence.
pub(crate) fn upper_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Whose word a rating is.
pub(crate) const fn source_words(source: Source) -> &'static str {
    match source {
        Source::Reviewed => "reviewed",
        Source::Manager => "by a manager",
        Source::SelfRated => "own, unverified",
    }
}

/// Whose word a rating is and of when.
pub(crate) fn rated_words(skill: &CurrentSkill) -> String {
    format!("{}, {}", source_words(skill.source), date_words(skill.rated_on))
}
