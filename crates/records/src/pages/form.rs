//! The form of a record, new or changed.

use askama::Template;
use axum::extract::{Query, State, rejection::QueryRejection};
use http::StatusCode;
use palisade_base::{Caller, Error, Kind as ErrorKind, RecordId};
use palisade_web::{
    CsrfToken, Fields, FormView, Notice, Outcome, Page, PathId, ProtectedForm, Visitor, Width,
    component::{Breadcrumbs, Choice, Field as Input},
    see_other_with,
};

use super::{Pages, lookup};
use crate::{Cell, Draft, Field, Kind, Record, View, policy::Update};

#[derive(Template)]
#[template(path = "record_form.html")]
struct Body<'a> {
    path: String,
    csrf: &'a CsrfToken,
    version: Option<i64>,
    fields: Vec<Input>,
    verb: &'static str,
    back: String,
}

/// The form of a new record. Fields that the address names are filled: a page that knows what is lacking leads here.
pub(super) async fn show_new(
    State(pages): State<Pages>,
    visitor: Visitor,
    given: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Outcome {
    let Query(given) =
        given.map_err(|error| Error::field("address", "This address can't be read.").caused_by(error))?;
    let filled = given.into_iter().fold(FormView::new(), |form, (name, value)| form.value(name, value));
    new_page(&pages, &visitor, filled, StatusCode::OK).await
}

pub(super) async fn create(
    State(pages): State<Pages>,
    visitor: Visitor,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Outcome {
    let view = View::new(pages.ty, &visitor.caller);
    let draft = draft(&pages, &fields, |index| view.may_set(index))?;
    match pages.records.create(&visitor.caller, pages.ty, &draft).await {
        Ok(record) => {
            let notice = Notice::ok(format!("“{}” was added.", record.title()));
            Ok(see_other_with(pages.record_path(record.id), &notice))
        }
        Err(error) if is_answerable(&error) => {
            let status = status_of(&error);
            new_page(&pages, &visitor, FormView::kept(&fields).failed(&error), status).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn new_page(pages: &Pages, visitor: &Visitor, kept: FormView, status: StatusCode) -> Outcome {
    let view = View::new(pages.ty, &visitor.caller);
    let mut fields = Vec::new();
    for (index, field) in pages.ty.fields.iter().enumerate() {
        if view.may_set(index)
            && let Some(input) = input(pages, &visitor.caller, field, None).await?
        {
            fields.push(kept.fill(input));
        }
    }
    let path = format!("{}/new", pages.list_path());
    let body = Body { path, csrf: &visitor.csrf, version: None, fields, verb: "Add", back: pages.list_path() };
    Page::new(visitor, format!("New {}", pages.ty.singular))
        .crumbs(Breadcrumbs::new().link(pages.ty.plural, pages.list_path()))
        .width(Width::Reading)
        .status(status)
        .errors(kept.summary())
        .body(&body)
}

pub(super) async fn show_edit(State(pages): State<Pages>, visitor: Visitor, PathId(id): PathId<RecordId>) -> Outcome {
    // The form shows what the record's page shows, so it leaves the same trace.
    let record = pages.records.view(&visitor.caller, pages.ty, id).await?;
    if !record.is_settable() || !pages.records.may::<Update>(&visitor.caller, &record).await? {
        return Err(Error::denied().into());
    }
    edit_page(&pages, &visitor, &record, FormView::new(), StatusCode::OK).await
}

pub(super) async fn update(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Outcome {
    let record = pages.records.get(&visitor.caller, pages.ty, id).await?;
    let version = fields.text("version").and_then(|text| text.parse().ok()).unwrap_or(0);
    let draft = draft(&pages, &fields, |index| is_editable(&record, index))?;
    match pages.records.update(&visitor.caller, pages.ty, (id, version), &draft).await {
        Ok(written) => {
            let notice = Notice::ok(format!("“{}” was changed.", written.title()));
            Ok(see_other_with(pages.record_path(id), &notice))
        }
        Err(error) if is_answerable(&error) => {
            // The form comes back with the version of now: who sends it again has seen what differs.
            let now = pages.records.get(&visitor.caller, pages.ty, id).await?;
            let status = status_of(&error);
            edit_page(&pages, &visitor, &now, FormView::kept(&fields).failed(&error), status).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn edit_page(pages: &Pages, visitor: &Visitor, record: &Record, kept: FormView, status: StatusCode) -> Outcome {
    let mut fields = Vec::new();
    for (index, field) in pages.ty.fields.iter().enumerate() {
        let cell = record.cells.get(index).filter(|_| is_editable(record, index));
        let Some(cell) = cell else { continue };
        if let Some(input) = input(pages, &visitor.caller, field, Some(cell)).await? {
            fields.push(kept.fill(input));
        }
    }
    let path = pages.record_path(record.id);
    let body = Body {
        path: format!("{path}/edit"),
        csrf: &visitor.csrf,
        version: Some(record.version),
        fields,
        verb: "Save",
        back: path.clone(),
    };
    Page::new(visitor, format!("Change {}", record.title()))
        .crumbs(Breadcrumbs::new().link(pages.ty.plural, pages.list_path()).link(record.title(), path))
        .width(Width::Reading)
        .status(status)
        .errors(kept.summary())
        .body(&body)
}

fn is_editable(record: &Record, index: usize) -> bool {
    let field = record.ty.fields.get(index);
    let cell = record.cells.get(index);
    field.is_some_and(|field| !field.is_fixed) && cell.is_some_and(|cell| cell.is_settable)
}

/// What the form sent. A box that is not ticked is not sent, and means no.
fn draft(pages: &Pages, fields: &Fields, is_shown: impl Fn(usize) -> bool) -> Result<Draft, Error> {
    let known: Vec<&str> = pages.ty.fields.iter().map(|field| field.name).chain(["version"]).collect();
    fields.expect_only(&known, &[])?;
    let mut draft = Draft::new();
    for (index, field) in pages.ty.fields.iter().enumerate() {
        match fields.text(field.name) {
            Some(text) => draft = draft.text(field.name, text),
            None if matches!(field.kind, Kind::Bool) && is_shown(index) => draft = draft.text(field.name, "no"),
            None => {}
        }
    }
    Ok(draft)
}

/// Whether what was sent lacks something, so that it can be asked for again.
pub(super) fn is_unfinished(error: &Error) -> bool {
    error.kind() == ErrorKind::Invalid
}

/// Whether the form can be shown again with the error beside its fields.
fn is_answerable(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Conflict)
}

fn status_of(error: &Error) -> StatusCode {
    if error.kind() == ErrorKind::Conflict { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY }
}

/// The input of a field with its value. `None` where there is nothing to choose from: a link to what the caller does not see.
pub(super) async fn input(
    pages: &Pages,
    caller: &Caller,
    field: &Field,
    current: Option<&Cell>,
) -> Result<Option<Input>, Error> {
    let input = match field.kind {
        Kind::Text(max) => Input::text(field.name, field.label).max_length(limit(max)),
        Kind::LongText(max) => Input::area(field.name, field.label, 4).max_length(limit(max)),
        Kind::Email => Input::email(field.name, field.label),
        Kind::Phone => Input::phone(field.name, field.label),
        Kind::Int { .. } | Kind::Tenths { .. } => Input::number(field.name, field.label),
        Kind::Bool => Input::checkbox(field.name, field.label),
        Kind::Date => Input::date(field.name, field.label),
        Kind::Choice(options) => select(field, options.iter().map(|(value, label)| Choice::new(*value, *label))),
        Kind::Link(to) => {
            let mut choices = lookup::choices(&pages.records, caller, to).await?;
            keep_current(&mut choices, current);
            if choices.is_empty() && !field.is_required {
                return Ok(None);
            }
            let only = (current.is_none() && field.is_required && choices.len() == 1).then(|| choices[0].value.clone());
            only.into_iter().fold(select(field, choices), Input::value)
        }
    };
    let input = match current {
        Some(cell) => with_value(input, field, cell),
        None => input,
    };
    let input = if field.hint.is_empty() { input } else { input.hint(field.hint) };
    Ok(Some(if field.is_required { input.required() } else { input.optional() }))
}

fn select(field: &Field, choices: impl IntoIterator<Item = Choice>) -> Input {
    let nothing = Choice::new("", if field.is_required { "Choose one" } else { "None" });
    Input::select(field.name, field.label, std::iter::once(nothing).chain(choices))
}

/// What is linked to now stays a choice, even if it is out of use by now or not the caller's to see.
fn keep_current(choices: &mut Vec<Choice>, current: Option<&Cell>) {
    if let Some(Cell { value: palisade_store::Value::Id(id), linked_title, .. }) = current {
        let id = id.to_string();
        if !choices.iter().any(|choice| choice.value == id) {
            choices.push(Choice::new(id, linked_title.clone().unwrap_or_default()));
        }
    }
}

fn with_value(input: Input, field: &Field, cell: &Cell) -> Input {
    match (field.kind, &cell.value) {
        (Kind::Bool, value) => input.ticked(*value == palisade_store::Value::Bool(true)),
        (Kind::Choice(_), palisade_store::Value::Text(stored)) => input.value(stored),
        (kind, value) => input.value(kind.write_text(value)),
    }
}

fn limit(max: usize) -> u32 {
    u32::try_from(max).unwrap_or(u32::MAX)
}
