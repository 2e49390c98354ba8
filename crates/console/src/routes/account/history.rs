//! The account's own sign-ins: exact where the sign-in page is vague.

use axum::extract::State;
use palisade_base::{Category, Error, UserId};
use palisade_trail::{Entry, TrailFilter};
use palisade_web::{
    Html, Outcome, Visitor,
    component::{Badge, Cell, EmptyState, Head, Row, Table},
};

use super::{page, permit};
use crate::{ConsoleState, step_up, words};

/// The most entries that the page shows.
const MOST: usize = 100;

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    permit(&visitor)?;
    let entries = own_entries(&state, step_up::session(&visitor)?.user).await?;
    let heads = ["When", "What", "From", "With", "Result"].map(Head::new);
    let table = Table::new("Sign-ins", heads)
        .rows(entries.iter().map(|entry| row(&visitor, entry)))
        .empty(EmptyState::new("Nothing yet", "Your next sign-in will be here."));
    page(&visitor, "Sign-ins", "/account/history")
        .lead("What happened at the door of your account. If something here was not you, change your password and end your sessions.")
        .body_html(&Html::from_component(&table))
}

/// What the user did while signing in and out, and what others tried with their name; newest first.
async fn own_entries(state: &ConsoleState, user: UserId) -> Result<Vec<Entry>, Error> {
    let name = Some(format!("user:{user}"));
    let mut entries = Vec::new();
    for category in [Category::Authentication, Category::Security] {
        let base = TrailFilter { category: Some(category), ..TrailFilter::default() };
        let done = TrailFilter { actor: name.clone(), ..base.clone() };
        let tried = TrailFilter { resource: name.clone(), ..base };
        for filter in [done, tried] {
            entries.extend(state.trail.search(&filter, None, MOST).await?.entries);
        }
    }
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.seq));
    entries.dedup_by_key(|entry| entry.seq);
    entries.truncate(MOST);
    Ok(entries)
}

fn row(visitor: &Visitor, entry: &Entry) -> Row {
    let outcome = match entry.outcome.strip_prefix("failure:") {
        None => Badge::ok("Done"),
        Some(reason) => Badge::warn(words::refusal(reason)),
    };
    Row::new([
        Cell::when(&words::when(visitor, entry.at).exactly()),
        Cell::text(words::at_the_door(&entry.action)),
        Cell::text(entry.address.as_deref().unwrap_or("–")),
        Cell::text(words::agent(entry.agent.as_deref())),
        Cell::badge(&outcome),
    ])
}
