//! How many of each kind: one bar for each thing, cut into its kinds.

use askama::{Template, filters::HtmlSafe};
use palisade_web::{
    Html,
    component::{Cell, Head, Row, Table},
};

use crate::{
    Chart,
    chart::name_html,
    coordinate::{Coordinate, large},
};

/// The kinds that can be told apart by their shade.
const MOST_KINDS: usize = 6;
/// A part narrower than this, in percent, has no room for its number on a phone.
const ROOM_FOR_NUMBER: f64 = 10.0;

/// A thing with its counts.
#[derive(Clone, Debug)]
pub struct StackedRow {
    /// Its name.
    pub name: String,
    /// The records that its counts are made of.
    pub path: Option<String>,
    /// How many of each kind, in the order of [`Stacked::kinds`].
    pub counts: Vec<u64>,
}

/// The data of a distribution.
#[derive(Clone, Debug)]
pub struct Stacked {
    /// What it shows.
    pub title: String,
    /// What it says, in a sentence.
    pub finding: String,
    /// The heading of the names.
    pub name_head: String,
    /// The kinds, lowest first; six can be told apart.
    pub kinds: Vec<String>,
    /// The bars, from the top.
    pub rows: Vec<StackedRow>,
}

impl Stacked {
    /// The chart.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let drawing = Drawing { rows: self.rows.iter().map(|row| Drawn::new(row, &self.kinds)).collect() };
        let chart = Chart::new("stacked", &self.title, &self.finding, &drawing);
        let keyed = self.kinds.iter().enumerate().fold(chart, |chart, (n, kind)| chart.key(shade(n), kind));
        keyed.table(&self.table())
    }

    fn table(&self) -> Table {
        let kinds = self.kinds.iter().map(|kind| Head::new(kind.as_str()).number());
        let heads: Vec<Head> = std::iter::once(Head::new(self.name_head.as_str())).chain(kinds).collect();
        let rows = self.rows.iter().map(|row| {
            let counts = (0..self.kinds.len()).map(|n| Cell::number(row.counts.get(n).copied().unwrap_or(0)));
            let name = Cell::html(name_html(&row.name, row.path.as_deref()));
            Row::new(std::iter::once(name).chain(counts).collect::<Vec<_>>())
        });
        Table::new(self.title.as_str(), heads).rows(rows)
    }
}

fn shade(kind: usize) -> String {
    format!("shade-{}", kind.min(MOST_KINDS - 1) + 1)
}

#[derive(Template)]
#[template(path = "stacked.html")]
struct Drawing {
    rows: Vec<Drawn>,
}

impl HtmlSafe for Drawing {}

struct Drawn {
    name: Html,
    words: String,
    total: u64,
    parts: Vec<Part>,
}

struct Part {
    class: String,
    left: Coordinate,
    width: Coordinate,
    middle: Coordinate,
    count: Option<u64>,
}

impl Drawn {
    fn new(row: &StackedRow, kinds: &[String]) -> Self {
        let total = row.counts.iter().fold(0, |total: u64, count| total.saturating_add(*count));
        let mut before = 0.0;
        let mut parts = Vec::new();
        let mut words = Vec::new();
        for ((n, count), kind) in row.counts.iter().enumerate().zip(kinds).filter(|((_, count), _)| **count > 0) {
            let width = 100.0 * large(*count) / large(total);
            parts.push(Part {
                class: shade(n),
                left: Coordinate(before),
                width: Coordinate(width),
                middle: Coordinate(before + width / 2.0),
                count: (width >= ROOM_FOR_NUMBER).then_some(*count),
            });
            words.push(format!("{count} {kind}"));
            before += width;
        }
        let words = if words.is_empty() { "none".to_owned() } else { words.join(", ") };
        Self { name: name_html(&row.name, row.path.as_deref()), words, total, parts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(counts: &[u64]) -> Drawn {
        let row = StackedRow { name: "North".into(), path: None, counts: counts.to_vec() };
        Drawn::new(&row, &["Apprentice".into(), "Handyman".into(), "Craftsman".into()])
    }

    #[test]
    fn parts_lie_beside_each_other_and_fill_the_bar() {
        let drawn = drawn(&[1, 0, 3]);
        let parts: Vec<_> = drawn.parts.iter().map(|part| (part.left.0, part.width.0, part.count)).collect();
        assert_eq!(parts, [(0.0, 25.0, Some(1)), (25.0, 75.0, Some(3))]);
        assert_eq!((drawn.words.as_str(), drawn.total), ("1 Apprentice, 3 Craftsman", 4));
    }

    #[test]
    fn a_narrow_part_has_no_number_and_nothing_at_all_is_said() {
        assert_eq!(drawn(&[1, 99]).parts[0].count, None);
        let nothing = drawn(&[0, 0, 0]);
        assert_eq!((nothing.parts.len(), nothing.words.as_str()), (0, "none"));
        assert!(drawn(&[u64::MAX, u64::MAX]).parts.iter().all(|part| part.width.0.is_finite()));
    }
}
