//! Applications that answer what no honest one does, and clients that try to reach them past the gate.

use http_body_util::BodyExt as _;
use palisade_config::{Preset, SignIn};
use palisade_testkit::upstream::{RawUpstream, Step};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{HOST, gate_before, guarded, guarded_with, streamed, tems};
use crate::{
    harness::{TestGate, header_of, read_all},
    wire::{PREFACE, headers_frame_to},
};

async fn exchange(gate: &TestGate, request: &str) -> String {
    let mut stream = gate.tls(HOST, &[]).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    read_all(&mut stream).await
}

/// What looks at headers does not see trailers: an application that merges the two would believe them. Over HTTP/1.1 they
/// would have to be announced, over HTTP/2 not even that.
#[tokio::test]
async fn nobody_says_who_they_are_behind_a_body() {
    for http2 in [false, true] {
        let (gate, _app) = guarded_with(|config| tems(config).upstream.as_mut().unwrap().http2 = http2).await;
        let trailers = "X-Palisade-User: Administrator\r\nX-Palisade-Identity: forged\r\nX-Real-IP: 198.51.100.9\r\n";
        let request = format!(
            "POST /up HTTP/1.1\r\nHost: {HOST}\r\nConnection: close, te\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\
             Trailer: X-Palisade-User, X-Palisade-Identity, X-Real-IP\r\n\r\n3\r\nabc\r\n0\r\n{trailers}\r\n"
        );
        let answer = exchange(&gate, &request).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n3 "), "{answer}");

        let mut forged = http::HeaderMap::new();
        forged.insert("x-palisade-user", http::HeaderValue::from_static("Administrator"));
        let frames = [http_body::Frame::data(bytes::Bytes::from_static(b"abc")), http_body::Frame::trailers(forged)];
        let frames = futures_util::stream::iter(frames.map(Ok::<_, std::convert::Infallible>));
        let body = reqwest::Body::wrap(http_body_util::StreamBody::new(frames));
        let answer =
            gate.client().post(gate.url(HOST, "/up")).header("te", "trailers").body(body).send().await.unwrap();
        assert_eq!((answer.version(), answer.text().await.unwrap()), (http::Version::HTTP_2, "3 ".to_owned()));
    }
}

/// Attack: an application sets our cookie, and takes back our headers, where nobody looks for headers any more.
#[tokio::test]
async fn an_application_says_nothing_for_the_gate_behind_a_body() {
    let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum, set-cookie\r\n\r\n2\r\nok\r\n0\r\n\
                  set-cookie: __Host-palisade-site=mine\r\nstrict-transport-security: max-age=0\r\nx-sum: 42\r\n\r\n";
    let app = RawUpstream::answering(answer).await;
    let gate = gate_before(&app.address, |_| ()).await;
    let answer = gate.client().get(gate.url(HOST, "/")).header("te", "trailers").send().await.unwrap();
    let whole = http::Response::<reqwest::Body>::from(answer).into_body().collect().await.unwrap();
    let names: Vec<&str> = whole.trailers().unwrap().keys().map(http::HeaderName::as_str).collect();
    assert_eq!(names, ["x-sum"]);
}

/// hyper and h2 take two equal lengths for one. What a third program makes of them, nobody knows.
#[tokio::test]
async fn two_lengths_over_http_2_reach_no_application() {
    let (gate, app) = guarded().await;
    let send = async |lengths: &[&str]| {
        let request = gate.client().post(gate.url(HOST, "/up")).header("expect", "");
        let request = lengths.iter().fold(request, |request, length| request.header("content-length", *length));
        request.body("abc").send().await.map(|answer| answer.status().as_u16())
    };
    assert_eq!(send(&["3"]).await.unwrap(), 200);
    let reached = app.counts.requests();
    assert_eq!(send(&["3", "3"]).await.unwrap(), 400);
    for lengths in [["3", "4"], ["4", "3"]] {
        assert_ne!(send(&lengths).await.unwrap_or(400), 200, "{lengths:?}");
    }
    assert_eq!(app.counts.requests(), reached);
}

