//! The real binary, its listeners, and a real CA.

use std::{
    fs,
    net::TcpListener,
    process::Command,
    time::{Duration, Instant},
};

use palisade_testkit::{Pebble, PebblePorts};
use serde_json::Value;

use crate::program::{Place, Said, run};

/// A company whose site orders from a CA that looks at the program's own listeners.
struct Company {
    place: Place,
    pebble: Pebble,
    https: u16,
}

impl Company {
    fn new(challenge: &str) -> Self {
        let held: [TcpListener; 2] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        let [http, https] = held.each_ref().map(|listener| listener.local_addr().unwrap().port());
        drop(held);
        let (place, pebble) = (Place::embedded(), Pebble::start(PebblePorts { http, https }, 0));
        let text = format!(
            "data_dir = {:?}\n[listen]\nhttps = [\"127.0.0.1:{https}\"]\nhttp = [\"127.0.0.1:{http}\"]\n\
             operations = \"127.0.0.1:0\"\n[[site]]\nname = \"kpi\"\nhosts = [\"shop.test\"]\ncertificate = \"acme\"\n\
             [acme]\ndirectory = {:?}\nca = {:?}\nagree_to_terms = true\nchallenge = {challenge:?}\n",
            place.data().display().to_string(),
            pebble.directory,
            pebble.ca().display().to_string(),
        );
        fs::write(place.config(), text).unwrap();
        Self { place, pebble, https }
    }

    fn listed(&self) -> Value {
        self.place
            .run(&["cert", "list", "--json"])
            .out
            .lines()
            .next()
            .map_or(Value::Null, |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }

    fn until_issued(&self) -> Value {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let listed = self.listed();
            if listed["issuer"].as_str().is_some_and(|issuer| issuer.starts_with("Pebble Intermediate CA")) {
                return listed;
            }
            assert!(
                Instant::now() < deadline,
                "{listed}\n{}",
                fs::read_to_string(self.place.dir().join("log")).unwrap()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Asks as a client that trusts the CA alone.
    fn curl(&self, path: &str) -> Said {
        let root = self.place.dir().join("root.pem");
        fs::write(&root, self.pebble.root()).unwrap();
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--cacert"]).arg(root);
        curl.args(["--resolve", &format!("shop.test:{}:127.0.0.1", self.https)]);
        run(curl.arg(format!("https://shop.test:{}{path}", self.https)))
    }
}

/// covers T2.1 (part)
#[test]
fn a_certificate_is_ordered_over_plain_http_at_the_first_start_and_looked_after_by_commands() {
    let company = Company::new("http-01");
    let place = &company.place;
    let server = place.serve();
    assert_eq!(place.run(&["config", "check"]).code, 0, "{:?}", place.run(&["config", "check"]));
    let first = company.until_issued();
    assert_eq!(
        (&first["source"], &first["stand_in"], &first["problem"]),
        (&"acme".into(), &false.into(), &Value::Null)
    );
    assert_eq!(company.curl("/.well-known/palisade/health").out, "up\n");
    assert_eq!(place.run(&["cert", "issue"]).out, "No certificate is missing.\n");
    assert_eq!(place.run(&["cert", "renew"]).out, "No certificate is due.\n");
    let tried = place.run(&["cert", "renew", "--dry-run"]);
    assert!(tried.code == 0 && tried.out.contains("Pebble Intermediate CA"), "{tried:?}");
    assert_eq!(company.listed()["fingerprint"], first["fingerprint"], "a dry run changes nothing");
    let renewed = place.run(&["cert", "renew", "kpi"]);
    assert_eq!(renewed.code, 0, "{renewed:?}");
    assert_ne!(company.listed()["fingerprint"], first["fingerprint"]);
    assert_eq!(company.curl("/.well-known/palisade/health").out, "up\n");
    let trail = place.run(&["trail", "search", "--action", "certificate.order"]).out;
    assert!(trail.contains("job:certificates") && trail.contains("operator:"), "{trail}");
    let root = place.run(&["cert", "root"]);
    assert!(root.code != 0 && root.err.contains("There is no CA of your own"), "{root:?}");
    let other = place.run(&["cert", "renew", "none"]);
    assert!(other.code != 0 && other.err.contains("There is no site \"none\""), "{other:?}");
    assert!(server.stop());
}

/// covers T2.1 (part)
#[test]
fn a_certificate_is_ordered_by_a_handshake_alone() {
    let company = Company::new("tls-alpn-01");
    let server = company.place.serve();
    company.until_issued();
    assert_eq!(company.curl("/.well-known/palisade/health").out, "up\n");
    assert!(server.stop());
}

/// covers T2.4 (part)
#[test]
fn the_root_of_the_companys_own_ca_is_printed_and_trusted() {
    let place = Place::embedded();
    let text = fs::read_to_string(place.config()).unwrap();
    fs::write(place.config(), format!("{text}certificate = \"local-ca\"\n")).unwrap();
    let server = place.serve();
    let root = place.run(&["cert", "root"]).out;
    assert!(root.contains("-----BEGIN CERTIFICATE-----") && !root.contains("PRIVATE"), "{root}");
    let listed: Value =
        serde_json::from_str(place.run(&["cert", "list", "--json"]).out.lines().next().unwrap()).unwrap();
    assert!(listed["issuer"].as_str().unwrap().starts_with("Palisade local CA "), "{listed}");
    let renewed = place.run(&["cert", "renew", "kpi", "--json"]);
    assert_eq!(renewed.code, 0, "{renewed:?}");
    assert_eq!(place.run(&["cert", "root"]).out, root);
    assert!(server.stop());
}
