//! One or two figures for each of many things. Names and figures are text of the page, which wraps; only the bars are
//! drawn, in percent of their own room. So no name is too long and no screen too narrow.

use askama::{Template, filters::HtmlSafe};
use palisade_web::{
    Html,
    component::{Cell, Head, Row, Table},
};

use crate::{Chart, Figure, Scale, chart::name_html, coordinate::Coordinate, figure::words_of};

/// A thing with its figures.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Its name.
    pub name: String,
    /// The records that its figures are made of.
    pub path: Option<String>,
    /// The solid bar; `None` is a gap.
    pub first: Option<Figure>,
    /// The dashed bar below it.
    pub second: Option<Figure>,
    /// More to say of it, such as how much of it was rated.
    pub note: String,
}

/// The data of a chart of bars.
#[derive(Clone, Debug)]
pub struct Bars {
    /// What it shows.
    pub title: String,
    /// What it says, in a sentence.
    pub finding: String,
    /// The heading of the names.
    pub name_head: String,
    /// The names of the solid and of the dashed series; the second may be empty where there is none.
    pub series: [String; 2],
    /// From where to where the figures reach.
    pub scale: Scale,
    /// The bars, from the top.
    pub bars: Vec<Bar>,
    /// The heading of [`Bar::note`] in the table; empty: no such column.
    pub note_head: String,
}

impl Bars {
    /// The chart.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let [first, second] = &self.series;
        let drawing = Drawing { rows: self.bars.iter().map(|bar| self.drawn(bar)).collect() };
        let mut chart = Chart::new("bars", &self.title, &self.finding, &drawing);
        if !second.is_empty() {
            chart = chart.key("first", first).key("second", second);
        }
        chart.table(&self.table())
    }

    fn drawn<'a>(&'a self, bar: &'a Bar) -> Drawn<'a> {
        let width = |figure: Option<&Figure>| self.scale.share(figure).map(|share| Coordinate(share * 100.0));
        Drawn {
            name: name_html(&bar.name, bar.path.as_deref()),
            first: words_of(bar.first.as_ref()),
            first_width: width(bar.first.as_ref()),
            second: (!self.series[1].is_empty()).then(|| (self.series[1].as_str(), words_of(bar.second.as_ref()))),
            second_width: width(bar.second.as_ref()),
            note: &bar.note,
        }
    }

    fn table(&self) -> Table {
        let [first, second] = &self.series;
        let mut heads = vec![Head::new(self.name_head.as_str()), Head::new(first.as_str()).number()];
        if !second.is_empty() {
            heads.push(Head::new(second.as_str()).number());
        }
        if !self.note_head.is_empty() {
            heads.push(Head::new(self.note_head.as_str()).number());
        }
        let rows = self.bars.iter().map(|bar| {
            let mut cells =
                vec![Cell::html(name_html(&bar.name, bar.path.as_deref())), Cell::number(words_of(bar.first.as_ref()))];
            if !second.is_empty() {
                cells.push(Cell::number(words_of(bar.second.as_ref())));
            }
            if !self.note_head.is_empty() {
                cells.push(Cell::number(&bar.note));
            }
            Row::new(cells)
        });
        Table::new(self.title.as_str(), heads).rows(rows)
    }
}

#[derive(Template)]
#[template(path = "bars.html")]
struct Drawing<'a> {
    rows: Vec<Drawn<'a>>,
}

impl HtmlSafe for Drawing<'_> {}

struct Drawn<'a> {
    name: Html,
    first: &'a str,
    first_width: Option<Coordinate>,
    second: Option<(&'a str, &'a str)>,
    second_width: Option<Coordinate>,
    note: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_share_of_the_scale_and_a_gap_has_none() {
        let bar = |value: Option<f64>| Bar {
            name: "Fencing".into(),
            path: None,
            first: value.map(|value| Figure::new(value, "x")),
            second: None,
            note: String::new(),
        };
        let bars = Bars {
            title: String::new(),
            finding: String::new(),
            name_head: String::new(),
            series: [String::new(), String::new()],
            scale: Scale::RATING,
            bars: [Some(2.5), None, Some(9.0), Some(f64::NAN)].map(bar).to_vec(),
            note_head: String::new(),
        };
        let widths: Vec<_> = bars.bars.iter().map(|bar| bars.drawn(bar).first_width.map(|width| width.0)).collect();
        assert_eq!(widths, [Some(50.0), None, Some(100.0), None]);
        assert_eq!(bars.drawn(&bars.bars[3]).first, "–");
    }
}
