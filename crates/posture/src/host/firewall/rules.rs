//! Which rules the configuration asks for.

use std::collections::BTreeSet;

use palisade_base::{Error, Kind};
use palisade_config::{Config, Network, Transport};
use palisade_helper::protocol::{HostRules, Opening, SshFrom, SshWay, Transport as Carried};

use crate::host::listening::served_ports;

/// The rules that the configuration asks for.
///
/// # Errors
/// Nobody could sign in at the machine any more, or they contradict each other.
pub fn rules_of(config: &Config) -> Result<HostRules, Error> {
    let firewall = &config.firewall;
    let local_only: BTreeSet<u16> = firewall.local_only.iter().copied().collect();
    let served = served_ports(config).into_iter().map(|port| Opening { transport: Carried::Tcp, port });
    let named = firewall.open.iter().map(|open| Opening { transport: carried(open.transport), port: open.port });
    let open: BTreeSet<Opening> = served.chain(named).collect();
    if let Some(port) = local_only.iter().find(|&&port| open.contains(&Opening { transport: Carried::Tcp, port })) {
        let what = format!(
            "The program itself listens on port {port} for everybody, and [firewall] local_only keeps it for this machine. \
             Take it out of one of the two in palisade.toml."
        );
        return Err(Error::new(Kind::Invalid, what));
    }
    Ok(HostRules { open, ssh: ssh(config)?, local_only })
}

fn ssh(config: &Config) -> Result<Option<SshWay>, Error> {
    let firewall = &config.firewall;
    let networks: BTreeSet<_> = firewall.ssh_from.iter().map(Network::net).collect();
    let from = match (firewall.ssh_port, firewall.ssh_from_everywhere, networks.is_empty()) {
        (0, ..) => return Ok(None),
        (_, true, _) => SshFrom::Everywhere,
        (_, false, false) => SshFrom::Networks(networks),
        (_, false, true) => {
            let what = "The configuration does not say from where you administer this machine, and a firewall must not \
                        guess it. In palisade.toml, [firewall]: ssh_from = [\"203.0.113.0/24\"], or ssh_from_everywhere = \
                        true, or ssh_port = 0 if there is no sshd.";
            return Err(Error::new(Kind::Invalid, what));
        }
    };
    Ok(Some(SshWay { port: firewall.ssh_port, from }))
}

const fn carried(transport: Transport) -> Carried {
    match transport {
        Transport::Tcp => Carried::Tcp,
        Transport::Udp => Carried::Udp,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn config(text: &str) -> Config {
        let text = format!("{text}\n[[site]]\nname = \"kpi\"\nhosts = [\"kpi.example.com\"]\n");
        Config::parse(Path::new("palisade.toml"), &text).unwrap()
    }

    /// covers T7.1 (part)
    #[test]
    fn the_configuration_says_who_gets_in() {
        let rules = rules_of(&config(
            "[listen]\nhttps = [\"[::]:443\", \"[::]:8443\", \"127.0.0.1:9443\"]\n\
             [firewall]\nssh_from = [\"10.1.0.0/16\", \"2001:db8::/32\"]\nopen = [\"51820/udp\"]\n",
        ))
        .unwrap();
        let tcp = |port| Opening { transport: Carried::Tcp, port };
        let udp = Opening { transport: Carried::Udp, port: 51820 };
        assert_eq!(rules.open, [tcp(80), tcp(443), tcp(8443), udp].into(), "9443 is this machine's alone");
        assert_eq!(rules.local_only, [3306, 5432, 6379, 11000, 13000].into());
        let networks = ["10.1.0.0/16", "2001:db8::/32"].map(|text| text.parse().unwrap());
        assert_eq!(rules.ssh, Some(SshWay { port: 22, from: SshFrom::Networks(networks.into()) }));
    }

    /// covers T7.1 (part)
    #[test]
    fn ssh_is_open_to_everybody_only_if_that_is_said() {
        let refused = rules_of(&config("")).unwrap_err();
        assert!(refused.message().contains("ssh_from_everywhere = true"), "{}", refused.message());
        let said = rules_of(&config("[firewall]\nssh_from_everywhere = true\nssh_port = 2222")).unwrap();
        assert_eq!(said.ssh, Some(SshWay { port: 2222, from: SshFrom::Everywhere }));
        assert_eq!(rules_of(&config("[firewall]\nssh_port = 0")).unwrap().ssh, None);
        let contradiction = "[listen]\nhttps = [\"[::]:13000\"]\n[firewall]\nssh_port = 0";
        assert!(rules_of(&config(contradiction)).unwrap_err().message().contains("13000"));
    }
}
