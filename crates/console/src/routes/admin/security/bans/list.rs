//! Who is banned: who, why, on what evidence, until when.

use std::collections::BTreeSet;

use axum::extract::State;
use palisade_bans::{Ban, BanFilter, BanOrder, MANUAL, NEIGHBOURS, Target, Which, may_read_bans};
use palisade_base::{Error, Scope};
use palisade_identity::permissions::BAN_MANAGE;
use palisade_web::{
    Failure, Html, Icon, ListQuery, ListQueryParts, ListSpec, Order, Outcome, Page, Visitor,
    component::{ButtonLink, Cell, Choice, EmptyState, Field, FilterForm, Head, Paging, Row, Table},
};

use super::{NEW, PATH, shown, tabs};
use crate::{ConsoleState, names::Names, parts::Sections, words};

const SPEC: ListSpec = ListSpec {
    sorts: &["since", "until"],
    default_sort: ("since", Order::Descending),
    filters: &["q", "state", "jail"],
    per_page: 50,
};

/// So much of a reason is shown, in characters.
const SHOWN: usize = 120;

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, query: ListQueryParts) -> Outcome {
    let query = query.read(&SPEC)?;
    let (filter, permit) = (filter(&query)?, may_read_bans(&visitor.caller)?);
    let (bans, total) = state.bans.list(&permit, &filter).await?;
    let jails = state.bans.report(&permit).await?.jails.into_iter().map(|jail| jail.name).collect();
    let makers: Vec<&str> = bans.iter().map(|ban| ban.made_by.as_str()).collect();
    let names = Names::of(&state, &makers).await?;
    let may_lift = visitor.caller.authority.allows(&BAN_MANAGE, Scope::All);
    let heads = ["Address", "State", "Why"].map(Head::new).into_iter().chain([
        Head::new("Since").sorts(&query, "since"),
        Head::new("Until").sorts(&query, "until"),
        Head::new("Lift").hidden(),
    ]);
    let rows = bans.iter().map(|ban| row(&visitor, &names, ban, may_lift));
    let table = Table::new("Bans", heads).rows(rows).empty(empty(&query));
    let paging = Paging::new(&query, bans.len(), total, if total == 1 { "ban" } else { "bans" });
    let sections = Sections::new()
        .part(&filters(&query, jails))
        .part(&Html::concat([Html::from_component(&table), Html::from_component(&paging)]));
    let mut page = Page::new(&visitor, "Jails and Bans").tabs(tabs(PATH)).lead(lead(&filter, total));
    if may_lift {
        page = page.action(ButtonLink::first("Ban an address", NEW).icon(Icon::Plus));
    }
    page.body(&sections)
}

fn lead(filter: &BanFilter, total: u64) -> String {
    let count = words::count(i64::try_from(total).unwrap_or(i64::MAX), "ban", "bans");
    match filter.which {
        Which::Live if total == 0 => "Nobody is shut out.".to_owned(),
        Which::Live => format!("{count} in force. Whoever is shut out meets the ban page on every site."),
        Which::Over | Which::All => format!("{count}."),
    }
}

fn filter(query: &ListQuery) -> Result<BanFilter, Failure> {
    let which = match query.filter("state") {
        None => Which::Live,
        Some("over") => Which::Over,
        Some("all") => Which::All,
        Some(_) => return Err(Error::field("state", "Choose over or all, or leave it out.").into()),
    };
    let touching = query.filter("q").map(Target::parse).transpose();
    let touching = touching.map_err(|message| Error::field("q", message))?;
    let jail = query.filter("jail").map(str::to_owned);
    let order = match (query.sort, query.order) {
        ("until", Order::Ascending) => BanOrder::EndsFirst,
        ("until", Order::Descending) => BanOrder::EndsLast,
        (_, Order::Ascending) => BanOrder::Oldest,
        (_, Order::Descending) => BanOrder::Newest,
    };
    Ok(BanFilter { which, touching, jail, order, offset: query.offset(), limit: query.per_page })
}

fn filters(query: &ListQuery, mut jails: BTreeSet<String>) -> FilterForm {
    let states = [Choice::new("", "In force"), Choice::new("over", "Over"), Choice::new("all", "All")];
    jails.extend([NEIGHBOURS, MANUAL].map(str::to_owned));
    // A ban may be of a jail that is gone.
    jails.extend(query.filter("jail").map(str::to_owned));
    let choices = jails.into_iter().map(|jail| {
        let label = if jail == MANUAL { "None: by hand".to_owned() } else { jail.clone() };
        Choice::new(jail, label)
    });
    FilterForm::new(
        query,
        [
            Field::search("q", "Address or network").max_length(60),
            Field::select("state", "State", states),
            Field::select("jail", "Jail", std::iter::once(Choice::new("", "Any")).chain(choices)),
        ],
    )
}

fn empty(query: &ListQuery) -> EmptyState {
    if query.is_filtered() {
        EmptyState::new("Nothing fits", "There is no such ban. Take a filter away.")
            .action("Show what is in force", query.unfiltered_path())
    } else {
        EmptyState::new(
            "Nobody is banned",
            "After five failed tries to sign in within ten minutes an address is shut out by itself.",
        )
    }
}

fn row(visitor: &Visitor, names: &Names, ban: &Ban, may_lift: bool) -> Row {
    let lift = may_lift && ban.holds_at(visitor.now);
    let act = if lift { Html::from_component(&shown::lift(visitor, ban).small()) } else { Html::empty() };
    Row::link(
        format!("{PATH}/{}", ban.id),
        [
            Cell::text(ban.target.to_string()).whole(),
            Cell::badge(&shown::state(visitor, ban)),
            why(names, ban),
            Cell::when(&words::when(visitor, ban.began_at)),
            Cell::html(shown::until(visitor, ban)),
            Cell::html(act),
        ],
    )
}

/// The reason, and below it who did it. What is longer stands on the ban's own page.
fn why(names: &Names, ban: &Ban) -> Cell {
    let whole = shown::reason(ban);
    let mut reason: String = whole.chars().take(SHOWN).collect();
    if reason.len() < whole.len() {
        reason.push('…');
    }
    let by = match ban.offences {
        0 | 1 => shown::by(names, ban),
        more => format!("{}, for the {} time", shown::by(names, ban), ordinal(more)),
    };
    Cell::remarked(reason, Html::text(&by))
}

fn ordinal(number: u32) -> String {
    let suffix = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{suffix}")
}
