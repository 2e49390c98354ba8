//! A limit of `[[limit]]`.

use std::{net::IpAddr, sync::Arc};

use http::Method;
use palisade_base::Instant;
use palisade_config::{Config, HostName, LimitBy, LimitConfig, Network};
use palisade_counters::{LimitFacts, LimitFigures, LimitKey, RateLimiter};

use super::{Limit, Limits, Refusal, rate};
use crate::path::{RulePath, Target};

/// A limit of one's own, with what it holds for.
pub(crate) struct OwnLimit {
    limit: Limit<RateLimiter<LimitKey>>,
    by: LimitBy,
    /// The hosts of its site; `None` for every site.
    hosts: Option<Vec<HostName>>,
    path: Option<RulePath>,
    methods: Vec<String>,
    networks: Vec<Network>,
}

/// What a limit may ask about a request.
pub(crate) struct Asked<'a> {
    pub(crate) host: &'a HostName,
    pub(crate) method: &'a Method,
    pub(crate) target: Target<'a>,
    pub(crate) address: IpAddr,
}

impl OwnLimit {
    pub(super) fn new(own: &LimitConfig, config: &Config, figures: Arc<LimitFigures>, old: Option<&Limits>) -> Self {
        let before = old.and_then(|old| old.own.iter().find(|one| one.limit.figures.facts().name == own.name));
        let before = before.filter(|before| before.by == own.by && before.networks == own.networks);
        let limiter = before.map(|before| &before.limit);
        let hosts_of = |name: &String| {
            let site = config.sites.iter().find(|site| site.name == *name);
            site.map(|site| site.hosts.clone()).unwrap_or_default()
        };
        Self {
            limit: Limit::rate(rate(own.rate()), config.limits.tracked_addresses, figures, limiter),
            by: own.by,
            hosts: own.site.as_ref().map(hosts_of),
            path: own.path.as_ref().map(RulePath::new),
            methods: own.methods.iter().map(|method| method.as_str().to_owned()).collect(),
            networks: own.networks.clone(),
        }
    }

    pub(super) const fn figures(&self) -> &Arc<LimitFigures> {
        &self.limit.figures
    }

    /// Whom it counts.
    pub(crate) const fn by(&self) -> LimitBy {
        self.by
    }

    /// Counts a request that it holds for; `key` is whom it counts as one, `None` where there is nobody such.
    pub(crate) fn refuses(&self, asked: &Asked<'_>, key: Option<LimitKey>, now: Instant) -> Option<Refusal> {
        let key = if self.by == LimitBy::Network { self.network_of(asked.address) } else { key };
        self.limit.refuses(key?, now)
    }

    /// Whether it counts such a request.
    pub(crate) fn holds_for(&self, asked: &Asked<'_>) -> bool {
        self.hosts.as_ref().is_none_or(|hosts| hosts.contains(asked.host))
            && (self.methods.is_empty() || self.methods.iter().any(|method| method == asked.method.as_str()))
            && self.path.as_ref().is_none_or(|path| path.counts_for(asked.target))
            && (self.networks.is_empty() || self.network_of(asked.address).is_some())
    }

    fn network_of(&self, address: IpAddr) -> Option<LimitKey> {
        self.networks.iter().position(|network| network.contains(address)).map(LimitKey::Network)
    }
}

pub(super) fn facts(own: &LimitConfig) -> LimitFacts {
    let methods: Vec<&str> = own.methods.iter().map(|method| method.as_str()).collect();
    let mut holds_for = if methods.is_empty() { "Requests".to_owned() } else { methods.join(", ") };
    if let Some(path) = &own.path {
        holds_for.push_str(&format!(" below {path}"));
    }
    if let Some(site) = &own.site {
        holds_for.push_str(&format!(" of {site}"));
    }
    if !own.networks.is_empty() {
        let networks: Vec<String> = own.networks.iter().map(ToString::to_string).collect();
        holds_for.push_str(&format!(" from {}", networks.join(", ")));
    }
    LimitFacts {
        name: own.name.clone(),
        holds_for,
        counts_by: own.by.as_str().to_owned(),
        requests: own.requests,
        seconds: own.seconds,
        burst: Some(own.burst),
    }
}
