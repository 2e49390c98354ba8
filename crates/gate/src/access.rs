//! Who gets to which path of a guarded site, as the configuration says.
//!
//! A path is judged in two forms (see [`PathReading`]). What **opens** a path (`sign_in = "open"`, `api_paths`) counts only
//! where the path is written exactly as the rule is. What **closes** one (networks, roles, `sign_in = "required"`) counts
//! however an application could read it: in other capitals, with parameters of segments cut off. That a path can be read in
//! two ways altogether, the layer that knows the host has refused before.

use std::{net::IpAddr, sync::OnceLock};

use http::{HeaderMap, header};
use palisade_config::{Config, HostName, IdentityForm, Network, PathPrefix, RuleConfig, SignIn, SiteConfig};

use crate::path::{PathReading, RulePath};

/// What a guarded site asks of its visitors.
pub struct SiteAccess {
    /// The host that people use; sign-ins begin and end there.
    pub(crate) host: Option<HostName>,
    sign_in: SignIn,
    roles: Vec<String>,
    rules: Vec<Rule>,
    api_paths: Vec<PathPrefix>,
    background: Vec<PathPrefix>,
    forms: Vec<IdentityForm>,
    /// The site's and the console's addresses; known once the listeners are bound.
    pub(crate) parties: OnceLock<Option<Parties>>,
}

/// Between whom identity tokens speak, and where people sign in.
pub(crate) struct Parties {
    /// Where people sign in: `https://guard.example.com`.
    pub(crate) console: String,
    /// Who says it; the console's address unless it has a name of its own.
    pub(crate) issuer: String,
    /// To whom: the site's address.
    pub(crate) audience: String,
}

struct Rule {
    config: RuleConfig,
    path: RulePath,
}

impl Rule {
    /// Whether it asks for somebody.
    fn asks(&self) -> bool {
        self.config.sign_in == Some(SignIn::Required) || !self.config.roles.is_empty()
    }
}

/// What a request needs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Need<'a> {
    /// Nothing.
    Nothing,
    /// To come from another network.
    OtherNetwork,
    /// Somebody who holds one role of each of these lists.
    SignIn(Vec<&'a [String]>),
}

impl SiteAccess {
    /// What the configuration says of this site; `None` for a built-in one, whose routes say it themselves.
    #[must_use]
    pub fn of(site: &SiteConfig) -> Option<Self> {
        let access = &site.access;
        let rule = |config: &RuleConfig| Rule { config: config.clone(), path: RulePath::new(&config.path) };
        let presets = site.preset.background_paths().iter().filter_map(|path| PathPrefix::parse(path).ok());
        site.is_guarded().then(|| Self {
            host: site.hosts.first().cloned(),
            sign_in: access.sign_in,
            roles: access.roles.clone(),
            rules: site.rule.iter().map(rule).collect(),
            api_paths: access.api_paths.clone(),
            background: presets.chain(access.background_paths.iter().cloned()).collect(),
            forms: access.identity_forms().to_vec(),
            parties: OnceLock::new(),
        })
    }

