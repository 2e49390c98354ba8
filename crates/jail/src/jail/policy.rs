//! When a jail bans, and for how long.

use ipnet::IpNet;
use palisade_base::Span;
use std::net::IpAddr;

use super::duration::BanTime;

/// More failures than this before a ban are as good as none at all.
pub(crate) const MAX_RETRY: u32 = 100_000;

/// A jail's rules, as its section in `jail.conf` gives them.
#[derive(Clone, Debug, PartialEq)]
pub struct JailPolicy {
    /// So many failures…
    pub max_retry: u32,
    /// …within so long…
    pub find_time: Span,
    /// …ban for so long.
    pub ban_time: BanTime,
    /// Whether each further ban of the same client is longer.
    pub increment: Option<Increment>,
    /// Never banned: `ignoreip`, and what the operator allows. Loopback is never banned anyway.
    pub allowed: Vec<IpNet>,
    /// Bans are reported, and marked as not to be enforced.
    pub is_shadow: bool,
}

impl Default for JailPolicy {
    /// fail2ban's defaults: 5 failures in 10 minutes ban for 10 minutes.
    fn default() -> Self {
        Self {
            max_retry: 5,
            find_time: Span::minutes(10),
            ban_time: BanTime::For(Span::minutes(10)),
            increment: None,
            allowed: Vec::new(),
            is_shadow: false,
        }
    }
}

/// How bans grow.
#[derive(Clone, Debug, PartialEq)]
pub struct Increment {
    /// Each ban is this times longer than it would be.
    pub factor: f64,
    /// By how much the first ban, the second and so on are longer than the first; the last one goes on. Where there are
    /// none, each ban is twice as long as the one before it.
    pub multipliers: Vec<f64>,
    /// No ban is longer.
    pub max_time: Option<Span>,
}

impl Default for Increment {
    fn default() -> Self {
        Self { factor: 1.0, multipliers: Vec::new(), max_time: None }
    }
}

impl JailPolicy {
    /// Whether this address is never banned.
    #[must_use]
    pub fn is_allowed(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_loopback() || self.allowed.iter().any(|network| network.contains(&address))
    }

    /// How long the ban lasts that comes after `earlier` others.
    #[must_use]
    pub fn ban_time_after(&self, earlier: u32) -> BanTime {
        let (BanTime::For(first), Some(increment)) = (self.ban_time, &self.increment) else { return self.ban_time };
        if earlier == 0 {
            return self.ban_time;
        }
        let multiplier = match increment.multipliers.as_slice() {
            [] => 2f64.powi(i32::try_from(earlier.min(20)).unwrap_or(20)),
            [.., last] => increment.multipliers.get(earlier as usize).copied().unwrap_or(*last),
        };
        let longest = increment.max_time.unwrap_or(Span::days(36_500)).as_micros();
        // A few microseconds are lost in numbers this large; none of them would be noticed.
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "bounded by `longest`")]
        let grown = ((first.as_micros() as f64) * multiplier * increment.factor).clamp(0.0, longest as f64) as i64;
        BanTime::For(Span::micros(grown.max(first.as_micros().min(longest))))
    }
}
