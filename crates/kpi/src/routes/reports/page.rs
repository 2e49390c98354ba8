//! A report as a page, which is also what goes on paper.

use askama::Template;
use palisade_charts::Chart;
use palisade_web::{
    FormView, Html, Outcome, Page, Visitor,
    component::{ButtonLink, Cell, EmptyState, Facts, Head, Row, Table},
};

use super::{
    Question,
    choose::{ChoiceForm, crumbs},
};
use crate::reports::{Asked, Document, Kind, SCALE, Section, Shape, Value};

#[derive(Template)]
#[template(path = "reports/report.html")]
struct ReportBody<'a> {
    site_name: &'a str,
    document: &'a Document,
    form: ChoiceForm,
    sections: Vec<Part<'a>>,
    scale: &'static [(&'static str, &'static str)],
    is_to_be_signed: bool,
    nothing: Option<EmptyState>,
}

/// A section as it stands on the page.
struct Part<'a> {
    section: &'a Section,
    key: String,
    charts: &'a [Chart],
    table: Html,
    csv: String,
}

/// The page of a report.
pub(super) fn report(question: &Question, asked: &Asked, document: &Document, visitor: &Visitor) -> Outcome {
    let query = asked.query();
    let kind = question.kind;
    let part = |section| Part {
        section,
        key: section.key(),
        charts: &section.charts,
        table: table(section),
        csv: table_path(kind, &query, section),
    };
    let body = ReportBody {
        site_name: &visitor.navigation.site_name,
        document,
        form: ChoiceForm::new(question, &FormView::new()),
        sections: document.sections.iter().map(part).collect(),
        scale: if kind == Kind::Tools { &[] } else { &SCALE },
        is_to_be_signed: kind == Kind::Employee && document.nothing.is_none(),
        nothing: document.nothing.as_ref().map(|nothing| EmptyState::new(nothing.title, nothing.text.as_str())),
    };
    let page = Page::new(visitor, document.title.as_str()).crumbs(crumbs()).lead(document.lead.as_str());
    let page = match kind {
        Kind::Team => page.action(ButtonLink::second("Pick people", format!("{}/pick{query}", kind.path()))),
        Kind::Employee | Kind::Skills | Kind::Tools => page,
    };
    let page = match document.nothing {
        Some(_) => page,
        None => page.action(ButtonLink::second("Excel workbook", format!("{}.xlsx{query}", kind.path()))),
    };
    page.body(&body)
}

fn table_path(kind: Kind, query: &str, section: &Section) -> String {
    let mark = if query.is_empty() { '?' } else { '&' };
    format!("{}.csv{query}{mark}table={}", kind.path(), section.key())
}

fn table(section: &Section) -> Html {
    match (section.table.rows.is_empty(), section.table.shape) {
        (true, _) => Html::text(section.empty),
        (false, Shape::Facts) => facts(section),
        (false, Shape::Rows) => rows(section),
    }
}

fn facts(section: &Section) -> Html {
    let add = |facts: Facts, row: &crate::reports::Row| match row.values.as_slice() {
        [name, value] => facts.text(name.words(), value.words()),
        _ => facts,
    };
    Html::from_component(&section.table.rows.iter().fold(Facts::new(), add))
}

fn rows(section: &Section) -> Html {
    let heads = section.table.columns.iter().map(|column| {
        let head = Head::new(column.name);
        if column.is_number { head.number() } else { head }
    });
    let rows = section.table.rows.iter().map(|row| {
        let columns = row.values.iter().zip(&section.table.columns);
        let cells: Vec<Cell> = columns.map(|(value, column)| cell(value, column.is_number)).collect();
        match &row.path {
            Some(path) => Row::link(path.as_str(), cells),
            None => Row::new(cells),
        }
    });
    Html::from_component(&Table::new(section.heading.as_str(), heads).rows(rows))
}

fn cell(value: &Value, is_number: bool) -> Cell {
    match value {
        Value::None if is_number => Cell::number("–"),
        Value::None => Cell::none(),
        value if is_number => Cell::number(value.words()),
        value => Cell::text(value.words()),
    }
}