    /// What a request for this path, from this address, needs.
    pub(crate) fn judge(&self, path: &PathReading, client: IpAddr) -> Need<'_> {
        let mut wanted: Vec<&[String]> = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.path.may_be(path)) {
            let RuleConfig { networks, roles, sign_in, .. } = &rule.config;
            if !networks.is_empty() && !networks.iter().any(|network| network.contains(client)) {
                return Need::OtherNetwork;
            }
            let own = if roles.is_empty() { &self.roles } else { roles };
            let asks = rule.asks();
            if rule.path.is(path) {
                let usual = if asks { SignIn::Required } else { self.sign_in };
                return self.need(sign_in.unwrap_or(usual), wanted, own);
            }
            // Read in another way it would be this rule's: what closes counts, and the next rules are asked too.
            if asks {
                wanted.push(own);
            }
        }
        self.need(self.sign_in, wanted, &self.roles)
    }

    fn need<'a>(&self, sign_in: SignIn, mut wanted: Vec<&'a [String]>, roles: &'a [String]) -> Need<'a> {
        if sign_in == SignIn::Required {
            wanted.push(roles);
        }
        if wanted.is_empty() { Need::Nothing } else { Need::SignIn(wanted) }
    }

    /// Whether the request comes with the application's own token, on a path where that is enough. Whether the token is
    /// any good, the application says.
    pub(crate) fn takes_own_token(&self, path: &PathReading, headers: &HeaderMap) -> bool {
        !self.api_paths.is_empty() && shows_own_token(headers) && self.takes_tokens_on(path)
    }

    /// Whether the application's own token is enough on this path.
    pub(crate) fn takes_tokens_on(&self, path: &PathReading) -> bool {
        self.api_paths.iter().any(|prefix| path.is_under(prefix)) && !self.is_closed_by_rule(path)
    }

    /// Whether a rule asks for somebody on this path: then a token, whose worth only the application knows, is not enough.
    fn is_closed_by_rule(&self, path: &PathReading) -> bool {
        self.rules.iter().any(|rule| rule.asks() && rule.path.may_be(path))
    }

    /// Whether pages ask for this path on their own.
    pub(crate) fn is_background(&self, path: &PathReading) -> bool {
        self.background.iter().any(|prefix| path.is_under(prefix))
    }

    /// Whether nobody is ever asked to sign in, and the application is told nothing: then nobody is looked up.
    pub(crate) fn is_indifferent(&self) -> bool {
        self.sign_in == SignIn::Open && self.forms.is_empty() && !self.rules.iter().any(Rule::asks)
    }

    /// Whether the application is told in this form who is there.
    pub(crate) fn tells(&self, form: IdentityForm) -> bool {
        self.forms.contains(&form)
    }
}

