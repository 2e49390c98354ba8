//! Finds out whether a request is a try to sign in, and tells the jails on the way back how it ended.
//!
//! What the head shows is judged by [`crate::ways_in`]; where an app takes commands from the body, its beginning is
//! read here, and handed on unchanged. A command that comes later is found while it passes: it counts against the login
//! limit at that moment, and one too many does not reach the app.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, Method, Request, StatusCode, request::Parts};
use palisade_bans::{FailedTry, Pace};
use palisade_base::{Actor, Error, Kind};
use palisade_counters::LimitKey;
use palisade_web::{Failure, SignInFailed};

use super::address_limits::refuse;
use crate::{
    path::{self, PathKind},
    pipeline::{self, Next},
    request::{Facts, FromApp, LayerFuture, Passage},
    shared::Shared,
    ways_in::{FieldScanner, Judged, Late, Refuse, WaysIn, look_at_body, shows_credentials},
};

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    match passage.facts.site().and_then(|site| site.ways_in.clone()) {
        Some(ways) => Box::pin(guarded(shared, ways, passage, next)),
        None => Box::pin(built_in(shared, passage, next)),
    }
}

/// A try that a page of somebody else's makes its reader's browser do: five of them, in pictures, would have the reader
/// banned. A link that somebody follows is none.
fn is_made_by_foreign_page(headers: &HeaderMap, method: &Method) -> bool {
    let is = |name: &str, value: &[u8]| headers.get(name).is_some_and(|given| given.as_bytes() == value);
    is("sec-fetch-site", b"cross-site") && !(*method == Method::GET && is("sec-fetch-dest", b"document"))
}

/// Lets a try to sign in on, when its turn has come, or says why not. What is no try passes.
async fn admitted(shared: &Shared, facts: &Facts, headers: &HeaderMap, method: &Method) -> Result<(), Response> {
    if !facts.kind.is_sign_in() {
        return Ok(());
    }
    if is_made_by_foreign_page(headers, method) {
        let message = "A page of another site tried to sign you in here. Nothing was done.";
        return Err(Failure::from(Error::new(Kind::Denied, message)).into_response());
    }
    paced(shared, facts).await
}

/// A request to a built-in site, which says itself where somebody was not let in.
async fn built_in(shared: Arc<Shared>, passage: Passage, next: Next) -> Response {
    let facts = passage.facts.clone();
    let (headers, method) = (passage.request.headers(), passage.request.method());
    if let Err(refusal) = admitted(&shared, &facts, headers, method).await {
        return refusal;
    }
    let way = passage.request.uri().clone();
    let mut response = pipeline::run(next, passage).await;
    if let Some(SignInFailed { account }) = response.extensions_mut().remove() {
        tell_jails(&shared, &facts, way.path(), account, response.status());
    }
    response
}

/// A request to a guarded site, whose answer shows it.
async fn guarded(shared: Arc<Shared>, ways: Arc<WaysIn>, passage: Passage, next: Next) -> Response {
    let Passage { request, mut facts } = passage;
    let (parts, body) = request.into_parts();
    let Judged { kind, account } = ways.judge(&parts, &facts.path);
    facts.kind = kind;
    let tried = Tried { account, late: Late::default(), credentials: shows_credentials(&parts.headers, &parts.method) };
    let (body, tried) = look(&shared, &ways, &parts, body, &mut facts, tried).await;
    if let Err(refusal) = admitted(&shared, &facts, &parts.headers, &parts.method).await {
        return refusal;
    }
    let way = parts.uri.clone();
    let request = Request::from_parts(parts, body);
    let response = pipeline::run(next, Passage { request, facts: facts.clone() }).await;
    if let Some(refusal) = tried.late.stopped() {
        return refuse(&shared, &facts, refusal, Actor::Anonymous);
    }
    if tried.failed(&ways, &facts, &response) {
        tell_jails(&shared, &facts, way.path(), tried.account, response.status());
    }
    response
}

/// Where a ban would be due if it were not a company's own network, each try waits a while instead.
async fn paced(shared: &Shared, facts: &Facts) -> Result<(), Response> {
    match shared.bans.pace(facts.client.address, facts.now) {
        Pace::Free => Ok(()),
        Pace::Wait(wait, permit) => {
            tokio::time::sleep(Duration::from_micros(u64::try_from(wait.as_micros()).unwrap_or(0))).await;
            drop(permit);
            Ok(())
        }
        Pace::Full(wait) => {
            shared.metrics.refused("waiting");
            let message = "Too many tries to sign in are waiting from your network. Wait a moment, then try again.";
            Err(Failure::from(Error::new(Kind::TooMany, message)).retry_after(wait).into_response())
        }
    }
}

fn tell_jails(shared: &Shared, facts: &Facts, way: &str, account: Option<String>, status: StatusCode) {
    shared.metrics.sign_in_failed();
    shared.bans.failed(FailedTry {
        address: facts.client.address,
        at: facts.now,
        site: facts.site().map_or("-", |site| &*site.name),
        way: &path::shown(way),
        account: account.as_deref(),
        status: status.as_u16(),
        forwarded: facts.client.forwarded,
    });
}

/// What is known about a try.
struct Tried {
    account: Option<String>,
    late: Late,
    /// It carries a name and password, or the like, in its head.
    credentials: bool,
}

impl Tried {
    /// Whether the app did not let somebody in. What the gate itself refused is nobody's failure to sign in.
    fn failed(&self, ways: &WaysIn, facts: &Facts, response: &Response) -> bool {
        let is_try = facts.kind.is_sign_in() || self.late.found();
        let by_app = response.extensions().get::<FromApp>().is_some();
        let unknown = self.credentials && response.status() == StatusCode::UNAUTHORIZED;
        by_app && (unknown || (is_try && ways.is_failure(response.status(), response.headers())))
    }
}

/// Looks into the body where it has a say.
async fn look(
    shared: &Arc<Shared>,
    ways: &WaysIn,
    parts: &Parts,
    body: Body,
    facts: &mut Facts,
    tried: Tried,
) -> (Body, Tried) {
    let wanted = ways.reads_commands() || facts.kind.is_sign_in();
    let scanner =
        if wanted && !http_body::Body::is_end_stream(&body) { FieldScanner::for_body(&parts.headers) } else { None };
    let Some(scanner) = scanner else { return (body, tried) };
    let (findings, body, late) = look_at_body(body, scanner, ways.reads_commands(), refusal(shared, facts)).await;
    if ways.reads_commands() && findings.way_in {
        facts.kind = PathKind::SignIn { api: facts.kind.is_api() };
    }
    (body, Tried { account: findings.account.or(tried.account), late, ..tried })
}

/// Counts a try that is found later, as `address_limits` counts those that are found at once.
fn refusal(shared: &Arc<Shared>, facts: &Facts) -> Refuse {
    let (shared, key, counts) = (Arc::clone(shared), facts.client.key(), !shared.is_exempt(facts));
    let counts = counts && !facts.kind.is_sign_in();
    Box::new(move || if counts { shared.limits.login.refuses(LimitKey::Address(key), shared.env.now()) } else { None })
}
