//! Which site a request reaches, and where plain HTTP is sent.

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::harness::{TestGate, header_of, read_all};

/// covers T1.1 (part)
#[tokio::test]
async fn each_host_reaches_its_site_and_a_foreign_one_none() {
    let gate = TestGate::start().await;
    let get = async |host: &str| {
        let response = gate.client().get(gate.url(host, "/")).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(get("kpi.example").await, (200, "kpi".to_owned()));
    assert_eq!(get("other.example").await, (200, "other".to_owned()));
    let (status, page) = get("evil.example").await;
    assert_eq!(status, 421);
    assert!(!page.contains("Test company") && !page.contains("kpi"), "{page}");
}

#[tokio::test]
async fn a_connection_made_for_one_site_reaches_no_other() {
    let gate = TestGate::start().await;
    let request = |host: &str| format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    for (host, status) in [
        ("kpi.example", "200"),
        ("KPI.Example.:8443", "200"),
        ("localhost", "200"),
        ("127.0.0.1", "200"),
        ("other.example", "421"),
        ("evil.example", "421"),
        ("kpi.example.evil.example", "421"),
        ("kpi.example@evil.example", "400"),
        ("kpi.example:99999", "400"),
        ("kpi.example, other.example", "400"),
        ("", "400"),
    ] {
        let answer = gate.exchange(request(host).as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{host}: {answer}");
    }
}

#[tokio::test]
async fn an_absolute_address_and_the_host_must_agree() {
    let gate = TestGate::start().await;
    let request = |uri: &str, host: &str| format!("GET {uri} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let same = gate.exchange(request("https://kpi.example/echo?a=b", "kpi.example").as_bytes()).await;
    assert!(same.starts_with("HTTP/1.1 200 ") && same.contains("\r\n\r\n/echo?a=b\n"), "{same}");
    let differs = gate.exchange(request("https://other.example/", "kpi.example").as_bytes()).await;
    assert!(differs.starts_with("HTTP/1.1 400 "), "{differs}");
}

#[tokio::test]
async fn a_tunnel_or_a_trace_is_not_offered() {
    let gate = TestGate::start().await;
    for line in ["TRACE / HTTP/1.1", "CONNECT kpi.example:443 HTTP/1.1"] {
        let host = if line.starts_with('C') { "kpi.example:443" } else { "kpi.example" };
        let answer = gate.exchange(format!("{line}\r\nHost: {host}\r\n\r\n").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    }
}

/// covers T1.9
#[tokio::test]
async fn plain_http_is_sent_to_https_with_path_and_query() {
    let gate = TestGate::start().await;
    let location = async |host: &str, path: &str| {
        let url = format!("http://{}{path}", gate.http());
        let response = gate.client().get(url).header("host", host).send().await.unwrap();
        (response.status().as_u16(), header_of(&response, "location").to_owned())
    };
    let port = gate.https().port();
    assert_eq!(
        location("kpi.example", "/a/b?c=d%20e&f").await,
        (301, format!("https://kpi.example:{port}/a/b?c=d%20e&f"))
    );
    assert_eq!(location("Other.Example:8080", "/").await, (301, format!("https://other.example:{port}/")));
    for foreign in ["evil.example", "kpi.example.evil.example", "evil.example:80"] {
        assert_eq!(location(foreign, "/").await, (421, String::new()));
    }
}

/// covers T1.9 (part)
#[tokio::test]
async fn the_usual_port_is_left_out_and_no_path_turns_into_a_host() {
    let gate = TestGate::with(|config| config.listen.public_https_port = Some(443)).await;
    for (target, location) in [
        ("/x", "https://kpi.example/x"),
        ("//evil.example/x", "https://kpi.example//evil.example/x"),
        ("http://kpi.example/x?y", "https://kpi.example/x?y"),
    ] {
        let mut stream = TcpStream::connect(gate.http()).await.unwrap();
        let request = format!("GET {target} HTTP/1.1\r\nHost: kpi.example\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = read_all(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 301 "), "{answer}");
        assert!(answer.contains(&format!("\r\nlocation: {location}\r\n")), "{answer}");
    }
    let mut stream = TcpStream::connect(gate.http()).await.unwrap();
    stream.write_all(b"GET http://evil.example/ HTTP/1.1\r\nHost: kpi.example\r\n\r\n").await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && !answer.contains("\r\nlocation:"), "{answer}");
}

/// covers T1.9 (part)
#[tokio::test]
async fn plain_http_on_the_port_of_https_is_sent_on_as_well() {
    let gate = TestGate::start().await;
    let mut stream = TcpStream::connect(gate.https()).await.unwrap();
    stream.write_all(b"GET /x?y HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.unwrap();
    let answer = read_all(&mut stream).await;
    let location = format!("\r\nlocation: https://localhost:{}/x?y\r\n", gate.https().port());
    assert!(answer.starts_with("HTTP/1.1 301 ") && answer.contains(&location), "{answer}");
    assert!(!answer.contains("strict-transport-security"), "{answer}");
}
