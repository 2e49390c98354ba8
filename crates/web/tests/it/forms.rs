use axum::{body::Body, response::IntoResponse as _};
use palisade_base::SecretString;
use palisade_web::{Access, CsrfToken, Fields, Outcome, ProtectedForm, ProtectedJson, ProtectedUpload, Routes};
use serde::Deserialize;

use crate::harness::{Answer, Site, Who, form, key, session_id, signed_in};

#[derive(Deserialize)]
struct Person {
    name: String,
    age: Option<u32>,
    #[serde(default)]
    active: bool,
    #[serde(default)]
    skills: Vec<String>,
    password: Option<SecretString>,
}

async fn save(ProtectedForm(person): ProtectedForm<Person>) -> Outcome {
    let secret = person.password.map_or(0, |password| password.expose().len());
    let Person { name, age, active, skills, .. } = person;
    Ok(format!("{name}|{age:?}|{active}|{skills:?}|{secret}").into_response())
}

async fn echo(ProtectedForm(fields): ProtectedForm<Fields>) -> Outcome {
    Ok(fields.iter().map(|(name, values)| format!("{name}={values:?};")).collect::<String>().into_response())
}

async fn upload(upload: ProtectedUpload) -> Outcome {
    let file = upload.file("sheet")?;
    Ok(format!("{}|{}|{}", file.name, file.content.len(), upload.fields.text("note").unwrap_or("")).into_response())
}

async fn count(ProtectedJson(taps): ProtectedJson<Vec<u8>>) -> Outcome {
    Ok(taps.len().to_string().into_response())
}

fn site(who: Who) -> Site {
    let routes = Routes::new(())
        .post("/people", Access::Public, save)
        .post("/echo", Access::Public, echo)
        .post("/upload", Access::Public, upload)
        .post("/taps", Access::Public, count);
    Site::new(routes, who)
}

fn token() -> CsrfToken {
    key().for_session(session_id(1))
}

async fn post(path: &str, token: &str, fields: &str) -> Answer {
    site(signed_in()).post_form(path, token, fields).await
}

async fn post_person(fields: &str) -> Answer {
    post("/people", token().reveal(), fields).await
}

/// covers K1.4 (part)
#[tokio::test]
async fn a_form_with_its_sessions_token_is_taken() {
    let answer = post_person("name=Lena+Ortiz&age=31&active=on&skills=a&skills=b&password=p%C3%A4ss").await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, r#"Lena Ortiz|Some(31)|true|["a", "b"]|5"#));
}

/// covers K1.4 (part)
#[tokio::test]
async fn a_form_without_the_right_token_changes_nothing() {
    let of_another_session = key().for_session(session_id(2));
    let of_another_key = palisade_web::CsrfKey::new(&[4; 32]).for_session(session_id(1));
    let doubled = format!("{}&_csrf={}", token().reveal(), token().reveal());
    for wrong in ["", "x", of_another_session.reveal(), of_another_key.reveal(), &doubled] {
        let answer = post("/people", wrong, "name=x").await;
        assert_eq!(answer.status, 403, "{wrong}");
        assert!(answer.body.contains("nothing was changed"), "{}", answer.body);
    }
    let missing = site(signed_in()).send(form("/people").body(Body::from("name=x")).unwrap()).await;
    assert_eq!(missing.status, 403);
}

/// covers K1.4 (part)
#[tokio::test]
async fn a_form_from_another_site_is_refused_even_with_the_token() {
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("origin", "null")] {
        let request = http::Request::post("/people")
            .header("host", "acme.example")
            .header(name, value)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(format!("_csrf={}&name=x", token().reveal())))
            .unwrap();
        assert_eq!(site(signed_in()).send(request).await.status, 403, "{name}: {value}");
    }
}

/// A call as a script of ours makes it, changed by `shape`.
async fn call(shape: impl FnOnce(http::request::Builder) -> http::request::Builder, body: &'static str) -> u16 {
    let request =
        http::Request::post("/taps").header("host", "acme.example").header("content-type", "application/json");
    site(signed_in()).send(shape(request).body(Body::from(body)).unwrap()).await.status.as_u16()
}

/// covers K1.4 (part)
#[tokio::test]
async fn what_a_script_sends_needs_the_token_of_its_page_as_a_form_does() {
    let (token, other) = (token(), key().for_session(session_id(2)));
    let with = |token: &CsrfToken| {
        let token = token.reveal().to_owned();
        move |request: http::request::Builder| request.header("x-csrf-token", token)
    };
    assert_eq!(call(with(&token), "[1,2]").await, 200);
    assert_eq!(call(|request| request, "[1,2]").await, 403, "no token");
    assert_eq!(call(with(&other), "[1,2]").await, 403, "another session's token");
    assert_eq!(call(|request| with(&token)(with(&token)(request)), "[1,2]").await, 403, "two tokens");
    assert_eq!(call(|request| with(&token)(request).header("origin", "https://evil.example"), "[1,2]").await, 403);
    assert_eq!(call(|request| with(&token)(request).header("sec-fetch-site", "same-site"), "[1,2]").await, 403);
    // Only then is the body looked at.
    assert_eq!(call(with(&token), "[1,").await, 400);
    assert_eq!(call(with(&token), "{}").await, 422);
    assert_eq!(call(|request| request, "[1,").await, 403);
}

