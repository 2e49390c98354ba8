//! `[console]`

use crate::{HostName, Network, reference::section};

section! {
    /// Where people sign in and administer. What outlives a move of the host is set apart.
    "[console]" ConsoleConfig {
        /// Its host: one of a built-in site's, or one that no site has, which then serves the console alone. Never a guarded site's. Not set: the first built-in site's first host; where there is no such site, no console is served.
        host: Option<HostName> = None,
        /// The domain that passkeys belong to; it can't be changed later without enrolling them anew. Not set: the console's host.
        relying_party: Option<HostName> = None,
        /// The name that tokens are issued under. Not set: `https://` and the console's host.
        issuer: Option<String> = None,
        /// The administration (everything under /admin) is open from these networks only; others get 403. Empty: from everywhere.
        admin_networks: Vec<Network> = Vec::new(),
    }
}
