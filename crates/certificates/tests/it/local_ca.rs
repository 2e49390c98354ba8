//! The CA of our own.

use std::{os::unix::fs::PermissionsExt as _, process::Command};

use palisade_base::Span;

use crate::harness::{Company, Doors, client, operator, shown_to, status_of};

const SITES: &str = "[[site]]\nname = \"tems\"\nhosts = [\"tems.local\", \"10.0.0.5\"]\ncertificate = \"local-ca\"\n\
                     [[site]]\nname = \"shop\"\nhosts = [\"shop.example.com\"]\ncertificate = \"local-ca\"\n";

/// covers T2.4
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_installs_the_root_trusts_the_sites_that_no_public_ca_certifies() {
    let company = Company::new();
    let certificates = company.load(&company.config(SITES));
    let (doors, plain, tls) = Doors::bind().await;
    doors.serve(&certificates, plain, tls);
    let root = certificates.local_root().unwrap();
    for host in ["tems.local", "shop.example.com", "10.0.0.5"] {
        shown_to(doors.https, host, client(Some(&root))).await.unwrap_or_else(|error| panic!("{host}: {error}"));
        let status = status_of(&certificates, host);
        assert!(status.facts.issuer.starts_with("Palisade local CA "), "{}", status.facts.issuer);
        assert_eq!(status.problem(company.env.now()), None);
    }
    let ca = company.path("data/tls/ca");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&ca), mode(&ca.join("root.key")), mode(&ca.join("site-tems.pem"))), (0o700, 0o600, 0o600));
}

/// The root's key in wrong hands must not be good for a bank's name: OpenSSL, as devices do, refuses what it signs then.
#[test]
fn the_root_vouches_for_no_stranger() {
    let company = Company::new();
    company.load(&company.config(SITES));
    let ca = company.path("data/tls/ca");
    let key = rcgen::KeyPair::from_pem(&std::fs::read_to_string(ca.join("root.key")).unwrap()).unwrap();
    let root = std::fs::read_to_string(ca.join("root.pem")).unwrap();
    let issuer = rcgen::Issuer::from_ca_cert_pem(&root, &key).unwrap();
    let verdict = |host: &str| {
        let leaf_key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2030, 1, 1);
        std::fs::write(ca.join("leaf.pem"), params.signed_by(&leaf_key, &issuer).unwrap().pem()).unwrap();
        let mut openssl = Command::new("openssl");
        openssl.args(["verify", "-CAfile", "root.pem", "leaf.pem"]).current_dir(&ca);
        openssl.output().expect("openssl is needed: run `cargo xtask setup`").status.success()
    };
    for own in ["tems.local", "new.internal", "shop.example.com", "192.168.7.7"] {
        assert!(verdict(own), "{own}");
    }
    for stranger in ["bank.example.org", "example.com", "9.9.9.9", "shop.example.com.evil.org"] {
        assert!(!verdict(stranger), "{stranger}");
    }
}

/// covers T2.4 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_root_stays_and_the_sites_certificates_are_renewed_by_themselves() {
    let company = Company::new();
    let certificates = company.load(&company.config(SITES));
    let (root, first) = (certificates.local_root(), status_of(&certificates, "tems.local").facts);
    company.clock.advance(Span::days(59));
    certificates.look().await;
    assert_eq!(status_of(&certificates, "tems.local").facts, first);
    company.clock.advance(Span::days(2));
    certificates.look().await;
    let second = status_of(&certificates, "tems.local").facts;
    assert_ne!(second.fingerprint, first.fingerprint);
    let again = company.load(&company.config(SITES));
    assert_eq!(status_of(&again, "tems.local").facts, second);
    let (caller, permit) = operator();
    let third = again.renew(&caller, &permit, "tems").await.unwrap();
    assert_ne!(third.fingerprint, second.fingerprint);
    assert_eq!(again.local_root(), root);
    // Another private name needs no other root; a public one does.
    let more = SITES.replace("\"tems.local\"", "\"tems.local\", \"erp.internal\"");
    again.apply(&company.config(&more)).unwrap();
    assert_eq!(again.local_root(), root);
    again.apply(&company.config(&SITES.replace("shop.example.com", "shop.example.org"))).unwrap();
    assert_ne!(again.local_root(), root);
    assert_eq!(company.path("data/tls/ca").read_dir().unwrap().count(), 6, "the old root is kept aside");
}

#[test]
fn a_root_that_can_not_be_read_is_not_replaced_by_itself() {
    let company = Company::new();
    company.load(&company.config(SITES));
    let key = company.path("data/tls/ca/root.key");
    std::fs::write(&key, "nothing").unwrap();
    let error = palisade_certificates::Certificates::load(&company.config(SITES), &company.env).err().unwrap();
    assert!(error.to_string().starts_with(&format!("{}: holds no private key", key.display())), "{error}");
}
