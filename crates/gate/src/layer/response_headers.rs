//! Puts the security headers on every answer, and takes off what tells about the software.

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use palisade_config::{HeadersConfig, ReferrerPolicy};

use crate::{
    pipeline::{self, Next},
    request::{Facts, FromApp, HostFact, LayerFuture, Passage},
    shared::Shared,
};

/// What the built-in pages need, and nothing else: no inline script or style, no foreign source.
const STRICT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}; manifest-src 'self'";

const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

/// The headers of a site, made once.
pub(crate) struct HeaderSet {
    /// They replace whatever an app may have set.
    always: Vec<(HeaderName, HeaderValue)>,
    /// They stand where a page has no word of its own.
    unless_set: Vec<(HeaderName, HeaderValue)>,
    /// The policy of the gate's own answers on a guarded site: its application may need inline scripts, our pages never do.
    own_policy: Option<HeaderValue>,
    hsts: Option<HeaderValue>,
    referrer: ReferrerPolicy,
}

impl HeaderSet {
    /// The headers of an app of our own, whose pages may say something stricter.
    pub(crate) fn new(config: &HeadersConfig) -> Self {
        Self::build(config, false)
    }

    /// The headers of a guarded application, whose own word about them counts for little.
    pub(crate) fn guarding(config: &HeadersConfig) -> Self {
        Self::build(config, true)
    }

    fn build(config: &HeadersConfig, guarding: bool) -> Self {
        let strict = STRICT_POLICY.replace("{ancestors}", config.frame_options.as_ancestors());
        let policy = match config.content_security_policy.as_str() {
            "" => &strict,
            own => own,
        };
        let mut always = vec![
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, config.frame_options.as_str()),
            (header::X_XSS_PROTECTION, config.xss_protection.as_str()),
            (PERMISSIONS, config.permissions_policy.as_str()),
            (OPENER, config.cross_origin_opener_policy.as_str()),
        ];
        let mut unless_set = vec![
            (header::REFERRER_POLICY, config.referrer_policy.as_str()),
            (RESOURCE, config.cross_origin_resource_policy.as_str()),
        ];
        let policy = (header::CONTENT_SECURITY_POLICY, policy);
        if guarding && !config.keep_content_security_policy {
            always.push(policy)
        } else {
            unless_set.push(policy)
        }
        Self {
            always: values(&always),
            unless_set: values(&unless_set),
            own_policy: if guarding { HeaderValue::from_str(&strict).ok() } else { None },
            hsts: config.hsts_value().and_then(|value| HeaderValue::from_str(&value).ok()),
            referrer: config.referrer_policy,
        }
    }

    /// `is_apps`: a guarded application answered, and not the gate in its place.
    fn apply(&self, headers: &mut HeaderMap, is_apps: bool, with_hsts: bool) {
        for (name, value) in &self.always {
            headers.insert(name, value.clone());
        }
        if is_weaker(headers, self.referrer) {
            headers.remove(header::REFERRER_POLICY);
        }
        for (name, value) in &self.unless_set {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        if let (false, Some(policy)) = (is_apps, &self.own_policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
        }
        headers.remove(header::STRICT_TRANSPORT_SECURITY);
        if let (true, Some(hsts)) = (with_hsts, &self.hsts) {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        headers.remove(header::SERVER);
        headers.remove("x-powered-by");
    }
}

/// Name and value of each header of these, as answers over TLS have them.
#[must_use]
pub fn header_values(config: &HeadersConfig) -> Vec<(String, String)> {
    let set = HeaderSet::new(config);
    let hsts = set.hsts.iter().map(|value| (header::STRICT_TRANSPORT_SECURITY, value.clone()));
    let all = set.always.iter().chain(&set.unless_set).cloned().chain(hsts);
    all.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect()
}

/// Whether the app's referrer policy tells others more than ours does. A list, or a word that we do not know, counts as
/// weaker: a browser would take the last that it knows.
fn is_weaker(headers: &HeaderMap, ours: ReferrerPolicy) -> bool {
    let strictest_first = [
        ReferrerPolicy::NoReferrer,
        ReferrerPolicy::SameOrigin,
        ReferrerPolicy::StrictOrigin,
        ReferrerPolicy::StrictOriginWhenCrossOrigin,
    ];
    let allowed = strictest_first.iter().take_while(|policy| **policy != ours).chain([&ours]);
    let mut said = headers.get_all(header::REFERRER_POLICY).iter();
    match (said.next(), said.next()) {
        (None, _) => false,
        (Some(value), None) => !allowed.into_iter().any(|policy| value.as_bytes() == policy.as_str().as_bytes()),
        (Some(_), Some(_)) => true,
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
        let is_apps = response.extensions().get::<FromApp>().is_some();
        set.apply(response.headers_mut(), is_apps, wants_hsts(&facts));
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
