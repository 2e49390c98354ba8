//! People of the directory who can't sign in yet.

use axum::extract::State;
use palisade_identity::policy::permit_create_users;
use palisade_web::{
    Html, Icon, ListQueryParts, ListSpec, Order, Outcome, Page, Visitor,
    component::{ButtonLink, Cell, EmptyState, Field, FilterForm, Head, Row, Table},
};

use super::crumbs;
use crate::{ConsoleState, parts::Sections};

const SPEC: ListSpec =
    ListSpec { sorts: &["name"], default_sort: ("name", Order::Ascending), filters: &["q"], per_page: 100 };

/// The most people that the page lists; beyond, one searches.
const MOST: i64 = 100;

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, query: ListQueryParts) -> Outcome {
    let query = query.read(&SPEC)?;
    let permit = permit_create_users(&visitor.caller)?;
    let people = state.identity.people_without_user(&permit, query.filter("q").unwrap_or_default(), MOST).await?;
    let rows = people.iter().map(|(id, name)| Row::link(format!("/admin/users/new?person={id}"), [Cell::text(name)]));
    let empty = EmptyState::new("Nobody", "Everybody of the directory who fits has a user already.")
        .action("Add somebody new", "/admin/users/new");
    let table = Table::new("People without a user", [Head::new("Name")]).rows(rows).empty(empty);
    let filter = FilterForm::new(&query, [Field::search("q", "Name").max_length(200)]);
    Page::new(&visitor, "For whom is the user?")
        .crumbs(crumbs())
        .lead(format!("People of the directory who have no user, at most {MOST}. Choose one, or add somebody new."))
        .action(ButtonLink::second("Somebody new", "/admin/users/new").icon(Icon::Plus))
        .body(&Sections::new().part(&filter).part(&Html::from_component(&table)))
}