/// Attack: `:path` is `app`. Applications read `/app`, and a rule for `/app` would not see it. That the libraries beneath
/// take no such path is what this holds on to.
#[tokio::test]
async fn a_path_without_its_slash_reaches_no_application() {
    let (gate, app) = guarded_with(|config| {
        tems(config).access.sign_in = SignIn::Open;
        tems(config).preset = Preset::Strict;
    })
    .await;
    for path in ["app", "*", "app/user", "%2fapp", "http://evil.example/app"] {
        let mut stream = gate.tls(HOST, &[b"h2"]).await;
        let goodbye = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let frames = [PREFACE, &headers_frame_to(HOST, 1, path, &[]), &goodbye].concat();
        stream.write_all(&frames).await.unwrap();
        let _ = read_all(&mut stream).await;
        assert_eq!(app.counts.connections(), 0, "{path}");
    }
    for target in ["app", "app:443"] {
        let answer = exchange(&gate, &format!("OPTIONS {target} HTTP/1.1\r\nHost: {HOST}\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{target}: {answer}");
    }
    assert_eq!(app.counts.connections(), 0);
}

/// Attack: the application answers before it has the whole request. What is left of that one must not become the next.
#[tokio::test]
async fn an_early_answer_leaves_no_half_request_to_the_next_client() {
    let first = vec![Step::Read, Step::write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"), Step::Wait];
    let second = vec![Step::Read, Step::write("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\ntwo"), Step::Wait];
    let app = RawUpstream::start(vec![first, second]).await;
    let gate = gate_before(&app.address, |_| ()).await;
    let head = format!("POST /up HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1000000\r\n\r\n");
    let smuggled = format!("GET /admin HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    let mut stream = gate.tls(HOST, &[]).await;
    stream.write_all([head, smuggled].concat().as_bytes()).await.unwrap();
    let mut answer = String::new();
    while !answer.ends_with("\r\n\r\nok") {
        answer.push(char::from(stream.read_u8().await.unwrap()));
    }
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("connection: close"), "{answer}");
    let next = gate.client().get(gate.url(HOST, "/")).send().await.unwrap();
    assert_eq!((next.text().await.unwrap(), app.connections()), ("two".to_owned(), 2));
    drop(stream);
}

/// Attack: an application that never comes to the point, or to the end of its headers.
#[tokio::test]
async fn floods_of_interim_answers_and_of_headers_are_given_up() {
    for (start, flood, status) in [
        ("", "HTTP/1.1 100 Continue\r\n\r\n", 504),
        ("", "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n", 504),
        ("HTTP/1.1 200 OK\r\n", "x: y\r\n", 502),
        ("HTTP/1.1 200 OK\r\nx: ", "y", 502),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;", "x", 200),
    ] {
        let app = RawUpstream::start(vec![vec![Step::Read, Step::write(start), Step::Flood(flood.into())]]).await;
        let gate = gate_before(&app.address, |config| {
            // Only where nothing else ends it.
            if status == 504 {
                tems(config).upstream.as_mut().unwrap().answer_ms = 300;
            }
        })
        .await;
        let answer = gate.client().get(gate.url(HOST, "/")).send().await;
        if status == 200 {
            // A chunk whose size has no end is no chunk. The end may overtake the head on HTTP/2.
            let Ok(answer) = answer else { continue };
            assert!(answer.bytes().await.is_err(), "{flood:?}");
        } else {
            assert_eq!(answer.unwrap().status(), status, "{flood:?}");
        }
    }
}

#[tokio::test]
async fn what_is_no_sound_answer_is_502_and_shows_nothing_of_the_inside() {
    let many = "x: inside\r\n".repeat(200);
    for head in [
        "HTTP/1.1 200 OK\r\nx: inside\rset-cookie: a=b\r\n",
        "HTTP/1.1 200 OK\r\nlocation: /\r\n inside\r\n",
        "HTTP/1.1 200 OK\r\nx: inside\0\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 6\r\ntransfer-encoding: chunked\r\n",
        "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\nx: inside\r\n",
        "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: h2c\r\nx: inside\r\n",
        "inside\r\n",
        &format!("HTTP/1.1 200 OK\r\n{many}"),
    ] {
        let app = RawUpstream::answering(&format!("{head}\r\ninside")).await;
        let gate = gate_before(&app.address, |_| ()).await;
        let answer = gate.client().get(gate.url(HOST, "/")).send().await.unwrap();
        assert_eq!(answer.status(), 502, "{head:?}");
        assert_eq!(header_of(&answer, "x-content-type-options"), "nosniff");
        assert!(!format!("{:?}", answer.headers()).contains("inside"));
        assert!(!answer.text().await.unwrap().contains("inside"), "{head:?}");
    }
}

/// What speaks for the whole host is not an application's to say: that browsers forget our cookies, where they report to,
/// by which other door they come.
#[tokio::test]
async fn an_application_does_not_speak_for_the_host() {
    let (gate, _app) = guarded().await;
    let names = [
        "clear-site-data",
        "nel",
        "report-to",
        "reporting-endpoints",
        "alt-svc",
        "public-key-pins",
        "x-accel-redirect",
        "x-accel-expires",
        "x-sendfile",
        "set-cookie2",
        "x-powered-by",
        "server",
        "keep-alive",
        "proxy-authenticate",
    ];
    let query: Vec<String> = names.iter().map(|name| format!("{name}=of-the-app")).collect();
    for client in [gate.client(), gate.http1_client()] {
        let url = gate.url(HOST, &format!("/set-headers?{}&x-own=of-the-app", query.join("&")));
        let answer = client.get(url).send().await.unwrap();
        for name in names {
            assert_eq!(header_of(&answer, name), "", "{name}");
        }
        assert_eq!(header_of(&answer, "x-own"), "of-the-app");
    }
}

#[tokio::test]
async fn an_application_sets_none_of_our_cookies_in_whatever_spelling() {
    let (gate, _app) = guarded().await;
    let ours = [
        "__Host-palisade=x",
        "__Host-palisade-site=x;%20Path=/",
        "__HOST-PALISADE=x",
        "%20%09__Host-palisade%20=x",
        "=__Host-palisade=x",
        "%20=%20=__host-Palisade-site=x",
        "__Host-palisade",
    ];
    let theirs = ["__Secure-palisade=x;%20Domain=example.com", "x__Host-palisade=y", "palisade=x;%20domain=.example"];
    let url = gate.url(HOST, &format!("/set-headers?set-cookie={}|{}", ours.join("|"), theirs.join("|")));
    let answer = gate.client().get(url).send().await.unwrap();
    let set: Vec<&str> = answer.headers().get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(
        set,
        [
            "__Secure-palisade=x; Secure; HttpOnly; SameSite=Lax",
            "x__Host-palisade=y; Secure; HttpOnly; SameSite=Lax",
            "palisade=x; Secure; HttpOnly; SameSite=Lax",
        ]
    );
}

/// Attack: a body that is small on its way and large once it is unpacked. The gate unpacks nothing.
#[tokio::test]
async fn packed_bodies_pass_as_they_are() {
    let (gate, _app) = guarded().await;
    let packed = gate.client().post(gate.url(HOST, "/up")).header("content-encoding", "gzip");
    let answer = packed.body(b"\x1f\x8b no gzip".to_vec()).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (200, "10 ".to_owned()));
    let path = "/set-headers?content-encoding=gzip&x-own=1";
    let answer = exchange(&gate, &format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n")).await;
    assert!(answer.contains("content-encoding: gzip\r\n") && answer.ends_with("\r\n\r\nset"), "{answer}");
}

/// Attack: a word in `Expect` that one program understands and the next does not, so that they wait for one another or
/// take the body for the next request.
#[tokio::test]
async fn what_a_client_expects_is_between_it_and_the_gate() {
    let (gate, app) = guarded().await;
    for expect in ["100-continue", "y 100-continue", "100-continue, 100-continue", "\t100-CONTINUE"] {
        let request = format!(
            "POST /echo HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 5\r\nExpect: {expect}\r\nConnection: close\r\n\r\nhello"
        );
        let answer = exchange(&gate, &request).await;
        assert!(answer.contains("HTTP/1.1 200 OK") && answer.contains("\"body\":5"), "{expect}: {answer}");
        assert!(!answer.contains("\"expect\""), "{expect}: {answer}");
    }
    assert_eq!(app.counts.requests(), 4);
    let unsaid = streamed(std::iter::once("hello".into()));
    let answer = gate.client().post(gate.url(HOST, "/echo")).header("expect", "100-continue").body(unsaid);
    assert_eq!(answer.send().await.unwrap().status(), 200);
}
