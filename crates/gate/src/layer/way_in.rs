//! Finds out whether a request is a try to sign in, and tells the jails on the way back how it ended.
//!
//! What the head shows is judged by [`crate::ways_in`]; where an app takes commands from the body, its beginning is
//! read here, and handed on unchanged. A command that comes later is found while it passes, and judged at that moment
//! ([`late_commands`]): one try too many does not reach the app, nor does a command that a rule closes.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, Method, Request, StatusCode, header, request::Parts};
use palisade_bans::{FailedTry, Pace};
use palisade_base::{Error, Kind};
use palisade_web::{Failure, SignInFailed};

use crate::{
    host_header,
    late_commands::{self, Asker},
    path,
    pipeline::{self, Next},
    request::{Facts, FromApp, HostFact, LayerFuture, Passage},
    shared::Shared,
    ways_in::{FieldScanner, Findings, Judged, Late, Link, WaysIn, look_at_body, shows_credentials},
};

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    match passage.facts.site().and_then(|site| site.ways_in.clone()) {
        Some(ways) => Box::pin(guarded(shared, ways, passage, next)),
        None => Box::pin(built_in(shared, passage, next)),
    }
}

/// Who has the browser ask, as it says itself. Whoever is no browser may say what they like: it gains them nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AskedBy {
    /// A page of the site, its reader, or no browser.
    Reader,
    /// Elsewhere, a link led here; or a window that was opened for it.
    Link,
    /// A page elsewhere, unseen: five tries in pictures would have its reader banned.
    ForeignPage,
}

impl AskedBy {
    /// Of a try to sign in; who asks for anything else does not matter.
    fn of_try(headers: &HeaderMap, method: &Method, facts: &Facts) -> Self {
        if facts.kind.is_sign_in() { Self::of(headers, method, facts) } else { Self::Reader }
    }

    fn of(headers: &HeaderMap, method: &Method, facts: &Facts) -> Self {
        let is = |name: &str, value: &[u8]| headers.get(name).is_some_and(|given| given.as_bytes() == value);
        if !headers.contains_key("sec-fetch-site") {
            return if has_foreign_origin(headers, facts) { Self::ForeignPage } else { Self::Reader };
        }
        match is("sec-fetch-site", b"cross-site") {
            false => Self::Reader,
            true if *method == Method::GET && is("sec-fetch-dest", b"document") => Self::Link,
            true => Self::ForeignPage,
        }
    }
}

/// Older browsers say no more than this. What names no host (`null`) may be a page of the site's own.
fn has_foreign_origin(headers: &HeaderMap, facts: &Facts) -> bool {
    let HostFact::Known(known) = &facts.host else { return false };
    let origin = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    authority.and_then(host_header::parse).is_some_and(|(host, _)| host != known.host)
}

/// Lets a try to sign in on, when its turn has come, or says why not. What is no try passes.
async fn admitted(shared: &Shared, facts: &Facts, asked_by: AskedBy, link: Link) -> Result<(), Response> {
    if !facts.kind.is_sign_in() {
        return Ok(());
    }
    if asked_by == AskedBy::ForeignPage || (asked_by == AskedBy::Link && link == Link::Never) {
        return Err(foreign());
    }
    paced(shared, facts).await
}

/// The answer to a try that a page elsewhere makes its reader make.
pub(crate) fn foreign() -> Response {
    let message = "A page of another site tried to sign you in here. Nothing was done.";
    Failure::from(Error::new(Kind::Denied, message)).into_response()
}

/// A request to a built-in site, which says itself where somebody was not let in.
async fn built_in(shared: Arc<Shared>, passage: Passage, next: Next) -> Response {
    let facts = passage.facts.clone();
    let asked_by = AskedBy::of_try(passage.request.headers(), passage.request.method(), &facts);
    // Only opening a one-time link is a try by GET.
    if let Err(refusal) = admitted(&shared, &facts, asked_by, Link::Uncounted).await {
        return refusal;
    }
    let way = passage.request.uri().clone();
    let mut response = pipeline::run(next, passage).await;
    if let Some(SignInFailed { account }) = response.extensions_mut().remove()
        && asked_by != AskedBy::Link
    {
        tell_jails(&shared, &facts, way.path(), account, response.status());
    }
    response
}

/// A request to a guarded site, whose answer shows it.
async fn guarded(shared: Arc<Shared>, ways: Arc<WaysIn>, passage: Passage, next: Next) -> Response {
    let (request, mut facts) = passage.into_parts();
    let (parts, body) = request.into_parts();
    let Judged { kind, query, link } = ways.judge(&parts, &facts.path);
    facts.kind = kind;
    facts.note_fields(query);
    let link = if http_body::Body::is_end_stream(&body) || link == Link::Never { link } else { Link::Counted };
    let (body, late) = look(&shared, &ways, &parts, body, &mut facts).await;
    let tried = Tried { late, credentials: shows_credentials(&parts.headers, &parts.method) };
    let asked_by = AskedBy::of_try(&parts.headers, &parts.method, &facts);
    if let Err(refusal) = admitted(&shared, &facts, asked_by, link).await {
        return refusal;
    }
    let way = parts.uri.clone();
    let request = Request::from_parts(parts, body);
    let response = pipeline::run(next, Passage::of(request, facts.clone())).await;
    if let Some(refusal) = tried.late.take_answer() {
        return refusal;
    }
    let says_nothing = asked_by == AskedBy::Link && link == Link::Uncounted && !tried.credentials;
    if !says_nothing && tried.failed(&ways, &facts, way.path(), &response) {
        tell_jails(&shared, &facts, way.path(), facts.fields.account.clone(), response.status());
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
    late: Late,
    /// It carries a name and password, or the like, in its head.
    credentials: bool,
}

impl Tried {
    /// Whether the app did not let somebody in. What the gate itself refused is nobody's failure to sign in.
    fn failed(&self, ways: &WaysIn, facts: &Facts, path: &str, response: &Response) -> bool {
        let is_try = facts.kind.is_sign_in() || self.late.found_try();
        let by_app = response.extensions().get::<FromApp>().is_some();
        let status = response.status();
        let unknown = self.credentials && status == StatusCode::UNAUTHORIZED && ways.is_failed_status(status);
        by_app && (unknown || (is_try && ways.is_failure(status, response.headers(), path)))
    }
}

/// Looks into the body where it has a say.
async fn look(shared: &Arc<Shared>, ways: &WaysIn, parts: &Parts, body: Body, facts: &mut Facts) -> (Body, Late) {
    let commands = ways.reads_commands();
    let wanted = (commands || facts.kind.is_sign_in()) && !http_body::Body::is_end_stream(&body);
    let Some(scanner) = wanted.then(|| FieldScanner::for_body(&parts.headers)).flatten() else {
        return (body, Late::default());
    };
    let (known, method, mut asker) = (facts.clone(), &parts.method, None);
    let foreign = AskedBy::of(&parts.headers, method, facts) == AskedBy::ForeignPage;
    let judge = |found: &Findings| {
        let asker = asker.insert(Arc::<Asker>::default());
        late_commands::judge(shared, known, found, (method, foreign), asker)
    };
    let (found, body, late) = look_at_body(body, scanner, commands, judge).await;
    facts.asker = asker;
    facts.note_fields(if commands { found } else { found.without_commands() });
    (body, late)
}
