//! Tables: sortable heads, figures that line up, rows that lead to their record.

use askama::Template;
use palisade_base::{Date, Instant};

use super::{Badge, EmptyState, When, date_words, html_safe};
use crate::{Html, ListQuery, Order};

/// A column's head.
#[derive(Clone, Debug)]
pub struct Head {
    label: String,
    sort: Option<Sort>,
    number: bool,
    hidden: bool,
}

#[derive(Clone, Debug)]
struct Sort {
    path: String,
    order: Option<Order>,
}

impl Head {
    /// A plain head.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), sort: None, number: false, hidden: false }
    }

    /// The head of a column of figures.
    #[must_use]
    pub const fn number(mut self) -> Self {
        self.number = true;
        self
    }

    /// A head that only assistive technology meets: for a column of buttons.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// A head that sorts the list by `sort`.
    #[must_use]
    pub fn sorts(mut self, query: &ListQuery, sort: &'static str) -> Self {
        let order = (query.sort == sort).then_some(query.order);
        self.sort = Some(Sort { path: query.sorted_path(sort), order });
        self
    }
}

impl Sort {
    const fn aria(&self) -> &'static str {
        match self.order {
            Some(Order::Ascending) => "ascending",
            Some(Order::Descending) => "descending",
            None => "none",
        }
    }
}

/// A cell.
#[derive(Clone)]
pub struct Cell {
    content: Html,
    number: bool,
    muted: bool,
    whole: bool,
}

impl Cell {
    /// Text.
    #[must_use]
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::html(Html::text(text.as_ref()))
    }

    /// A figure, to the right.
    #[must_use]
    pub fn number(figure: impl std::fmt::Display) -> Self {
        Self { number: true, ..Self::text(figure.to_string()) }
    }

    /// A state.
    #[must_use]
    pub fn badge(badge: &Badge) -> Self {
        Self::html(Html::from_component(badge))
    }

    /// A day.
    #[must_use]
    pub fn day(day: Date) -> Self {
        Self::text(date_words(day)).whole()
    }

    /// An instant.
    #[must_use]
    pub fn when(when: &When) -> Self {
        Self::html(Html::from_component(when))
    }

    /// Markup of a template.
    #[must_use]
    pub const fn html(content: Html) -> Self {
        Self { content, number: false, muted: false, whole: false }
    }

    /// Text, and a remark below it.
    #[must_use]
    pub fn remarked(text: impl Into<String>, remark: Html) -> Self {
        Self::html(Html::from_component(&Remarked { text: text.into(), remark }))
    }

    /// Nothing known: a dash that is read as "none".
    #[must_use]
    pub fn none() -> Self {
        Self { muted: true, ..Self::text("–") }
    }

    /// Stays in one line.
    #[must_use]
    pub const fn whole(mut self) -> Self {
        self.whole = true;
        self
    }

    /// Less important than the rest.
    #[must_use]
    pub const fn muted(mut self) -> Self {
        self.muted = true;
        self
    }
}

/// One element, since a phone sets what a cell holds beside its label.
#[derive(Template)]
#[template(source = r#"<span>{{ text }}<span class="hint below">{{ remark }}</span></span>"#, ext = "html")]
struct Remarked {
    text: String,
    remark: Html,
}

html_safe!(Remarked);

/// A row. Where it leads somewhere, its first cell is the link.
#[derive(Clone)]
pub struct Row {
    path: Option<String>,
    cells: Vec<Cell>,
}

impl Row {
    /// A row of cells.
    pub fn new(cells: impl IntoIterator<Item = Cell>) -> Self {
        Self { path: None, cells: cells.into_iter().collect() }
    }

    /// A row that leads to a record.
    pub fn link(path: impl Into<String>, cells: impl IntoIterator<Item = Cell>) -> Self {
        Self { path: Some(path.into()), ..Self::new(cells) }
    }

    fn href(&self) -> &str {
        self.path.as_deref().unwrap_or_default()
    }
}

/// A table. On a phone each row becomes a block of labelled lines.
#[derive(Template)]
#[template(path = "component/table.html")]
pub struct Table {
    caption: String,
    heads: Vec<Head>,
    rows: Vec<Row>,
    empty: Option<EmptyState>,
}

impl Table {
    /// A table; the caption names it for assistive technology.
    pub fn new(caption: impl Into<String>, heads: impl IntoIterator<Item = Head>) -> Self {
        Self { caption: caption.into(), heads: heads.into_iter().collect(), rows: Vec::new(), empty: None }
    }

    /// Its rows.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = Row>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// What stands in its place while there are no rows.
    #[must_use]
    pub fn empty(mut self, empty: EmptyState) -> Self {
        self.empty = Some(empty);
        self
    }

    fn label(&self, index: &usize) -> &str {
        self.heads.get(*index).filter(|head| !head.hidden).map_or("", |head| head.label.as_str())
    }
}

/// An instant in a cell, for lists that have many.
impl From<(Instant, Instant, &jiff::tz::TimeZone)> for Cell {
    fn from((at, now, zone): (Instant, Instant, &jiff::tz::TimeZone)) -> Self {
        Self::when(&When::new(at, now, zone))
    }
}

html_safe!(Table);
