//! A record's own page, and taking it out of use and back.

use askama::Template;
use axum::extract::State;
use palisade_base::{Caller, Error};
use palisade_store::Value;
use palisade_web::{
    Failure, Html, Icon, Notice, Outcome, Page, PathId, ProtectedForm, Visitor, Width,
    component::{ActionForm, Badge, Breadcrumbs, ButtonLink, Confirm, EmptyState, Facts, Stat, Stats, When},
    see_other_with,
};
use serde::Deserialize;

use super::{Pages, holds, record_path, words::cell_html};
use crate::{
    Kind, ListRequest, Record,
    check::lower_first,
    hold::Held,
    policy::{Archive, Restore, Update},
};
use palisade_base::RecordId;

#[derive(Template)]
#[template(path = "record.html")]
struct Body {
    above: Html,
    facts: Facts,
    unseen: String,
    references: Vec<Stat>,
    stats: Stats,
    created: When,
    updated: When,
}

pub(super) async fn show(State(pages): State<Pages>, visitor: Visitor, PathId(id): PathId<RecordId>) -> Outcome {
    let record = pages.records.view(&visitor.caller, pages.ty, id).await?;
    let references = references(&pages, &visitor.caller, &record).await?;
    let zone = &visitor.navigation.zone;
    let mut page = page(&pages, &visitor, &record).await?;
    let mut above = Html::empty();
    if let Some(companion) = &pages.companion {
        above = companion.above(&visitor, &record).await?;
        let tabs = companion.tabs(&visitor.caller, &record);
        if !tabs.is_empty() {
            page = page.tabs(tabs).width(Width::Wide);
        }
    }
    let body = Body {
        above,
        facts: facts(&visitor.caller, &record),
        unseen: unseen(&record),
        stats: Stats::new(references.clone()),
        references,
        created: When::new(record.created_at, visitor.now, zone),
        updated: When::new(record.updated_at, visitor.now, zone),
    };
    page.body(&body)
}

async fn page<'a>(pages: &Pages, visitor: &'a Visitor, record: &Record) -> Result<Page<'a>, Error> {
    let (records, caller, path) = (&pages.records, &visitor.caller, pages.record_path(record.id));
    let crumbs = Breadcrumbs::new().link(pages.ty.plural, pages.list_path());
    let mut page = Page::new(visitor, record.title()).crumbs(crumbs).width(Width::Reading);
    if let Some((label, path)) = pages.companion.as_ref().and_then(|companion| companion.place(caller, record)) {
        page = page.crumbs(Breadcrumbs::new().link(label, path)).under(path);
    }
    if !pages.ty.is_kept_by_hand() {
        return Ok(page);
    }
    let is_open = record.archived_at.is_none() && record.is_settable();
    if is_open && records.may::<Update>(caller, record).await? {
        page = page.action(ButtonLink::first("Change", format!("{path}/edit")).icon(Icon::Edit));
    }
    if record.archived_at.is_none() && records.may::<Archive>(caller, record).await? {
        page = page.action(ButtonLink::second("Archive", format!("{path}/archive")).icon(Icon::Archive));
    }
    if record.archived_at.is_some() && records.may::<Restore>(caller, record).await? {
        let form = ActionForm::new(format!("{path}/restore"), &visitor.csrf, "Take into use again");
        page = page.action(form.with("version", record.version.to_string()));
    }
    super::transition::add_buttons(pages, visitor, record, page).await
}

fn facts(caller: &Caller, record: &Record) -> Facts {
    let mut facts = Facts::new();
    if record.archived_at.is_some() {
        facts = facts.component("State", &Badge::warn("Out of use"));
    }
    for (field, cell) in record.ty.fields.iter().zip(&record.cells).filter(|(_, cell)| cell.is_shown) {
        let is_base = record.ty.base.as_ref().is_some_and(|base| base.link == field.name);
        let is_open = matches!(field.kind, Kind::Link(to) if holds(caller, to.verbs.read));
        if is_base && !is_open {
            // The facts of the base stand in fields of their own; the link is for who may go there.
            continue;
        }
        facts = facts.html(field.label, cell_html(field, cell, is_open));
    }
    facts
}

fn unseen(record: &Record) -> String {
    let hidden = record.ty.fields.iter().zip(&record.cells).filter(|(_, cell)| !cell.is_shown);
    hidden.map(|(field, _)| lower_first(field.label)).collect::<Vec<_>>().join(", ")
}

