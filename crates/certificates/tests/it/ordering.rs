//! Orders from a real CA that go well.

use std::{os::unix::fs::PermissionsExt as _, sync::Arc};

use async_trait::async_trait;
use palisade_base::Span;
use palisade_certificates::{Certificates, DnsChallenge};
use palisade_testkit::Pebble;

use crate::harness::{Company, Doors, Shop, client, operator, shown, shown_to, status_of, until};

/// covers T2.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_certificate_is_ordered_by_itself_and_served_as_soon_as_it_is_there() {
    let shop = Shop::open("http-01").await;
    let before = status_of(&shop.certificates, "shop.test");
    assert!(before.stand_in && before.facts.self_issued);
    let stand_in = shown(shop.doors.https, "shop.test").await;
    let upkeep = shop.certificates.start(shop.company.trail.clone());
    until("the certificate", || !status_of(&shop.certificates, "www.shop.test").stand_in).await;
    upkeep.stop().await;
    let status = status_of(&shop.certificates, "shop.test");
    assert!(status.facts.issuer.starts_with("Pebble Intermediate CA"), "{}", status.facts.issuer);
    assert_eq!(status.facts.names, ["shop.test", "www.shop.test"]);
    assert_eq!((status.last_error, status.ordering), (None, false));
    assert_eq!(
        status.next_renewal,
        Some(status.facts.not_before + Span::micros(status.facts.life().as_micros() / 3 * 2))
    );
    assert_ne!(shown(shop.doors.https, "shop.test").await, stand_in);
    shown_to(shop.doors.https, "www.shop.test", client(Some(&shop.pebble.root()))).await.unwrap();
    let lines = shop.company.trail.lines();
    assert!(lines.contains(&"job:certificates certificate.order certificate:shop success".to_owned()), "{lines:?}");
}

/// covers T2.2 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_and_accounts_can_be_read_by_nobody_else() {
    let shop = Shop::open("http-01").await;
    let (caller, permit) = operator();
    shop.certificates.renew(&caller, &permit, "shop").await.unwrap();
    let dir = shop.company.path("data/tls/acme");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    let files: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 3, "{files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
}

/// covers T2.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_alone_proves_a_name_and_shows_nothing_afterwards() {
    let shop = Shop::open("tls-alpn-01").await;
    let (caller, permit) = operator();
    let facts = shop.certificates.renew(&caller, &permit, "shop").await.unwrap();
    assert_eq!(facts.names, ["shop.test", "www.shop.test"]);
    let asking = |protocols: &[&[u8]]| {
        let mut config = client(None);
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        config
    };
    // No challenge is pending: a CA is shown nothing, anybody else the site's certificate.
    assert!(shown_to(shop.doors.https, "shop.test", asking(&[b"acme-tls/1"])).await.is_err());
    let both = shown_to(shop.doors.https, "shop.test", asking(&[b"acme-tls/1", b"h2"])).await.unwrap();
    assert_eq!(both, shown(shop.doors.https, "shop.test").await);
}

/// Sets records in the CA's own DNS, as a command of the operator's would.
struct Records(Arc<Pebble>);

#[async_trait]
impl DnsChallenge for Records {
    async fn set(&self, command: &str, record: &str, value: &str) -> Result<(), String> {
        assert_eq!(command, "dns");
        self.0.set_record(record, Some(value));
        Ok(())
    }

    async fn remove(&self, _command: &str, record: &str, _value: &str) -> Result<(), String> {
        self.0.set_record(record, None);
        Ok(())
    }
}

/// covers T2.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_in_the_dns_proves_a_name_that_nobody_can_reach() {
    let (doors, plain, tls) = Doors::bind().await;
    drop((plain, tls));
    let (company, pebble) = (Company::new(), Arc::new(Pebble::start(doors.ports(), 0)));
    let certificates = company.load(&company.config(&Shop::sections(&pebble, "dns-01")));
    let (caller, permit) = operator();
    let without = certificates.renew(&caller, &permit, "shop").await.unwrap_err();
    assert!(without.message().contains("dns-01 needs the helper"), "{}", without.message());
    certificates.set_dns(Arc::new(Records(Arc::clone(&pebble))));
    let facts = certificates.renew(&caller, &permit, "shop").await.unwrap();
    assert_eq!(facts.names, ["shop.test", "www.shop.test"]);
}

