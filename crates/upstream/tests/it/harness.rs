//! An upstream with the settings of a test, and requests to it.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use palisade_base::RequestId;
use palisade_config::{HostName, UpstreamAddress};
use palisade_upstream::{ForwardFacts, Upstream, UpstreamError, UpstreamSettings};
use serde_json::Value;

/// Long enough that a test fails rather than waits.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn settings(addresses: &[&str]) -> UpstreamSettings {
    let addresses = addresses.iter().map(|address| UpstreamAddress::parse(address).unwrap()).collect();
    UpstreamSettings { hosts: vec![HostName::parse("tems.example").unwrap()], ..UpstreamSettings::to(addresses) }
}

pub(crate) fn upstream(address: &str) -> Upstream {
    Upstream::new(settings(&[address])).unwrap()
}

pub(crate) fn facts() -> ForwardFacts<'static> {
    ForwardFacts {
        client: "192.0.2.7".parse().unwrap(),
        peer: "192.0.2.7".parse().unwrap(),
        authority: "tems.example",
        asked: "tems.example",
        secure: true,
        request: RequestId(Default::default()),
    }
}

pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

pub(crate) fn post(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).body(body.into()).unwrap()
}

pub(crate) async fn send(upstream: &Upstream, request: Request<Body>) -> Result<Response<Body>, UpstreamError> {
    tokio::time::timeout(PATIENCE, upstream.forward(request, &facts())).await.expect("an answer or an error")
}

/// Sends a request, and gives the status and all of the body.
pub(crate) async fn ask(upstream: &Upstream, request: Request<Body>) -> (u16, Bytes) {
    let answer = send(upstream, request).await.unwrap();
    (answer.status().as_u16(), read(answer).await.unwrap())
}

pub(crate) async fn read(answer: Response<Body>) -> Result<Bytes, axum::Error> {
    let whole = tokio::time::timeout(PATIENCE, answer.into_body().collect()).await.expect("the body ends");
    whole.map(|body| body.to_bytes())
}

/// What the echo saw.
pub(crate) async fn echo(upstream: &Upstream, request: Request<Body>) -> Value {
    serde_json::from_slice(&ask(upstream, request).await.1).unwrap()
}

/// The values of a header that the echo saw.
pub(crate) fn seen<'a>(echo: &'a Value, name: &str) -> Vec<&'a str> {
    let headers = echo["headers"].as_array().unwrap();
    headers.iter().filter(|pair| pair[0] == name).map(|pair| pair[1].as_str().unwrap()).collect()
}

/// Waits for a condition.
pub(crate) async fn until(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("it comes true");
}