/// covers K1.4 (part)
#[tokio::test]
async fn before_sign_in_a_form_is_bound_to_the_visit() {
    let site = site(Who::Nobody);
    let page = site.get("/none").await;
    let cookie = page.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-palisade-visit="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{cookie}");
    let visit = cookie.split(';').next().unwrap().to_owned();
    let anchor = palisade_base::PlainToken::from_client(visit.split('=').nth(1).unwrap()).unwrap();
    let body = format!("_csrf={}&name=x", key().for_visit(&anchor).reveal());

    let mine = form("/people").header("cookie", visit).body(Body::from(body.clone())).unwrap();
    assert_eq!(site.send(mine).await.status, 200);
    let other = form("/people").header("cookie", "__Host-palisade-visit=other").body(Body::from(body)).unwrap();
    assert_eq!(site.send(other).await.status, 403);
}

#[tokio::test]
async fn what_does_not_fit_is_told_at_its_field() {
    for (fields, expected) in [
        ("age=3", "<code>name</code>: This is missing."),
        ("name=x&age=old", "<code>age</code>: This must be a number, in digits."),
        ("name=x&age=-1", "<code>age</code>: This must be a number, in digits."),
        ("name=x&name=y", "<code>name</code>: This was given more than once."),
        ("name=x&admin=1", "<code>admin</code>: This form has no such field."),
        ("name=x&active=maybe", "<code>active</code>: This must be yes or no."),
        ("name=a%00b", "<code>name</code>: This has a character that can"),
    ] {
        let answer = post_person(fields).await;
        assert_eq!(answer.status, 422, "{fields}");
        assert!(answer.body.contains(expected), "{fields}: {}", answer.body);
    }
    assert_eq!(post_person("name=x&age=&active=").await.body, "x|None|false|[]|0");
}

#[tokio::test]
async fn a_form_has_a_size() {
    let large = format!("name={}", "x".repeat(palisade_web::FORM_LIMIT_BYTES));
    assert_eq!(post_person(&large).await.status, 413);
    let many = "a=1&".repeat(3_000);
    assert_eq!(post("/echo", token().reveal(), &many).await.status, 422);
    let streamed = futures_util::stream::iter((0..40).map(|_| Ok::<_, std::io::Error>("x".repeat(10_000))));
    let endless = form("/echo").body(Body::from_stream(streamed)).unwrap();
    assert_eq!(site(signed_in()).send(endless).await.status, 413);
}

#[tokio::test]
async fn another_content_type_is_no_form() {
    let request =
        http::Request::post("/people").header("content-type", "text/plain").body(Body::from("name=x")).unwrap();
    assert_eq!(site(signed_in()).send(request).await.status, 415);
}

#[tokio::test]
async fn fields_that_are_not_known_beforehand_come_whole() {
    let answer = post("/echo", token().reveal(), "b=2&a=1&b=3&c=line%0D%0Abreak").await;
    assert_eq!(answer.body, r#"b=["2", "3"];a=["1"];c=["line\nbreak"];"#);
}

fn multipart(parts: &[(&str, Option<&str>, &str)]) -> axum::extract::Request {
    let mut body = String::new();
    for (name, file, content) in parts {
        let file = file.map_or_else(String::new, |file| format!("; filename=\"{file}\""));
        body += &format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n");
    }
    body += "--XX--\r\n";
    http::Request::post("/upload")
        .header("host", "acme.example")
        .header("origin", "https://acme.example")
        .header("content-type", "multipart/form-data; boundary=XX")
        .body(Body::from(body))
        .unwrap()
}

#[tokio::test]
async fn an_upload_is_read_when_its_token_comes_first() {
    let token = token();
    let good = [("_csrf", None, token.reveal()), ("note", None, "hi"), ("sheet", Some("../a.xlsx"), "12345")];
    let answer = site(signed_in()).send(multipart(&good)).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "a.xlsx|5|hi"));

    let late = [("sheet", Some("a.xlsx"), "12345"), ("_csrf", None, token.reveal())];
    assert_eq!(site(signed_in()).send(multipart(&late)).await.status, 403);
    let wrong = [("_csrf", None, "wrong"), ("sheet", Some("a.xlsx"), "12345")];
    assert_eq!(site(signed_in()).send(multipart(&wrong)).await.status, 403);
    assert_eq!(site(signed_in()).send(multipart(&[])).await.status, 403);
}

#[tokio::test]
async fn an_upload_without_its_file_says_so() {
    let token = token();
    let answer = site(signed_in()).send(multipart(&[("_csrf", None, token.reveal()), ("sheet", Some(""), "")])).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("Choose a file."));
}

#[tokio::test]
async fn an_upload_has_a_size_and_a_form() {
    let token = token();
    let large = "x".repeat(palisade_web::UPLOAD_LIMIT_BYTES);
    let parts = [("_csrf", None, token.reveal()), ("sheet", Some("a"), large.as_str())];
    let answer = site(signed_in()).send(multipart(&parts)).await;
    assert_eq!(answer.status, 413, "{}", answer.body);
    let mut broken = multipart(&[("_csrf", None, token.reveal())]);
    *broken.body_mut() = Body::from("--XX\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\nbroken off");
    assert_eq!(site(signed_in()).send(broken).await.status, 400);
    let no_boundary = http::Request::post("/upload").header("content-type", "multipart/form-data").body(Body::empty());
    assert_eq!(site(signed_in()).send(no_boundary.unwrap()).await.status, 415);
}
