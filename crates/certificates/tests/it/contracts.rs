//! CAs that take orders only under a contract (External Account Binding, RFC 8555, 7.3.4).

use palisade_certificates::Certificates;
use palisade_testkit::{Contract, Pebble};

use crate::harness::{Company, Doors, Shop, operator, status_of};

const CONTRACT: Contract =
    Contract { key_id: "kid-7", key: "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W" };

/// A company that knows this much of its contract, and the CA that asks for it.
async fn under(external_account: &str, key: &str) -> (Company, Pebble, Certificates) {
    let (doors, plain, tls) = Doors::bind().await;
    let (company, pebble) = (Company::new(), Pebble::start_bound(doors.ports(), CONTRACT));
    std::fs::write(company.path("eab.key"), format!("{key}\n")).unwrap();
    let file = company.path("eab.key").display().to_string();
    let named = external_account.replace("FILE", &format!("{file:?}"));
    let sections = format!("{}{named}\n", Shop::sections(&pebble, "http-01"));
    let certificates = company.load(&company.config(&sections));
    doors.serve(&certificates, plain, tls);
    (company, pebble, certificates)
}

const NAMED: &str = "external_account = { key_id = \"kid-7\", key_file = FILE }";

async fn ordered(certificates: &Certificates) -> Result<Vec<String>, String> {
    let (caller, permit) = operator();
    let facts = certificates.renew(&caller, &permit, "shop").await;
    facts.map(|facts| facts.names).map_err(|error| error.message().to_owned())
}

/// covers T2.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_bound_to_the_contract_that_the_configuration_names() {
    // As CAs give it: with padding, or without.
    for key in [CONTRACT.key.to_owned(), format!("{}==", CONTRACT.key)] {
        let (_company, pebble, certificates) = under(NAMED, &key).await;
        assert_eq!(ordered(&certificates).await.unwrap(), ["shop.test", "www.shop.test"], "{}", pebble.log());
        // The account is kept: the key is of no use any more.
        assert_eq!(ordered(&certificates).await.unwrap(), ["shop.test", "www.shop.test"]);
    }
}

/// covers T2.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_right_key_nothing_is_ordered_and_what_to_do_is_told() {
    let wrong_id = NAMED.replace("kid-7", "kid-8");
    for (external_account, key, told) in [
        ("", CONTRACT.key, "this CA asks for external_account under [acme]"),
        (NAMED, "bm90IHRoZSBrZXkgdGhhdCB0aGUgQ0EgZ2F2ZQ", "the CA says: "),
        (&wrong_id, CONTRACT.key, "the CA says: "),
        (NAMED, "no base64!", "eab.key is no base64url"),
    ] {
        let (_company, _pebble, certificates) = under(external_account, key).await;
        let refused = ordered(&certificates).await.unwrap_err();
        assert!(refused.contains(told), "{external_account} {key}: {refused}");
        assert!(!refused.contains(key), "a key is in no message: {refused}");
        assert!(status_of(&certificates, "shop.test").stand_in);
    }
}
