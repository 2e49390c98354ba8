//! What stays open ends when what let it in holds no more, and nothing else does.

use std::time::Duration;

use palisade_bans::{MANAGE_BANS, NewBan, Target, may_manage_bans};
use palisade_base::{Authority, Caller, Scope};
use palisade_config::{Config, PathPrefix, RuleConfig, SignIn};
use palisade_testkit::upstream::{TestUpstream, masked_text_frame};
use reqwest::Response;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::client::TlsStream;

use super::{
    HOST, guarded_with, tems,
    websockets::{frame, open_with},
};
use crate::harness::{PATIENCE, TestGate, network};

/// What is open has to end within this: the bar of the design is a second, machines that run tests are busy, and what does not
/// end would go on for longer.
const SOON: Duration = Duration::from_secs(60);

/// Clients of any address, behind a proxy on loopback.
fn behind_a_proxy(config: &mut Config) {
    config.trusted_proxies = vec!["127.0.0.1".to_owned().try_into().unwrap()];
}

/// The same, and everybody has to be signed in.
fn required(config: &mut Config) {
    behind_a_proxy(config);
    let access = &mut tems(config).access;
    (access.sign_in, access.roles) = (SignIn::Required, vec!["Staff".to_owned(), "Admin".to_owned()]);
    access.api_paths = vec![PathPrefix::parse("/events").unwrap()];
}

async fn socket(gate: &TestGate, address: &str, token: &str) -> TlsStream<TcpStream> {
    let cookie = format!("Cookie: __Host-palisade-site={token}\r\n");
    open_with(gate, &format!("X-Forwarded-For: {address}\r\n{cookie}")).await
}

/// A stream of events that has begun.
async fn events(gate: &TestGate, client: &reqwest::Client, address: &str, (name, value): (&str, &str)) -> Response {
    let request = client.get(gate.url(HOST, "/events")).header("x-forwarded-for", address).header(name, value);
    let mut answer = request.send().await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "data: 0\n\n");
    answer
}

fn session(token: &str) -> (&'static str, String) {
    ("cookie", format!("__Host-palisade-site={token}"))
}

async fn ban(gate: &TestGate, address: &str) {
    let caller = Caller::operator("root", Authority::from_iter([(MANAGE_BANS, Scope::All)]));
    let new = NewBan { target: Target::parse(address).unwrap(), length: None, reason: "scans".into() };
    gate.bans.add(&caller, &may_manage_bans(&caller).unwrap(), new).await.unwrap();
}

async fn socket_ends(stream: &mut TlsStream<TcpStream>) {
    let end = timeout(SOON, stream.read(&mut [0; 9])).await.expect("it ends");
    assert_eq!(end.unwrap_or(0), 0);
}

async fn stream_ends(answer: &mut Response) {
    let end = timeout(SOON, answer.chunk()).await.expect("it ends");
    assert!(end.is_err(), "a stream that is cut does not look whole: {end:?}");
}

async fn goes_on(stream: &mut TlsStream<TcpStream>) {
    stream.write_all(&masked_text_frame("still there")).await.unwrap();
    frame(stream, "still there").await;
}

