//! Cookies and keys on their way in and out.

use crate::harness::{ANNA, BERT, CHANGED, KEY, TestGate, header_of};

async fn who(gate: &TestGate, headers: &[(&str, &str)]) -> (u16, String) {
    let response = gate.get("/whoami", headers).await;
    (response.status().as_u16(), response.text().await.unwrap())
}

const ANNA_ACTS: &str = "user:00000000-0000-0000-0000-000000000001";

#[tokio::test]
async fn a_cookie_or_a_key_says_who_it_is() {
    let gate = TestGate::start().await;
    let anna = format!("a=b; __Host-palisade={ANNA}; c=d");
    assert_eq!(who(&gate, &[("cookie", &anna)]).await, (200, ANNA_ACTS.to_owned()));
    assert_eq!(who(&gate, &[]).await, (200, "anonymous".to_owned()));
    for (name, value) in [("x-api-key", KEY.to_owned()), ("authorization", format!("Bearer {KEY}"))] {
        assert!(who(&gate, &[(name, &value)]).await.1.starts_with("api:"));
    }
    assert_eq!(gate.seen.lock().unwrap()[0].0, "kpi");
}

/// covers K1.4 (part)
#[tokio::test]
async fn a_cookie_that_comes_twice_or_broken_signs_nobody_in() {
    let gate = TestGate::start().await;
    for cookies in [
        format!("__Host-palisade={ANNA}; __Host-palisade={BERT}"),
        format!("__Host-palisade={ANNA}; __Host-palisade={ANNA}"),
        format!("__Host-palisade= {ANNA} x"),
        format!("__host-palisade={ANNA}"),
        format!("palisade={ANNA}"),
        "__Host-palisade".to_owned(),
        format!("__Host-palisade={}", "a".repeat(5_000)),
        "=;;=;\t; __Host-palisade=%00".to_owned(),
    ] {
        assert_eq!(who(&gate, &[("cookie", &cookies)]).await, (200, "anonymous".to_owned()), "{cookies}");
    }
    let twice = [("cookie", "__Host-palisade=anna-token"), ("cookie", "__Host-palisade=bert-token")];
    assert_eq!(who(&gate, &twice).await.1, "anonymous");
}

#[tokio::test]
async fn a_key_that_is_wrong_or_shown_twice_is_refused_and_a_cookie_does_not_help() {
    let gate = TestGate::start().await;
    let anna = format!("__Host-palisade={ANNA}");
    for headers in [
        vec![("x-api-key", "plk_wrong"), ("cookie", anna.as_str())],
        vec![("x-api-key", KEY), ("x-api-key", KEY)],
        vec![("x-api-key", KEY), ("authorization", "Bearer plk_key")],
        vec![("x-api-key", "not a key")],
    ] {
        let response = gate.get("/whoami", &headers).await;
        assert_eq!(
            (response.status().as_u16(), header_of(&response, "www-authenticate")),
            (401, "Bearer"),
            "{headers:?}"
        );
    }
}

/// covers K1.4 (part)
#[tokio::test]
async fn cookies_that_the_gate_sets_are_bound_to_this_host_and_hidden_from_scripts() {
    let gate = TestGate::start().await;
    let set = async |cookie: &str| {
        let response = gate.get("/whoami", &[("cookie", cookie), ("accept", "text/html")]).await;
        header_of(&response, "set-cookie").to_owned()
    };
    let renewed = set(&format!("__Host-palisade={CHANGED}")).await;
    assert_eq!(renewed, "__Host-palisade=new-token; Path=/; Secure; HttpOnly; SameSite=Lax");
    let visit = set("").await;
    assert!(
        visit.starts_with("__Host-palisade-visit=") && visit.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"),
        "{visit}"
    );
    assert_eq!(set(&format!("__Host-palisade={ANNA}")).await, "");
}

/// covers K1.4 (part)
#[tokio::test]
async fn a_page_that_polls_says_so_and_files_ask_for_no_session() {
    let gate = TestGate::start().await;
    let anna = format!("__Host-palisade={ANNA}");
    let _ = who(&gate, &[("cookie", &anna), ("x-background", "1")]).await;
    let _ = who(&gate, &[("cookie", &anna)]).await;
    let _ = gate.get("/assets/a.css", &[("cookie", &anna)]).await;
    let background: Vec<bool> = gate.seen.lock().unwrap().iter().map(|(_, background, _)| *background).collect();
    assert_eq!(background, [true, false]);
}

/// Nobody is let in because it can't be found out who they are.
#[tokio::test]
async fn when_nobody_can_be_looked_up_the_gate_refuses() {
    let gate = TestGate::start().await;
    let response = gate.get("/whoami", &[("x-api-key", "plk_down")]).await;
    assert_eq!(response.status(), 503);
}
