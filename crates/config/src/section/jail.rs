//! `[[jail]]`: jails for log files, without a fail2ban folder.

use palisade_base::Span;

use super::jails::IncrementConfig;
use crate::reference::section;

section! {
    /// A jail of your own for log files, beside those of `[jails]` `fail2ban`: whoever fails so many times in them is banned. Write one block per jail. Who is never banned, and who is slowed instead, stands in `[jails]`. Where only root may read the files, the helper reads them: name them in its file, under the jail's name.
    "[[jail]]" LogJailConfig {
        /// Its short name, on pages, in logs and commands: lower-case letters, digits and hyphens.
        name: String = String::new(),
        /// Its log files, as whole paths; `*` stands for parts of names, as in `"/var/log/nginx/*error.log"`. They are followed through rotation.
        logs: Vec<String> = Vec::new(),
        /// A filter file as fail2ban has them, with parameters if need be: `"/etc/fail2ban/filter.d/sshd.conf[mode=aggressive]"`. Or write `failregex`.
        filter: Option<String> = None,
        /// What a failure looks like, in place of a filter: expressions as in fail2ban, `<HOST>` where the address stands, the date of the line taken out. Write them in single quotation marks: `['^Login failed for .* from <HOST>$']`.
        failregex: Vec<String> = Vec::new(),
        /// Lines that are no failure although they look like one.
        ignoreregex: Vec<String> = Vec::new(),
        /// How the date of a line is written, such as `"%Y-%m-%d %H:%M:%S"`. Not set: the usual forms are known.
        datepattern: Option<String> = None,
        /// So many failures of one address (an IPv6 /64 is one), 1 to 100000…
        max_tries: u32 = 5,
        /// …within so many seconds, up to a year…
        find_seconds: u32 = 600,
        /// …ban it for so many, up to a year.
        ban_seconds: u32 = 3_600,
        /// Makes each further ban of the same client longer: `{ factor = 1.0, max_seconds = 604800 }`, as for `[jails]` `sign_in`.
        increment: Option<IncrementConfig> = None,
        /// Its bans are only reported, not enforced: to try it out.
        shadow: bool = false,
    }
}

impl LogJailConfig {
    /// How far back failures count.
    #[must_use]
    pub const fn find_time(&self) -> Span {
        Span::seconds(self.find_seconds as i64)
    }

    /// How long the first ban lasts.
    #[must_use]
    pub const fn ban_time(&self) -> Span {
        Span::seconds(self.ban_seconds as i64)
    }
}
