//! TLS: versions, protocols, certificates.

use std::{os::unix::fs::PermissionsExt, sync::Arc};

use palisade_base::{Env, Span, SystemClock};
use palisade_config::SiteTlsConfig;
use palisade_testkit::{ManualClock, SeededRng};
use rustls::{CipherSuite, ProtocolVersion, SupportedCipherSuite, crypto::aws_lc_rs};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::harness::{TestGate, client_config};

fn name(host: &str) -> rustls_pki_types::ServerName<'static> {
    rustls_pki_types::ServerName::try_from(host.to_owned()).unwrap()
}

async fn handshake(
    gate: &TestGate,
    host: &str,
    config: rustls::ClientConfig,
) -> std::io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
    let stream = TcpStream::connect(gate.https()).await?;
    TlsConnector::from(Arc::new(config)).connect(name(host), stream).await
}

/// covers T1.1
#[tokio::test]
async fn a_client_gets_http_2_or_1_and_the_sites_own_certificate() {
    let dir = tempfile::tempdir().unwrap();
    let (cert, key) = (dir.path().join("other.pem"), dir.path().join("other.key"));
    let pair = rcgen::generate_simple_self_signed(vec!["other.example".to_owned()]).unwrap();
    std::fs::write(&cert, pair.cert.pem()).unwrap();
    std::fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
    let gate = TestGate::with(|config| config.sites[1].tls = Some(SiteTlsConfig { certificate: cert, key })).await;
    for (alpn, version) in [(&[&b"h2"[..], b"http/1.1"][..], "h2"), (&[b"http/1.1"], "http/1.1")] {
        let stream = gate.tls("kpi.example", alpn).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(version.as_bytes()));
    }
    let other = gate.tls("other.example", &[]).await;
    let shown = other.get_ref().1.peer_certificates().unwrap()[0].clone();
    assert_eq!(&shown, pair.cert.der());
    let kpi = gate.tls("kpi.example", &[]).await;
    assert_ne!(&kpi.get_ref().1.peer_certificates().unwrap()[0], pair.cert.der());
    let http2 = gate.client().get(gate.url("kpi.example", "/")).send().await.unwrap();
    assert_eq!(http2.version(), http::Version::HTTP_2);
    let http1 = gate.http1_client().get(gate.url("kpi.example", "/")).send().await.unwrap();
    assert_eq!(http1.version(), http::Version::HTTP_11);
}

fn with_suites(suites: &[SupportedCipherSuite]) -> rustls::ClientConfig {
    let provider = rustls::crypto::CryptoProvider { cipher_suites: suites.to_vec(), ..aws_lc_rs::default_provider() };
    let mut built = rustls::ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    built.dangerous().set_certificate_verifier(crate::harness::trust_all());
    built
}

/// covers K4.1 (part)
#[tokio::test]
async fn tls_1_3_and_1_2_are_spoken_in_the_servers_order() {
    use aws_lc_rs::cipher_suite as suite;
    let gate = TestGate::start().await;
    let modern = gate.tls("kpi.example", &[]).await;
    assert_eq!(modern.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    let old = handshake(&gate, "kpi.example", client_config(&[&rustls::version::TLS12])).await.unwrap();
    assert_eq!(old.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_2));
    // The client would rather have ChaCha; the server says what it is.
    let client = with_suites(&[
        suite::TLS13_CHACHA20_POLY1305_SHA256,
        suite::TLS13_AES_256_GCM_SHA384,
        suite::TLS13_AES_128_GCM_SHA256,
    ]);
    let chosen = handshake(&gate, "kpi.example", client).await.unwrap();
    let chosen = chosen.get_ref().1.negotiated_cipher_suite().unwrap().suite();
    assert_eq!(chosen, CipherSuite::TLS13_AES_128_GCM_SHA256);
}

/// covers K4.1 (part)
#[tokio::test]
async fn older_versions_are_not_spoken() {
    use tokio::io::AsyncWriteExt as _;
    let gate = TestGate::start().await;
    for version in [0_u8, 1, 2] {
        // A ClientHello of SSL 3.0, TLS 1.0 or 1.1, with suites that a server of that age would take.
        let mut hello = vec![3, version];
        hello.extend([7; 32]);
        hello.push(0);
        hello.extend([0, 6, 0xc0, 0x13, 0x00, 0x2f, 0x00, 0x35]);
        hello.extend([1, 0]);
        let length = u8::try_from(hello.len()).unwrap();
        let mut record = vec![22, 3, version, 0, length + 4, 1, 0, 0, length];
        record.extend(hello);
        let mut stream = TcpStream::connect(gate.https()).await.unwrap();
        stream.write_all(&record).await.unwrap();
        let mut answer = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer).await;
        // An alert record, and no ServerHello (22).
        assert_eq!(answer.first(), Some(&21), "version 3.{version}: {answer:?}");
    }
}

