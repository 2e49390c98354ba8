//! Hands the request to what answers it: the site's own router, or the application that it guards.

use std::sync::Arc;

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::Request;
use http_body::Body as _;
use palisade_base::{Error, Kind, Span};
use palisade_upstream::{ForwardFacts, TunnelSlot, Upstream, UpstreamError};
use palisade_web::Failure;
use tower::ServiceExt as _;

use crate::{
    host_header,
    pipeline::Next,
    request::{Facts, FromApp, HostFact, LayerFuture, Passage},
    shared::Shared,
    sites::SiteApp,
    standing::Lease,
};

/// When to come back, where the application is not there.
const COME_BACK: Span = Span::seconds(10);

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, _next: Next) -> LayerFuture {
    let (request, facts) = passage.into_parts();
    let Some(site) = facts.site().cloned() else {
        return Box::pin(async { Failure::from(Error::not_found()).into_response() });
    };
    Box::pin(async move {
        let mut response = match &site.app {
            SiteApp::BuiltIn(router) => router.clone().oneshot(request).await.into_response(),
            SiteApp::Upstream(upstream) => match ask(&shared, upstream, request, &facts).await {
                Ok(response) => response,
                Err(failure) => return failure.into_response(),
            },
        };
        if site.ways_in.is_some() {
            response.extensions_mut().insert(FromApp);
        }
        response
    })
}

/// Asks the application, for as long as what let the request in holds.
async fn ask(shared: &Shared, upstream: &Upstream, request: Request<Body>, facts: &Facts) -> Result<Response, Failure> {
    let lease = shared.rounds.begin(facts);
    let answered = tokio::select! {
        biased;
        answered = forward(shared, upstream, request, facts, &lease) => answered,
        () = lease.over() => return Err(over()),
    };
    let mut response = answered.map_err(|error| failure_of(&error))?;
    if !response.body().is_end_stream() {
        response.extensions_mut().insert(lease);
    }
    Ok(response)
}

async fn forward(
    shared: &Shared,
    upstream: &Upstream,
    request: Request<Body>,
    facts: &Facts,
    lease: &Lease,
) -> Result<Response, UpstreamError> {
    facts.handed_over.note();
    let told = ForwardFacts {
        client: facts.client.address,
        peer: facts.connection.peer.ip().to_canonical(),
        authority: authority_of(shared, facts),
        asked: asked(facts),
        secure: facts.is_secure(),
        request: facts.id,
    };
    let mut response = upstream.forward(request, &told).await?;
    if let Some(tunnel) = response.extensions_mut().remove::<TunnelSlot>().and_then(|slot| slot.take()) {
        facts.connection.open_tunnel(tunnel, lease.clone());
    }
    Ok(response)
}

/// The host that the client asked for, with its port where that is the one that people use. A port that is none of ours
/// may have been made up: applications build links from it.
fn authority_of<'a>(shared: &Shared, facts: &'a Facts) -> &'a str {
    let HostFact::Known(known) = &facts.host else { return "" };
    match host_header::split_port(&known.authority) {
        Some((_, Some(port))) if port == shared.https_port() && port != 443 => &known.authority,
        Some((host, _)) => host,
        None => "",
    }
}

/// Whoever asks again is told by the layers what it was.
fn over() -> Failure {
    let message = "You were let in when you asked for this, and are not any more: somebody was signed out or shut out, or \
                   the rules of this site have changed. Open the page again to see which.";
    Failure::from(Error::new(Kind::Denied, message))
}

fn asked(facts: &Facts) -> &str {
    if let HostFact::Known(known) = &facts.host { &known.authority } else { "" }
}

fn failure_of(error: &UpstreamError) -> Failure {
    let status = error.status();
    let failure = Failure::with_status(Error::new(error.kind(), error.message()).caused_by(error), status);
    if matches!(error, UpstreamError::NoneHealthy | UpstreamError::Full { .. }) {
        failure.retry_after(COME_BACK)
    } else {
        failure
    }
}
