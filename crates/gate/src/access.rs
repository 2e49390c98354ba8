//! Who gets to which path of a guarded site, as the configuration says.
//!
//! A path is judged in two forms (see [`PathReading`]). What **opens** a path (`sign_in = "open"`, `api_paths`) counts only
//! where the path is written exactly as the rule is. What **closes** one (networks, roles, `sign_in = "required"`) counts
//! however an application could read it: in other capitals, with parameters of segments cut off. That a path can be read in
//! two ways altogether, the layer that knows the host has refused before.
//!
//! Behind a Frappe site a rule for a method's path holds for the method, by whichever door it is called (see
//! [`crate::calls`]).

use std::net::IpAddr;

use http::{HeaderMap, header};
use palisade_config::{Config, IdentityForm, Network, PathPrefix, RuleConfig, SignIn, SiteConfig};

use crate::{
    calls::Calls,
    path::{PathReading, RulePath, Target},
};

/// What a guarded site asks of its visitors.
pub struct SiteAccess {
    sign_in: SignIn,
    roles: Vec<String>,
    rules: Vec<Rule>,
    api_paths: Vec<PathPrefix>,
    background: Vec<PathPrefix>,
    forms: Vec<IdentityForm>,
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

    fn is_open_from(&self, client: IpAddr) -> bool {
        let networks = &self.config.networks;
        networks.is_empty() || networks.iter().any(|network| network.contains(client))
    }
}

/// Each list once.
fn want<'a>(wanted: &mut Vec<&'a [String]>, roles: &'a [String]) {
    if !wanted.contains(&roles) {
        wanted.push(roles);
    }
}

