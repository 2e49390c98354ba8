//! What the log says about a request, and what it never says.

use std::{cell::RefCell, io::Write};

use tokio::io::AsyncWriteExt;

use crate::harness::{ANNA, KEY, TestGate, header_of};

thread_local! {
    /// Each test and its gate run on one thread of their own, so these are the lines of one test.
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct ToThisThread;

impl Write for ToThisThread {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One log for all tests: whether anybody listens is remembered for the whole program.
#[tokio::test]
async fn a_line_names_the_request_and_holds_no_secret() {
    let log = tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE).with_writer(|| ToThisThread);
    tracing::subscriber::set_global_default(log.finish()).unwrap();
    let gate = TestGate::start().await;
    let cookie = format!("__Host-palisade={ANNA}");
    let first = gate.get("/whoami?password=hunter2", &[("cookie", &cookie), ("user-agent", "a browser")]).await;
    let id = header_of(&first, "x-request-id").to_owned();
    let _ = gate.get("/sign-in/link/a-short-secret?x=hunter2", &[]).await;
    let _ = gate
        .get(&format!("/all/plk_{}", "s".repeat(43)), &[("x-api-key", KEY), ("authorization", "Basic aHVudGVyMg==")])
        .await;
    let _ = gate.get("/panic?token=hunter2", &[("x-api-key", KEY)]).await;
    let _ = gate.get("/", &[("x-api-key", "plk_wrong")]).await;

    let mut leaves = gate.tls("kpi.example", &[]).await;
    let before = gate.seen.lock().unwrap().len();
    leaves.write_all(b"GET /slow?x=hunter2 HTTP/1.1\r\nHost: kpi.example\r\n\r\n").await.unwrap();
    while gate.seen.lock().unwrap().len() == before {
        tokio::task::yield_now().await;
    }
    drop(leaves);
    while !LINES.with_borrow(|lines| String::from_utf8_lossy(lines).contains("\"status\":499")) {
        tokio::task::yield_now().await;
    }

    let text = String::from_utf8(LINES.take()).unwrap();
    for secret in ["hunter2", ANNA, KEY, "a-short-secret", "sssssss", "aHVudGVyMg", "plk_wrong", "__Host-palisade="] {
        assert!(!ours(&text).any(|line| line.contains(secret)), "{secret}");
    }
    let line = ours(&text).find(|line| line.contains(&id)).unwrap_or_else(|| panic!("no line of {id}:\n{text}"));
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    let field = |name: &str| line["fields"][name].as_str().unwrap_or_default();
    assert_eq!(line["target"], "palisade::access");
    assert_eq!((field("method"), field("path"), field("site")), ("GET", "/whoami", "kpi"));
    assert_eq!((field("client"), field("protocol"), field("agent")), ("127.0.0.1", "HTTP/2.0", "a browser"));
    assert_eq!(field("actor"), "user:00000000-0000-0000-0000-000000000001");
    assert_eq!(line["fields"]["status"], 200);
    assert!(text.contains("panic: a secret of the app"), "the cause of a crash is for the log");
}

/// The client's own libraries log here too, at a level that the program does not use.
fn ours(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| line.contains("\"target\":\"palisade"))
}
