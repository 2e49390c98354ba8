//! A guarded site: a real application behind a whole gate.

mod hostile;
mod methods;
mod paths;
mod requests;
mod standing;
mod streaming;
mod websockets;

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use http_body::Frame;
use palisade_config::{Config, HostName, Preset, SiteConfig, UpstreamAddress, UpstreamConfig};
use palisade_testkit::upstream::TestUpstream;

use crate::harness::TestGate;

pub(super) const HOST: &str = "tems.example";

/// Adds the guarded site, with its application at this address.
pub(super) fn guard(config: &mut Config, address: &str) {
    config.sites.push(SiteConfig {
        name: "frappe".to_owned(),
        hosts: vec![HostName::parse(HOST).unwrap()],
        upstream: Some(UpstreamConfig::at(UpstreamAddress::parse(address).unwrap())),
        preset: Preset::Frappe,
        ..SiteConfig::default()
    });
}

/// The guarded site of a configuration.
pub(super) fn tems(config: &mut Config) -> &mut SiteConfig {
    config.sites.iter_mut().find(|site| site.name == "frappe").unwrap()
}

/// A gate before an application, and the application.
pub(super) async fn guarded() -> (TestGate, TestUpstream) {
    guarded_with(|_| ()).await
}

pub(super) async fn guarded_with(change: impl FnOnce(&mut Config)) -> (TestGate, TestUpstream) {
    let app = TestUpstream::start().await;
    let gate = gate_before(&app.address, change).await;
    (gate, app)
}

pub(super) async fn gate_before(address: &str, change: impl FnOnce(&mut Config)) -> TestGate {
    TestGate::with(|config| {
        guard(config, address);
        change(config);
    })
    .await
}

/// A body of pieces, whose length nobody says beforehand.
pub(super) fn streamed(pieces: impl Iterator<Item = Bytes> + Send + Sync + 'static) -> reqwest::Body {
    let frames = pieces.map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
    reqwest::Body::wrap(http_body_util::StreamBody::new(stream::iter(frames)))
}
