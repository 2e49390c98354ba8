//! The way of a request: every layer, outermost first, with the reason why it stands where it stands.
//!
//! The order is a security property. It is this list and nothing else; a test pins it.

use std::sync::Arc;

use axum::response::Response;

use crate::{
    layer,
    request::{LayerFuture, Passage},
    shared::Shared,
};

/// A layer: it may change the request, pass it on, answer it itself, and change the answer.
pub(crate) type Layer = fn(Arc<Shared>, Passage, Next) -> LayerFuture;

/// A layer in its place.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    /// Its name: that of its file.
    pub(crate) name: &'static str,
    /// Why it stands here and not elsewhere.
    pub(crate) why: &'static str,
    layer: Layer,
}

macro_rules! steps {
    ($($name:ident: $why:literal,)*) => {
        &[$(Step { name: stringify!($name), why: $why, layer: layer::$name::pass }),*]
    };
}

/// The way of a request to a site, over TLS.
pub(crate) const SITES: &[Step] = steps! {
    request_id: "Outermost: every answer and every line about the request names the same id.",
    client_address: "Before whatever logs, limits or decides by address, and before anybody can read a forged one.",
    host: "Finds the site, which decides about headers, names and everything further in; it refuses nothing yet.",
    response_headers: "Outside of all that answers, so that no refusal, redirect or crash goes out without them.",
    access_log: "Outside of the panic guard, so that a crash is a line too; inside of the address, so that the line has it.",
    failures: "Turns errors into pages or JSON, once; around everything that can fail.",
    panic_guard: "Inside of what makes its answer presentable, outside of all code that could panic.",
    acme_challenge: "A CA must reach it while everybody is turned away: before limits, bans and maintenance. It knows pending tokens only.",
    health: "Before all limits: whoever watches must be told even when everybody else is turned away. It grants nothing.",
    known_host: "The first refusals: what was no HTTP, and hosts that are not ours. Nothing of a site is touched before.",
    sizes: "Before anything reads the body, and before the router reads the address.",
    time_limit: "Around all that waits for something else.",
    identity_headers: "Before anything could believe a header that only the gate may write.",
    ban: "Before limits, sessions and the app: whoever is shut out costs one look-up.",
    way_in: "Before whatever counts tries to sign in; outside of the session, to see how each ended.",
    address_limits: "Before the session, because looking one up costs a query and guessing one must not be free.",
    session: "Says who it is; what follows is about a known somebody.",
    user_limits: "Needs to know who it is; before the refusals too, so that guessing a session costs the guesser.",
    site_access: "Needs to know who it is; before the app.",
    identity_to_upstream: "After all that could take the identity back, next to the app that is told of it.",
    app: "Innermost: the site's own router, or the application that it guards.",
};

/// The way of a request to the plain HTTP listener: it is sent on to HTTPS, and that is all.
pub(crate) const PLAIN: &[Step] = steps! {
    request_id: "As for a site.",
    client_address: "As for a site.",
    host: "The redirect goes to a host that is ours, or nowhere.",
    response_headers: "A redirect is an answer too.",
    access_log: "As for a site.",
    failures: "As for a site.",
    panic_guard: "As for a site.",
    acme_challenge: "CAs ask here: before the redirect, which they need not follow.",
    health: "Load balancers ask here too.",
    known_host: "Never a redirect to a foreign host.",
    sizes: "As for a site.",
    https_redirect: "Innermost: 301 to HTTPS.",
};

/// The way of a request to the operators' listener, which has no sites and no sessions.
pub(crate) const OPERATIONS: &[Step] = steps! {
    request_id: "As for a site.",
    response_headers: "As for a site.",
    panic_guard: "As for a site.",
    sizes: "As for a site.",
    operations: "Innermost: health and metrics.",
};

/// The layers of a request to a site, outermost first: the name of each, and why it stands where it stands.
pub fn layers() -> impl Iterator<Item = (&'static str, &'static str)> {
    SITES.iter().map(|step| (step.name, step.why))
}

/// The layers that are still ahead.
#[derive(Clone)]
pub(crate) struct Next {
    shared: Arc<Shared>,
    ahead: &'static [Step],
}

impl Next {
    pub(crate) const fn new(shared: Arc<Shared>, ahead: &'static [Step]) -> Self {
        Self { shared, ahead }
    }
}

/// Passes a request on to the next layer.
pub(crate) fn run(next: Next, passage: Passage) -> LayerFuture {
    match next.ahead.split_first() {
        Some((step, ahead)) => {
            let shared = Arc::clone(&next.shared);
            (step.layer)(shared, passage, Next { shared: next.shared, ahead })
        }
        None => Box::pin(async { no_answer() }),
    }
}

/// The innermost layer of each list answers by itself, so this is reached only where a list was written wrongly.
fn no_answer() -> Response {
    layer::bare_answer(http::StatusCode::NOT_FOUND, "There is nothing here.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(steps: &[Step]) -> Vec<&'static str> {
        steps.iter().map(|step| step.name).collect()
    }

    /// The order is a security property: whoever changes it changes this test, and says why.
    #[test]
    fn the_layers_stand_in_their_order() {
        assert_eq!(
            names(SITES),
            [
                "request_id",
                "client_address",
                "host",
                "response_headers",
                "access_log",
                "failures",
                "panic_guard",
                "acme_challenge",
                "health",
                "known_host",
                "sizes",
                "time_limit",
                "identity_headers",
                "ban",
                "way_in",
                "address_limits",
                "session",
                "user_limits",
                "site_access",
                "identity_to_upstream",
                "app",
            ]
        );
        assert_eq!(names(PLAIN)[..10], names(SITES)[..10]);
        assert_eq!(names(PLAIN)[10..], ["sizes", "https_redirect"]);
        assert_eq!(names(OPERATIONS), ["request_id", "response_headers", "panic_guard", "sizes", "operations"]);
        assert!([SITES, PLAIN, OPERATIONS].iter().flat_map(|list| list.iter()).all(|step| step.why.ends_with('.')));
    }
}
