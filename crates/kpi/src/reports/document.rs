//! A report as a value: built once, then rendered as a page, as a workbook, as a table of text and as JSON. Whatever two
//! of these show is the same figure, because it is the same value.

use jiff::civil::Date;
use palisade_base::Instant;
use palisade_charts::Chart;
use palisade_sheets::Cell;
use serde_json::{Value as Json, json};

use super::Kind;
use crate::scoring::{Difference, Score};

/// A report.
#[derive(Clone)]
pub struct Document {
    /// Which one.
    pub kind: Kind,
    /// What it is about.
    pub title: String,
    /// What it says, in a sentence.
    pub lead: String,
    /// What was asked, in words.
    pub asked: Vec<(&'static str, String)>,
    /// When it was made, and for whom.
    pub made: Made,
    /// The name of its files, without their ending.
    pub file_stem: String,
    /// Its parts, in order.
    pub sections: Vec<Section>,
    /// Why there is nothing to show, and what to do; the sections are then empty.
    pub nothing: Option<Nothing>,
}

/// When a report was made, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The instant.
    pub at: Instant,
    /// The company's day.
    pub day: Date,
    /// Its day and time: `21 Nov 2026, 14:03`.
    pub words: String,
    /// The name of who asked.
    pub by: String,
}

/// Why a report has nothing to show, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nothing {
    /// What is missing.
    pub title: &'static str,
    /// Why, and what to do.
    pub text: String,
}

/// A part of a report: one table, with what there is to say and to draw about it. One sheet of the workbook.
#[derive(Clone)]
pub struct Section {
    /// The name of its sheet.
    pub sheet: &'static str,
    /// Its heading on the page.
    pub heading: String,
    /// How it is to be read.
    pub note: String,
    /// Drawings of its figures.
    pub charts: Vec<Chart>,
    /// Its figures.
    pub table: Table,
    /// What stands there while the table has no rows.
    pub empty: &'static str,
    /// Whether it begins a new page on paper.
    pub begins_page: bool,
}

/// How a table is laid out on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Names and values of one thing: two columns.
    Facts,
    /// Rows under their heads.
    Rows,
}

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// How it is laid out.
    pub shape: Shape,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Row>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its head.
    pub name: &'static str,
    /// Whether it holds figures, which stand to the right.
    pub is_number: bool,
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The record that it is about.
    pub path: Option<String>,
    /// Its values, one for each column.
    pub values: Vec<Value>,
}

/// A value: typed, so that a workbook has numbers and dates where a page has words.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing is known: a dash on the page, an empty cell in a file. Never a zero.
    None,
    /// Text.
    Text(String),
    /// How many.
    Count(u64),
    /// A rating or a mean of ratings.
    Score(Score),
    /// How far one score is from another, with its direction.
    Difference(Difference),
    /// How much is missing; it has no direction.
    Gap(Difference),
    /// A part of a hundred.
    Percent(u32),
    /// A day.
    Date(Date),
    /// Yes or no.
    YesNo(bool),
}

impl Document {
    /// The section whose table is called so.
    #[must_use]
    pub fn section(&self, key: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.key() == key)
    }

    /// The section that a table of text holds where none is asked for.
    #[must_use]
    pub fn main_section(&self) -> Option<&Section> {
        self.section(self.kind.main_table()).or_else(|| self.sections.first())
    }

    /// As the API gives it.
    #[must_use]
    pub fn json(&self) -> Json {
        let asked: serde_json::Map<_, _> =
            self.asked.iter().map(|(name, words)| ((*name).to_owned(), json!(words))).collect();
        json!({
            "report": self.kind.name(),
            "title": self.title,
            "summary": self.lead,
            "asked": asked,
            "generated_at": self.made.at.to_string(),
            "generated_by": self.made.by,
            "nothing": self.nothing.as_ref().map(|nothing| format!("{}. {}", nothing.title, nothing.text)),
            "sections": self.sections.iter().map(Section::json).collect::<Vec<_>>(),
        })
    }
}

impl Section {
    /// A section with this sheet and heading, and nothing in it yet.
    pub(super) fn new(sheet: &'static str, heading: impl Into<String>, table: Table) -> Self {
        Self {
            sheet,
            heading: heading.into(),
            note: String::new(),
            charts: Vec::new(),
            table,
            empty: "Nothing to show here.",
            begins_page: false,
        }
    }

    pub(super) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    pub(super) fn chart(mut self, chart: Chart) -> Self {
        self.charts.push(chart);
        self
    }

    pub(super) const fn empty(mut self, text: &'static str) -> Self {
        self.empty = text;
        self
    }

    pub(super) const fn on_new_page(mut self) -> Self {
        self.begins_page = true;
        self
    }

    /// The name of its table in addresses: `skills-summary`.
    #[must_use]
    pub fn key(&self) -> String {
        self.sheet.to_lowercase().replace(' ', "-")
    }

