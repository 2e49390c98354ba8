//! The limits' part of Sites and Limits: each limit, what it has refused lately, and whom.

use std::sync::Arc;

use palisade_base::Instant;
use palisade_counters::{LimitBoard, LimitFacts, LimitFigures, LimitKey, Refused};
use palisade_web::{
    Failure, Html, Visitor,
    component::{Cell, EmptyState, Head, Row, Table},
};

use crate::{parts::paragraph, words};

/// The most of those who were refused that the page lists.
const MOST: usize = 100;

pub(super) fn parts(visitor: &Visitor, board: &LimitBoard, now: Instant) -> Result<[Html; 3], Failure> {
    let limits = board.limits();
    let about = paragraph(
        "What was refused is counted in memory, on this node, since it was started. Requests from the allow-list are not \
         counted, unless they were forwarded.",
    )?;
    Ok([
        Html::from_component(&limit_table(&limits, now)),
        about,
        Html::from_component(&who_table(visitor, &limits, now)),
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
    let heads = ["Limit", "Holds for", "Allows", "For each", "Refused in an hour", "In a day"].map(Head::new);
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

fn who_table(visitor: &Visitor, limits: &[Arc<LimitFigures>], now: Instant) -> Table {
    let mut who: Vec<(&str, Refused)> = Vec::new();
    for limit in limits {
        who.extend(limit.who(now).into_iter().map(|refused| (limit.facts().name.as_str(), refused)));
    }
    who.sort_by_key(|(_, refused)| std::cmp::Reverse(refused.last_at));
    who.truncate(MOST);
    let row = |(limit, refused): (&str, Refused)| {
        let cells = [
            Cell::text(whom(&refused.key)),
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
    let heads = ["Who", "Last from", "Refused by", "Times", "Since", "Last"].map(Head::new);
    Table::new("Refused within the last ten minutes", heads)
        .rows(who.into_iter().map(row))
        .empty(EmptyState::new("Nobody", "No limit has refused anybody within the last ten minutes."))
}

fn whom(key: &LimitKey) -> String {
    match key {
        LimitKey::Address(address) => format!("Address {address}"),
        LimitKey::User(_) => "A user".to_owned(),
        LimitKey::ApiKey(_) => "An API key".to_owned(),
        LimitKey::Session(_) => "A session of a guarded app".to_owned(),
        LimitKey::Network(number) => format!("Network {} of the limit's list", number.saturating_add(1)),
    }
}
