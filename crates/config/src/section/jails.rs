//! `[jails]`

use std::path::PathBuf;

use palisade_base::Span;
use serde::{Deserialize, Serialize};

use crate::{Network, reference::section};

section! {
    /// Who is shut out after failed tries, and who never is. Loopback, `trusted_proxies` and the allow-list of `[limits]` are never banned.
    "[jails]" JailsConfig {
        /// The jail of tries to sign in, on whatever site: so many failures within so many seconds ban for so long. With `increment = { factor = 1.0, max_seconds = 604800 }` each further ban of the same client is twice as long as the last, times the factor.
        sign_in: SignInJailConfig = SignInJailConfig::default(),
        /// Further networks that are never banned.
        never: Vec<Network> = Vec::new(),
        /// Networks that the company's own people come from: slowed where others are banned, so that one who mistypes does not shut out a depot.
        company_networks: Vec<Network> = Vec::new(),
        /// How long each try to sign in from a company network waits once a ban would be due, in milliseconds.
        company_wait_ms: u64 = 2_000,
        /// How many /64 networks of one IPv6 /48 must be banned before the /48 is; 0: never.
        ipv6_escalation: u32 = 4,
        /// A folder with `jail.conf`, `jail.d` and `filter.d` as fail2ban has them, such as "/etc/fail2ban".
        fail2ban: Option<PathBuf> = None,
        /// Names of jails whose bans are only reported, not enforced: to try a filter out. The jail of tries to sign in is called "sign-in".
        shadow: Vec<String> = Vec::new(),
        /// After how many days bans that are over are forgotten.
        history_days: u16 = 90,
    }
}

/// When tries to sign in lead to a ban. The values are the guide's.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "RawSignIn")]
pub struct SignInJailConfig {
    /// So many failures, 1 to 1 000…
    pub tries: u32,
    /// …within so many seconds, 1 to 604 800…
    pub seconds: u32,
    /// …ban for so many, 1 to 31 536 000.
    pub ban_seconds: u32,
    /// Whether each further ban is longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub increment: Option<IncrementConfig>,
}

/// How bans grow.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct IncrementConfig {
    /// What each ban after the first is multiplied by, beside being twice as long as the one before.
    #[serde(default = "one")]
    pub factor: f64,
    /// No ban is longer.
    #[serde(default)]
    pub max_seconds: Option<u32>,
}

impl IncrementConfig {
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.factor.is_finite() && (0.1..=100.0).contains(&self.factor) {
            return Ok(());
        }
        Err(format!("factor is {}\n  It can be 0.1 to 100.", self.factor))
    }
}

impl Default for SignInJailConfig {
    fn default() -> Self {
        Self { tries: 5, seconds: 600, ban_seconds: 3_600, increment: None }
    }
}

impl SignInJailConfig {
    /// How far back failures count.
    #[must_use]
    pub const fn find_time(&self) -> Span {
        Span::seconds(self.seconds as i64)
    }

    /// How long the first ban lasts.
    #[must_use]
    pub const fn ban_time(&self) -> Span {
        Span::seconds(self.ban_seconds as i64)
    }
}

const fn one() -> f64 {
    1.0
}

/// As written: what is left out is the guide's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawSignIn {
    tries: u32,
    seconds: u32,
    ban_seconds: u32,
    increment: Option<IncrementConfig>,
}

impl Default for RawSignIn {
    fn default() -> Self {
        let SignInJailConfig { tries, seconds, ban_seconds, increment } = SignInJailConfig::default();
        Self { tries, seconds, ban_seconds, increment }
    }
}

impl TryFrom<RawSignIn> for SignInJailConfig {
    type Error = String;

    fn try_from(raw: RawSignIn) -> Result<Self, String> {
        use super::limits::check_range;
        check_range("tries", raw.tries, 1..=1_000)?;
        check_range("seconds", raw.seconds, 1..=604_800)?;
        check_range("ban_seconds", raw.ban_seconds, 1..=31_536_000)?;
        raw.increment.as_ref().map_or(Ok(()), IncrementConfig::check)?;
        Ok(Self { tries: raw.tries, seconds: raw.seconds, ban_seconds: raw.ban_seconds, increment: raw.increment })
    }
}
