//! A small site whose session layer is told who asks.

use std::sync::Arc;

use axum::{Router, body::Body, extract::Request, middleware::Next, response::Response};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use jiff::tz::TimeZone;
use palisade_base::{
    Actor, ApiKeyId, Authority, Caller, Clock, Env, Instant, Origin, Permission, RequestId, Rng, Scope, SessionId,
    UserId,
    auth::{ClientClass, Identified, SessionFacts, SessionState},
};
use palisade_web::{CsrfKey, Navigation, RenderState, Routes, SiteFrame, render_failures};
use tower::ServiceExt as _;
use uuid::Uuid;

pub(crate) const READ: Permission = Permission::new("kpi.team.read");
pub(crate) const REQUEST: &str = "00000000-0000-7000-8000-0000000000ff";

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Instant {
        Instant::from_micros(1_772_000_000_000_000)
    }
}

impl Rng for Fixed {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

pub(crate) fn env() -> Env {
    Env::new(Arc::new(Fixed), Arc::new(Fixed))
}

pub(crate) fn session_id(n: u128) -> SessionId {
    SessionId(Uuid::from_u128(n))
}

pub(crate) fn key() -> CsrfKey {
    CsrfKey::new(&[3; 32])
}

/// Who asks.
#[derive(Clone)]
pub(crate) enum Who {
    Nobody,
    User(SessionState, Authority),
    Key(Authority),
}

pub(crate) fn reader() -> Who {
    Who::User(SessionState::Full, Authority::from_iter([(READ, Scope::All)]))
}

pub(crate) fn signed_in() -> Who {
    Who::User(SessionState::Full, Authority::none())
}

impl Who {
    fn identified(self) -> Identified {
        let origin = Origin { request: REQUEST.parse::<RequestId>().ok(), ..Origin::default() };
        let user = UserId(Uuid::from_u128(1));
        let caller =
            |actor, authority| Caller { actor, person: None, authority: Arc::new(authority), origin: origin.clone() };
        match self {
            Self::Nobody => Identified { caller: Caller::anonymous(origin), session: None, renewed: None },
            Self::User(state, authority) => Identified {
                caller: caller(Actor::User(user), authority),
                session: Some(SessionFacts {
                    id: session_id(1),
                    user,
                    state,
                    class: ClientClass::Browser,
                    display_name: "Lena <b>Ortiz</b>".to_owned(),
                }),
                renewed: None,
            },
            Self::Key(authority) => {
                let key = ApiKeyId(Uuid::from_u128(9));
                Identified {
                    caller: caller(Actor::ApiClient { key, owner: user }, authority),
                    session: None,
                    renewed: None,
                }
            }
        }
    }
}

pub(crate) struct Site(Router);

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Site {
    pub(crate) fn new(routes: Routes, who: Who) -> Self {
        Self::with_navigation(routes, who, Navigation::new("Acme", TimeZone::UTC))
    }

    pub(crate) fn with_navigation(routes: Routes, who: Who, navigation: Navigation) -> Self {
        let frame = SiteFrame { csrf: key(), navigation: Arc::new(navigation) };
        let identify = axum::middleware::from_fn(move |request: Request, next: Next| {
            let (frame, who) = (frame.clone(), who.clone());
            async move { add_visitor(&frame, who, request, next).await }
        });
        let number = axum::middleware::from_fn(|mut request: Request, next: Next| async move {
            request.extensions_mut().insert(REQUEST.parse::<RequestId>().unwrap());
            next.run(request).await
        });
        let state = RenderState::new("Acme");
        let render = axum::middleware::from_fn_with_state(state, render_failures);
        Self(routes.into_router().layer(identify).layer(render).layer(number))
    }

    pub(crate) async fn send(&self, request: Request) -> Answer {
        let response = self.0.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap()).await
    }

    /// A form as a browser sends it from a page of ours, with this token.
    pub(crate) async fn post_form(&self, path: &str, token: &str, fields: &str) -> Answer {
        self.send(form(path).body(Body::from(format!("_csrf={token}&{fields}"))).unwrap()).await
    }
}

pub(crate) fn form(path: &str) -> http::request::Builder {
    Request::post(path)
        .header("host", "acme.example")
        .header("origin", "https://acme.example")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
}

async fn add_visitor(frame: &SiteFrame, who: Who, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let (visitor, begun) = frame.visitor(&parts, who.identified(), &env());
    parts.extensions.insert(visitor);
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(cookie) = begun {
        response.headers_mut().append("set-cookie", cookie);
    }
    response
}
