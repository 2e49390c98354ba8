//! Who is banned gets the ban page: what happened, until when, and what to do.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::{Method, StatusCode};
use jiff::tz::TimeZone;
use palisade_bans::BanFacts;
use palisade_base::{Error, Instant, Kind};
use palisade_web::{Failure, assets};

use crate::{
    pipeline::{self, Next},
    request::{Facts, LayerFuture, Passage},
    shared::Shared,
};

const TITLE: &str = "Shut out for now";

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    let facts = &passage.facts;
    match shared.bans.find(facts.client.address, facts.now) {
        None => pipeline::run(next, passage),
        Some(ban) => {
            let response = look_of_page(&passage).unwrap_or_else(|| {
                shared.metrics.refused("ban");
                refuse(facts, &ban)
            });
            Box::pin(async { response })
        }
    }
}

/// The files that the ban page shows itself by. They are compiled in and the same for everybody, so they cost and tell
/// nothing; without them the page would look as if the site were broken, and people would try again.
const LOOK: [&str; 2] = ["bare.css", "favicon.svg"];

fn look_of_page(passage: &Passage) -> Option<Response> {
    let request = &passage.request;
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let path = request.uri().path().strip_prefix(passage.facts.site()?.render.files_under).filter(|_| reads)?;
    let file = LOOK.iter().map(|name| assets::path(name)).find(|address| *address == path)?;
    assets::file_named(file.strip_prefix("/assets/")?).ok()
}

fn refuse(facts: &Facts, ban: &BanFacts) -> Response {
    let zone = facts.site().map_or(TimeZone::UTC, |site| site.frame.navigation.zone.clone());
    let error = Error::new(Kind::Denied, message(ban, facts.client.address, &zone));
    let failure = Failure::with_status(error, StatusCode::FORBIDDEN).titled(TITLE);
    match ban.until {
        Some(until) => failure.retry_after(until.since(facts.now)).into_response(),
        None => failure.into_response(),
    }
}

/// Says no more than the client knows already: not which try, account or rule it was.
fn message(ban: &BanFacts, address: std::net::IpAddr, zone: &TimeZone) -> String {
    let why = if ban.is_manual {
        format!("The people who run this site have shut out your network address {address}.")
    } else {
        format!("Too many tries from your network address {address} have failed, so it is shut out for a while.")
    };
    let what = match ban.until {
        Some(until) => {
            format!("It is let in again at {}. Until then, trying again changes nothing.", clock(until, zone))
        }
        None => "It stays so until they let it in again.".to_owned(),
    };
    let help = "If this hits you by mistake, tell the people who run this site the address and the number below: they can lift the ban.";
    format!("{why} {what} {help}")
}

/// `14:03 on 22 November 2026 (Europe/Vienna)`.
fn clock(at: Instant, zone: &TimeZone) -> String {
    // Rounded up to the minute, so that nobody comes back a moment too early.
    let at = at + palisade_base::Span::micros(59_999_999);
    at.to_timestamp().to_zoned(zone.clone()).strftime("%H:%M on %-d %B %Y (%Q)").to_string()
}

#[cfg(test)]
mod tests {
    use palisade_bans::Target;

    use super::*;

    fn told(until: Option<&str>, is_manual: bool) -> String {
        let until = until.map(|text| Instant::parse(text).unwrap());
        let ban = BanFacts { target: Target::parse("192.0.2.0/24").unwrap(), until, is_manual };
        message(&ban, "192.0.2.7".parse().unwrap(), &TimeZone::get("Europe/Vienna").unwrap())
    }

    #[test]
    fn the_page_says_what_happened_until_when_and_what_to_do() {
        assert_eq!(
            told(Some("2026-03-02T09:00:01Z"), false),
            "Too many tries from your network address 192.0.2.7 have failed, so it is shut out for a while. It is let \
             in again at 10:01 on 2 March 2026 (Europe/Vienna). Until then, trying again changes nothing. If this hits \
             you by mistake, tell the people who run this site the address and the number below: they can lift the ban."
        );
        assert!(told(None, true).starts_with("The people who run this site have shut out your network address"));
    }
}