/// How many records of other types link to this one, as far as the caller sees them; each leads to the filtered list.
async fn references(pages: &Pages, caller: &Caller, record: &Record) -> Result<Vec<Stat>, Error> {
    let mut stats = Vec::new();
    for ty in pages.all.iter().filter(|ty| holds(caller, ty.verbs.read)) {
        for (index, field) in ty.fields.iter().enumerate().filter(|(_, field)| field.is_filter) {
            if !matches!(field.kind, Kind::Link(to) if to.name == pages.ty.name) {
                continue;
            }
            let filters = vec![(index, Value::from(record.id))];
            let request = ListRequest { filters, ..ListRequest::default() };
            let total = pages.records.list(caller, ty, &request).await?.total;
            let path = format!("/{}?{}={}", ty.path, field.name, record.id);
            let label = if total == 1 { ty.singular.to_owned() } else { ty.plural.to_lowercase() };
            stats.push(Stat { figure: total.to_string(), label, path: Some(path) });
        }
    }
    Ok(stats)
}

/// The version that a button was shown with.
#[derive(Deserialize)]
pub(super) struct Seen {
    version: i64,
}

pub(super) async fn confirm_archive(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
) -> Outcome {
    let record = pages.records.get(&visitor.caller, pages.ty, id).await?;
    if !pages.records.may::<Archive>(&visitor.caller, &record).await? {
        return Err(Error::denied().into());
    }
    let held = pages.records.held(&mut *pages.records.store().read().await?, &visitor.caller, &record).await?;
    if let Some(held) = held {
        return cannot_archive(&pages, &visitor, &record, &held);
    }
    let path = pages.record_path(id);
    let mut confirm = Confirm::new(format!("{path}/archive"), &visitor.csrf, "Archive", path.as_str())
        .with("version", record.version.to_string())
        .effect(format!(
            "“{}” goes out of use: it is no longer listed, and nothing new can refer to it.",
            record.title()
        ))
        .effect("Nothing is deleted: it stays under “Out of use”, and can be taken into use again there.");
    for stat in references(&pages, &visitor.caller, &record).await? {
        if stat.figure != "0" {
            let keep = if stat.figure == "1" { "keeps" } else { "keep" };
            confirm = confirm.effect(format!("{} {} {keep} referring to it.", stat.figure, stat.label));
        }
    }
    Page::new(&visitor, format!("Archive {}?", record.title()))
        .crumbs(crumbs_below(&pages, &record))
        .width(Width::Reading)
        .body_html(&Html::from_component(&confirm))
}

/// What stands in the way, and where to do something about it.
fn cannot_archive(pages: &Pages, visitor: &Visitor, record: &Record, held: &Held) -> Outcome {
    let way = match &held.by {
        Some(by) => (format!("To the {} “{}”", by.ty.singular, by.title()), record_path(by.ty, by.id)),
        None => ("Back".to_owned(), pages.record_path(record.id)),
    };
    let obstacle = EmptyState::new(held.reason.as_str(), held.advice).action(way.0, way.1);
    Page::new(visitor, format!("{} can’t be archived yet", record.title()))
        .crumbs(crumbs_below(pages, record))
        .width(Width::Reading)
        .body_html(&Html::from_component(&obstacle))
}

fn crumbs_below(pages: &Pages, record: &Record) -> Breadcrumbs {
    Breadcrumbs::new().link(pages.ty.plural, pages.list_path()).link(record.title(), pages.record_path(record.id))
}

pub(super) async fn archive(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(seen): ProtectedForm<Seen>,
) -> Result<axum::response::Response, Failure> {
    let record = pages.records.archive(&visitor.caller, pages.ty, (id, seen.version)).await?;
    let notice = Notice::ok(format!("“{}” is out of use.", record.title()));
    Ok(see_other_with(pages.record_path(id), &notice))
}

pub(super) async fn restore(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(seen): ProtectedForm<Seen>,
) -> Result<axum::response::Response, Failure> {
    let record = pages.records.restore(&visitor.caller, pages.ty, (id, seen.version)).await?;
    let notice = Notice::ok(format!("“{}” is in use again.", record.title()));
    Ok(see_other_with(pages.record_path(id), &notice))
}
