//! Puts the security headers on every answer, and takes off what tells about the software.

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use palisade_config::HeadersConfig;

use crate::{
    pipeline::{self, Next},
    request::{Facts, HostFact, LayerFuture, Passage},
    shared::Shared,
};

/// What the built-in pages need, and nothing else: no inline script or style, no foreign source.
const STRICT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}; manifest-src 'self'";

/// The headers of a site, made once.
pub(crate) struct HeaderSet {
    /// They replace whatever an app may have set.
    always: Vec<(HeaderName, HeaderValue)>,
    /// They stand where a page has no stricter word of its own.
    unless_set: Vec<(HeaderName, HeaderValue)>,
    hsts: Option<HeaderValue>,
}

impl HeaderSet {
    pub(crate) fn new(config: &HeadersConfig) -> Self {
        let policy = match config.content_security_policy.as_str() {
            "" => STRICT_POLICY.replace("{ancestors}", config.frame_options.as_ancestors()),
            own => own.to_owned(),
        };
        let always = [
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, config.frame_options.as_str()),
            (header::X_XSS_PROTECTION, config.xss_protection.as_str()),
            (HeaderName::from_static("permissions-policy"), config.permissions_policy.as_str()),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        ];
        let unless_set = [
            (header::CONTENT_SECURITY_POLICY, policy.as_str()),
            (header::REFERRER_POLICY, config.referrer_policy.as_str()),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        ];
        Self {
            always: values(&always),
            unless_set: values(&unless_set),
            hsts: config.hsts_value().and_then(|value| HeaderValue::from_str(&value).ok()),
        }
    }

    fn apply(&self, headers: &mut HeaderMap, with_hsts: bool) {
        for (name, value) in &self.always {
            headers.insert(name, value.clone());
        }
        for (name, value) in &self.unless_set {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        headers.remove(header::STRICT_TRANSPORT_SECURITY);
        if let (true, Some(hsts)) = (with_hsts, &self.hsts) {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        headers.remove(header::SERVER);
        headers.remove("x-powered-by");
    }
}

/// Empty values mean that the header is to be left out. The configuration has let in printable ASCII only.
fn values(pairs: &[(HeaderName, &str)]) -> Vec<(HeaderName, HeaderValue)> {
    let set = pairs.iter().filter(|(_, value)| !value.is_empty());
    set.filter_map(|(name, value)| Some((name.clone(), HeaderValue::from_str(value).ok()?))).collect()
}

pub(crate) fn pass(shared: Arc<Shared>, passage: Passage, next: Next) -> LayerFuture {
    let facts = passage.facts.clone();
    Box::pin(async move {
        let mut response = pipeline::run(next, passage).await;
        let set = facts.site().map_or(&shared.default_headers, |site| &site.headers);
        set.apply(response.headers_mut(), wants_hsts(&facts));
        keep_out_of_caches(&mut response);
        response
    })
}

/// RFC 6797: over TLS only, and never for a bare address. A host that is not ours is not spoken for.
fn wants_hsts(facts: &Facts) -> bool {
    let HostFact::Known(known) = &facts.host else { return false };
    facts.is_secure() && known.host.address().is_none()
}

/// What does not say otherwise is for this reader and this moment. A 304 says nothing new about the copy that it confirms.
fn keep_out_of_caches(response: &mut Response) {
    if response.status() != StatusCode::NOT_MODIFIED {
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}
