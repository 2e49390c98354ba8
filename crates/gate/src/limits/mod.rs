//! The limits that requests are counted against: the guide's three, and those of `[[limit]]`.

mod own;
mod sessions;

use std::{net::IpAddr, sync::Arc};

use palisade_base::Instant;
use palisade_config::{Config, LimitsConfig, RateConfig};
use palisade_counters::{
    LimitBoard, LimitFacts, LimitFigures, LimitKey, Rate, RateLimiter, Verdict, Window, WindowLimiter,
};

pub(crate) use self::{
    own::{Asked, OwnLimit},
    sessions::{AnswerTo, AppSessions, Shown},
};

/// The counters of requests. They live on over a reload of the configuration, as far as it leaves them as they were.
pub(crate) struct Limits {
    pub(crate) api: Limit<RateLimiter<LimitKey>>,
    pub(crate) login: Limit<RateLimiter<LimitKey>>,
    pub(crate) user: Limit<WindowLimiter<LimitKey>>,
    pub(crate) own: Vec<OwnLimit>,
    pub(crate) sessions: Arc<AppSessions>,
}

/// A limit: what counts, and what it has done.
pub(crate) struct Limit<L> {
    limiter: Arc<L>,
    figures: Arc<LimitFigures>,
    capacity: usize,
}

/// A limit has refused a request.
pub(crate) struct Refusal {
    pub(crate) by: Arc<LimitFigures>,
    pub(crate) key: LimitKey,
    pub(crate) verdict: Verdict,
}

impl Refusal {
    /// The name of the limit.
    pub(crate) fn limit(&self) -> &str {
        &self.by.facts().name
    }

    /// Whether it is the limit of tries to sign in.
    pub(crate) fn is_login(&self) -> bool {
        self.limit() == LOGIN
    }

    /// Counts it.
    pub(crate) fn note(&self, address: IpAddr, now: Instant) {
        self.by.refused(self.key, address, now);
    }
}

const LOGIN: &str = "login";

impl Limits {
    /// The limits of this configuration, all at zero.
    pub(crate) fn new(config: &Config, board: &LimitBoard) -> Self {
        Self::with(config, board, None)
    }

    /// The limits of this configuration. Those that are as they were before go on counting.
    pub(crate) fn carried_over(old: &Self, config: &Config, board: &LimitBoard) -> Self {
        Self::with(config, board, Some(old))
    }

    fn with(config: &Config, board: &LimitBoard, old: Option<&Self>) -> Self {
        let limits = &config.limits;
        let most = limits.tracked_addresses;
        let window = Window { requests: limits.user.requests, length: limits.user.window() };
        let [user, api, login] = guides(limits).map(|facts| board.figures_of(facts));
        let own_figures = |own| board.figures_of(own::facts(own));
        let own = config.limit.iter().map(|one| OwnLimit::new(one, config, own_figures(one), old)).collect();
        let limits = Self {
            user: Limit::window(window, most, user, old.map(|old| &old.user)),
            api: Limit::rate(rate(limits.api), most, api, old.map(|old| &old.api)),
            login: Limit::rate(rate(limits.login), most, login, old.map(|old| &old.login)),
            own,
            sessions: old.map_or_else(|| Arc::new(AppSessions::new(most)), |old| Arc::clone(&old.sessions)),
        };
        board.put_up(limits.figures().map(Arc::clone).collect());
        limits
    }

    fn figures(&self) -> impl Iterator<Item = &Arc<LimitFigures>> {
        let guides = [&self.user.figures, &self.api.figures, &self.login.figures];
        guides.into_iter().chain(self.own.iter().map(OwnLimit::figures))
    }
}

impl Limit<RateLimiter<LimitKey>> {
    fn rate(rate: Rate, capacity: usize, figures: Arc<LimitFigures>, old: Option<&Self>) -> Self {
        let same = old.filter(|old| old.limiter.rate() == rate && old.capacity == capacity);
        let fresh = || Arc::new(RateLimiter::new(rate, capacity));
        Self { limiter: same.map_or_else(fresh, |old| Arc::clone(&old.limiter)), figures, capacity }
    }

    /// Counts a request; gives the refusal where it is one too many.
    pub(crate) fn refuses(&self, key: LimitKey, now: Instant) -> Option<Refusal> {
        let verdict = self.limiter.check(&key, now);
        (!verdict.allowed).then(|| Refusal { by: Arc::clone(&self.figures), key, verdict })
    }
}

impl Limit<WindowLimiter<LimitKey>> {
    fn window(window: Window, capacity: usize, figures: Arc<LimitFigures>, old: Option<&Self>) -> Self {
        let same = old.filter(|old| old.limiter.window() == window && old.capacity == capacity);
        let fresh = || Arc::new(WindowLimiter::new(window, capacity));
        Self { limiter: same.map_or_else(fresh, |old| Arc::clone(&old.limiter)), figures, capacity }
    }

    /// Counts a request.
    pub(crate) fn check(&self, key: LimitKey, now: Instant) -> Result<Verdict, Refusal> {
        let verdict = self.limiter.check(&key, now);
        if verdict.allowed { Ok(verdict) } else { Err(Refusal { by: Arc::clone(&self.figures), key, verdict }) }
    }
}

fn rate(rate: RateConfig) -> Rate {
    Rate { requests: rate.requests, per: rate.per(), burst: rate.burst }
}

