//! `palisade ban …`, `palisade jail …`

use std::fs;

use serde_json::{Value, json};

use crate::program::{Place, on_both};

fn listed(place: &Place, args: &[&str]) -> Vec<Value> {
    let said = place.run(&[&["ban", "list", "--json"], args].concat());
    assert_eq!(said.code, 0, "{said:?}");
    let rows = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.filter(|row| row.get("network").is_some()).collect()
}

on_both! {
    /// covers T5.4 (part), T13.2 (part)
    fn bans_by_command_survive_a_restart_and_are_lifted(place) {
        let server = place.serve();
        assert_eq!(place.run(&["ban", "list"]).out, "Nobody is banned.\n");
        let said = place.run(&["ban", "add", "198.51.100.0/24", "--until-lifted", "--reason", "scans since Monday"]);
        assert_eq!((said.code, said.out.as_str()), (0, "198.51.100.0/24 is shut out until it is lifted.\n"));
        let made = place.run(&["ban", "add", "2001:db8::7", "--for", "2h", "--json"]).json();
        assert_eq!((&made["network"], &made["jail"], &made["in_force"]), (&json!("2001:db8::/64"), &json!("manual"), &json!(true)));
        assert!(server.stop());

        let server = place.start();
        let rows = listed(&place, &[]);
        let networks: Vec<&Value> = rows.iter().map(|row| &row["network"]).collect();
        assert_eq!(networks, ["2001:db8::/64", "198.51.100.0/24"]);
        assert_eq!(rows[1]["reason"], "scans since Monday");
        assert!(rows[1]["by"].as_str().unwrap().starts_with("operator:"), "{}", rows[1]);
        assert_eq!(listed(&place, &["198.51.100.77"]).len(), 1);
        assert_eq!(place.run(&["ban", "remove", "198.51.100.0/24"]).out, "198.51.100.0/24 may come in again.\n");
        assert_eq!(listed(&place, &[]).len(), 1);
        let over = listed(&place, &["--over"]);
        assert_eq!((&over[0]["network"], over[0]["lifted_at"].is_string()), (&json!("198.51.100.0/24"), true));
        let actions = place.run(&["trail", "search", "--action", "ban", "--json"]).out;
        assert_eq!((actions.matches("ban.add").count(), actions.matches("ban.lift").count()), (2, 1), "{actions}");
        assert!(server.stop());
    }

    fn who_must_not_be_banned_is_not_and_the_command_says_why(place) {
        let server = place.serve();
        for (address, why) in [
            ("127.0.0.1", "palisade: 127.0.0.1 would hit this host itself (loopback). Ban a smaller network, or change the configuration first.\n"),
            ("0.0.0.0/0", "palisade: 0.0.0.0/0 is (nearly) everybody. Ban networks of /8 and smaller.\n"),
            ("bob", "palisade: \"bob\" is no network\n  Write one as 10.1.0.0/16 or 2001:db8::/32, or a single address.\n"),
        ] {
            let said = place.run(&["ban", "add", address]);
            assert_eq!((said.code, said.err.as_str()), (1, why), "{address}");
        }
        let said = place.run(&["ban", "add", "192.0.2.7", "--for", "soon"]);
        assert_eq!(said.err, "palisade: \"soon\" is no length of time. Write 30m, 1h or 7d.\n");
        assert_eq!(place.run(&["ban", "remove", "192.0.2.7"]).err, "palisade: 192.0.2.7 is not banned.\n");
        assert_eq!(place.run(&["ban", "list"]).out, "Nobody is banned.\n");
        drop(server);
    }
}

/// covers T5.3 (part), T5.4 (part)
#[test]
fn fail2bans_jails_are_used_as_they_are_and_their_state_is_told() {
    let place = Place::embedded();
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/fail2ban");
    let text = fs::read_to_string(place.config()).unwrap();
    fs::write(place.config(), format!("{text}\n[jails]\nfail2ban = {:?}\n", examples.display().to_string())).unwrap();
    let server = place.serve();
    let said = place.run(&["jail", "status"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("sign-in") && said.out.contains("frappe"), "{}", said.out);
    assert!(
        said.out.contains("Note: filter.d/frappe.conf:2: in `^.*Login failed for.*<HOST>.*$` something greedy"),
        "{}",
        said.out
    );
    let said = place.run(&["jail", "status", "frappe"]);
    assert!(said.out.contains("Reads /workspace/development/frappe-bench/logs/*.log"), "{}", said.out);
    let said = place.run(&["jail", "status", "sshd"]);
    assert_eq!(
        (said.code, said.err.as_str()),
        (1, "palisade: There is no jail \"sshd\". There are: sign-in, frappe.\n")
    );
    assert!(server.stop());
}
