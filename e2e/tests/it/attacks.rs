//! What a careful attacker tries from outside, without a browser's good manners.

use palisade_e2e::{Answer, Client, Palisade, TotpSecret};
use reqwest::Method;

/// The guide's headers, and the policy of our own pages.
const HEADERS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "SAMEORIGIN"),
    ("x-xss-protection", "1; mode=block"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
];

async fn give_password(client: &Client, user: &str, password: &str) -> Answer {
    client.post_form("/sign-in", "/sign-in", &[("login", user), ("password", password)]).await
}

async fn give_code(client: &Client, code: &str) -> Answer {
    client.post_form("/sign-in/factor", "/sign-in/factor", &[("code", code)]).await
}

/// covers T1.2, T1.3 (part), T1.4 (part), T1.5, T1.6 (part), T1.7 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_has_the_headers_whatever_its_status() {
    let palisade = Palisade::demo();
    let stranger = Client::stranger(&palisade);
    let employee = Client::signed_in(&palisade, palisade.account("Employee")).await;
    let own = employee.get("/api/v1/employees").await.json()["data"][0]["id"].as_str().unwrap().to_owned();
    let own = format!("/api/v1/employees/{own}");
    let tag = employee.get(&own).await.header("etag").to_owned();
    let unchanged = employee.send(Method::GET, &own, |request| request.header("if-none-match", tag)).await;
    let too_much = "x".repeat(3 << 20);
    let answers = [
        (200, stranger.get("/sign-in").await),
        (303, stranger.get("/").await),
        (304, unchanged),
        (401, stranger.get("/api/v1/employees").await),
        (403, employee.get("/employees/new").await),
        (404, stranger.get("/nowhere").await),
        (405, stranger.send(Method::DELETE, "/sign-in", |request| request).await),
        (413, stranger.send(Method::POST, "/sign-in", |request| request.form(&[("login", too_much)])).await),
    ];
    for (status, answer) in &answers {
        assert_eq!(answer.status, *status, "{}", answer.text);
        for (name, value) in HEADERS {
            assert_eq!(answer.header(name), value, "{name} on a {status}");
        }
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "{status}: {policy}");
        assert!(!policy.contains("unsafe"), "{status}: {policy}");
    }
}

/// covers K1.3 (part), T8.3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_opens_once_and_a_link_opens_once() {
    let palisade = Palisade::demo();
    let admin = palisade.account("Admin");
    let code = TotpSecret::new(&admin.totp_secret).next_code().await;
    let first = Client::stranger(&palisade);
    let halfway = give_password(&first, &admin.user, &admin.password).await;
    assert_eq!((halfway.status, halfway.header("location")), (303, "/sign-in/factor"));
    // Half signed in is not signed in.
    assert_eq!(first.get("/employees").await.header("location"), "/sign-in/factor");
    let inside = give_code(&first, &code).await;
    assert_eq!(inside.status, 303, "{}", inside.text);
    let cookies: Vec<&str> =
        inside.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
    let session = cookies.iter().find(|cookie| cookie.starts_with("__Host-palisade=")).expect("a new session id");
    for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(session.contains(attribute), "{attribute} in {session}");
    }
    assert!(!session.contains("Domain"), "the cookie stays on its host");
    assert_eq!(first.get("/employees").await.status, 200);

    let second = Client::stranger(&palisade);
    give_password(&second, &admin.user, &admin.password).await;
    let replayed = give_code(&second, &code).await;
    assert_eq!(replayed.status, 422, "a used code is refused: {}", replayed.text);

    let employee = palisade.account("Employee");
    Client::signed_in(&palisade, employee).await;
    let again = Client::stranger(&palisade).get(employee.link.strip_prefix(&palisade.url).unwrap()).await;
    assert_eq!(again.status, 404, "a used link is dead");
}