/// Whether a request shows one token that may be the application's own.
fn shows_own_token(headers: &HeaderMap) -> bool {
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (shown.next(), shown.next()) else { return false };
    let Some((scheme, token)) = value.to_str().ok().and_then(|text| text.split_once(' ')) else { return false };
    let named = ["token", "bearer", "basic"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    named && !token.trim().is_empty()
}

/// Whether somebody with these roles holds one of each of the lists.
pub(crate) fn holds_one_of_each(held: &[String], wanted: &[&[String]]) -> bool {
    wanted.iter().all(|roles| held.iter().any(|role| roles.contains(role)))
}

/// Whether a path is the console's administration, in whatever spelling.
pub(crate) fn is_administration(path: &PathReading) -> bool {
    path.may_be_under("/admin")
}

/// Whether the console's administration is open from this address.
pub(crate) fn may_administer(config: &Config, client: IpAddr) -> bool {
    let networks: &[Network] = &config.console.admin_networks;
    networks.is_empty() || networks.iter().any(|network| network.contains(client))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use palisade_config::{Config, SiteConfig};
    use proptest::prelude::*;

    use super::*;

    const OFFICE: &str = "10.0.0.7";
    const ELSEWHERE: &str = "192.0.2.7";

    fn access(lines: &str) -> SiteAccess {
        let head = "[console]\nhost = \"guard.example\"\n[[site]]\nname = \"tems\"\nhosts = [\"tems.example\"]\n\
                    upstream = \"http://127.0.0.1:8000\"\n";
        let config = Config::parse("palisade.toml".as_ref(), &format!("{head}{lines}")).unwrap();
        let site: &SiteConfig = config.sites.iter().find(|site| site.name == "tems").unwrap();
        SiteAccess::of(site).unwrap()
    }

    fn read(path: &str) -> PathReading {
        PathReading::of_text(path).unwrap()
    }

    fn need<'a>(access: &'a SiteAccess, path: &str, from: &str) -> Need<'a> {
        access.judge(&read(path), from.parse().unwrap())
    }

    fn required() -> SiteAccess {
        access(
            "[site.access]\nsign_in = \"required\"\nroles = [\"Staff\", \"Admin\"]\napi_paths = [\"/api/method\"]\n\
             [[site.rule]]\npath = \"/hook\"\nsign_in = \"open\"\n\
             [[site.rule]]\npath = \"/app/user\"\nroles = [\"Admin\"]\nnetworks = [\"10.0.0.0/8\"]\n",
        )
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let access = required();
        let (all, admin) = (["Staff".to_owned(), "Admin".to_owned()], ["Admin".to_owned()]);
        assert_eq!(need(&access, "/", ELSEWHERE), Need::SignIn(vec![&all]));
        assert_eq!(need(&access, "/hook/github", ELSEWHERE), Need::Nothing);
        assert_eq!(need(&access, "/hooks", ELSEWHERE), Need::SignIn(vec![&all]));
        assert_eq!(need(&access, "/app/user/7", OFFICE), Need::SignIn(vec![&admin]));
        assert_eq!(need(&access, "/app/user", ELSEWHERE), Need::OtherNetwork);
        assert_eq!(need(&access, "/app/users", ELSEWHERE), Need::SignIn(vec![&all]));
    }

    /// covers K4.2 (part)
    #[test]
    fn what_closes_a_path_closes_every_spelling_and_what_opens_one_opens_its_own_only() {
        let access = required();
        for path in ["/APP/User", "/app//user", "/%61pp/user/", "/app;x=1/user", "/app/user;a", "/app%2Fuser"] {
            assert_eq!(need(&access, path, ELSEWHERE), Need::OtherNetwork, "{path}");
        }
        for path in ["/HOOK", "/hook;x", "/Hook/a"] {
            assert!(matches!(need(&access, path, ELSEWHERE), Need::SignIn(_)), "{path}");
        }
        assert_eq!(need(&access, "/%68ook", ELSEWHERE), Need::Nothing, "this is how everybody reads it");
    }

    #[test]
    fn one_path_of_an_open_site_may_ask() {
        let access = access(
            "[[site.rule]]\npath = \"/staff\"\nsign_in = \"required\"\n[[site.rule]]\npath = \"/desk\"\nroles = [\"User\"]\n",
        );
        let user = ["User".to_owned()];
        assert_eq!(need(&access, "/", ELSEWHERE), Need::Nothing);
        assert_eq!(need(&access, "/staff", ELSEWHERE), Need::SignIn(vec![&user]));
        assert_eq!(need(&access, "/desk/1", ELSEWHERE), Need::SignIn(vec![&user]));
        assert_eq!(need(&access, "/DESK", ELSEWHERE), Need::SignIn(vec![&user]));
        assert!(!access.is_indifferent() && access.forms.is_empty());
    }

    #[test]
    fn the_applications_own_token_is_enough_on_its_paths_only() {
        let access = required();
        let with =
            |value: &'static str| HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
        for value in ["token key:secret", "Bearer abc", "BASIC eDp5"] {
            assert!(access.takes_own_token(&read("/api/method/ping"), &with(value)), "{value}");
            assert!(!access.takes_own_token(&read("/app"), &with(value)), "{value}");
            assert!(!access.takes_own_token(&read("/API/method"), &with(value)), "{value}");
        }
        for value in ["", "token", "token ", "Negotiate abc", "abc"] {
            assert!(!access.takes_own_token(&read("/api/method/ping"), &with(value)), "{value}");
        }
        assert!(!access.takes_own_token(&read("/api/method/ping"), &HeaderMap::new()));
        let mut twice = with("token a");
        twice.append(header::AUTHORIZATION, HeaderValue::from_static("token b"));
        assert!(!access.takes_own_token(&read("/api/method/ping"), &twice));
    }

    /// covers K4.2 (part)
    #[test]
    fn administration_is_known_in_every_spelling() {
        for path in ["/admin", "/admin/users", "//admin", "/%61dmin/x", "/ADMIN", "/admin;x/users", "/\\admin"] {
            assert!(is_administration(&read(path)), "{path}");
        }
        assert!(!is_administration(&read("/administrators")) && !is_administration(&read("/")));
    }

    proptest! {
        #[test]
        fn no_path_makes_it_panic(path in "/[!-~]{0,60}") {
            if let Some(path) = PathReading::of_text(&path) {
                let _ = required().judge(&path, OFFICE.parse().unwrap());
                let _ = is_administration(&path);
            }
        }
    }
}
