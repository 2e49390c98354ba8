//! What the database's URL gives away: a weak password, a server on the internet. Facts in, sights out; no sight ever holds
//! the password, or anything that was made of it.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use palisade_store::{Encryption, ServerAccess, ServerPlace};

use crate::{Mend, Sight};

/// A password that no person types can be longer.
const SHORTEST: usize = 16;
/// So many different characters at least.
const FEWEST: usize = 8;
/// What installers, guides and tired people write. Compared without case, digits at the ends, and the usual disguises.
const COMMON: [&str; 34] = [
    "admin",
    "administrator",
    "changeit",
    "changeme",
    "database",
    "default",
    "demo",
    "erpnext",
    "frappe",
    "guest",
    "hello",
    "iloveyou",
    "kpi",
    "letmein",
    "login",
    "mariadb",
    "master",
    "monkey",
    "mysql",
    "palisade",
    "pass",
    "password",
    "passwort",
    "postgres",
    "postgresql",
    "qwerty",
    "qwertz",
    "root",
    "secret",
    "system",
    "tems",
    "test",
    "user",
    "welcome",
];

/// The password of one URL; `variable` is the name by which people set it.
pub(super) fn password(variable: &str, access: &ServerAccess) -> Sight {
    let Some(password) = &access.password else { return without_password(variable, access) };
    let reasons = weaknesses(password.expose(), access);
    if reasons.is_empty() {
        return Sight::in_force(format!("The password in {variable} is long, and none that anybody would try."));
    }
    let mend = Mend::new("Let the server have a new one: ALTER ROLE … PASSWORD '…'; then write it into the URL.");
    Sight::finding(format!("The password in {variable} {}.", reasons.join(", and ")), mend.by("openssl rand -hex 24"))
}

fn without_password(variable: &str, access: &ServerAccess) -> Sight {
    match &access.server {
        ServerPlace::Socket(folder) => Sight::in_force(format!(
            "{variable} needs none: the server asks the kernel who is at the other end of its socket in {}.",
            folder.display()
        )),
        ServerPlace::Network(..) => Sight::unseen(
            format!(
                "No password stands in {variable}: it may come from PGPASSWORD, .pgpass, or the server asks for none."
            ),
            Mend::new("See in pg_hba.conf that the server asks for one (scram-sha-256), or for a certificate."),
        ),
    }
}

/// What is weak about it. What it is stays here.
fn weaknesses(password: &str, access: &ServerAccess) -> Vec<String> {
    let mut reasons = Vec::new();
    if password.chars().count() < SHORTEST {
        reasons.push(format!("is shorter than {SHORTEST} characters"));
    }
    let lower = password.to_lowercase();
    let names = [("user", Some(&access.user)), ("database", access.database.as_ref())];
    for (what, name) in names {
        if name.is_some_and(|name| !name.is_empty() && core(&lower) == core(&name.to_lowercase())) {
            reasons.push(format!("is the name of the {what}"));
        }
    }
    let meant = [core(&lower), undisguised(&core(&lower)), core(&undisguised(&lower))];
    if meant.iter().any(|word| COMMON.contains(&word.as_str())) {
        reasons.push("is one of the first that anybody tries".to_owned());
    }
    if password.chars().collect::<BTreeSet<_>>().len() < FEWEST || is_run(password) {
        reasons.push("has too little in it that could not be guessed".to_owned());
    }
    reasons
}

/// Without what people put around a word.
fn core(text: &str) -> String {
    text.trim_matches(|c: char| !c.is_alphabetic()).replace(['-', '_', '.'], "")
}

/// `p4$$w0rd` as it is meant.
fn undisguised(text: &str) -> String {
    let one = |c| match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    text.chars().map(one).collect()
}

/// `1234567890…`, `abcdef…`: most characters follow their neighbour.
fn is_run(text: &str) -> bool {
    let codes: Vec<u32> = text.chars().map(u32::from).collect();
    let follows = codes.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) <= 1).count();
    codes.len() > 1 && follows * 4 >= (codes.len() - 1) * 3
}

/// Where the server of one URL is; `addresses` are what its host name stands for.
pub(super) fn address(variable: &str, access: &ServerAccess, addresses: &[IpAddr]) -> Sight {
    let host = match &access.server {
        ServerPlace::Socket(folder) => {
            return Sight::in_force(format!(
                "The server of {variable} is reached by a socket in {}.",
                folder.display()
            ));
        }
        ServerPlace::Network(host, _) => host,
    };
    let evidence = addresses.iter().map(|address| format!("{host} is {address}"));
    judge_addresses(host, access.encryption, addresses).with_evidence(evidence)
}

