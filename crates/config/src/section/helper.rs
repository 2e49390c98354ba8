//! `[helper]`

use std::path::PathBuf;

use crate::reference::section;

section! {
    /// The helper: a small process of root's for what `serve` has no right to (nftables, other programs' logs, commands).
    "[helper]" HelperConfig {
        /// The socket of `palisade helper`, usually "/run/palisade/helper.sock". Not set: there is none, and bans hold at the gate alone.
        socket: Option<PathBuf> = None,
    }
}