/// covers T10.1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_learn_nothing_and_the_log_holds_no_secret() {
    let mut palisade = Palisade::served();
    let admin = palisade.account("Admin").clone();
    let stranger = Client::stranger(&palisade);
    let words = |answer: &Answer| {
        let (_, rest) = answer.text.split_once("<main").unwrap();
        // What was typed is given back; everything else must be the same.
        rest.replace(&admin.user, "").replace("nobody-there", "")
    };
    let wrong = give_password(&stranger, &admin.user, "not-the-password-9!").await;
    let unknown = give_password(&stranger, "nobody-there", "not-the-password-9!").await;
    assert_eq!((wrong.status, unknown.status), (401, 401));
    let token = |answer: &Answer| answer.form_token().unwrap().to_owned();
    let (one, other) = (words(&wrong).replace(&token(&wrong), ""), words(&unknown).replace(&token(&unknown), ""));
    assert_eq!(one, other, "a known and an unknown user are told apart by nothing");

    let code = TotpSecret::new(&admin.totp_secret).next_code().await;
    give_password(&stranger, &admin.user, &admin.password).await;
    assert_eq!(give_code(&stranger, &code).await.status, 303);
    let link = palisade.account("Manager").link.rsplit('/').next().unwrap().to_owned();
    stranger.get(&format!("/sign-in/link/{link}")).await;
    assert_eq!(stranger.get("/employees?q=what-was-searched").await.status, 200);
    // Once it has stopped, its log is whole.
    palisade.stop();
    let log = palisade.log();
    assert!(log.contains("/sign-in"), "requests are logged: {log}");
    for secret in
        [admin.password.as_str(), &admin.totp_secret, "not-the-password-9!", &link, "what-was-searched", "SELECT "]
    {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
    let levels = log.lines().map(|line| {
        let event: serde_json::Value = serde_json::from_str(line).expect("each line is one JSON object");
        event["level"].as_str().unwrap().to_owned()
    });
    let levels: Vec<String> = levels.collect();
    assert!(levels.iter().any(|level| level == "INFO") && !levels.iter().any(|level| level == "TRACE"), "{levels:?}");
}

/// covers K2.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_from_elsewhere_and_a_form_without_its_token_change_nothing() {
    let palisade = Palisade::demo();
    let admin = Client::signed_in(&palisade, palisade.account("Admin")).await;
    let page = admin.get("/teams/new").await;
    let token = page.form_token().unwrap().to_owned();
    let team = |name: &'static str, token: &str| [("name", name.to_owned()), ("_csrf", token.to_owned())];
    let without = admin.send(Method::POST, "/teams/new", |request| request.form(&[("name", "No token")])).await;
    let foreign = admin
        .send(Method::POST, "/teams/new", |request| {
            request.header("origin", "https://evil.example").form(&team("Foreign", &token))
        })
        .await;
    let forged = admin
        .send(Method::POST, "/teams/new", |request| {
            request.header("origin", palisade.url.clone()).form(&team("Forged", &"A".repeat(token.len())))
        })
        .await;
    assert_eq!([without.status, foreign.status, forged.status], [403, 403, 403]);
    let teams = admin.get("/teams").await.text;
    assert!(["No token", "Foreign", "Forged"].iter().all(|name| !teams.contains(name)));
}

/// covers T1.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_is_no_site_gets_no_site() {
    let palisade = Palisade::demo();
    let stranger = Client::stranger(&palisade);
    let answer = stranger.send(Method::GET, "/sign-in", |request| request.header("host", "evil.example")).await;
    assert!([400, 404, 421].contains(&answer.status), "{}", answer.status);
    assert!(!answer.text.contains("evil.example") && answer.form_token().is_none(), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_of_a_mebibyte_is_refused() {
    let palisade = Palisade::demo();
    let stranger = Client::stranger(&palisade);
    let answer = give_password(&stranger, &palisade.account("Admin").user, &"x".repeat(1 << 20)).await;
    assert!([413, 422].contains(&answer.status), "{}", answer.status);
    assert_eq!(stranger.get("/sign-in").await.status, 200);
}
