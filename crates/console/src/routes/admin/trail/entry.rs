//! One entry, with all that it says.

use axum::extract::State;
use palisade_base::Error;
use palisade_trail::Entry;
use palisade_web::{
    Html, Outcome, Page, PathId, Visitor, Width,
    component::{ButtonLink, Callout, Cell, Facts, Head, Row, Table, Tone},
    path_segment,
};
use serde_json::Value;

use super::{PATH, crumbs, trace};
use crate::{
    ConsoleState,
    names::Names,
    parts::{Sections, button_row},
    words,
};

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, PathId(seq): PathId<u64>) -> Outcome {
    let entry = state.trail.entry(seq).await?.ok_or_else(Error::not_found)?;
    trace(&state, &visitor, "trail.read", &format!("entry={seq}")).await?;
    let names = Names::of(&state, &[entry.actor.as_str()]).await?;
    let page = Page::new(&visitor, format!("Entry {seq}")).crumbs(crumbs()).width(Width::Reading);
    if entry.unreadable {
        let words = "Somebody changed this row so that it can't be read any more. Verification tells what it was.";
        let sections = Sections::new()
            .part(&Callout::new(Tone::Stop, words))
            .part(&ButtonLink::second("Verify the trail", format!("{PATH}/verify")));
        return page.body(&sections);
    }
    let lead = format!("{}: {}", names.say(&entry.actor), entry.action);
    let mut sections = Sections::new().part(&facts(&visitor, &names, &entry));
    if let Some(table) = changes(&entry) {
        sections = sections.under("What changed", [Html::from_component(&table)]);
    }
    if let Some(notes) = notes(&entry) {
        sections = sections.under("More about it", [Html::from_component(&notes)]);
    }
    page.lead(lead).body(&sections.under("Go on from here", [links(&entry)]))
}

fn facts(visitor: &Visitor, names: &Names, entry: &Entry) -> Facts {
    let category = palisade_base::Category::ALL.into_iter().find(|category| category.as_str() == entry.category);
    let mut facts = Facts::new()
        .component("When", &words::when(visitor, entry.at))
        .text("Exactly", entry.at.to_string())
        .text("Who", format!("{} ({})", names.say(&entry.actor), entry.actor))
        .text("What", &entry.action)
        .text("On", &entry.resource)
        .component("Result", &words::outcome(&entry.outcome))
        .text("Kind", category.map_or_else(|| entry.category.clone(), |category| words::category(category).to_owned()));
    if entry.origin_erased {
        return facts.text("Where from", "Erased after its time");
    }
    for (name, value) in [
        ("Address", &entry.address),
        ("Session", &entry.session),
        ("Request", &entry.request),
        ("Program", &entry.agent),
    ] {
        facts = facts.text(name, value.as_deref().unwrap_or_default());
    }
    facts
}

/// The fields before and after.
fn changes(entry: &Entry) -> Option<Table> {
    let changes = entry.detail.as_ref()?.get("changes")?.as_array()?;
    let rows = changes.iter().map(|change| {
        let field = change.get("field").and_then(Value::as_str).unwrap_or("–");
        if change.get("withheld").is_some() {
            return Row::new([Cell::text(field), Cell::text("secret").muted(), Cell::text("secret").muted()]);
        }
        Row::new([Cell::text(field), Cell::text(said(change.get("before"))), Cell::text(said(change.get("after")))])
    });
    Some(Table::new("What changed", ["Field", "Before", "After"].map(Head::new)).rows(rows))
}

/// Facts that are no fields.
fn notes(entry: &Entry) -> Option<Facts> {
    if entry.detail_erased {
        return Some(Facts::new().text("Detail", "Erased"));
    }
    let detail = entry.detail.as_ref()?.as_object()?;
    let mut notes = detail.iter().filter(|(name, _)| *name != "changes").peekable();
    notes.peek()?;
    Some(notes.fold(Facts::new(), |facts, (name, value)| facts.text(name.as_str(), said(Some(value)))))
}

/// A JSON value as people read it.
fn said(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "–".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(other) => other.to_string(),
    }
}

fn links(entry: &Entry) -> Html {
    let link = |label, name, value: &str| {
        let path = format!("{PATH}?{name}={}", path_segment(value));
        Html::from_component(&ButtonLink::second(label, path))
    };
    let mut links = vec![link("All by this actor", "actor", &entry.actor)];
    if entry.resource.contains(':') {
        links.push(link("All on this", "resource", &entry.resource));
    }
    if let Some(session) = &entry.session {
        links.push(link("All in this session", "session", session));
    }
    button_row(links)
}
