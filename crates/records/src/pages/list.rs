//! The list of a type.

use askama::Template;
use axum::extract::State;
use palisade_base::{Caller, Error};
use palisade_web::{
    Html, Icon, ListQuery, ListQueryParts, Outcome, Page, Visitor,
    component::{Badge, ButtonLink, Cell, Choice, EmptyState, Field as Input, FilterForm, Head, Paging, Row, Table},
};

use super::{Pages, holds, lookup, words};
use crate::{
    Field, Kind, Record, RecordType, View,
    query::{ARCHIVED, SEARCH, list_request},
};

#[derive(Template)]
#[template(path = "record_list.html")]
struct Body {
    filters: FilterForm,
    table: Table,
    paging: Option<Paging>,
}

pub(super) async fn show(State(pages): State<Pages>, visitor: Visitor, query: ListQueryParts) -> Outcome {
    let query = query.read(&pages.spec)?;
    let request = list_request(pages.ty, &query)?;
    let found = pages.records.view_list(&visitor.caller, pages.ty, &request).await?;
    let filters = FilterForm::new(&query, filter_fields(&pages, &visitor.caller).await?);
    let (head, titles) = titles(&pages, &visitor.caller, &found.records).await?;
    let rows = found.records.iter().zip(titles).map(|(record, title)| row(&pages, &visitor.caller, (record, title)));
    let heads = heads(&pages, &visitor.caller, (&query, head));
    let table = Table::new(pages.ty.plural, heads).rows(rows).empty(empty(&pages, &visitor.caller, &query));
    let noun = noun(pages.ty, found.total);
    let shown = found.records.len();
    let paging = (found.total > 0).then(|| Paging::new(&query, shown, found.total, noun));
    page(&pages, &visitor, &query, found.total).body(&Body { filters, table, paging })
}

fn page<'a>(pages: &Pages, visitor: &'a Visitor, query: &ListQuery, total: u64) -> Page<'a> {
    let (ty, path) = (pages.ty, pages.list_path());
    let noun = noun(ty, total);
    let found = if query.is_filtered() { " found" } else { "" };
    let mut page = Page::new(visitor, ty.plural).lead(format!("{total} {noun}{found}. {}", ty.about));
    if ty.is_kept_by_hand() && holds(&visitor.caller, ty.verbs.create) {
        page = page.action(ButtonLink::first(format!("Add {}", ty.one()), format!("{path}/new")).icon(Icon::Plus));
    }
    for link in pages.companion.iter().flat_map(|companion| companion.beside_list(&visitor.caller)) {
        page = page.action(link);
    }
    if ty.is_kept_by_hand() && holds(&visitor.caller, ty.verbs.import) {
        page = page.action(ButtonLink::second("Import", format!("{path}/import")).icon(Icon::Import));
    }
    if holds(&visitor.caller, ty.verbs.export) {
        let rest = query.export_query();
        page = page
            .action(ButtonLink::second("Export to Excel", format!("{path}/export.xlsx{rest}")).icon(Icon::Export))
            .action(ButtonLink::second("Export as CSV", format!("{path}/export.csv{rest}")).icon(Icon::Export));
    }
    page
}

/// What so many of them are called.
fn noun(ty: &RecordType, number: u64) -> String {
    if number == 1 { ty.singular.to_owned() } else { ty.plural.to_lowercase() }
}

/// The columns besides the title: listed fields that the caller sees in any row.
fn columns(pages: &Pages, caller: &Caller) -> Vec<(usize, &'static Field)> {
    let view = View::new(pages.ty, caller);
    let fields = pages.ty.fields.iter().enumerate();
    fields.filter(|(at, f)| f.is_listed && view.sees(*at) && !pages.ty.title.contains(&f.name)).collect()
}

/// What the rows lead with, and the head of that column.
async fn titles(pages: &Pages, caller: &Caller, records: &[Record]) -> Result<(&'static str, Vec<String>), Error> {
    let given = match &pages.companion {
        Some(companion) => companion.list_titles(caller, records).await?,
        None => None,
    };
    Ok(given.unwrap_or_else(|| ("Name", records.iter().map(Record::title).collect())))
}

