//! The operator's files.

use std::{fs, path::Path};

use crate::harness::{Company, Doors, shown, status_of};

/// A pair for these names, as PEM.
fn pair(names: &[&str]) -> (String, String) {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

fn put(dir: &Path, (certificate, key): &(String, String)) {
    fs::write(dir.join("c.pem"), certificate).unwrap();
    fs::write(dir.join("k.pem"), key).unwrap();
}

fn sections(company: &Company) -> String {
    let path = |name: &str| company.path(name).display().to_string();
    format!(
        "[[site]]\nname = \"shop\"\nhosts = [\"shop.test\"]\ntls = {{ certificate = {:?}, key = {:?} }}\n",
        path("c.pem"),
        path("k.pem")
    )
}

/// covers T2.3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_files_are_served_without_a_restart_and_bad_ones_are_not() {
    let company = Company::new();
    let dir = company.dir.path().to_owned();
    let (first, second) = (pair(&["shop.test"]), pair(&["shop.test", "www.shop.test"]));
    put(&dir, &first);
    let certificates = company.load(&company.config(&sections(&company)));
    let (doors, plain, tls) = Doors::bind().await;
    doors.serve(&certificates, plain, tls);
    let upkeep = certificates.start(company.trail.clone());
    let fingerprint = || status_of(&certificates, "shop.test").facts.fingerprint;
    let (old, old_print) = (shown(doors.https, "shop.test").await, fingerprint());
    // Half of a pair, a file without an end, and a certificate for somebody else: the old one stays.
    for bad in
        [(second.0.clone(), first.1.clone()), (second.0[..200].to_owned(), second.1.clone()), pair(&["else.test"])]
    {
        put(&dir, &bad);
        certificates.look().await;
        certificates.look().await;
        assert_eq!(shown(doors.https, "shop.test").await, old);
        assert!(status_of(&certificates, "shop.test").last_error.is_some());
    }
    put(&dir, &second);
    crate::harness::until("the new pair", || fingerprint() != old_print).await;
    assert_ne!(shown(doors.https, "shop.test").await, old);
    assert_eq!(status_of(&certificates, "shop.test").last_error, None);
    upkeep.stop().await;
    certificates.look().await;
    let lines = company.trail.lines();
    let about = |outcome: &str| lines.iter().filter(|line| line.ends_with(outcome)).count();
    assert_eq!(about("certificate.replace certificate:shop failure:unusable"), 1, "{lines:?}");
    assert_eq!(about("certificate.replace certificate:shop success"), 1, "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_turned_to_the_next_by_a_link_are_seen() {
    let company = Company::new();
    let dir = company.dir.path().to_owned();
    for (name, pair) in [("one", pair(&["shop.test"])), ("two", pair(&["shop.test"]))] {
        fs::create_dir(dir.join(name)).unwrap();
        put(&dir.join(name), &pair);
    }
    let link = |to: &str| {
        for file in ["c.pem", "k.pem"] {
            let _ = fs::remove_file(dir.join(file));
            std::os::unix::fs::symlink(dir.join(to).join(file), dir.join(file)).unwrap();
        }
    };
    link("one");
    let certificates = company.load(&company.config(&sections(&company)));
    let before = status_of(&certificates, "shop.test").facts.fingerprint;
    link("two");
    certificates.look().await;
    assert_ne!(status_of(&certificates, "shop.test").facts.fingerprint, before);
}

#[test]
fn a_bad_pair_in_another_configuration_leaves_the_old_one_in_use() {
    let company = Company::new();
    put(company.dir.path(), &pair(&["shop.test"]));
    let config = company.config(&sections(&company));
    let certificates = company.load(&config);
    let before = status_of(&certificates, "shop.test").facts.fingerprint;
    fs::write(company.path("k.pem"), "nothing").unwrap();
    let error = certificates.apply(&config).unwrap_err().to_string();
    assert!(error.contains("k.pem: holds no private key"), "{error}");
    assert_eq!(status_of(&certificates, "shop.test").facts.fingerprint, before);
}
