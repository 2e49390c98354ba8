use axum::{
    body::Body,
    extract::{Path, Query, Request},
    response::IntoResponse as _,
};
use palisade_base::{Error, FieldError, Kind, Span};
use palisade_web::{Access, Failure, JsonBody, Outcome, PathId, Routes};
use serde::Deserialize;

use crate::harness::{Answer, REQUEST, Site, Who, signed_in};

const CAUSE: &str = "connection to 10.0.0.5 refused for user palisade_app";

#[derive(Deserialize)]
struct Body3 {
    #[serde(rename = "name")]
    _name: String,
}

async fn fail() -> Outcome {
    Err(Failure::internal(CAUSE))
}

async fn later() -> Outcome {
    Err(Failure::from(Error::new(Kind::TooMany, "Slow down.")).retry_after(Span::millis(1_500)))
}

async fn invalid() -> Outcome {
    let field = FieldError { field: "name".into(), message: "Give a <name>.".to_owned() };
    Err(Error::invalid(vec![field]).into())
}

async fn number(Path(_): Path<u32>, Query(_): Query<Vec<(String, u32)>>) -> Outcome {
    Ok("ok".into_response())
}

async fn person(PathId(id): PathId<palisade_base::PersonId>) -> Outcome {
    Ok(id.to_string().into_response())
}

async fn json(JsonBody(_): JsonBody<Body3>) -> Outcome {
    Ok("ok".into_response())
}

fn site(who: Who) -> Site {
    let routes = Routes::new(())
        .get("/fail", Access::Public, fail)
        .get("/api/v1/fail", Access::Public, fail)
        .get("/later", Access::Public, later)
        .get("/invalid", Access::Public, invalid)
        .get("/api/v1/invalid", Access::Public, invalid)
        .get("/number/{n}", Access::Public, number)
        .get("/people/{id}", Access::Public, person)
        .post("/api/v1/json", Access::Public, json);
    Site::new(routes, who)
}

async fn get(path: &str) -> Answer {
    site(signed_in()).get(path).await
}

/// covers T3.1 (part)
#[tokio::test]
async fn an_internal_error_shows_an_id_and_nothing_else() {
    for path in ["/fail", "/api/v1/fail"] {
        for who in [signed_in(), Who::Nobody] {
            let answer = site(who).get(path).await;
            assert_eq!(answer.status, 500);
            assert!(!answer.body.contains("10.0.0.5") && !answer.body.contains("palisade_app"), "{}", answer.body);
            assert!(answer.body.contains(REQUEST), "{}", answer.body);
            assert_eq!(answer.header("cache-control"), "no-store");
        }
    }
}

#[tokio::test]
async fn a_page_gets_a_page_and_the_api_its_envelope() {
    let page = get("/invalid").await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (422, "text/html; charset=utf-8"));
    assert!(page.body.contains("<h1>Needs another look</h1>"));
    assert!(page.body.contains("Give a &#60;name&#62;."), "{}", page.body);

    let json = get("/api/v1/invalid").await;
    assert_eq!((json.status.as_u16(), json.header("content-type")), (422, "application/json"));
    let expected = format!(
        r#"{{"status":"error","error":{{"code":"VALIDATION_ERROR","message":"Some answers need another look.","details":[{{"field":"name","message":"Give a <name>."}}],"request_id":"{REQUEST}"}}}}"#
    );
    assert_eq!(json.body, expected);
}

#[tokio::test]
async fn who_asks_for_json_gets_json() {
    let request = Request::get("/invalid").header("accept", "application/json").body(Body::empty()).unwrap();
    assert_eq!(site(signed_in()).send(request).await.header("content-type"), "application/json");
}

#[tokio::test]
async fn when_to_try_again_is_said_in_whole_seconds() {
    let answer = get("/later").await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "2"));
}

#[tokio::test]
async fn addresses_that_cannot_be_read_do_not_speak_of_types() {
    for path in ["/number/x", "/number/99999999999999999999", "/number/1?a=b", "/number/%ff"] {
        let answer = get(path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.body.contains("<h1>Can&#39;t be read</h1>"), "{path}: {}", answer.body);
        assert!(!answer.body.contains("u32"), "{path}");
    }
    assert_eq!(get("/people/not-an-id").await.status, 404);
    assert_eq!(get("/people/00000000-0000-7000-8000-000000000001").await.status, 200);
}

#[tokio::test]
async fn what_is_not_there_has_the_frame_of_who_asks() {
    let answer = get("/none").await;
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("<h1>Nothing here</h1>"));
    assert!(answer.body.contains("Lena &#60;b&#62;Ortiz&#60;/b&#62;"));
    assert!(!site(Who::Nobody).get("/none").await.body.contains("Sign out"));
}

async fn post_json(kind: &str, body: String) -> Answer {
    let request = Request::post("/api/v1/json")
        .header("host", "acme.example")
        .header("origin", "https://acme.example")
        .header("content-type", kind)
        .body(Body::from(body))
        .unwrap();
    site(signed_in()).send(request).await
}

#[tokio::test]
async fn json_that_does_not_fit_is_told_with_its_place() {
    let good = post_json("application/json; charset=utf-8", r#"{"name":"x"}"#.to_owned()).await;
    assert_eq!(good.status, 200, "{}", good.body);
    assert_eq!(post_json("text/plain", "{}".to_owned()).await.status, 415);
    let broken = post_json("application/json", "{\"name\":\n  x}".to_owned()).await;
    assert_eq!(broken.status, 400);
    assert!(broken.body.contains("line 2, column 3"), "{}", broken.body);
    let shape = post_json("application/json", r#"{"name":"secret-value-1"#.to_owned() + r#"","name":5}"#).await;
    assert_eq!(shape.status, 422);
    assert!(!shape.body.contains("secret-value-1"));
    let deep = post_json("application/json", "[".repeat(100_000)).await;
    assert_eq!(deep.status, 422);
    let large = post_json("application/json", format!("\"{}\"", "x".repeat(palisade_web::JSON_LIMIT_BYTES))).await;
    assert_eq!(large.status, 413);
}