/// Waits until everything that is open now was asked by two rounds at least.
async fn two_rounds(gate: &TestGate) {
    let asked = || gate.asked.lock().unwrap().iter().filter(|asked| asked.starts_with("still")).count();
    let before = asked();
    let waiting = async {
        while asked() < before + 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("rounds are made");
}

/// covers T5.2 (part), T13.2 (part)
#[tokio::test]
async fn a_ban_ends_what_its_address_has_open_and_nothing_else() {
    let (gate, app) = guarded_with(behind_a_proxy).await;
    let none = ("x-nothing", "said");
    let mut sockets = [socket(&gate, "192.0.2.7", "-").await, socket(&gate, "192.0.2.8", "-").await];
    let mut streams = [
        events(&gate, &gate.http1_client(), "192.0.2.7", none).await,
        events(&gate, &gate.client(), "192.0.2.7", none).await,
    ];
    ban(&gate, "192.0.2.7").await;
    socket_ends(&mut sockets[0]).await;
    for stream in &mut streams {
        stream_ends(stream).await;
    }
    goes_on(&mut sockets[1]).await;
    wait_until_gone(&app).await;
}

/// The application learns of it, too.
async fn wait_until_gone(app: &TestUpstream) {
    let waiting = async {
        while app.counts.streams() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("the application's side ends");
}

/// covers K1.4 (part)
#[tokio::test]
async fn a_session_that_is_over_ends_what_was_open_by_it_and_nothing_else() {
    let (gate, _app) = guarded_with(required).await;
    let mut sockets = [socket(&gate, "192.0.2.7", "staff").await, socket(&gate, "192.0.2.7", "admin").await];
    let clients = [gate.http1_client(), gate.client()];
    let (name, value) = session("staff");
    let mut streams = [
        events(&gate, &clients[0], "192.0.2.7", (name, &value)).await,
        events(&gate, &clients[1], "192.0.2.7", (name, &value)).await,
    ];
    // A token of the application's own depends on no session.
    let mut by_token = events(&gate, &clients[1], "192.0.2.7", ("authorization", "token key:secret")).await;
    gate.over.lock().unwrap().push("staff");
    socket_ends(&mut sockets[0]).await;
    for stream in &mut streams {
        stream_ends(stream).await;
    }
    two_rounds(&gate).await;
    goes_on(&mut sockets[1]).await;
    assert!(timeout(Duration::from_millis(50), by_token.chunk()).await.is_err(), "it goes on");
}

/// A page of the application that anybody may see was told who is there: it ends with the session all the same.
#[tokio::test]
async fn what_the_application_was_told_ends_with_the_session() {
    let (gate, _app) = guarded_with(|config| {
        behind_a_proxy(config);
        tems(config).access.identity = Some(vec![palisade_config::IdentityForm::Headers]);
    })
    .await;
    let mut sockets = [socket(&gate, "192.0.2.7", "staff").await, socket(&gate, "192.0.2.7", "unknown").await];
    gate.over.lock().unwrap().push("staff");
    socket_ends(&mut sockets[0]).await;
    goes_on(&mut sockets[1]).await;
}

#[tokio::test]
async fn a_reload_that_closes_a_path_or_the_site_ends_what_is_open_there() {
    let rule = |path: &str, networks: &[&str], roles: &[&str]| RuleConfig {
        path: PathPrefix::parse(path).unwrap(),
        networks: networks.iter().map(|text| network(text)).collect(),
        roles: roles.iter().map(ToString::to_string).collect(),
        sign_in: None,
    };
    for closes in [
        &(|config: &mut Config| tems(config).rule = vec![rule("/socket.io", &["10.0.0.0/8"], &[])])
            as &dyn Fn(&mut Config),
        &|config: &mut Config| tems(config).rule = vec![rule("/socket.io", &[], &["Admin"])],
        &|config: &mut Config| config.sites.retain(|site| site.name != "frappe"),
    ] {
        let (gate, _app) = guarded_with(required).await;
        let mut stream = socket(&gate, "192.0.2.7", "staff").await;
        gate.reload(|_| ()).await.unwrap();
        two_rounds(&gate).await;
        goes_on(&mut stream).await;
        gate.reload(closes).await.unwrap();
        socket_ends(&mut stream).await;
    }
}

/// An upload of hours is no way to go on, either: it is answered, and the application gets no more of it.
#[tokio::test]
async fn an_upload_under_way_is_refused() {
    let (gate, app) = guarded_with(behind_a_proxy).await;
    let endless = futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Some((Ok::<_, std::io::Error>(http_body::Frame::data(bytes::Bytes::from_static(b"piece"))), ()))
    });
    let body = reqwest::Body::wrap(http_body_util::StreamBody::new(Box::pin(endless)));
    let request = gate.client().post(gate.url(HOST, "/up")).header("x-forwarded-for", "192.0.2.7").body(body);
    let answer = tokio::spawn(request.send());
    while app.counts.taken() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    ban(&gate, "192.0.2.7").await;
    let answer = timeout(SOON, answer).await.expect("it ends").unwrap().unwrap();
    assert_eq!(answer.status(), 403);
    assert!(answer.text().await.unwrap().contains("You were let in when you asked for this"));
}

/// A database that is away for a moment cuts nobody's WebSocket; a ban is carried out meanwhile.
#[tokio::test]
async fn while_nobody_can_be_looked_up_what_is_open_goes_on_for_a_while() {
    let (gate, _app) = guarded_with(required).await;
    let mut sockets = [socket(&gate, "192.0.2.7", "staff").await, socket(&gate, "192.0.2.8", "admin").await];
    gate.over.lock().unwrap().push("down");
    two_rounds(&gate).await;
    ban(&gate, "192.0.2.8").await;
    socket_ends(&mut sockets[1]).await;
    goes_on(&mut sockets[0]).await;
    gate.over.lock().unwrap()[0] = "staff";
    socket_ends(&mut sockets[0]).await;
}
