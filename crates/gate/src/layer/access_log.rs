//! One line for each request: never its query, its cookies or a token in its path.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::{HeaderValue, Method, Uri, Version, header};

use crate::{
    path,
    pipeline::{self, Next},
    request::{ActedAs, Facts, LayerFuture, Passage},
    shared::Shared,
};

/// What nginx calls a request whose client went away before it was answered.
const CLIENT_LEFT: u16 = 499;

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    let mut open = OpenLine { line: Some(Line::of(&passage)), begun: Instant::now() };
    Box::pin(async move {
        let mut response = pipeline::run(next, passage).await;
        let actor = response.extensions_mut().remove::<ActedAs>();
        if let Some(line) = open.line.take() {
            let duration = open.begun.elapsed();
            shared.metrics.answered(line.site(), response.status(), duration);
            line.write(response.status().as_u16(), duration, actor);
        }
        response
    })
}

/// A line that is written even if nobody waits for the answer any more and the request is dropped.
struct OpenLine {
    line: Option<Line>,
    begun: Instant,
}

impl Drop for OpenLine {
    fn drop(&mut self) {
        if let Some(line) = self.line.take() {
            line.write(CLIENT_LEFT, self.begun.elapsed(), None);
        }
    }
}

struct Line {
    facts: Facts,
    method: Method,
    uri: Uri,
    version: Version,
    agent: Option<HeaderValue>,
}

impl Line {
    fn of(passage: &Passage) -> Self {
        let request = &passage.request;
        Self {
            facts: passage.facts.clone(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            agent: request.headers().get(header::USER_AGENT).cloned(),
        }
    }

    fn site(&self) -> &str {
        self.facts.site().map_or("-", |site| &*site.name)
    }

    fn write(&self, status: u16, duration: Duration, actor: Option<ActedAs>) {
        if !tracing::enabled!(target: "palisade::access", tracing::Level::INFO) {
            return;
        }
        let agent = self.agent.as_ref().and_then(|agent| agent.to_str().ok()).unwrap_or("-");
        let actor = actor.map_or_else(|| "-".to_owned(), |ActedAs(actor)| actor.to_string());
        tracing::info!(
            target: "palisade::access",
            request = %self.facts.id,
            site = self.site(),
            client = %self.facts.client.address,
            peer = %self.facts.connection.peer.ip().to_canonical(),
            actor,
            method = %self.method,
            path = %path::shown(self.uri.path()),
            protocol = ?self.version,
            status,
            duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
            agent = agent.get(..200).unwrap_or(agent),
            "request"
        );
    }
}
