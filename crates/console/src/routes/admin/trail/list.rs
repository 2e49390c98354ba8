//! The entries, newest first, with filters.

use askama::Template;
use axum::extract::State;
use palisade_base::Scope;
use palisade_identity::permissions::TRAIL_EXPORT;
use palisade_trail::Entry;
use palisade_web::{
    Failure, Html, Icon, ListQueryParts, Outcome, Page, Visitor,
    component::{ButtonLink, Cell, EmptyState, Head, Row, Table},
};

use super::{PATH, filter::Looked, trace};
use crate::{ConsoleState, names::Names, parts::Sections, words};

#[derive(Template)]
#[template(path = "older.html")]
struct Older {
    newest: Option<String>,
    older: Option<String>,
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, parts: ListQueryParts) -> Outcome {
    let looked = Looked::read(&state, &visitor, parts).await?;
    let limit = usize::try_from(looked.query.per_page).unwrap_or(50);
    let page = state.trail.search(&looked.filter, looked.before, limit).await?;
    trace(&state, &visitor, "trail.read", &looked.said()).await?;
    let table = table(&state, &visitor, &looked, &page.entries).await?;
    let older = Older {
        newest: looked.before.map(|_| looked.newest_path()),
        older: page.older.map(|before| looked.older_path(before)),
    };
    let sections = Sections::new().part(&looked.form()).part(&Html::concat([table, Html::of(&older)?]));
    let mut page = Page::new(&visitor, "Trail")
        .lead("Everything that happened, in an order that cannot be changed unseen.")
        .action(ButtonLink::second("Verify", format!("{PATH}/verify")).icon(Icon::Shield));
    if visitor.caller.authority.allows(&TRAIL_EXPORT, Scope::All) {
        page = page.action(ButtonLink::second("Export", format!("{PATH}/export.jsonl")).icon(Icon::Export));
    }
    page.body(&sections)
}

async fn table(state: &ConsoleState, visitor: &Visitor, looked: &Looked, entries: &[Entry]) -> Result<Html, Failure> {
    let actors: Vec<_> = entries.iter().map(|entry| entry.actor.as_str()).collect();
    let names = Names::of(state, &actors).await?;
    let heads = ["When", "Who", "What", "On", "From", "Result"].map(Head::new);
    let empty = if looked.query.is_filtered() {
        EmptyState::new("Nothing fits", "No entry has all of this. Take a filter away, or widen the time.")
            .action("Show everything", PATH)
    } else {
        EmptyState::new("Nothing yet", "The first entry comes with the first thing that happens.")
    };
    let rows = entries.iter().map(|entry| row(visitor, &names, entry));
    Ok(Html::from_component(&Table::new("Entries of the trail", heads).rows(rows).empty(empty)))
}

fn row(visitor: &Visitor, names: &Names, entry: &Entry) -> Row {
    let path = format!("{PATH}/{}", entry.seq);
    if entry.unreadable {
        let unreadable = palisade_web::component::Badge::stop("Unreadable: changed by somebody");
        return Row::link(path, [Cell::text(format!("Entry {}", entry.seq)), Cell::none(), Cell::badge(&unreadable)]);
    }
    Row::link(
        path,
        [
            Cell::when(&words::when(visitor, entry.at).exactly()),
            Cell::text(names.say(&entry.actor)),
            Cell::text(&entry.action),
            Cell::text(words::resource(&entry.resource)).muted(),
            Cell::text(entry.address.as_deref().unwrap_or("–")),
            Cell::badge(&words::outcome(&entry.outcome)),
        ],
    )
}
