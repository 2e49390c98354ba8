//! Each check of a site, failing and passing, at a site that answers as the test says.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use http::StatusCode;
use palisade_posture::{
    Sight, Verdict,
    site::{SiteFacts, checks},
};
use palisade_testkit::TestEnv;

use crate::shabby::Shabby;

async fn sight(facts: &SiteFacts, word: &str) -> Sight {
    let env = TestEnv::default();
    let id = format!("site.tems.{word}");
    let check = checks(facts, &env.env).into_iter().find(|check| check.about().id == id).unwrap();
    check.look().await
}

/// What is seen at a site like this one.
async fn seen(site: Shabby, word: &str) -> (Verdict, String) {
    let sight = sight(&site.start().await, word).await;
    (sight.verdict(), sight.seen().to_owned())
}

#[track_caller]
fn is_finding((verdict, seen): (Verdict, String), words: &str) {
    assert_eq!(verdict, Verdict::Finding, "{seen}");
    assert!(seen.contains(words), "{seen}");
}

/// covers T14.1 (part)
#[tokio::test]
async fn a_site_as_the_guides_have_it_passes_every_check() {
    let (facts, env) = (Shabby::sound().start().await, TestEnv::default());
    for check in checks(&facts, &env.env) {
        let sight = check.look().await;
        assert_eq!(sight.verdict(), Verdict::InForce, "{}: {}", check.about().id, sight.seen());
    }
}

