use axum::{body::Body, extract::Request, response::IntoResponse as _};
use http::StatusCode;
use palisade_base::{Authority, Scope, auth::SessionState};
use palisade_web::{Access, Outcome, Routes};

use crate::harness::{READ, Site, Who, reader, signed_in};

async fn inside() -> Outcome {
    Ok("inside".into_response())
}

fn routes() -> Routes {
    Routes::new(())
        .get("/open", Access::Public, inside)
        .get("/account", Access::SignedIn, inside)
        .get("/sign-in/factor", Access::OwesFactor, inside)
        .get("/teams", Access::Permission(READ, Scope::All), inside)
        .get("/api/v1/teams", Access::Permission(READ, Scope::All), inside)
        .post("/api/v1/teams", Access::Permission(READ, Scope::All), inside)
}

fn owing(state: SessionState) -> Who {
    Who::User(state, Authority::none())
}

async fn seen(who: Who, path: &str) -> (u16, String) {
    let answer = Site::new(routes(), who).get(path).await;
    (answer.status.as_u16(), answer.header("location").to_owned())
}

fn status(code: u16) -> (u16, String) {
    (code, String::new())
}

fn led_to(path: &str) -> (u16, String) {
    (303, path.to_owned())
}

/// covers K2.1 (part)
#[tokio::test]
async fn nobody_comes_through_a_closed_door() {
    assert_eq!(seen(Who::Nobody, "/open").await, status(200));
    assert_eq!(seen(Who::Nobody, "/account").await, led_to("/sign-in?next=/account"));
    assert_eq!(seen(Who::Nobody, "/teams?page=2&q=a").await, led_to("/sign-in?next=/teams%3Fpage%3D2%26q%3Da"));
    assert_eq!(seen(Who::Nobody, "/sign-in/factor").await, led_to("/sign-in"));
    assert_eq!(seen(Who::Nobody, "/api/v1/teams").await, status(401));
    assert_eq!(seen(Who::Nobody, "/none").await, status(404));
}

/// covers K2.1 (part)
#[tokio::test]
async fn a_missing_permission_is_refused() {
    let team_only = Who::User(SessionState::Full, Authority::from_iter([(READ, Scope::Team)]));
    for who in [signed_in(), team_only] {
        assert_eq!(seen(who.clone(), "/account").await, status(200));
        assert_eq!(seen(who.clone(), "/teams").await, status(403));
        assert_eq!(seen(who, "/api/v1/teams").await, status(403));
    }
    assert_eq!(seen(reader(), "/teams").await, status(200));
}

/// covers K1.2 (part)
#[tokio::test]
async fn a_session_that_owes_something_reaches_nothing_else() {
    for (state, due) in [
        (SessionState::OwesFactor, "/sign-in/factor"),
        (SessionState::OwesEnrolment, "/sign-in/enrol"),
        (SessionState::OwesPassword, "/sign-in/new-password"),
    ] {
        assert_eq!(seen(owing(state), "/teams").await, led_to(due));
        assert_eq!(seen(owing(state), "/account").await, led_to(due));
        assert_eq!(seen(owing(state), "/api/v1/teams").await, status(403));
        assert_eq!(seen(owing(state), "/sign-in/factor").await, status(200));
    }
    // Even an authority that was handed over by mistake opens nothing.
    let mistaken = Who::User(SessionState::OwesFactor, Authority::from_iter([(READ, Scope::All)]));
    assert_eq!(seen(mistaken, "/teams").await, led_to("/sign-in/factor"));
}

/// covers K4.3 (part)
#[tokio::test]
async fn a_key_opens_the_api_and_no_page() {
    let key = || Who::Key(Authority::from_iter([(READ, Scope::All)]));
    assert_eq!(seen(key(), "/api/v1/teams").await, status(200));
    assert_eq!(seen(key(), "/teams").await, status(403));
    assert_eq!(seen(key(), "/account").await, status(403));
    assert_eq!(seen(key(), "/sign-in/factor").await, status(403));
    assert_eq!(seen(Who::Key(Authority::none()), "/api/v1/teams").await, status(403));
}

async fn post_to_api(who: Who, headers: &[(&str, &str)]) -> StatusCode {
    let mut request = Request::post("/api/v1/teams").header("host", "acme.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Site::new(routes(), who).send(request.body(Body::empty()).unwrap()).await.status
}

#[tokio::test]
async fn a_call_by_cookie_must_come_from_here() {
    assert_eq!(post_to_api(reader(), &[]).await, 403);
    assert_eq!(post_to_api(reader(), &[("sec-fetch-site", "cross-site")]).await, 403);
    assert_eq!(post_to_api(reader(), &[("origin", "https://evil.example")]).await, 403);
    assert_eq!(post_to_api(reader(), &[("origin", "https://acme.example")]).await, 200);
    assert_eq!(post_to_api(reader(), &[("sec-fetch-site", "same-origin")]).await, 200);
    // A key is sent on purpose, never by a browser on its own.
    let key = Who::Key(Authority::from_iter([(READ, Scope::All)]));
    assert_eq!(post_to_api(key, &[]).await, 200);
}

#[tokio::test]
async fn a_form_sent_after_the_session_ended_does_not_come_back_as_a_link() {
    let site = Site::new(Routes::new(()).post("/teams", Access::SignedIn, inside), Who::Nobody);
    let answer = site.send(crate::harness::form("/teams").body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/sign-in"));
}

#[test]
fn routes_are_listed_with_what_they_ask() {
    let all = Routes::new(()).merge(routes());
    assert_eq!(all.list().len(), 6);
    assert_eq!(all.list()[3].path, "/teams");
    assert_eq!(all.list()[3].access, Access::Permission(READ, Scope::All));
}

#[tokio::test]
async fn the_wrong_method_is_told_in_words() {
    let answer = Site::new(routes(), reader())
        .send(Request::put("/teams").header("accept", "text/html").body(Body::empty()).unwrap())
        .await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("allow"), "GET,HEAD");
    assert!(answer.body.contains("<h1>Not in this way</h1>"));
}