/// covers T2.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_renewed_after_two_thirds_of_its_life_and_not_before() {
    let shop = Shop::open("http-01").await;
    shop.certificates.order_due().await;
    let first = shop.fingerprint();
    let life = status_of(&shop.certificates, "shop.test").facts.life();
    shop.company.clock.advance(Span::micros(life.as_micros() / 3 * 2 - 86_400_000_000));
    shop.certificates.order_due().await;
    assert_eq!(shop.fingerprint(), first, "a day too early");
    shop.company.clock.advance(Span::days(2));
    shop.certificates.order_due().await;
    assert_ne!(shop.fingerprint(), first);
    // The next start finds it on disk, and orders nothing.
    let kept = shop.fingerprint();
    let config = shop.company.config(&Shop::sections(&shop.pebble, "http-01"));
    let again = shop.company.load(&config);
    again.order_due().await;
    assert_eq!(status_of(&again, "shop.test").facts.fingerprint, kept);
}

/// covers T2.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_is_a_whole_order_that_changes_nothing() {
    let shop = Shop::open("http-01").await;
    let (_, permit) = operator();
    let facts = shop.certificates.dry_run(&permit, "shop").await.unwrap();
    assert_eq!(facts.names, ["shop.test", "www.shop.test"]);
    assert!(status_of(&shop.certificates, "shop.test").stand_in);
    assert!(!shop.company.path("data/tls/acme/site-shop.pem").exists());
    let missing = shop.certificates.dry_run(&permit, "none").await.unwrap_err();
    assert_eq!(missing.message(), "There is no site \"none\". `palisade cert list` shows them.");
}

/// The CA refuses a third of all good nonces here. A request is sent three times before an order is given up, so some
/// orders fail all the same; four have to come through.
///
/// covers T2.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_nonces_are_tried_again() {
    let shop = Shop::with("http-01", 35).await;
    let (caller, permit) = operator();
    let mut issued = 0;
    for _ in 0..60 {
        issued += i32::from(issued < 4 && shop.certificates.renew(&caller, &permit, "shop").await.is_ok());
    }
    assert_eq!(issued, 4);
    // What is sent once for each order where nothing is refused: the order, two challenges, the request, the download.
    let log = shop.pebble.log();
    let sent =
        ["order-plz", "chalZ", "finalize-order", "certZ"].map(|what| log.matches(&format!("POST /{what}")).count());
    assert!(sent.iter().sum::<usize>() > 20, "{log}");
}

/// covers T2.1 (part), T1.10 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_during_an_order_loses_neither() {
    let shop = Shop::open("http-01").await;
    let permits = shop.doors.answers.available_permits();
    shop.doors.answers.forget_permits(permits);
    let ordering = tokio::spawn({
        let certificates = shop.certificates.clone();
        async move { order(&certificates).await }
    });
    // The CA waits for its answer when the configuration changes.
    shop.doors.knocks.acquire().await.unwrap().forget();
    assert!(status_of(&shop.certificates, "shop.test").ordering);
    let more = "[[site]]\nname = \"other\"\nhosts = [\"other.test\"]\ncertificate = \"self-signed\"\n";
    let sections = format!("{more}{}", Shop::sections(&shop.pebble, "http-01"));
    shop.certificates.apply(&shop.company.config(&sections)).unwrap();
    shop.doors.answers.add_permits(1_000);
    ordering.await.unwrap();
    assert!(!status_of(&shop.certificates, "shop.test").stand_in);
    assert!(status_of(&shop.certificates, "other.test").facts.self_issued);
    shown_to(shop.doors.https, "shop.test", client(Some(&shop.pebble.root()))).await.unwrap();
}

async fn order(certificates: &Certificates) {
    let (caller, permit) = operator();
    certificates.renew(&caller, &permit, "shop").await.unwrap();
}
