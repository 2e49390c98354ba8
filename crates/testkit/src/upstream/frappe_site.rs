//! A whole Frappe site: its configuration files as Frappe reads them, its System Settings, its users and their roles.
//!
//! It answers as release 15 does, as far as its posture shows: errors with or without a traceback, the cookie `sid`, the
//! header of its own limit, and the lists that a System Manager may read.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    extract::{Query, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use super::{TestUpstream, server::Counts};

/// The token of the site's System Manager, as its file holds it.
pub const FRAPPE_TOKEN: &str = "1f2e3d4c5b6a798:8a7b6c5d4e3f210";

/// What the site is like, besides its files.
#[derive(Clone, Debug)]
pub struct FrappeState {
    /// The record System Settings.
    pub settings: Value,
    /// Enabled users with their roles.
    pub users: Vec<(&'static str, Vec<&'static str>)>,
    /// Roles with "Two Factor Authentication" ticked.
    pub two_factor_roles: Vec<&'static str>,
}

impl Default for FrappeState {
    fn default() -> Self {
        Self {
            settings: json!({
                "name": "System Settings", "allow_error_traceback": 0, "deny_multiple_sessions": 0,
                "session_expiry": "06:00", "enable_two_factor_auth": 0, "bypass_2fa_for_retricted_ip_users": 0,
            }),
            users: Vec::new(),
            two_factor_roles: Vec::new(),
        }
    }
}

/// A running Frappe site on loopback.
pub struct FrappeSite {
    /// Where it listens.
    pub upstream: TestUpstream,
    inner: Arc<Inner>,
}

struct Inner {
    bench: PathBuf,
    state: Mutex<FrappeState>,
}

impl FrappeSite {
    /// A site whose files are those of `sites/tems.local` of this bench.
    pub async fn start(bench: &Path) -> Self {
        let inner = Arc::new(Inner { bench: bench.to_owned(), state: Mutex::default() });
        let routes = routes(Arc::clone(&inner));
        let upstream = TestUpstream::start_routes(move |_: &Arc<Counts>| routes).await;
        Self { upstream, inner }
    }

    /// What it is like; to be changed.
    pub fn state(&self) -> MutexGuard<'_, FrappeState> {
        self.inner.state.lock().unwrap()
    }
}

fn routes(inner: Arc<Inner>) -> Router {
    Router::new()
        .route("/api/resource/System%20Settings/System%20Settings", get(settings))
        .route("/api/resource/{doctype}", get(list))
        .fallback(missing)
        .with_state(inner)
}

impl Inner {
    /// The site's file over the common one, read anew for each request, as Frappe does.
    fn conf(&self) -> Map<String, Value> {
        let read = |name: &str| -> Map<String, Value> {
            let text = std::fs::read_to_string(self.bench.join("sites").join(name)).unwrap_or_default();
            serde_json::from_str(&text).unwrap_or_default()
        };
        let mut conf = read("common_site_config.json");
        conf.extend(read("tems.local/site_config.json"));
        conf
    }

    fn state(&self) -> FrappeState {
        self.state.lock().unwrap().clone()
    }

    /// What comes with every answer: the session's cookie, and the figures of the limit.
    fn finish(&self, headers: &HeaderMap, mut response: Response) -> Response {
        let seconds = match self.state().settings["session_expiry"].as_str().and_then(|text| text.split_once(':')) {
            Some((hours, _)) => hours.parse::<u64>().unwrap() * 3_600,
            None => 240 * 3_600,
        };
        let secure = headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
        let secure = if secure { " Secure;" } else { "" };
        let cookie = format!("sid=Guest; Max-Age={seconds};{secure} HttpOnly; Path=/; SameSite=Lax");
        response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_str(&cookie).unwrap());
        if let Some(limit) = self.conf().get("rate_limit").and_then(|limit| limit["limit"].as_u64()) {
            response.headers_mut().insert("x-ratelimit-limit", HeaderValue::from(limit * 1_000_000));
        }
        response
    }
}

fn is_manager(headers: &HeaderMap) -> bool {
    headers.get(header::AUTHORIZATION).is_some_and(|value| value == format!("token {FRAPPE_TOKEN}").as_str())
}

async fn settings(State(inner): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    if !is_manager(&headers) {
        return refuse();
    }
    inner.finish(&headers, Json(json!({ "data": inner.state().settings })).into_response())
}

/// `frappe.client.get_list` with the filters that are asked for here.
async fn list(
    State(inner): State<Arc<Inner>>,
    axum::extract::Path(doctype): axum::extract::Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if !is_manager(&headers) {
        return refuse();
    }
    let state = inner.state();
    let filters: Value = serde_json::from_str(&query["filters"]).unwrap();
    let names: Vec<&str> = match doctype.as_str() {
        "Role" if filters == json!([["two_factor_auth", "=", 1]]) => state.two_factor_roles.clone(),
        "User" => {
            let wanted = &filters[0];
            assert_eq!(
                (&wanted[0], &wanted[1], &filters[1]),
                (&json!("Has Role"), &json!("role"), &json!(["User", "enabled", "=", 1]))
            );
            let fits = |role: &&str| match wanted[2].as_str().unwrap() {
                "=" => wanted[3] == **role,
                _ => wanted[3].as_array().unwrap().contains(&json!(role)),
            };
            state.users.iter().filter(|(_, roles)| roles.iter().any(&fits)).map(|(user, _)| *user).collect()
        }
        other => panic!("nobody asks for {other} {filters}"),
    };
    let (start, length) = (query["limit_start"].parse().unwrap(), query["limit_page_length"].parse().unwrap());
    let page: Vec<Value> = names.iter().skip(start).take(length).map(|name| json!({ "name": name })).collect();
    inner.finish(&headers, Json(json!({ "data": page })).into_response())
}

/// Whatever method is not there.
async fn missing(State(inner): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    let mut body = json!({ "exc_type": "ValidationError", "_server_messages": "[]" });
    if inner.state().settings["allow_error_traceback"] == 1 {
        body["exc"] = json!("[\"Traceback (most recent call last):\\n  File \\\"apps/frappe/frappe/app.py\\\"\"]");
    }
    if inner.conf().get("logging") == Some(&json!(2)) {
        body["_debug_messages"] = json!("[\"<<<< query\\nselect * from `tabSingles`\\n>>>>\"]");
    }
    inner.finish(&headers, (StatusCode::EXPECTATION_FAILED, Json(body)).into_response())
}

fn refuse() -> Response {
    (StatusCode::FORBIDDEN, Json(json!({ "exc_type": "PermissionError" }))).into_response()
}
