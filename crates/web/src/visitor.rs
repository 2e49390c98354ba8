//! Whose request it is, as pages need it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::{HeaderValue, request::Parts};
use palisade_base::{
    Actor, Caller, Env, Instant, PlainToken, RequestId,
    auth::{Identified, SessionFacts, SessionState},
};

use crate::{CsrfKey, CsrfToken, Failure, Navigation, Notice, cookie, render::wants_json};

/// Who makes this request and what every page needs to know. The session layer puts it into the request's extensions.
#[derive(Clone)]
pub struct Visitor {
    /// Who acts, with what authority, from where.
    pub caller: Caller,
    /// The person's name, where somebody is signed in.
    pub display_name: Option<String>,
    /// The token of this visitor's forms. In a template, `{{ visitor.csrf }}` is the hidden field.
    pub csrf: CsrfToken,
    /// The entries of the site's frame.
    pub navigation: Arc<Navigation>,
    /// The session, where there is one; it may still owe something.
    pub session: Option<SessionFacts>,
    /// The request's id.
    pub request: RequestId,
    /// The path that was asked for, without the query.
    pub path: String,
    /// The request's instant.
    pub now: Instant,
    /// The token by which this browser is known again, as it came; nobody has checked it yet.
    pub device: Option<PlainToken>,
    /// What the last request wanted to say on the next page.
    pub notice: Option<Notice>,
}

impl Visitor {
    /// Somebody with a session that owes nothing.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.state == SessionState::Full)
    }

    /// A program with an API key.
    #[must_use]
    pub const fn is_api_client(&self) -> bool {
        matches!(self.caller.actor, Actor::ApiClient { .. })
    }
}

/// What a site's pages have in common; the session layer makes visitors with it.
#[derive(Clone)]
pub struct SiteFrame {
    /// The key of the form tokens.
    pub csrf: CsrfKey,
    /// The entries of rail and bars.
    pub navigation: Arc<Navigation>,
}

impl SiteFrame {
    /// The visitor of this request, and a `Set-Cookie` for its response, where one is due: the session's new token, or
    /// what begins a visit (a browser without a session needs something that its forms are bound to). A cookie of the
    /// same name that the handler set has precedence.
    #[must_use]
    pub fn visitor(&self, parts: &Parts, identified: Identified, env: &Env) -> (Visitor, Option<HeaderValue>) {
        let Identified { caller, session, renewed } = identified;
        let (csrf, begun) = match &session {
            Some(session) => {
                let renewed = renewed.map(|token| cookie::set_token(cookie::SESSION, &token, None));
                (self.csrf.for_session(session.id), renewed)
            }
            None => self.visit(parts, env),
        };
        let visitor = Visitor {
            display_name: session.as_ref().map(|session| session.display_name.clone()),
            csrf,
            navigation: Arc::clone(&self.navigation),
            request: caller.origin.request.unwrap_or_else(|| RequestId::new(env)),
            caller,
            session,
            path: parts.uri.path().to_owned(),
            now: env.now(),
            device: cookie::token(&parts.headers, cookie::DEVICE),
            notice: Notice::from_headers(&parts.headers),
        };
        (visitor, begun)
    }

    fn visit(&self, parts: &Parts, env: &Env) -> (CsrfToken, Option<HeaderValue>) {
        if let Some(visit) = cookie::token(&parts.headers, cookie::VISIT) {
            return (self.csrf.for_visit(&visit), None);
        }
        let visit = PlainToken::generate(env, "");
        let path = parts.uri.path();
        let for_all = ["/assets/", "/.well-known/"].iter().any(|prefix| path.starts_with(prefix));
        let begins = !wants_json(parts) && !for_all;
        let begun = begins.then(|| cookie::set_token(cookie::VISIT, &visit, None));
        (self.csrf.for_visit(&visit), begun)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Failure::internal("no visitor: the session layer is missing"))
    }
}
