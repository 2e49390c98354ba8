//! How people stood, quarter by quarter.

use super::{Quarter, QuarterFigures, pack::CategoryEntry};
use crate::scoring::Score;

/// How one person stood at the end of a quarter that they were evaluated in: overall, or in one category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stood {
    quarter: u16,
    mean: Option<Score>,
    self_mean: Option<Score>,
    made: u32,
    self_made: u32,
}

/// One person's course, newest first, of all categories or one.
pub(super) fn course(history: &[CategoryEntry], category: Option<u16>) -> Vec<Stood> {
    let quarters = history.chunk_by(|a, b| a.quarter == b.quarter);
    quarters.filter_map(|entries| Some(stood(entries.first()?.quarter, entries, category))).collect()
}

fn stood(quarter: u16, entries: &[CategoryEntry], category: Option<u16>) -> Stood {
    let asked = || entries.iter().filter(|entry| category.is_none_or(|category| entry.slot == category));
    let mean = |sum: fn(&CategoryEntry) -> (u16, u16)| {
        Score::mean(asked().map(sum).filter_map(|(sum, rated)| Score::of(sum.into(), rated.into())))
    };
    Stood {
        quarter,
        mean: mean(|entry| (entry.sum, entry.rated)),
        self_mean: mean(|entry| (entry.self_sum, entry.self_rated)),
        made: asked().map(|entry| u32::from(entry.made)).sum(),
        self_made: asked().map(|entry| u32::from(entry.self_made)).sum(),
    }
}

/// The figures of a quarter, of the people with these courses: of each, how they stood when they were last evaluated
/// until then.
pub(super) fn figures<C: AsRef<[Stood]>>(quarter: Quarter, courses: &[C]) -> QuarterFigures {
    let number = quarter.number();
    let stood = || courses.iter().filter_map(|course| course.as_ref().iter().find(|stood| stood.quarter <= number));
    let made = || stood().filter(|stood| stood.quarter == number);
    let people = stood().filter(|stood| stood.mean.is_some()).count();
    QuarterFigures {
        quarter,
        mean: Score::mean(stood().filter_map(|stood| stood.mean)),
        self_mean: Score::mean(stood().filter_map(|stood| stood.self_mean)),
        people: u32::try_from(people).unwrap_or(u32::MAX),
        ratings: made().map(|stood| stood.made).sum(),
        self_ratings: made().map(|stood| stood.self_made).sum(),
    }
}