/// The guide's three, in words.
fn guides(limits: &LimitsConfig) -> [LimitFacts; 3] {
    let of_rate = |name: &str, rate: RateConfig, holds_for: &str| LimitFacts {
        name: name.to_owned(),
        holds_for: holds_for.to_owned(),
        counts_by: "address".to_owned(),
        requests: rate.requests,
        seconds: rate.seconds,
        burst: Some(rate.burst),
    };
    let user = LimitFacts {
        name: "user".to_owned(),
        holds_for: "Every request but for files".to_owned(),
        counts_by: "user, API key, session of a guarded app, or else address".to_owned(),
        requests: limits.user.requests,
        seconds: limits.user.seconds,
        burst: None,
    };
    let api = of_rate("api", limits.api, "Requests below /api/, and those with an API key");
    [user, api, of_rate(LOGIN, limits.login, "Tries to sign in, by every way in of every site")]
}

#[cfg(test)]
mod tests {
    use http::Method;
    use palisade_config::{HostName, LimitBy, LimitConfig, Network, PathPrefix, SiteConfig};

    use super::*;
    use crate::{
        calls::Calls,
        path::{PathReading, Target},
    };

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(1_000_000_000_000_000 + seconds * 1_000_000)
    }

    fn config(own: Vec<LimitConfig>) -> Config {
        let host = HostName::parse("tems.example.com").unwrap();
        let site = SiteConfig { name: "tems".into(), hosts: vec![host], ..SiteConfig::default() };
        let mut config = Config::default();
        (config.sites, config.limit) = (vec![site], own);
        config
    }

    fn key(number: u64) -> LimitKey {
        LimitKey::Session(number)
    }

    fn passed(limits: &Limits, now: Instant, tries: usize) -> usize {
        (0..tries).filter(|_| limits.login.refuses(key(1), now).is_none()).count()
    }

    /// covers T1.10 (part)
    #[test]
    fn a_limit_that_stays_as_it_was_goes_on_counting_over_a_reload() {
        let board = LimitBoard::default();
        let before = Limits::new(&config(Vec::new()), &board);
        assert_eq!(passed(&before, at(0), 9), 6);
        (0..90).for_each(|_| assert!(before.user.check(key(1), at(0)).is_ok()));
        let mut changed = config(Vec::new());
        changed.limits.user.requests = 50;
        let after = Limits::carried_over(&before, &changed, &board);
        assert_eq!(passed(&after, at(0), 9), 0, "the login limit is the same");
        assert!(after.user.check(key(1), at(0)).is_ok_and(|verdict| verdict.remaining == 49), "the other is a new one");
    }

    fn upload() -> LimitConfig {
        LimitConfig {
            name: "uploads".into(),
            site: Some("tems".into()),
            path: Some(PathPrefix::parse("/api/method/upload_file").unwrap()),
            methods: vec!["POST".to_owned().try_into().unwrap()],
            by: LimitBy::Address,
            requests: 5,
            seconds: 60,
            burst: 0,
            networks: Vec::new(),
        }
    }

    fn on_path(path: &PathReading) -> Target<'_> {
        const NOTHING: &Calls = &Calls::NONE;
        Target { path, call: None, commands: NOTHING }
    }

    fn refused(own: &LimitConfig, host: &str, line: &str, from: &str, tries: usize) -> usize {
        let limits = Limits::new(&config(vec![own.clone()]), &LimitBoard::default());
        let (method, path) = line.split_once(' ').unwrap();
        let (host, path) = (HostName::parse(host).unwrap(), PathReading::of_text(path).unwrap());
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let asked = Asked { host: &host, method: &method, target: on_path(&path), address: from.parse().unwrap() };
        let refuses =
            |limit: &OwnLimit| limit.holds_for(&asked) && limit.refuses(&asked, Some(key(1)), at(0)).is_some();
        (0..tries).filter(|_| refuses(&limits.own[0])).count()
    }

    #[test]
    fn an_own_limit_holds_for_its_site_path_and_methods_alone() {
        let own = upload();
        let refused = |host, line| refused(&own, host, line, "192.0.2.1", 3);
        assert_eq!(refused("tems.example.com", "POST /api/method/upload_file"), 2);
        assert_eq!(refused("tems.example.com", "POST //api/method/Upload_%66ile/x"), 2);
        assert_eq!(refused("tems.example.com", "GET /api/method/upload_file"), 0);
        assert_eq!(refused("tems.example.com", "POST /api/method/upload"), 0);
        assert_eq!(refused("kpi.example.com", "POST /api/method/upload_file"), 0);
    }

    #[test]
    fn a_limit_by_network_counts_each_of_its_networks_as_one() {
        let networks = ["10.0.0.0/8", "2001:db8::/32"].map(|text| Network::parse(text).unwrap()).to_vec();
        let own = LimitConfig { by: LimitBy::Network, networks, burst: 1, ..upload() };
        let refused = |from| refused(&own, "tems.example.com", "POST /api/method/upload_file", from, 4);
        assert_eq!((refused("10.9.8.7"), refused("2001:db8::9"), refused("192.0.2.1")), (2, 2, 0));
        let of_key = LimitConfig { by: LimitBy::Key, networks: own.networks.clone(), ..own.clone() };
        let limits = Limits::new(&config(vec![of_key]), &LimitBoard::default());
        let host = HostName::parse("tems.example.com").unwrap();
        let address = "10.9.8.7".parse().unwrap();
        let path = PathReading::of_text("/api/method/upload_file").unwrap();
        let asked = Asked { host: &host, method: &Method::POST, target: on_path(&path), address };
        assert!(
            (0..9).all(|_| limits.own[0].refuses(&asked, None, at(0)).is_none()),
            "without a key nobody is counted"
        );
    }
}
