//! A CA that fails, or does not want us any more: the old certificate is served, and the CA is not hammered.

use instant_acme::Account;
use palisade_base::Span;

use crate::harness::{Shop, operator, shown, status_of};

/// covers T2.1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_ca_is_away_the_old_certificate_is_served_and_tries_become_rare() {
    let mut shop = Shop::open("http-01").await;
    shop.certificates.order_due().await;
    let old = shown(shop.doors.https, "shop.test").await;
    let facts = status_of(&shop.certificates, "shop.test").facts;
    shop.pebble.stop();
    shop.company.clock.set(facts.not_before + Span::micros(facts.life().as_micros() / 3 * 2) + Span::hours(1));
    let mut rests = Vec::new();
    for _ in 0..4 {
        let tried = shop.now();
        shop.certificates.order_due().await;
        let next = shop.certificates.next_order("shop").unwrap();
        rests.push(next.since(tried).as_seconds() / 60);
        // Before that instant nothing is tried, by this process or by the next.
        shop.certificates.order_due().await;
        let restarted = shop.company.load(&shop.company.config(&Shop::sections(&shop.pebble, "http-01")));
        restarted.order_due().await;
        assert_eq!(restarted.next_order("shop"), Some(next));
        shop.company.clock.set(next);
    }
    // 5, 10, 20 and 40 minutes, each a quarter more or less.
    for (rest, (least, most)) in rests.iter().zip([(3, 6), (7, 12), (15, 25), (30, 50)]) {
        assert!((least..=most).contains(rest), "{rests:?}");
    }
    let status = status_of(&shop.certificates, "shop.test");
    assert!(status.last_error.as_ref().unwrap().what.contains("can't be reached"), "{:?}", status.last_error);
    assert_eq!(status.problem(shop.now()), None, "there is a third of its life left");
    assert_eq!(shown(shop.doors.https, "shop.test").await, old);
    let failures = shop.trail_lines().await;
    let failures = failures.iter().filter(|line| line.ends_with("certificate:shop failure:acme"));
    assert_eq!(failures.count(), 4);
    // Near its end it is a problem; when the CA is back, it is none any more. The CA forgot our account meanwhile.
    shop.company.clock.set(facts.not_after - Span::days(10));
    let problem = status_of(&shop.certificates, "shop.test").problem(shop.now()).unwrap();
    assert!(problem.starts_with("the certificate of shop.test ends in 10 days; the last try"), "{problem}");
    assert_eq!(shop.certificates.problems().len(), 2, "one for each host");
    shop.pebble.start_again();
    shop.company.clock.set(palisade_base::Clock::now(&palisade_base::SystemClock));
    let (caller, permit) = operator();
    shop.certificates.renew(&caller, &permit, "shop").await.unwrap();
    assert_ne!(shown(shop.doors.https, "shop.test").await, old);
    assert_eq!(shop.certificates.problems(), Vec::<String>::new());
}

/// covers T2.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_account_is_told_and_leaves_the_old_certificate() {
    let shop = Shop::open("http-01").await;
    shop.certificates.order_due().await;
    let old = shop.fingerprint();
    close_account(&shop).await;
    let (caller, permit) = operator();
    let refused = shop.certificates.renew(&caller, &permit, "shop").await.unwrap_err();
    assert!(refused.message().contains("the account was closed"), "{}", refused.message());
    assert_eq!(shop.fingerprint(), old);
    assert!(status_of(&shop.certificates, "shop.test").last_error.is_some());
}

/// Closes the account as its owner would with another client.
async fn close_account(shop: &Shop) {
    let dir = shop.company.path("data/tls/acme");
    let mut files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.to_string_lossy().contains("account-")).unwrap();
    let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert_eq!(kept["contact"][0], "mailto:ada@example.com");
    let credentials = serde_json::from_value(kept["credentials"].clone()).unwrap();
    let builder = Account::builder_with_root(shop.pebble.ca()).unwrap();
    builder.from_credentials(credentials).await.unwrap().deactivate().await.unwrap();
}

/// covers T2.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_the_ca_can_not_reach_is_told_with_what_to_do() {
    let shop = Shop::open("http-01").await;
    let permits = shop.doors.answers.available_permits();
    let sections = Shop::sections(&shop.pebble, "tls-alpn-01").replace("www.shop.test", "other.test");
    shop.doors.answers.forget_permits(permits);
    shop.certificates.apply(&shop.company.config(&sections)).unwrap();
    let (caller, permit) = operator();
    shop.certificates.renew(&caller, &permit, "shop").await.unwrap();
    // The CA looks at a port where nobody listens.
    let ports = palisade_testkit::PebblePorts { http: 1, https: 1 };
    let elsewhere = palisade_testkit::Pebble::start(ports, 0);
    let sections = Shop::sections(&elsewhere, "http-01");
    shop.certificates.apply(&shop.company.config(&sections)).unwrap();
    let refused = shop.certificates.renew(&caller, &permit, "shop").await.unwrap_err();
    let message = refused.message();
    assert!(message.starts_with("No certificate was issued: ") && message.contains("shop.test: "), "{message}");
    assert!(message.contains("the CA could not connect: see that the name's address"), "{message}");
}
