//! The limits' part of Sites and Limits: each limit, what it has refused lately, and whom.

use std::sync::Arc;

use palisade_base::Instant;
use palisade_counters::{LimitFacts, LimitFigures, LimitKey, Refused};
use palisade_web::{
    Failure, Html, Visitor,
    component::{Cell, EmptyState, Head, Row, Table},
};

use crate::{ConsoleState, names::Names, parts::paragraph, words};

/// The most of those who were refused that the page lists.
const MOST: usize = 100;

pub(super) async fn parts(state: &ConsoleState, visitor: &Visitor) -> Result<[Html; 3], Failure> {
    let (limits, now) = (state.sites.limits().limits(), state.now());
    let who = refused(&limits, now);
    let actors: Vec<String> = who.iter().filter_map(|(_, refused)| actor_of(&refused.key)).collect();
    let actors: Vec<&str> = actors.iter().map(String::as_str).collect();
    let names = Names::of(state, &actors).await?;
    let about = paragraph(
        "What was refused is counted in memory, on this node, since it was started. Requests from the allow-list are not \
         counted, unless they were forwarded.",
    )?;
    Ok([
        Html::from_component(&limit_table(&limits, now)),
        about,
        Html::from_component(&who_table(visitor, &names, who)),
    ])
}

fn limit_table(limits: &[Arc<LimitFigures>], now: Instant) -> Table {
    let row = |limit: &Arc<LimitFigures>| {
        let facts = limit.facts();
        Row::new([
            Cell::text(&facts.name),
            Cell::text(&facts.holds_for),
            Cell::text(allows(facts)),
            Cell::text(&facts.counts_by),
            Cell::number(limit.refused_within(60, now)),
            Cell::number(limit.refused_within(24 * 60, now)),
        ])
    };
    let heads = [
        Head::new("Limit"),
        Head::new("Holds for"),
        Head::new("Allows"),
        Head::new("For each"),
        Head::new("Refused in an hour").number(),
        Head::new("In a day").number(),
    ];
    Table::new("Limits in force", heads).rows(limits.iter().map(row))
}

/// `5 in a minute, 6 at once`.
fn allows(facts: &LimitFacts) -> String {
    let span = match facts.seconds {
        1 => "a second".to_owned(),
        60 => "a minute".to_owned(),
        3_600 => "an hour".to_owned(),
        seconds => format!("{seconds} seconds"),
    };
    let at_once = facts.burst.map_or_else(String::new, |burst| format!(", {} at once", burst.saturating_add(1)));
    format!("{} in {span}{at_once}", facts.requests)
}

/// Who was refused lately, the last first, each with the limit's name.
fn refused(limits: &[Arc<LimitFigures>], now: Instant) -> Vec<(&str, Refused)> {
    let mut who: Vec<(&str, Refused)> = Vec::new();
    for limit in limits {
        who.extend(limit.who(now).into_iter().map(|refused| (limit.facts().name.as_str(), refused)));
    }
    who.sort_by_key(|(_, refused)| std::cmp::Reverse(refused.last_at));
    who.truncate(MOST);
    who
}

fn who_table(visitor: &Visitor, names: &Names, who: Vec<(&str, Refused)>) -> Table {
    let row = |(limit, refused): (&str, Refused)| {
        let cells = [
            Cell::text(whom(names, &refused.key)),
            Cell::text(refused.address.to_string()),
            Cell::text(limit),
            Cell::number(refused.count),
            Cell::when(&words::when(visitor, refused.first_at)),
            Cell::when(&words::when(visitor, refused.last_at)),
        ];
        match refused.key {
            LimitKey::User(user) => Row::link(format!("/admin/users/{user}"), cells),
            _ => Row::new(cells),
        }
    };
    let heads = [
        Head::new("Who"),
        Head::new("Last from"),
        Head::new("Refused by"),
        Head::new("Times").number(),
        Head::new("Since"),
        Head::new("Last"),
    ];
    Table::new("Refused within the last ten minutes", heads)
        .rows(who.into_iter().map(row))
        .empty(EmptyState::new("Nobody", "No limit has refused anybody within the last ten minutes."))
}

/// As the trail writes it, where it is somebody who has a name.
fn actor_of(key: &LimitKey) -> Option<String> {
    match key {
        LimitKey::User(user) => Some(format!("user:{user}")),
        LimitKey::ApiKey(key) => Some(format!("api:{key}")),
        LimitKey::Address(_) | LimitKey::Session(_) | LimitKey::Network(_) => None,
    }
}

fn whom(names: &Names, key: &LimitKey) -> String {
    match key {
        LimitKey::Address(address) => format!("Address {address}"),
        LimitKey::User(_) | LimitKey::ApiKey(_) => names.say(&actor_of(key).unwrap_or_default()),
        LimitKey::Session(_) => "A session of a guarded app".to_owned(),
        LimitKey::Network(number) => format!("Network {} of the limit's list", number.saturating_add(1)),
    }
}