#[tokio::test]
async fn a_session_is_taken_up_again_by_its_ticket() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let gate = TestGate::start().await;
    let config = Arc::new(client_config(&[&rustls::version::TLS13]));
    let mut kinds = Vec::new();
    for _ in 0..2 {
        let stream = TcpStream::connect(gate.https()).await.unwrap();
        let mut stream = TlsConnector::from(Arc::clone(&config)).connect(name("kpi.example"), stream).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: kpi.example\r\nConnection: close\r\n\r\n").await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
        kinds.push(stream.get_ref().1.handshake_kind().unwrap());
    }
    assert_eq!(kinds[1], rustls::HandshakeKind::Resumed, "{kinds:?}");
}

/// covers T2.2
#[tokio::test]
async fn a_first_start_makes_a_certificate_that_is_good_for_the_hosts() {
    let env = Env::new(Arc::new(SystemClock), Arc::new(SeededRng::new(11)));
    let gate = TestGate::with_env(|_| (), env, Arc::new(ManualClock::default())).await;
    let tls = gate.data_dir().join("tls");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&tls.join("self-signed.key")), 0o600);
    assert_eq!(mode(&tls), 0o700);
    let pem = std::fs::read(tls.join("self-signed.pem")).unwrap();
    let trusting = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .no_proxy()
        .resolve("kpi.example", gate.https())
        .resolve("localhost", gate.https())
        .resolve("evil.example", gate.https())
        .build()
        .unwrap();
    for host in ["kpi.example", "localhost", "127.0.0.1"] {
        assert_eq!(trusting.get(gate.url(host, "/")).send().await.unwrap().status(), 200, "{host}");
    }
    assert!(trusting.get(gate.url("evil.example", "/")).send().await.is_err());
}

/// covers T2.2 (part)
#[tokio::test]
async fn the_certificate_is_kept_and_made_anew_before_its_end_or_for_other_hosts() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    let env = Env::new(clock.clone(), Arc::new(SeededRng::new(11)));
    let pem = || std::fs::read_to_string(dir.path().join("tls/self-signed.pem")).unwrap();
    let start = async |host: Option<&str>| {
        let gate = TestGate::with_env(
            |config| {
                config.data_dir = dir.path().to_owned();
                config.sites[1].hosts.extend(host.map(|host| palisade_config::HostName::parse(host).unwrap()));
            },
            env.clone(),
            clock.clone(),
        )
        .await;
        drop(gate);
        pem()
    };
    let first = start(None).await;
    assert!(first.contains("# ends: 2027-04-03\n"), "{first}");
    clock.advance(Span::days(366));
    assert_eq!(start(None).await, first);
    clock.advance(Span::days(1));
    let second = start(None).await;
    assert_ne!(second, first);
    assert_ne!(start(Some("third.example")).await, second);
}

#[tokio::test]
async fn files_that_do_not_belong_together_are_refused_with_their_names() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = crate::harness::config(dir.path());
    let make = |name: &str| rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let (cert, key) = (dir.path().join("a.pem"), dir.path().join("b.key"));
    std::fs::write(&cert, make("a.example").cert.pem()).unwrap();
    std::fs::write(&key, make("b.example").signing_key.serialize_pem()).unwrap();
    (config.tls.certificate, config.tls.key) = (Some(cert.clone()), Some(key.clone()));
    let found = palisade_certificates::check_certificates(&config).unwrap_err();
    assert_eq!(found.findings.len(), 1);
    assert!(found.findings[0].what.ends_with(&format!("does not belong to the certificate {}", cert.display())));
    let error = crate::harness::try_gate(config).await.err().unwrap().to_string();
    assert_eq!(
        error,
        format!(
            "{}: does not belong to the certificate {}\n  Name the pair that belongs together.",
            key.display(),
            cert.display()
        )
    );
}