fn heads(pages: &Pages, caller: &Caller, (query, title): (&ListQuery, &'static str)) -> Vec<Head> {
    let ty = pages.ty;
    let first = ty.sort.iter().chain(ty.title).find(|name| ty.title.contains(name) && is_sort(pages, name));
    let title = Head::new(title);
    let title = if let Some(first) = first { title.sorts(query, first) } else { title };
    let mut heads = vec![title];
    for (_, field) in columns(pages, caller) {
        let head = Head::new(field.label).sorts(query, field.name);
        let is_number = matches!(field.kind, Kind::Int { .. } | Kind::Tenths { .. });
        heads.push(if is_number { head.number() } else { head });
    }
    heads
}

fn is_sort(pages: &Pages, name: &str) -> bool {
    pages.spec.sorts.contains(&name)
}

fn row(pages: &Pages, caller: &Caller, (record, title): (&Record, String)) -> Row {
    let mut title = Html::text(&title);
    if record.archived_at.is_some() {
        title = Html::concat([title, Html::text(" "), Html::from_component(&Badge::plain("out of use"))]);
    }
    let mut cells = vec![Cell::html(title)];
    for (index, field) in columns(pages, caller) {
        let Some(cell) = record.cells.get(index) else { continue };
        let text = words::words(field, cell);
        cells.push(match field.kind {
            _ if text.is_empty() => Cell::none(),
            Kind::Int { .. } | Kind::Tenths { .. } => Cell::number(text),
            Kind::Date => Cell::text(text).whole(),
            Kind::LongText(_) => Cell::text(shortened(&text)),
            _ => Cell::text(text),
        });
    }
    Row::link(pages.record_path(record.id), cells)
}

/// The beginning of a long text, for a table.
fn shortened(text: &str) -> String {
    const MOST: usize = 120;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST).chain(['…']).collect()
}

async fn filter_fields(pages: &Pages, caller: &Caller) -> Result<Vec<Input>, Error> {
    let ty = pages.ty;
    let view = View::new(ty, caller);
    let mut inputs = Vec::new();
    if ty.fields.iter().enumerate().any(|(index, field)| field.is_searchable && view.sees(index)) {
        inputs.push(Input::search(SEARCH, "Search"));
    }
    for (index, field) in ty.fields.iter().enumerate() {
        if field.is_filter && view.sees(index) {
            inputs.extend(filter_input(pages, caller, field).await?);
        }
    }
    let states = [("", "In use"), ("true", "Out of use"), ("all", "All")];
    inputs.push(Input::select(ARCHIVED, "In use?", states.map(|(value, label)| Choice::new(value, label))));
    Ok(inputs)
}

/// The input of a filter. `None` where there is nothing to choose from.
async fn filter_input(pages: &Pages, caller: &Caller, field: &Field) -> Result<Option<Input>, Error> {
    let mut choices = vec![Choice::new("", "All")];
    match field.kind {
        Kind::Link(to) => choices.extend(lookup::choices(&pages.records, caller, to).await?),
        Kind::Choice(options) => choices.extend(options.iter().map(|(value, label)| Choice::new(*value, *label))),
        Kind::Bool => choices.extend([Choice::new("yes", "Yes"), Choice::new("no", "No")]),
        Kind::Int { .. } | Kind::Tenths { .. } => return Ok(Some(Input::number(field.name, field.label))),
        _ => return Ok(Some(Input::text(field.name, field.label))),
    }
    Ok((choices.len() > 1).then(|| Input::select(field.name, field.label, choices)))
}

fn empty(pages: &Pages, caller: &Caller, query: &ListQuery) -> EmptyState {
    let noun = pages.ty.plural.to_lowercase();
    if query.is_filtered() {
        let text = "Take a filter away, or search for something shorter.";
        return EmptyState::new(format!("No {noun} match"), text).action("Show all", query.unfiltered_path());
    }
    if query.page > 1 {
        return EmptyState::new("The list ends before this page", "Go back to its beginning.")
            .action("To the first page", query.page_path(1));
    }
    if pages.ty.is_kept_by_hand() && holds(caller, pages.ty.verbs.create) {
        let may_import = holds(caller, pages.ty.verbs.import);
        let text = if may_import { "Enter the first one, or import a file with many." } else { "Enter the first one." };
        return EmptyState::new(format!("No {noun} yet"), text)
            .action("Enter the first", format!("{}/new", pages.list_path()));
    }
    EmptyState::new(format!("No {noun} yet"), "None have been entered that your role shows you.")
}
