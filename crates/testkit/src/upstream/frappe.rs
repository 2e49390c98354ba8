//! Signing in, and calling methods, as Frappe does it: its paths, its answers, its cookies.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Form, Json, Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, FromRequest as _, Query, Request, State},
    response::{Html, IntoResponse as _, Response},
    routing,
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::server::Counts;

/// Who can sign in.
pub const ACCOUNT: &str = "anna@example.com";
/// With what.
pub const PASSWORD: &str = "correct horse";

type Fields = HashMap<String, String>;

pub(super) fn routes() -> Router<Arc<Counts>> {
    Router::new()
        .route("/login", routing::get(login_page))
        .route("/", routing::get(home).post(command))
        .route("/app", routing::get(desk))
        .route("/api/method/login", routing::post(login))
        .route("/api/method/logout", routing::any(logout))
        .route("/api/method/ping", routing::any(async || Json(json!({ "message": "pong" }))))
}

async fn home(State(counts): State<Arc<Counts>>) -> Html<&'static str> {
    counts.count_request();
    Html("<!doctype html><title>Home</title><h1>Home</h1><a href=\"/login\">Login</a>")
}

async fn login_page(State(counts): State<Arc<Counts>>) -> Html<&'static str> {
    counts.count_request();
    Html(
        "<!doctype html><title>Login</title><form method=\"post\" action=\"/api/method/login\">\
         <input name=\"usr\"><input name=\"pwd\" type=\"password\"><button>Login</button></form>",
    )
}

/// The desk knows who is there by the cookie `sid`, and nobody else gets in.
async fn desk(State(counts): State<Arc<Counts>>, headers: HeaderMap) -> Response {
    counts.count_request();
    let cookies = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let known = cookies.split("; ").any(|cookie| cookie == "sid=5e55101d");
    if known { Html("<h1>Desk of Anna</h1>").into_response() } else { refuse(StatusCode::FORBIDDEN, "Not permitted") }
}

/// `cmd=login` in the form or the query of any path is a way in, too.
async fn command(state: State<Arc<Counts>>, Query(query): Query<Fields>, Form(mut form): Form<Fields>) -> Response {
    form.extend(query);
    if form.get("cmd").is_some_and(|command| command == "login") {
        return login(state, Form(form)).await;
    }
    refuse(StatusCode::NOT_FOUND, "No such command")
}

async fn login(State(counts): State<Arc<Counts>>, Form(form): Form<Fields>) -> Response {
    counts.count_request();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if (field("usr"), field("pwd")) != (ACCOUNT, PASSWORD) {
        return refuse(StatusCode::UNAUTHORIZED, "Invalid Login. Try again.");
    }
    let answer = Json(json!({ "message": "Logged In", "home_page": "/app", "full_name": "Anna Example" }));
    with_cookies(
        answer.into_response(),
        [
            "sid=5e55101d; Expires=Wed, 25 Nov 2026 00:00:00 GMT; HttpOnly; Path=/; SameSite=Lax",
            "system_user=yes; Path=/; SameSite=Lax",
            "full_name=Anna%20Example; Path=/",
            "user_id=anna%40example.com; Path=/; Domain=example.com",
            "user_image=; Path=/",
        ],
    )
}

async fn logout() -> Response {
    let gone = "sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/";
    with_cookies(Json(json!({})).into_response(), [gone])
}

fn with_cookies<const N: usize>(mut response: Response, cookies: [&'static str; N]) -> Response {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(cookie));
    }
    response
}

fn refuse(status: StatusCode, message: &str) -> Response {
    let body = json!({ "message": message, "exc_type": "AuthenticationError" });
    (status, Json(body)).into_response()
}

/// An application that is methods and nothing else. It runs what Frappe would run: the command of the body, of the query, or
/// the method that the path names; and notes what it ran.
pub(super) fn methods() -> Router<Arc<Counts>> {
    Router::new().fallback(run).layer(DefaultBodyLimit::disable())
}

async fn run(State(counts): State<Arc<Counts>>, request: Request) -> Response {
    counts.count_request();
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let command = if kind.contains("json") {
        serde_json::from_slice::<Value>(&body).ok().and_then(|args| Some(args.get("cmd")?.as_str()?.to_owned()))
    } else if kind.contains("multipart") {
        part_of(&String::from_utf8_lossy(&body), "cmd").or_else(|| command_of(&parts.uri))
    } else {
        in_form(kind, body).await.or_else(|| command_of(&parts.uri))
    };
    let Some(method) = command.or_else(|| method_of(parts.uri.path())) else {
        return refuse(StatusCode::NOT_FOUND, "Nothing is called");
    };
    counts.note_call(&method);
    Json(json!({ "message": method })).into_response()
}

async fn in_form(kind: &str, body: Bytes) -> Option<String> {
    let request = Request::post("/").header(header::CONTENT_TYPE, kind).body(Body::from(body)).unwrap();
    let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, &()).await.ok()?;
    fields.into_iter().rfind(|(name, _)| name == "cmd").map(|(_, value)| value)
}

fn command_of(uri: &Uri) -> Option<String> {
    let Query(fields) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    fields.into_iter().find(|(name, _)| name == "cmd").map(|(_, value)| value)
}

/// A field of a form of parts.
fn part_of(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("name=\"{name}\""))?;
    let (_, rest) = rest.split_once("\r\n\r\n")?;
    rest.split("\r\n").next().map(str::to_owned)
}

/// As `frappe.api` takes a path apart: the method, or that of a document type.
fn method_of(path: &str) -> Option<String> {
    let decoded = path.replace("%2e", ".").replace("%2F", "/");
    let rest = decoded.strip_prefix("/api/")?;
    let (second, rest) = match rest.strip_prefix("v2/") {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix("v1/").unwrap_or(rest)),
    };
    let rest = rest.strip_prefix("method/")?.trim_end_matches('/');
    match rest.split_once('/') {
        Some((of, method)) if second => {
            let module = of.to_lowercase().replace([' ', '-'], "_");
            Some(format!("frappe.core.doctype.{module}.{module}.{method}"))
        }
        Some((method, _)) => Some(method.to_owned()),
        None => Some(rest.to_owned()),
    }
}
