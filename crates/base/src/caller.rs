//! Who asks, from where, with what authority: handed from the door to whatever decides.

use std::{net::IpAddr, sync::Arc};

use crate::{Actor, Authority, PersonId, RequestId, SessionId};

/// Where a request came from. Erasable in the trail after its retention.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address, as the gate established it.
    pub address: Option<IpAddr>,
    /// The session that carried the request.
    pub session: Option<SessionId>,
    /// The request's id.
    pub request: Option<RequestId>,
    /// The user agent, cut to 200 characters.
    pub agent: Option<String>,
}

/// The caller of a service: who, from where, what they may do, and which person they are.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who acts.
    pub actor: Actor,
    /// The person behind the actor: what `own` and `team` are measured against.
    pub person: Option<PersonId>,
    /// What they may do.
    pub authority: Arc<Authority>,
    /// Where the request came from.
    pub origin: Origin,
}

impl Caller {
    /// Nobody in particular: may do nothing.
    #[must_use]
    pub fn anonymous(origin: Origin) -> Self {
        Self { actor: Actor::Anonymous, person: None, authority: Arc::default(), origin }
    }

    /// A named piece of background work, with just the authority it needs.
    #[must_use]
    pub fn job(name: &'static str, authority: Authority) -> Self {
        Self { actor: Actor::Job(name), person: None, authority: Arc::new(authority), origin: Origin::default() }
    }

    /// A person at the host's command line.
    #[must_use]
    pub fn operator(name: impl Into<String>, authority: Authority) -> Self {
        Self {
            actor: Actor::Operator(name.into()),
            person: None,
            authority: Arc::new(authority),
            origin: Origin::default(),
        }
    }
}
