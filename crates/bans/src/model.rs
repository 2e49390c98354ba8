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

/// What a jail has seen since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JailFigures {
    /// Clients whose failures count now.
    pub failing: usize,
    /// Lines of its log files.
    pub lines: u64,
    /// Failures.
    pub failures: u64,
    /// Lines that could mean several addresses: nobody is to blame.
    pub ambiguous: u64,
    /// Lines that could not be decided, the ambiguous ones among them.
    pub undecided: u64,
    /// When the last line came.
    pub last_line_at: Option<Instant>,
    /// When the last failure was.
    pub last_failure_at: Option<Instant>,
}

/// How a jail is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JailStatus {
    /// Its name.
    pub name: String,
    /// The log files that it reads, as configured; none where the gate itself tells it of failures.
    pub log_paths: Vec<String>,
    /// So many failures…
    pub max_retry: u32,
    /// …within so long…
    pub find_time: Span,
    /// …ban for so long; `None`: until lifted.
    pub ban_time: Option<Span>,
    /// Each further ban is longer.
    pub is_growing: bool,
    /// Its bans are only reported.
    pub is_shadow: bool,
    /// How many of its bans are in force; in shadow mode, would be.
    pub banned: u64,
    /// What it has seen.
    pub figures: JailFigures,
    /// The last lines that could not be decided.
    pub doubts: Vec<String>,
    /// What stands in the way of reading its files.
    pub problems: Vec<String>,
}

/// All jails.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JailReport {
    /// Those that work.
    pub jails: Vec<JailStatus>,
    /// Those that do not, and why.
    pub broken: Vec<String>,
    /// What works otherwise than whoever wrote the filters may think.
    pub warnings: Vec<String>,
    /// What does not work beside the gate: the helper's firewall.
    pub problems: Vec<String>,
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

/// Which bans come first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BanOrder {
    /// The last that were made.
    #[default]
    Newest,
    /// The first that were made.
    Oldest,
    /// Those that end first; those that somebody has to lift come last.
    EndsFirst,
    /// Those that last longest.
    EndsLast,
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
    /// Which come first.
    pub order: BanOrder,
    /// Rows to pass over.
    pub offset: u64,
    /// The most rows.
    pub limit: u64,
}
