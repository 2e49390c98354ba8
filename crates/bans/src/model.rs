//! Bans, and what they are made of.

use std::{net::IpAddr, sync::Arc};

use palisade_base::{Instant, Span};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use crate::Target;

/// The name that bans by hand have in the place of a jail's.
pub const MANUAL: &str = "manual";
/// The name of the jail that counts tries to sign in.
pub const SIGN_IN: &str = "sign-in";
/// The name that bans of an IPv6 /48 have, whose /64 networks were banned one by one.
pub const NEIGHBOURS: &str = "neighbours";

/// What is done to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// It is shut out.
    Ban,
    /// It comes from a company network: each try to sign in waits.
    Slow,
    /// Nothing: what would be done is reported.
    Shadow,
}

impl Measure {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ban => "ban",
            Self::Slow => "slow",
            Self::Shadow => "shadow",
        }
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        [Self::Ban, Self::Slow, Self::Shadow].into_iter().find(|measure| measure.as_str() == text)
    }
}

/// What the gate needs to know of a ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BanFacts {
    /// Who.
    pub target: Target,
    /// Until when; `None` until it is lifted.
    pub until: Option<Instant>,
    /// A person did it, not a jail.
    pub is_manual: bool,
}

impl BanFacts {
    pub(crate) fn holds_at(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| until > now)
    }
}

/// A failed try to sign in, as the gate saw it.
#[derive(Clone, Copy, Debug)]
pub struct FailedTry<'a> {
    /// The client.
    pub address: IpAddr,
    /// When.
    pub at: Instant,
    /// On which site.
    pub site: &'a str,
    /// The way in: the path, as it may be shown.
    pub way: &'a str,
    /// As whom, where that is known.
    pub account: Option<&'a str>,
    /// The status that was answered.
    pub status: u16,
    /// The request carried forwarding headers. Whoever is exempt is so by the address that the gate believes, never by
    /// that of the proxy in between.
    pub forwarded: bool,
}

/// What a try to sign in has to expect.
#[derive(Debug)]
pub enum Pace {
    /// It goes on at once.
    Free,
    /// It waits so long first; the permit is held meanwhile.
    Wait(Span, WaitPermit),
    /// As many wait already as may: it is to come back after so long.
    Full(Span),
}

/// One of the bounded number of tries that wait.
#[derive(Debug)]
pub struct WaitPermit(#[expect(dead_code, reason = "held for what its drop does")] pub(crate) OwnedSemaphorePermit);

/// A ban as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Its id.
    pub id: Uuid,
    /// Who.
    pub target: Target,
    /// What is done.
    pub measure: Measure,
    /// The jail's name, or [`MANUAL`].
    pub jail: String,
    /// Who did it, as the trail names actors.
    pub made_by: String,
    /// Since when.
    pub began_at: Instant,
    /// Until when; `None` until it is lifted.
    pub ends_at: Option<Instant>,
    /// Why, in a sentence.
    pub reason: String,
    /// The lines that show it.
    pub evidence: Vec<String>,
    /// How many failures led to it.
    pub failures: u32,
    /// The how-manieth ban of this client by this jail it is, from 1.
    pub offences: u32,
    /// When it was lifted, and by whom.
    pub lifted: Option<(Instant, String)>,
}

impl Ban {
    /// Whether it is in force.
    #[must_use]
    pub fn holds_at(&self, now: Instant) -> bool {
        self.lifted.is_none() && self.ends_at.is_none_or(|end| end > now)
    }

    pub(crate) fn facts(&self) -> Arc<BanFacts> {
        Arc::new(BanFacts { target: self.target, until: self.ends_at, is_manual: self.jail == MANUAL })
    }
}

/// A ban by hand.
#[derive(Clone, Debug)]
pub struct NewBan {
    /// Who.
    pub target: Target,
    /// For how long; `None` until it is lifted.
    pub length: Option<Span>,
    /// Why.
    pub reason: String,
}

/// Which bans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// Those in force.
    #[default]
    Live,
    /// Those that are over: lifted, or run out.
    Over,
    /// All of them.
    All,
}

/// What a list of bans shows.
#[derive(Clone, Debug, Default)]
pub struct BanFilter {
    /// In force or not.
    pub which: Which,
    /// Those that have an address in common with this.
    pub touching: Option<Target>,
    /// Of this jail.
    pub jail: Option<String>,
    /// Rows to pass over.
    pub offset: u64,
    /// The most rows.
    pub limit: u64,
}