/// covers T14.1 (part)
#[tokio::test]
async fn the_guides_first_five_checks_have_their_numbers() {
    let (facts, env) = (Shabby::sound().start().await, TestEnv::default());
    let numbers: Vec<_> = checks(&facts, &env.env).iter().filter_map(|check| check.about().guide_number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
}

/// covers T14.1 (part)
#[tokio::test]
async fn a_site_that_speaks_no_http_2_or_nothing_at_all_fails_the_first() {
    let old = Shabby { protocols: &[b"http/1.1"], ..Shabby::sound() };
    is_finding(seen(old, "https").await, "could not be reached");
    let mut gone = Shabby::sound().start().await;
    gone.https = ([127, 0, 0, 1], 1).into();
    let sight = sight(&gone, "https").await;
    assert_eq!(sight.verdict(), Verdict::Finding);
    assert_eq!(sight.mend().unwrap().command(), Some("palisade status"));
}

/// covers T14.1 (part)
#[tokio::test]
async fn a_header_that_is_missing_or_says_less_fails_its_check() {
    let cases = [
        ("nosniff", "x-content-type-options", None, "missing"),
        ("nosniff", "x-content-type-options", Some("sniff"), "instead of nosniff"),
        ("frames", "x-frame-options", None, "missing"),
        ("frames", "x-frame-options", Some("ALLOW-FROM https://example.com"), "browsers do not know"),
        ("content_policy", "content-security-policy", None, "missing"),
        ("content_policy", "content-security-policy", Some("default-src *"), "from anywhere"),
        ("content_policy", "content-security-policy", Some("img-src 'self'"), "does not say"),
        ("hsts", "strict-transport-security", None, "missing"),
        ("hsts", "strict-transport-security", Some("max-age=31535999; includeSubDomains"), "less than a year"),
        ("hsts", "strict-transport-security", Some("max-age=31536000"), "hosts below"),
        ("hsts", "strict-transport-security", Some("includeSubDomains"), "no max-age"),
        ("xss_protection", "x-xss-protection", Some("1"), "neither"),
        ("referrer", "referrer-policy", Some("unsafe-url"), "more than the guide"),
        ("referrer", "referrer-policy", None, "missing"),
    ];
    for (word, name, value, words) in cases {
        is_finding(seen(Shabby::sound().header(name, value), word).await, words);
    }
}

#[tokio::test]
async fn a_header_that_is_sent_twice_fails_its_check() {
    let mut twice = Shabby::sound();
    twice.headers.push(("x-frame-options", "DENY"));
    is_finding(seen(twice, "frames").await, "sent twice");
}

#[tokio::test]
async fn our_own_pages_may_have_no_inline_scripts() {
    let inline = Shabby { guarded: false, ..Shabby::sound() };
    is_finding(seen(inline, "content_policy").await, "inline scripts");
    let strict = Shabby { guarded: false, ..Shabby::sound() };
    let strict = strict.header("content-security-policy", Some("default-src 'none'; script-src 'self'"));
    assert_eq!(seen(strict, "content_policy").await.0, Verdict::InForce);
}

#[tokio::test]
async fn an_application_that_does_not_answer_and_one_that_names_its_version_are_findings() {
    let silent = Shabby { status: StatusCode::BAD_GATEWAY, ..Shabby::sound() };
    is_finding(seen(silent, "answers").await, "does not answer");
    let talks = Shabby::sound().header("server", Some("gunicorn/20.1.0"));
    is_finding(seen(talks, "names_itself").await, "gunicorn/20.1.0");
    assert_eq!(seen(Shabby::sound().header("server", Some("nginx")), "names_itself").await.0, Verdict::InForce);
}

#[tokio::test]
async fn plain_http_that_leads_elsewhere_or_nowhere_is_a_finding() {
    let plain = |status, headers| Shabby { plain: (status, headers), ..Shabby::sound() };
    is_finding(seen(plain(StatusCode::OK, Vec::new()), "plain_http").await, "200 to nowhere instead of 301");
    let by_host = vec![("location", "https://HOST/palisade-verify?kept=yes")];
    is_finding(seen(plain(StatusCode::MOVED_PERMANENTLY, by_host), "plain_http").await, "elsewhere.invalid");
    let temporary = vec![("location", "https://tems.example.com/palisade-verify?kept=yes")];
    is_finding(seen(plain(StatusCode::FOUND, temporary), "plain_http").await, "302");
    let hsts = vec![("strict-transport-security", "max-age=31536000")];
    is_finding(seen(plain(StatusCode::MOVED_PERMANENTLY, hsts), "hsts").await, "RFC 6797");
    let mut none = Shabby::sound().start().await;
    none.http = None;
    assert_eq!(sight(&none, "plain_http").await.verdict(), Verdict::Unseen);
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_or_that_ends_soon_is_a_finding() {
    let mut unknown = Shabby::sound().start().await;
    unknown.own_root = None;
    assert!(sight(&unknown, "certificate").await.seen().starts_with("Browsers warn of it"));
    is_finding(seen(Shabby { days: 13, ..Shabby::sound() }, "certificate").await, "ends in 13 days");
    is_finding(seen(Shabby { days: -1, ..Shabby::sound() }, "certificate").await, "Browsers warn of it");
    let (verdict, words) = seen(Shabby::sound(), "certificate").await;
    assert_eq!((verdict, words.contains("60 more days")), (Verdict::InForce, true), "{words}");
}

/// A server of another make that still speaks TLS 1.0 and 1.1. Ends when dropped.
struct OldServer(Child, SocketAddr);

impl OldServer {
    fn start(dir: &Path) -> Self {
        let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
        let made = rcgen::generate_simple_self_signed(vec!["tems.example.com".to_owned()]).unwrap();
        std::fs::write(&cert, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", "127.0.0.1:0", "-no_tls1_3", "-no_tls1_2", "-cipher", "ALL:@SECLEVEL=0"]);
        command.arg("-cert").arg(cert).arg("-key").arg(key).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("ACCEPT ").map(str::to_owned));
        Self(child, said.expect("it says where it listens").parse().unwrap())
    }
}

impl Drop for OldServer {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// covers K4.1 (part)
#[tokio::test]
async fn a_server_that_agrees_to_old_tls_is_found_out() {
    let dir = tempfile::tempdir().unwrap();
    let old = OldServer::start(dir.path());
    let mut facts = Shabby::sound().start().await;
    facts.https = old.1;
    let sight = sight(&facts, "tls_versions").await;
    assert_eq!(sight.verdict(), Verdict::Finding, "{}", sight.seen());
    assert!(sight.seen().contains("TLS 1.1"), "{}", sight.seen());
}