fn need(open: bool, wanted: Vec<&[String]>) -> Need<'_> {
    match (open, wanted.is_empty()) {
        (false, _) => Need::OtherNetwork,
        (true, true) => Need::Nothing,
        (true, false) => Need::SignIn(wanted),
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
            sign_in: access.sign_in,
            roles: access.roles.clone(),
            rules: site.rule.iter().map(rule).collect(),
            api_paths: access.api_paths.clone(),
            background: presets.chain(access.background_paths.iter().cloned()).collect(),
            forms: access.identity_forms().to_vec(),
        })
    }

    /// What a request from this address needs: for its path, and for each method that it commands besides.
    pub(crate) fn judge(&self, target: Target<'_>, client: IpAddr) -> Need<'_> {
        let mut wanted = Vec::new();
        let open = self.ask_for_path(target, client, &mut wanted) && self.ask_for(target.commands, client, &mut wanted);
        need(open, wanted)
    }

    /// What these commands need, whatever the path is.
    pub(crate) fn judge_commands(&self, commands: &Calls, client: IpAddr) -> Need<'_> {
        let mut wanted = Vec::new();
        let open = self.ask_for(commands, client, &mut wanted);
        need(open, wanted)
    }

    /// Adds the roles that the path asks for; gives whether it is open from there.
    fn ask_for_path<'a>(&'a self, target: Target<'_>, client: IpAddr, wanted: &mut Vec<&'a [String]>) -> bool {
        for rule in self.rules.iter().filter(|rule| rule.path.may_be(target)) {
            if !rule.is_open_from(client) {
                return false;
            }
            if rule.path.is(target.path) {
                let usual = if rule.asks() { SignIn::Required } else { self.sign_in };
                if rule.config.sign_in.unwrap_or(usual) == SignIn::Required {
                    want(wanted, self.roles_of(rule));
                }
                return true;
            }
            // Read in another way it would be this rule's: what closes counts, and the next rules are asked too.
            if rule.asks() {
                want(wanted, self.roles_of(rule));
            }
        }
        self.ask_as_usual(wanted);
        true
    }

    /// The same for commands. No rule opens one: what opens a path opens that path, and a command runs on any.
    fn ask_for<'a>(&'a self, commands: &Calls, client: IpAddr, wanted: &mut Vec<&'a [String]>) -> bool {
        if commands.is_empty() {
            return true;
        }
        for rule in self.rules.iter().filter(|rule| rule.path.is_called_by(commands)) {
            if !rule.is_open_from(client) {
                return false;
            }
            if rule.asks() {
                want(wanted, self.roles_of(rule));
            }
        }
        self.ask_as_usual(wanted);
        true
    }

    fn ask_as_usual<'a>(&'a self, wanted: &mut Vec<&'a [String]>) {
        if self.sign_in == SignIn::Required {
            want(wanted, &self.roles);
        }
    }

    fn roles_of<'a>(&'a self, rule: &'a Rule) -> &'a [String] {
        if rule.config.roles.is_empty() { &self.roles } else { &rule.config.roles }
    }

    /// Whether the request comes with the application's own token, on a path where that is enough. Whether the token is
    /// any good, the application says. A command may be for anything, so a token is never enough for one.
    pub(crate) fn takes_own_token(&self, target: Target<'_>, headers: &HeaderMap) -> bool {
        !self.api_paths.is_empty() && shows_own_token(headers) && self.takes_tokens_for(target)
    }

    /// Whether the application's own token is enough there.
    pub(crate) fn takes_tokens_for(&self, target: Target<'_>) -> bool {
        self.api_paths.iter().any(|prefix| target.path.is_under(prefix))
            && target.commands.is_empty()
            && !self.is_closed_by_rule(target)
    }

    /// Whether a rule asks for somebody on this path: then a token, whose worth only the application knows, is not enough.
    fn is_closed_by_rule(&self, target: Target<'_>) -> bool {
        self.rules.iter().any(|rule| rule.asks() && rule.path.may_be(target))
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
    use crate::calls::Call;

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

    fn on_path(path: &PathReading) -> Target<'_> {
        const NOTHING: &Calls = &Calls::NONE;
        Target { path, call: Call::in_path(path.lenient()), commands: NOTHING }
    }

    /// On a path, with commands besides.
    fn commanded<'a>(access: &'a SiteAccess, path: &str, from: &str, given: &[&str]) -> Need<'a> {
        let (path, mut commands) = (read(path), Calls::default());
        given.iter().for_each(|command| commands.note(command.as_bytes()));
        access.judge(Target { commands: &commands, ..on_path(&path) }, from.parse().unwrap())
    }

    fn need<'a>(access: &'a SiteAccess, path: &str, from: &str) -> Need<'a> {
        let path = read(path);
        access.judge(on_path(&path), from.parse().unwrap())
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
            assert!(access.takes_own_token(on_path(&read("/api/method/ping")), &with(value)), "{value}");
            assert!(!access.takes_own_token(on_path(&read("/app")), &with(value)), "{value}");
            assert!(!access.takes_own_token(on_path(&read("/API/method")), &with(value)), "{value}");
        }
        for value in ["", "token", "token ", "Negotiate abc", "abc"] {
            assert!(!access.takes_own_token(on_path(&read("/api/method/ping")), &with(value)), "{value}");
        }
        assert!(!access.takes_own_token(on_path(&read("/api/method/ping")), &HeaderMap::new()));
        let mut twice = with("token a");
        twice.append(header::AUTHORIZATION, HeaderValue::from_static("token b"));
        assert!(!access.takes_own_token(on_path(&read("/api/method/ping")), &twice));
    }

    /// covers K4.2 (part)
    #[test]
    fn what_closes_a_method_closes_every_door_to_it_and_what_opens_one_opens_its_path_only() {
        let access = access(
            "[site.access]\nsign_in = \"required\"\nroles = [\"Staff\", \"Admin\"]\napi_paths = [\"/api/method\"]\n\
             [[site.rule]]\npath = \"/api/method/ping\"\nsign_in = \"open\"\n\
             [[site.rule]]\npath = \"/api/method/boss\"\nroles = [\"Admin\"]\n\
             [[site.rule]]\npath = \"/api/method/inside\"\nnetworks = [\"10.0.0.0/8\"]\n",
        );
        let (staff, admin) = (["Staff".to_owned(), "Admin".to_owned()], ["Admin".to_owned()]);
        let both = || Need::SignIn(vec![&admin, &staff]);
        assert_eq!(need(&access, "/api/method/boss", ELSEWHERE), Need::SignIn(vec![&admin]));
        for path in ["/api/v1/method/boss", "/api/v2/method/Boss", "/api/v2/method/frappe.handler.boss"] {
            assert_eq!(need(&access, path, ELSEWHERE), both(), "{path}");
        }
        assert_eq!(commanded(&access, "/app", ELSEWHERE, &["boss"]), Need::SignIn(vec![&staff, &admin]));
        assert_eq!(commanded(&access, "/api/method/ping", ELSEWHERE, &["ping", "boss"]), both());
        for (path, command) in
            [("/app", "inside"), ("/api/method/ping", "inside"), ("/", "in%side"), ("/api/v2/method/inside", "")]
        {
            assert_eq!(commanded(&access, path, ELSEWHERE, &[command]), Need::OtherNetwork, "{path} {command}");
            assert_ne!(commanded(&access, path, OFFICE, &[command]), Need::OtherNetwork, "{path} {command}");
        }
        assert_eq!(need(&access, "/api/method/ping", ELSEWHERE), Need::Nothing);
        assert_eq!(commanded(&access, "/api/method/ping", ELSEWHERE, &["ping"]), Need::SignIn(vec![&staff]));
        assert_eq!(need(&access, "/api/v2/method/ping", ELSEWHERE), Need::SignIn(vec![&staff]));
        let mut commands = Calls::default();
        let token = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static("token key:secret"))]);
        let path = read("/api/method/save");
        assert!(access.takes_own_token(Target { commands: &commands, ..on_path(&path) }, &token));
        assert!(!access.takes_own_token(on_path(&read("/api/method/boss/")), &token));
        commands.note(b"ping");
        assert!(!access.takes_own_token(Target { commands: &commands, ..on_path(&path) }, &token));
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
                let _ = required().judge(on_path(&path), OFFICE.parse().unwrap());
                let _ = is_administration(&path);
            }
        }
    }
}
