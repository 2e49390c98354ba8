//! Sites whose people sign in on another host, the console's: every guarded one, and a built-in one beside a console of its
//! own. They are sent there and come back with a code; what they have here is a site session, a child of that sign-on.

use std::sync::OnceLock;

use palisade_config::{HostName, SiteConfig};

/// How a site's people get to the console, and back.
pub struct SignInElsewhere {
    /// The host that people use; sign-ins begin and end there.
    pub(crate) host: Option<HostName>,
    /// The site's and the console's addresses; known once the listeners are bound.
    pub(crate) parties: OnceLock<Option<Parties>>,
}

/// Between whom identity tokens speak, and where people sign in.
pub(crate) struct Parties {
    /// Where people sign in: `https://guard.example.com`.
    pub(crate) console: String,
    /// Who says it; the console's address unless it has a name of its own.
    pub(crate) issuer: String,
    /// To whom: the site's address.
    pub(crate) audience: String,
}

impl SignInElsewhere {
    /// For this site.
    #[must_use]
    pub fn of(site: &SiteConfig) -> Self {
        Self { host: site.hosts.first().cloned(), parties: OnceLock::new() }
    }
}
