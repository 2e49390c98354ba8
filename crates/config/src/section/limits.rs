//! `[limits]`

use std::net::{Ipv4Addr, Ipv6Addr};

use palisade_base::Span;
use serde::{Deserialize, Serialize};

use crate::{Network, reference::section};

section! {
    /// How much one client may ask for. The values are the guide's.
    "[limits]" LimitsConfig {
        /// Networks that no limit holds for, as long as the request comes straight from them: never for one that was forwarded.
        allow_list: Vec<Network> = vec![Network::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST)), Network::from(std::net::IpAddr::from(Ipv6Addr::LOCALHOST))],
        /// Requests of one user, one API key, or one address that has not signed in, within a sliding window. Assets do not count.
        user: WindowConfig = WindowConfig { requests: 100, seconds: 60 },
        /// Requests of one address to /api/: so many in so many seconds, and this many more at once.
        api: RateConfig = RateConfig { requests: 10, seconds: 1, burst: 20 },
        /// Tries of one address to sign in, in whatever way the app has.
        login: RateConfig = RateConfig { requests: 5, seconds: 60, burst: 5 },
        /// How many addresses each limit remembers at most; beyond it the least used are forgotten.
        tracked_addresses: usize = 100_000,
        /// Connections in all.
        max_connections: usize = 4_096,
        /// Connections of one address (an IPv6 /64 is one). Trusted proxies and the allow-list are exempt.
        max_connections_per_address: usize = 128,
    }
}

/// So many requests within a sliding window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "RawWindow")]
pub struct WindowConfig {
    /// The most requests within the window, 1 to 10 000.
    pub requests: u32,
    /// The window's length, 1 to 86 400.
    pub seconds: u32,
}

/// A rate with a burst on top, counted as nginx's `limit_req … burst=N nodelay` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "RawRate")]
pub struct RateConfig {
    /// Requests per `seconds`, 1 to 10 000.
    pub requests: u32,
    /// 1 to 86 400.
    pub seconds: u32,
    /// How many may come at once beyond the rate, up to 10 000.
    pub burst: u32,
}

impl WindowConfig {
    /// The window's length.
    #[must_use]
    pub const fn window(&self) -> Span {
        Span::seconds(self.seconds as i64)
    }
}

impl RateConfig {
    /// The time that `requests` are counted over.
    #[must_use]
    pub const fn per(&self) -> Span {
        Span::seconds(self.seconds as i64)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWindow {
    requests: u32,
    seconds: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRate {
    requests: u32,
    seconds: u32,
    #[serde(default)]
    burst: u32,
}

impl TryFrom<RawWindow> for WindowConfig {
    type Error = String;

    fn try_from(raw: RawWindow) -> Result<Self, Self::Error> {
        check_range("requests", raw.requests, 1..=10_000)?;
        check_range("seconds", raw.seconds, 1..=86_400)?;
        Ok(Self { requests: raw.requests, seconds: raw.seconds })
    }
}

impl TryFrom<RawRate> for RateConfig {
    type Error = String;

    fn try_from(raw: RawRate) -> Result<Self, Self::Error> {
        check_range("requests", raw.requests, 1..=10_000)?;
        check_range("seconds", raw.seconds, 1..=86_400)?;
        check_range("burst", raw.burst, 0..=10_000)?;
        Ok(Self { requests: raw.requests, seconds: raw.seconds, burst: raw.burst })
    }
}

pub(super) fn check_range(name: &str, value: u32, range: std::ops::RangeInclusive<u32>) -> Result<(), String> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(format!("{name} is {value}\n  It can be {} to {}.", range.start(), range.end()))
}
