//! Who may ban, and who is never banned: facts in, decision out.

use std::net::IpAddr;

use ipnet::IpNet;
use palisade_base::{Action, Caller, Error, Permission, Permit, Scope};
use palisade_config::Config;

use crate::Target;

/// The permission to see who is banned, and why.
pub const READ_BANS: Permission = Permission::new("console.ban.read");
/// The permission to ban and to lift bans.
pub const MANAGE_BANS: Permission = Permission::new("console.ban.manage");

/// Seeing bans.
#[derive(Clone, Copy, Debug)]
pub struct ReadBans;

/// Banning, and lifting bans.
#[derive(Clone, Copy, Debug)]
pub struct ManageBans;

/// What only this file can build.
#[derive(Clone, Copy, Debug)]
pub struct Key(());

impl Action for ReadBans {
    type Key = Key;
    const NAME: &'static str = "ban.read";
}

impl Action for ManageBans {
    type Key = Key;
    const NAME: &'static str = "ban.manage";
}

/// Decides whether the caller may see bans.
///
/// # Errors
/// The caller's roles do not allow it.
pub fn may_read_bans(caller: &Caller) -> Result<Permit<ReadBans>, Error> {
    permit(caller, &READ_BANS)
}

/// Decides whether the caller may ban, and lift bans.
///
/// # Errors
/// The caller's roles do not allow it.
pub fn may_manage_bans(caller: &Caller) -> Result<Permit<ManageBans>, Error> {
    permit(caller, &MANAGE_BANS)
}

fn permit<A: Action<Key = Key>>(caller: &Caller, permission: &Permission) -> Result<Permit<A>, Error> {
    if caller.authority.allows(permission, Scope::All) {
        Ok(Permit::issue(Key(()), &caller.actor))
    } else {
        Err(Error::denied())
    }
}

/// Why an address is never banned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exempt {
    Loopback,
    TrustedProxy(IpNet),
    AllowList(IpNet),
    Never(IpNet),
    Company(IpNet),
}

/// Who is never banned, and who is slowed instead.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exemptions {
    proxies: Vec<IpNet>,
    allow_list: Vec<IpNet>,
    never: Vec<IpNet>,
    company: Vec<IpNet>,
}

impl Exemptions {
    pub(crate) fn of(config: &Config) -> Self {
        let nets = |list: &[palisade_config::Network]| list.iter().map(|network| network.net()).collect();
        Self {
            proxies: config.trusted_proxies.iter().map(|network| network.net()).collect(),
            allow_list: nets(&config.limits.allow_list),
            never: nets(&config.jails.never),
            company: nets(&config.jails.company_networks),
        }
    }

    /// Why this target, or some part of it, must not be banned by a jail; company networks apart.
    pub(crate) fn why_never(&self, target: Target) -> Option<Exempt> {
        let find = |list: &[IpNet]| list.iter().copied().find(|net| target.overlaps(*net));
        if loopback().iter().any(|net| target.overlaps(*net)) {
            return Some(Exempt::Loopback);
        }
        let proxy = find(&self.proxies).map(Exempt::TrustedProxy);
        let listed = || find(&self.allow_list).map(Exempt::AllowList);
        proxy.or_else(listed).or_else(|| find(&self.never).map(Exempt::Never))
    }

    /// The company network that the target has a part in.
    pub(crate) fn company(&self, target: Target) -> Option<Exempt> {
        self.company.iter().copied().find(|net| target.overlaps(*net)).map(Exempt::Company)
    }

    /// Whether a ban of any kind must not hold for this address.
    pub(crate) fn protects(&self, address: IpAddr) -> bool {
        let target = Target::around(address, 128);
        self.why_never(target).or_else(|| self.company(target)).is_some()
    }

    /// What no jail counts: all but the company networks, which are counted to be slowed.
    pub(crate) fn uncounted(&self) -> impl Iterator<Item = IpNet> + '_ {
        [&self.proxies, &self.allow_list, &self.never].into_iter().flatten().copied()
    }
}

fn loopback() -> [IpNet; 2] {
    [Target::around(IpAddr::from([127, 0, 0, 0]), 8).net(), IpNet::from(IpAddr::from(std::net::Ipv6Addr::LOCALHOST))]
}

/// Decides whether somebody may ban this by hand.
///
/// # Errors
/// Whom it would hit, and what to do.
pub(crate) fn decide_manual(exemptions: &Exemptions, target: Target) -> Result<(), String> {
    let least = if target.net().addr().is_ipv4() { 8 } else { 16 };
    if target.net().prefix_len() < least {
        return Err(format!("{target} is (nearly) everybody. Ban networks of /{least} and smaller."));
    }
    let Some(why) = exemptions.why_never(target).or_else(|| exemptions.company(target)) else { return Ok(()) };
    let told = match why {
        Exempt::Loopback => "this host itself (loopback)".to_owned(),
        Exempt::TrustedProxy(net) => format!("your own proxy ({net}, trusted_proxies)"),
        Exempt::AllowList(net) => format!("your allow-list ({net}, [limits] allow_list)"),
        Exempt::Never(net) => format!("what is never banned ({net}, [jails] never)"),
        Exempt::Company(net) => format!("a company network ({net}, [jails] company_networks)"),
    };
    Err(format!("{target} would hit {told}. Ban a smaller network, or change the configuration first."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exemptions() -> Exemptions {
        let text = "trusted_proxies = [\"10.0.3.7\"]\n\
                    [limits]\nallow_list = [\"127.0.0.1\", \"::1\", \"198.51.100.0/28\"]\n\
                    [jails]\nnever = [\"2001:db8:9::/48\"]\ncompany_networks = [\"203.0.113.0/24\"]\n\
                    [[site]]\nname = \"kpi\"\nhosts = [\"kpi.example\"]\n";
        Exemptions::of(&Config::parse(std::path::Path::new("palisade.toml"), text).unwrap())
    }

    fn refusal(text: &str) -> String {
        decide_manual(&exemptions(), Target::parse(text).unwrap()).err().unwrap_or_default()
    }

    /// covers T13.2 (part)
    #[test]
    fn a_ban_by_hand_hits_nobody_of_ones_own() {
        for (text, word) in [
            ("0.0.0.0/0", "everybody"),
            ("96.0.0.0/3", "everybody"),
            ("128.0.0.0/7", "everybody"),
            ("::/0", "everybody"),
            ("127.0.0.0/8", "loopback"),
            ("127.1.2.3", "loopback"),
            ("::1", "loopback"),
            ("10.0.0.0/8", "your own proxy (10.0.3.7/32"),
            ("198.51.100.3", "your allow-list (198.51.100.0/28"),
            ("198.51.0.0/16", "your allow-list"),
            ("2001:db8::/32", "never banned"),
            ("203.0.113.9", "company network (203.0.113.0/24"),
        ] {
            assert!(refusal(text).contains(word), "{text}: {}", refusal(text));
        }
        for text in ["192.0.2.7", "192.0.0.0/8", "198.51.100.16", "2001:db8:8::/48", "2001:db8:a::5"] {
            assert_eq!(refusal(text), "", "{text}");
        }
    }

    #[test]
    fn who_is_exempt_is_exempt_in_every_form() {
        let exemptions = exemptions();
        for text in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "::ffff:198.51.100.1", "10.0.3.7", "203.0.113.1"] {
            assert!(exemptions.protects(text.parse().unwrap()), "{text}");
        }
        assert!(!exemptions.protects("192.0.2.7".parse().unwrap()));
    }
}