    fn json(&self) -> Json {
        let columns = &self.table.columns;
        let row = |row: &Row| -> serde_json::Map<_, _> {
            columns.iter().zip(&row.values).map(|(column, value)| (column.name.to_owned(), value.json())).collect()
        };
        json!({
            "table": self.key(),
            "title": self.heading,
            "note": self.note,
            "columns": columns.iter().map(|column| column.name).collect::<Vec<_>>(),
            "rows": self.table.rows.iter().map(row).collect::<Vec<_>>(),
        })
    }
}

impl Table {
    /// Rows under these heads; a head that begins with `#` is of figures.
    pub(super) fn rows<const N: usize>(heads: [&'static str; N], rows: Vec<Row>) -> Self {
        let column = |head: &'static str| match head.strip_prefix('#') {
            Some(name) => Column { name, is_number: true },
            None => Column { name: head, is_number: false },
        };
        Self { shape: Shape::Rows, columns: heads.into_iter().map(column).collect(), rows }
    }

    /// Names and values; what is not known is left out.
    pub(super) fn facts(facts: Vec<(&'static str, Value)>) -> Self {
        let known = facts.into_iter().filter(|(_, value)| *value != Value::None);
        let rows = known.map(|(name, value)| Row::new([name.into(), value])).collect();
        Self { shape: Shape::Facts, ..Self::rows(["Fact", "Value"], rows) }
    }
}

impl Row {
    pub(super) fn new<const N: usize>(values: [Value; N]) -> Self {
        Self { path: None, values: values.into() }
    }

    /// A row about a record.
    pub(super) fn about<const N: usize>(path: String, values: [Value; N]) -> Self {
        Self { path: Some(path), values: values.into() }
    }
}

impl Value {
    /// As people read it.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::None => "–".to_owned(),
            Self::Text(text) => text.clone(),
            Self::Count(count) => count.to_string(),
            Self::Score(score) => score.two_decimals(),
            Self::Difference(difference) => signed(*difference),
            Self::Gap(gap) => gap.two_decimals(),
            Self::Percent(percent) => format!("{percent} %"),
            Self::Date(date) => palisade_web::component::date_words(*date),
            Self::YesNo(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        }
    }

    /// As a file has it: numbers and dates as such.
    #[must_use]
    pub fn cell(&self) -> Cell {
        match self {
            Self::None => Cell::Empty,
            Self::Date(date) => Cell::Date(*date),
            Self::Text(_) | Self::YesNo(_) => Cell::text(self.words()),
            Self::Count(_) | Self::Score(_) | Self::Difference(_) | Self::Gap(_) | Self::Percent(_) => {
                self.number().map_or(Cell::Empty, Cell::Number)
            }
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "counts of people and ratings are far below 2^53")]
            Self::Count(count) => Some(*count as f64),
            Self::Score(score) => Some(score.to_f64()),
            // Adding zero makes zero of minus zero.
            Self::Difference(difference) | Self::Gap(difference) => Some(difference.to_f64() + 0.0),
            Self::Percent(percent) => Some(f64::from(*percent)),
            Self::None | Self::Text(_) | Self::Date(_) | Self::YesNo(_) => None,
        }
    }

    fn json(&self) -> Json {
        match self {
            Self::None => Json::Null,
            Self::Count(count) => json!(count),
            Self::Percent(percent) => json!(percent),
            Self::Score(_) | Self::Difference(_) | Self::Gap(_) => json!(self.number()),
            Self::Date(date) => json!(date.to_string()),
            Self::Text(text) => json!(text),
            Self::YesNo(yes) => json!(yes),
        }
    }
}

/// With its sign and two decimals: `+0.40`, `−1.25`, `0.00`.
fn signed(difference: Difference) -> String {
    let written = difference.two_decimals();
    match written.as_str() {
        "0.00" => written,
        _ if difference.is_negative() => format!("−{written}"),
        _ => format!("+{written}"),
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

macro_rules! values {
    ($($of:ty => $make:expr;)*) => {$(
        impl From<$of> for Value {
            fn from(value: $of) -> Self {
                $make(value)
            }
        }
    )*};
}

values! {
    &str => |text: &str| if text.is_empty() { Self::None } else { Self::Text(text.to_owned()) };
    &String => |text: &String| Self::from(text.as_str());
    String => |text: String| Self::from(text.as_str());
    u32 => |count| Self::Count(u64::from(count));
    usize => |count: usize| Self::Count(count as u64);
    Score => Self::Score;
    Difference => Self::Difference;
    Date => Self::Date;
    bool => Self::YesNo;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reads_alike_on_the_page_and_in_a_file() {
        let score = Score::of(67, 20).unwrap();
        assert_eq!((Value::from(score).words(), Value::from(score).cell()), ("3.35".into(), Cell::Number(3.35)));
        let lower = Value::from(Score::from_tenths(30).minus(score));
        assert_eq!((lower.words(), lower.cell()), ("−0.35".into(), Cell::Number(-0.35)));
        assert_eq!(Value::from(score.minus(score)).words(), "0.00");
        assert_eq!(Value::from(score.minus(Score::from_tenths(30))).words(), "+0.35");
        assert_eq!((Value::None.words(), Value::None.cell()), ("–".into(), Cell::Empty));
        assert_eq!(Value::Percent(67).words(), "67 %");
    }
}
