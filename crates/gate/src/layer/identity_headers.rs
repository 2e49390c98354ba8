//! Takes away the headers by which the gate tells an app who is there: a client has no business to send them.
//!
//! Headers of clients are taken away in three places, by three lists, because they are dangerous to three different readers:
//! what claims an address, before the gate itself believes one (`client_address`, on every listener); what claims to be
//! somebody, before anything of a site sees it (here, for built-in apps too); and what steers an application or belongs to
//! the connection, where a request is made for one (`palisade_upstream::headers`, which also holds without a gate around it).

use std::sync::Arc;

use http::HeaderName;

use crate::{
    pipeline::{self, Next},
    request::{LayerFuture, Passage},
    shared::Shared,
};

/// Beginnings of the names that gates and apps use for who the user is.
const PREFIXES: [&str; 20] = [
    "x-palisade-",
    "x-auth-",
    "x-authenticated-",
    "x-authentik-",
    "x-remote-",
    "remote-",
    "x-webauth-",
    "x-user",
    "x-forwarded-user",
    "x-ssl-client",
    "ssl-client",
    "cf-access-",
    "x-goog-authenticated-",
    "x-ms-client-principal",
    "tailscale-",
    "x-pomerium-",
    "x-amzn-oidc-",
    "x-arr-clientcert",
    "x-client-verify",
    // What only a web server in between may say: which file to serve, from where, how.
    "x-accel-",
];
const NAMES: [&str; 5] =
    ["x-forwarded-email", "x-forwarded-groups", "x-forwarded-preferred-username", "x-client-cert", "x-email"];

pub(crate) fn pass(_shared: Arc<Shared>, mut passage: Passage, next: Next) -> LayerFuture {
    let headers = passage.request.headers_mut();
    // Before the gate adds its own: a client that names those in Connection would have them removed further in.
    palisade_upstream::strip_named_by_connection(headers);
    let foreign: Vec<HeaderName> = headers.keys().filter(|name| is_foreign(name.as_str())).cloned().collect();
    for name in foreign {
        headers.remove(name);
    }
    pipeline::run(next, passage)
}

/// A name with an underscore, or another character that is neither letter, digit nor hyphen, is never let through: CGI and
/// WSGI write several of them as one, and can't tell them from the name with a hyphen.
fn is_foreign(name: &str) -> bool {
    name.bytes().any(|b| !b.is_ascii_alphanumeric() && b != b'-')
        || NAMES.contains(&name)
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_foreign() {
        for name in [
            "x-palisade-user",
            "x_palisade_user",
            "x-palisade_user",
            "remote-user",
            "remote_user",
            "x-auth-request-email",
            "x-user-id",
            "x_api_key",
            "x-palisade.user",
            "x+palisade-user",
            "x-palisade-identity",
        ] {
            assert!(is_foreign(name), "{name}");
        }
        for name in ["x-api-key", "authorization", "cookie", "user-agent", "x-requested-with", "accept"] {
            assert!(!is_foreign(name), "{name}");
        }
    }
}
