//! What stays open is asked again: an exchange with a guarded site's application ends when what let it in holds no more.
//!
//! A request is judged when it comes. A WebSocket, a stream of events, an upload of an hour go on after that, so each keeps
//! what it was let in by, and one task goes round them all ([`rounds`]). Going round, instead of waiting to be told, sees
//! what other nodes and the clock have changed too, and costs the same however much changes: per exchange a few look-ups
//! in memory, and for all sessions together one question to the database.

mod exchange;
mod rounds;

use std::{net::IpAddr, sync::Arc};

use palisade_base::{HashedToken, Instant, auth::SiteUser};
use palisade_config::HostName;

pub(crate) use self::{
    exchange::{Lease, OpenExchanges},
    rounds::{Rounds, go_round},
};
use crate::{
    access::{Need, holds_one_of_each},
    calls::Calls,
    path::PathReading,
    request::{Facts, HostFact},
    shared::Shared,
    sites::SiteState,
};

/// What a request was let in by, beside its address.
#[derive(Clone, Default)]
pub(crate) enum LetIn {
    /// Nothing: what it asked for is open.
    #[default]
    Anybody,
    /// A site session, whether the path needs one or not: the application may have been told who is there.
    Session(Arc<HeldSession>),
    /// A token of the application's own.
    OwnToken,
}

/// A site session that something goes on by.
pub(crate) struct HeldSession {
    pub(crate) token: HashedToken,
    /// As it was found. Whoever gets or loses a role gets another site session.
    pub(crate) user: Arc<SiteUser>,
}

/// All that an exchange was let in by.
pub(crate) struct Standing {
    address: IpAddr,
    host: Option<HostName>,
    site: Arc<str>,
    path: PathReading,
    /// What was commanded besides, as far as it was known when the application was asked.
    commands: Calls,
    let_in: LetIn,
}

/// Why an exchange ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// Its address is shut out.
    Banned,
    /// The configuration lets it in no more.
    Closed,
    /// Its session is over.
    SignedOut,
    /// Nobody could say for too long whether its session is over.
    Unsure,
}

/// Whether an exchange may go on.
pub(crate) enum Verdict<'a> {
    Holds,
    /// As long as this session is there.
    AsLongAs(&'a HeldSession),
    Over(Over),
}

impl Standing {
    fn of(facts: &Facts) -> Self {
        let host = match &facts.host {
            HostFact::Known(known) => Some(known.host.clone()),
            HostFact::Unknown | HostFact::Unreadable => None,
        };
        let site = facts.site().map_or_else(|| Arc::from(""), |site| Arc::clone(&site.name));
        let (path, commands, let_in) = (facts.path.clone(), facts.fields.commands.clone(), facts.let_in.clone());
        Self { address: facts.client.address, host, site, path, commands, let_in }
    }

    /// Judges again, as the layers did, by what is in force now.
    fn judge(&self, shared: &Shared, now: Instant) -> Verdict<'_> {
        if shared.bans.find(self.address, now).is_some() {
            return Verdict::Over(Over::Banned);
        }
        let site = self.host.as_ref().and_then(|host| shared.sites.find(host)).filter(|site| site.name == self.site);
        if !site.is_some_and(|site| self.is_let_in(site)) {
            return Verdict::Over(Over::Closed);
        }
        match &self.let_in {
            LetIn::Session(held) => Verdict::AsLongAs(held),
            LetIn::Anybody | LetIn::OwnToken => Verdict::Holds,
        }
    }

    fn is_let_in(&self, site: &SiteState) -> bool {
        let Some(access) = &site.access else { return false };
        let target = site.target(&self.path, &self.commands);
        match (access.judge(target, self.address), &self.let_in) {
            (Need::Nothing, _) => true,
            (Need::OtherNetwork, _) | (Need::SignIn(_), LetIn::Anybody) => false,
            (Need::SignIn(wanted), LetIn::Session(held)) => holds_one_of_each(&held.user.roles, &wanted),
            (Need::SignIn(_), LetIn::OwnToken) => access.takes_tokens_for(target),
        }
    }
}

impl Over {
    /// The word for logs.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Banned => "banned",
            Self::Closed => "closed",
            Self::SignedOut => "signed_out",
            Self::Unsure => "unsure",
        }
    }
}
