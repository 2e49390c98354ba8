//! All users, with filters.

use axum::extract::State;
use palisade_identity::{
    model::{UserFilter, UserRow, UserStatus},
    permissions::USER_CREATE,
    policy::permit_read_users,
};
use palisade_web::{
    Failure, Html, Icon, ListQuery, ListQueryParts, ListSpec, Order, Outcome, Page, Visitor,
    component::{Badge, ButtonLink, Cell, Choice, EmptyState, Field, FilterForm, Head, Paging, Row, Table},
};

use crate::{ConsoleState, parts::Sections, words};

const SPEC: ListSpec =
    ListSpec { sorts: &["name"], default_sort: ("name", Order::Ascending), filters: &["q", "status"], per_page: 50 };

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, query: ListQueryParts) -> Outcome {
    let query = query.read(&SPEC)?;
    let permit = permit_read_users(&visitor.caller)?;
    let (rows, total) = state.identity.list_users(&permit, &filter(&query)?).await?;
    let total = u64::try_from(total).unwrap_or(0);
    let table =
        Table::new("Users", ["Name", "User name", "Roles", "Second factor", "Last sign-in", "State"].map(Head::new))
            .rows(rows.iter().map(|row| table_row(&visitor, row)))
            .empty(empty(&query));
    let paging = Paging::new(&query, rows.len(), total, if total == 1 { "user" } else { "users" });
    let sections = Sections::new()
        .part(&filters(&query))
        .part(&Html::concat([Html::from_component(&table), Html::from_component(&paging)]));
    let page = Page::new(&visitor, "Users").lead("Everybody who can sign in, and what they may do.");
    let page = if visitor.caller.authority.allows(&USER_CREATE, palisade_base::Scope::All) {
        page.action(ButtonLink::first("Add a user", "/admin/users/people").icon(Icon::Plus))
    } else {
        page
    };
    page.body(&sections)
}

fn filter(query: &ListQuery) -> Result<UserFilter, Failure> {
    let status = match query.filter("status") {
        None => None,
        Some(text) => Some(
            UserStatus::parse(text)
                .ok_or_else(|| palisade_base::Error::field("status", "Choose active or disabled."))?,
        ),
    };
    Ok(UserFilter {
        search: query.filter("q").unwrap_or_default().to_owned(),
        status,
        offset: i64::try_from(query.offset()).unwrap_or(i64::MAX),
        limit: i64::try_from(query.per_page).unwrap_or(100),
    })
}

fn filters(query: &ListQuery) -> FilterForm {
    let statuses = [Choice::new("", "Any"), Choice::new("active", "Active"), Choice::new("disabled", "Disabled")];
    FilterForm::new(
        query,
        [Field::search("q", "Name, user name or e-mail").max_length(200), Field::select("status", "State", statuses)],
    )
}

fn empty(query: &ListQuery) -> EmptyState {
    if query.is_filtered() {
        EmptyState::new("Nobody matches", "No user has this in their name, user name or e-mail address.")
            .action("Show all users", query.unfiltered_path())
    } else {
        EmptyState::new("No users yet", "A user lets a person of the directory sign in.")
            .action("Add a user", "/admin/users/people")
    }
}

fn table_row(visitor: &Visitor, row: &UserRow) -> Row {
    let factor = if row.has_factor { Badge::ok("Set up") } else { Badge::plain("None") };
    let seen = row
        .user
        .last_sign_in_at
        .map_or_else(|| Cell::text("Never").muted(), |at| Cell::when(&words::when(visitor, at)));
    let roles = if row.grants.is_empty() { Cell::none() } else { Cell::html(words::grant_badges(&row.grants)) };
    Row::link(
        format!("/admin/users/{}", row.user.id),
        [
            Cell::text(&row.display_name),
            Cell::text(row.user.user_name.as_str()),
            roles,
            Cell::badge(&factor),
            seen,
            Cell::badge(&words::user_state(row, visitor.now)),
        ],
    )
}