fn judge_addresses(host: &str, encryption: Encryption, addresses: &[IpAddr]) -> Sight {
    if addresses.is_empty() {
        return Sight::unseen(
            format!("{host} stands for no address."),
            Mend::new("Write the server's name or address."),
        );
    }
    if let Some(public) = addresses.iter().find(|address| is_public(address)) {
        let unchecked = match encryption {
            Encryption::Full => "",
            _ => " Until then, write sslmode=verify-full: the connection does not check whom it talks to.",
        };
        let what =
            format!("Put the server into a private network, and let its firewall keep everybody else out.{unchecked}");
        return Sight::finding(format!("The database is on the internet: {host} is {public}."), Mend::new(what));
    }
    let is_here = addresses.iter().all(|address| address.to_canonical().is_loopback());
    match (is_here, encryption) {
        (true, _) => Sight::in_force(format!("The database is on this machine: {host}.")),
        (false, Encryption::Optional) => Sight::finding(
            format!("What goes to the database at {host} may go in the clear."),
            Mend::new("Write sslmode=verify-full (with sslrootcert=…) into the URL."),
        ),
        (false, Encryption::Required) => Sight::in_force(format!(
            "The database is in a private network, and the way to {host} is encrypted (sslmode=verify-full would check whose it is)."
        )),
        (false, _) => {
            Sight::in_force(format!("The database is in a private network, and the way to {host} is encrypted."))
        }
    }
}

/// An address that the internet leads to.
fn is_public(address: &IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    let is_shared = first == 100 && (64..128).contains(&second);
    let is_bench = first == 198 && (18..20).contains(&second);
    let is_none = first == 0 || first >= 240 || address.is_multicast();
    !(address.is_private() || address.is_loopback() || address.is_link_local() || is_shared || is_bench || is_none)
}

/// Global unicast is 2000::/3.
fn is_public_v6(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xe000 == 0x2000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    fn access(url: &str) -> ServerAccess {
        ServerAccess::of(url).unwrap().unwrap()
    }

    fn of_password(password_: &str) -> Sight {
        password("DATABASE_URL", &access(&format!("postgresql://shop:{password_}@db.example.com/shopdb")))
    }

    /// covers K3.9 (part)
    #[test]
    fn a_password_that_anybody_would_try_is_a_finding() {
        for (weak, reason) in [
            ("password", "one of the first"),
            ("P4%24%24w0rd123!", "one of the first"),
            ("4dm1n", "one of the first"),
            ("shop", "the name of the user"),
            ("Shop-2024", "the name of the user"),
            ("shopdb", "the name of the database"),
            ("postgres", "one of the first"),
            ("changeme2026", "one of the first"),
            ("kf83hT2x", "shorter than 16"),
            ("aaaaaaaaaaaaaaaaaaaaaaaa", "too little"),
            ("abababababababababababab", "too little"),
            ("12345678901234567890", "too little"),
            ("abcdefghijklmnopqrstuvwxyz", "too little"),
        ] {
            let sight = of_password(weak);
            assert_eq!(sight.verdict(), Verdict::Finding, "{weak}");
            assert!(sight.seen().contains(reason), "{weak}: {}", sight.seen());
        }
        assert_eq!(of_password("f3b1c09e77d2481aa5b0c4d9e2f7a616").verdict(), Verdict::InForce);
        assert_eq!(of_password("Correct-Horse_Battery9Staple").verdict(), Verdict::InForce);
    }

    #[test]
    fn nothing_of_a_password_is_told() {
        let sight = of_password("Zq7!xW");
        let told = format!("{sight:?}");
        assert!(!told.contains("Zq7") && !told.contains("xW"), "{told}");
    }

    #[test]
    fn a_url_without_a_password_is_fine_by_socket_and_unseen_over_the_network() {
        let of = |url: &str| password("DATABASE_URL", &access(url)).verdict();
        assert_eq!(of("postgresql://palisade@localhost/d?host=/run/postgresql"), Verdict::InForce);
        assert_eq!(of("postgresql://palisade@10.0.0.7/d"), Verdict::Unseen);
    }

    fn of_address(sslmode: &str, addresses: &[&str]) -> Sight {
        let access = access(&format!("postgresql://u:p@db.example.com/d?sslmode={sslmode}"));
        let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        address("DATABASE_URL", &access, &addresses)
    }

    /// covers K3.9 (part)
    #[test]
    fn a_server_on_the_internet_is_a_finding() {
        for public in ["8.8.8.8", "2a00:1450:4001::1", "::ffff:8.8.8.8", "100.128.0.1", "172.32.0.1"] {
            let sight = of_address("verify-full", &["10.0.0.7", public]);
            assert_eq!(sight.verdict(), Verdict::Finding, "{public}");
            assert!(!sight.mend().unwrap().what().contains("sslmode"));
        }
        assert!(of_address("require", &["8.8.8.8"]).mend().unwrap().what().contains("verify-full"));
    }

    #[test]
    fn a_private_network_wants_encryption_and_this_machine_does_not() {
        for private in ["10.0.0.7", "172.31.255.1", "192.168.1.1", "100.64.0.1", "169.254.1.1", "fd00::7", "fe80::1"] {
            assert_eq!(of_address("prefer", &[private]).verdict(), Verdict::Finding, "{private}");
            assert_eq!(of_address("require", &[private]).verdict(), Verdict::InForce, "{private}");
        }
        for here in ["127.0.0.1", "::1", "127.8.9.1", "::ffff:127.0.0.1"] {
            assert_eq!(of_address("disable", &[here]).verdict(), Verdict::InForce, "{here}");
        }
        assert_eq!(of_address("disable", &["127.0.0.1", "10.0.0.7"]).verdict(), Verdict::Finding);
        assert_eq!(of_address("require", &[]).verdict(), Verdict::Unseen);
        let socket = access("postgresql://u@localhost/d?host=/run/postgresql");
        assert_eq!(address("DATABASE_URL", &socket, &[]).verdict(), Verdict::InForce);
    }
}
