//! Profiles, and renewal when the CA wishes it.

use palisade_base::Span;

use crate::{
    extended::Extended,
    harness::{Shop, operator, status_of},
};

/// A shop that orders from a CA with extensions.
async fn shop(more: &str) -> (Shop, Extended) {
    let shop = Shop::open("http-01").await;
    let ca = Extended::before(&shop.pebble).await;
    let sections = Shop::sections(&shop.pebble, "http-01").replace(&shop.pebble.directory, &ca.directory);
    shop.certificates.apply(&shop.company.config(&format!("{sections}{more}\n"))).unwrap();
    (shop, ca)
}

/// covers T2.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_replaced_when_the_ca_wishes_it_and_not_before() {
    let (shop, ca) = shop("").await;
    shop.certificates.order_due().await;
    let (first, facts) = (shop.fingerprint(), status_of(&shop.certificates, "shop.test").facts);
    assert!(!status_of(&shop.certificates, "shop.test").stand_in);
    let usual = shop.certificates.next_order("shop").unwrap();
    let (from, until) = (facts.not_before + Span::days(3), facts.not_before + Span::days(4));
    ca.wish(&from.to_string(), &until.to_string());
    shop.certificates.order_due().await;
    let next = shop.certificates.next_order("shop").unwrap();
    assert!(next >= from && next <= until && until < usual, "{next}");
    // Key and number of this very certificate, as RFC 9773 names it.
    let asked = ca.asked_about();
    assert!(asked.len() == 1 && asked[0].split('.').count() == 2, "{asked:?}");
    shop.company.clock.set(next - Span::minutes(1));
    shop.certificates.order_due().await;
    assert_eq!(shop.fingerprint(), first, "a minute too early");
    shop.company.clock.set(next);
    shop.certificates.order_due().await;
    assert_ne!(shop.fingerprint(), first);
}

/// covers T2.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_profile_is_ordered_and_one_that_the_ca_does_not_have_is_told() {
    let (named, ca) = shop("profile = \"shortlived\"").await;
    named.certificates.order_due().await;
    assert!(!status_of(&named.certificates, "shop.test").stand_in);
    assert_eq!(ca.profiles_ordered(), [Some("shortlived".to_owned())]);

    let (caller, permit) = operator();
    let (unknown, ca) = shop("profile = \"eternal\"").await;
    let refused = unknown.certificates.renew(&caller, &permit, "shop").await.unwrap_err();
    let told = "the CA has classic, shortlived, and [acme] asks for profile = \"eternal\"";
    assert!(refused.message().contains(told), "{}", refused.message());
    assert!(ca.profiles_ordered().is_empty());

    // Pebble itself passes over what it does not know: that would be a certificate of another kind than was asked for.
    let plain = Shop::open("http-01").await;
    let sections = format!("{}profile = \"shortlived\"\n", Shop::sections(&plain.pebble, "http-01"));
    plain.certificates.apply(&plain.company.config(&sections)).unwrap();
    let refused = plain.certificates.renew(&caller, &permit, "shop").await.unwrap_err();
    assert!(refused.message().contains("the CA has no profiles"), "{}", refused.message());
}
