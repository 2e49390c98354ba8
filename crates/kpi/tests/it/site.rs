//! The app behind a session layer that is told who asks.

use std::sync::Arc;

use axum::{Router, body::Body, extract::Request, middleware::Next};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt as _;
use jiff::tz::TimeZone;
use palisade_base::{
    Actor, ApiKeyId, Caller, RequestId, SessionId, UserId,
    auth::{ClientClass, Identified, SessionFacts, SessionState},
};
use palisade_kpi::{KpiState, navigation, routes};
use palisade_testkit::TestStore;
use palisade_web::{CsrfKey, Navigation, RenderState, SiteFrame, render_failures};
use serde_json::Value as Json;
use tower::ServiceExt as _;

use crate::company::Company;

/// The site as one caller meets it.
pub(crate) struct Site {
    router: Router,
    token: String,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The fields that an error of the API names.
    pub(crate) fn wrong_fields(&self) -> Vec<String> {
        let json = self.json();
        let details = json["error"]["details"].as_array().cloned().unwrap_or_default();
        details.iter().map(|detail| detail["field"].as_str().unwrap().to_owned()).collect()
    }
}

impl Site {
    /// A browser with this caller's session.
    pub(crate) fn browser(db: &TestStore, company: &Company, caller: &Caller) -> Self {
        let session = SessionId::new(&db.env());
        let facts = SessionFacts {
            id: session,
            user: UserId::new(&db.env()),
            state: SessionState::Full,
            class: ClientClass::Browser,
            display_name: "Test Person".to_owned(),
        };
        Self::new(db, company, caller.clone(), Some(facts))
    }

    /// A program with a key of this caller's.
    pub(crate) fn program(db: &TestStore, company: &Company, caller: &Caller) -> Self {
        let owner = caller.actor.user().unwrap();
        let actor = Actor::ApiClient { key: ApiKeyId::new(&db.env()), owner };
        Self::new(db, company, Caller { actor, ..caller.clone() }, None)
    }

    fn new(db: &TestStore, company: &Company, caller: Caller, session: Option<SessionFacts>) -> Self {
        let navigation = Navigation::new("Acme", TimeZone::UTC).with(navigation());
        let frame = SiteFrame { csrf: CsrfKey::new(&[3; 32]), navigation: Arc::new(navigation) };
        let token = session.as_ref().map(|session| frame.csrf.for_session(session.id).to_string()).unwrap_or_default();
        let env = db.env();
        let identified = Identified { caller, session, renewed: None };
        let clock = env.clone();
        let identify = axum::middleware::from_fn(move |request: Request, next: Next| {
            let (frame, identified, env) = (frame.clone(), identified.clone(), clock.clone());
            async move {
                let (mut parts, body) = request.into_parts();
                let (visitor, _) = frame.visitor(&parts, identified, &env);
                parts.extensions.insert(visitor);
                next.run(Request::from_parts(parts, body)).await
            }
        });
        let ids = env.clone();
        let number = axum::middleware::from_fn(move |mut request: Request, next: Next| {
            request.extensions_mut().insert(RequestId::new(&ids));
            next.run(request)
        });
        let render = axum::middleware::from_fn_with_state(RenderState::new("Acme"), render_failures);
        let app = routes(KpiState { records: company.records.clone() });
        let router = app.into_router().layer(identify).layer(render).layer(number);
        Self { router, token }
    }

    pub(crate) async fn send(&self, request: Request) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        assert_ne!(parts.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", String::from_utf8_lossy(&bytes));
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap()).await
    }

    /// A call of the API with a JSON body and headers.
    pub(crate) async fn call(&self, method: Method, path: &str, body: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "acme.example");
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// A form as a browser sends it from a page of ours.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = format!("_csrf={}", self.csrf());
        for (name, value) in fields {
            let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
            form.push_str(&format!("&{}={}", encode(name), encode(value)));
        }
        self.send(self.own_post(path, "application/x-www-form-urlencoded").body(Body::from(form)).unwrap()).await
    }

    /// The token of this browser's forms.
    pub(crate) fn csrf(&self) -> String {
        // The token prints as the hidden field.
        let value = self.token.split("value=\"").nth(1).unwrap_or_default();
        value.split('"').next().unwrap_or_default().to_owned()
    }

    /// The head of a POST that a page of ours makes.
    pub(crate) fn own_post(&self, path: &str, content_type: &str) -> http::request::Builder {
        Request::post(path)
            .header("host", "acme.example")
            .header("origin", "https://acme.example")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", content_type)
    }
}

impl Site {
    /// A file as a browser sends it from a page of ours.
    pub(crate) async fn upload(&self, path: &str, name: &str, content: &[u8]) -> Answer {
        let mut body = Vec::new();
        let token = self.csrf();
        let head = format!(
            "--cut\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\n{token}\r\n--cut\r\n\
             Content-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n--cut--\r\n");
        let request = self.own_post(path, "multipart/form-data; boundary=cut");
        self.send(request.body(Body::from(body)).unwrap()).await
    }
}
