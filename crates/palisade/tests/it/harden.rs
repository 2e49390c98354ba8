//! `palisade harden print`: the machine's firewall rules, without a server.

use std::fs;

use crate::program::Place;

/// covers T7.1 (part)
#[test]
fn the_firewall_is_printed_for_the_program_that_keeps_it() {
    let place = Place::embedded();
    let text = fs::read_to_string(place.config()).unwrap();
    let said = place.run(&["harden", "print", "ufw"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(
        said.err.contains("ssh_from = [\"203.0.113.0/24\"]"),
        "from where SSH comes is never guessed: {}",
        said.err
    );

    fs::write(place.config(), format!("{text}\n[firewall]\nssh_from = [\"203.0.113.0/24\"]\n")).unwrap();
    let print = |form: &str| place.run(&["harden", "print", form]).out;
    assert!(print("ufw").contains("ufw allow from 203.0.113.0/24 to any port 22 proto tcp\n"), "{}", print("ufw"));
    assert!(print("ufw").contains("ufw deny 13000/tcp\n"));
    let nftables = print("nftables");
    assert!(
        nftables.starts_with("table inet palisade_firewall {\n") && nftables.contains("policy drop;"),
        "{nftables}"
    );
    let iptables = print("iptables");
    for line in ["-A PALISADE -p tcp --dport 443 -j ACCEPT\n", "ip6tables-restore --noflush <<'RULES'\n"] {
        assert!(iptables.contains(line), "{iptables}");
    }
    assert_eq!(place.run(&["harden", "print", "pf"]).code, 2);
}
