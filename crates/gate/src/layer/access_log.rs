//! One line for each request: never its query, its cookies or a token in its path.

use std::{sync::Arc, time::Instant};

use axum::response::Response;
use http::{HeaderValue, Method, Version, header};

use crate::{
    path,
    pipeline::{self, Next},
    request::{ActedAs, Facts, LayerFuture, Passage},
    shared::Shared,
};

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    let line = Line::of(&passage);
    Box::pin(async move {
        let begun = Instant::now();
        let mut response = pipeline::run(next, passage).await;
        let duration = begun.elapsed();
        let site = line.facts.site().map_or("-", |site| site.name.as_str());
        shared.metrics.answered(site, response.status(), duration);
        let actor = response.extensions_mut().remove::<ActedAs>();
        line.write(site, &response, u64::try_from(duration.as_micros()).unwrap_or(u64::MAX), actor);
        response
    })
}

struct Line {
    facts: Facts,
    method: Method,
    path: String,
    version: Version,
    agent: Option<HeaderValue>,
}

impl Line {
    fn of(passage: &Passage) -> Self {
        let request = &passage.request;
        Self {
            facts: passage.facts.clone(),
            method: request.method().clone(),
            path: path::shown(request.uri().path()).into_owned(),
            version: request.version(),
            agent: request.headers().get(header::USER_AGENT).cloned(),
        }
    }

    fn write(&self, site: &str, response: &Response, duration_us: u64, actor: Option<ActedAs>) {
        let agent = self.agent.as_ref().and_then(|agent| agent.to_str().ok()).unwrap_or("-");
        let actor = actor.map_or_else(|| "-".to_owned(), |ActedAs(actor)| actor.to_string());
        tracing::info!(
            target: "palisade::access",
            request = %self.facts.id,
            site,
            client = %self.facts.client.address,
            peer = %self.facts.connection.peer.ip().to_canonical(),
            actor,
            method = %self.method,
            path = self.path,
            protocol = ?self.version,
            status = response.status().as_u16(),
            duration_us,
            agent = agent.get(..200).unwrap_or(agent),
            "request"
        );
    }
}
