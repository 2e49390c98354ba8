//! Who is dropped by the kernel: our own tables of nftables, and nothing else of it.
//!
//! The table of bans is this module's; the machine's own rules are `host`'s. Beside them, `judge` says what firewall stands.
//!
//! Each network is there for a time that the kernel counts, of an hour at the most. Who wants it banned for longer says so
//! again before that; so nothing stays banned for ever because somebody died.

mod bans;
mod host;
mod judge;
mod nft;
mod text;

use std::time::Instant;

use ipnet::IpNet;

use crate::{
    config::FirewallConfig,
    protocol::{Ban, Failure, FailureKind},
};
use bans::Bans;

pub use host::HostFirewall;
pub use nft::TABLE;
pub use text::{HOST_TABLE, render as render_host_rules};

/// The table, its sets, and what stands in them as far as we have put it there.
#[derive(Debug)]
pub struct Firewall {
    config: FirewallConfig,
    bans: Bans,
    /// The sets hold what `bans` believes. Not so after a start or a failure.
    is_known: bool,
}

impl Firewall {
    /// A firewall that knows of no ban yet. What an earlier helper has left runs out, or is replaced.
    #[must_use]
    pub fn new(config: FirewallConfig) -> Self {
        Self { config, bans: Bans::default(), is_known: false }
    }

    /// Its configuration.
    #[must_use]
    pub const fn config(&self) -> &FirewallConfig {
        &self.config
    }

    /// Makes table, sets, chain and rules as they should be, whatever of them is there. Networks stay in the sets.
    ///
    /// # Errors
    /// The kernel or `nft` refuses.
    pub async fn set_up(&self) -> Result<(), Failure> {
        nft::run(&self.config.nft, &nft::set_up(&self.config.ports)).await
    }

    /// Takes away everything of ours.
    ///
    /// # Errors
    /// The kernel or `nft` refuses.
    pub async fn remove(&mut self) -> Result<(), Failure> {
        self.bans = Bans::default();
        self.is_known = false;
        nft::run(&self.config.nft, &nft::remove()).await
    }

    /// How many networks are banned.
    #[must_use]
    pub fn count(&self) -> usize {
        self.bans.count()
    }

    /// Bans one, in addition.
    ///
    /// # Errors
    /// It must not be banned, or the kernel refuses.
    pub async fn set(&mut self, ban: Ban, now: Instant) -> Result<(), Failure> {
        self.check(&ban.network)?;
        self.bans.set(ban, now).map_err(|why| Failure::new(FailureKind::Refused, why))?;
        self.apply(now).await
    }

    /// Lifts one.
    ///
    /// # Errors
    /// The kernel refuses.
    pub async fn lift(&mut self, network: &IpNet, now: Instant) -> Result<(), Failure> {
        self.bans.lift(network);
        self.apply(now).await
    }

    /// Bans these and nobody else. Those that must not be banned are left out.
    ///
    /// # Errors
    /// Which were left out (the others are banned), or that the kernel refuses.
    pub async fn replace(&mut self, bans: &[Ban], now: Instant) -> Result<(), Failure> {
        let (allowed, refused): (Vec<Ban>, Vec<Ban>) =
            bans.iter().partition(|ban| self.config.objection(&ban.network.trunc()).is_none());
        self.bans = Bans::default();
        for ban in allowed {
            self.bans.set(ban, now).map_err(|why| Failure::new(FailureKind::Refused, why))?;
        }
        self.is_known = false;
        self.apply(now).await?;
        refused.first().map_or(Ok(()), |ban| self.check(&ban.network))
    }

    /// Brings the kernel up to date with what has run out meanwhile.
    ///
    /// # Errors
    /// The kernel refuses.
    pub async fn tidy(&mut self, now: Instant) -> Result<(), Failure> {
        if self.is_known { self.apply(now).await } else { Ok(()) }
    }

    fn check(&self, network: &IpNet) -> Result<(), Failure> {
        let objection = self.config.objection(&network.trunc());
        objection.map_or(Ok(()), |why| Err(Failure::new(FailureKind::Refused, why)))
    }

    /// Tells the kernel the difference; everything anew where that fails, since an element may have run out just now.
    async fn apply(&mut self, now: Instant) -> Result<(), Failure> {
        let change = self.bans.change(now);
        if self.is_known {
            if change.is_empty() || nft::run(&self.config.nft, &nft::change(&change)).await.is_ok() {
                self.bans.applied(change);
                return Ok(());
            }
            self.is_known = false;
        }
        // The table may have gone: somebody has flushed the rules, or loaded others.
        let whole = self.bans.whole(now);
        nft::run(&self.config.nft, &nft::replace(&self.config.ports, &whole)).await?;
        self.bans.applied_whole(whole);
        self.is_known = true;
        Ok(())
    }
}
