//! The keys that the guide sets, with the values that it sets, and who in Frappe heeds them.
//!
//! Looked up in the sources of Frappe 13 to 15. The guide's words are those of its sections 3, 4, 8 and 10.

use serde_json::Value;

use super::{
    BenchFile,
    value::{
        is_guides_limit, is_loopback_list, is_loopback_redis, is_one_of, is_port, is_positive, seconds_of,
        stands_for_off, stands_for_on,
    },
};

/// Who decides what a key is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decides {
    /// Frappe reads it from these files: what stands there holds.
    Files,
    /// Frappe reads it from `common_site_config.json` alone since version 15; before, from both.
    CommonFile,
    /// Frappe takes it from these files or from its System Settings: one of them is enough.
    FilesOrSettings,
    /// Frappe takes it from its System Settings, and does not read this key.
    Settings,
    /// Frappe does not read this key: its code decides what a cookie is like.
    Code,
    /// The `bench` command reads it, the running site does not.
    BenchCommand,
    /// Nobody reads it.
    Nobody,
}

impl Decides {
    /// Whether the key changes nothing in a running site.
    #[must_use]
    pub const fn is_without_effect(self) -> bool {
        matches!(self, Self::Settings | Self::Code | Self::BenchCommand | Self::Nobody)
    }
}

/// A key that the guide sets.
#[derive(Debug)]
pub struct GuideKey {
    /// Its name.
    pub name: &'static str,
    /// What the guide writes, as JSON.
    pub guide: &'static str,
    /// What is written by the program: the guide's value, but for one.
    pub wanted: &'static str,
    /// The files that the guide has it in.
    pub files: &'static [BenchFile],
    /// Who heeds it.
    pub decides: Decides,
    /// Whether it is in order where no file has it.
    pub may_lack: bool,
    /// Whether it is left alone where it is there, whatever it is: the bench would not find what it needs otherwise.
    pub is_left: bool,
    accepts: fn(&Value) -> bool,
}

impl GuideKey {
    /// Whether a value is as good as the guide's.
    #[must_use]
    pub fn accepts(&self, value: &Value) -> bool {
        (self.accepts)(value)
    }

    /// Whether a value as it is written in a file is as good as the guide's.
    #[must_use]
    pub fn accepts_text(&self, text: &str) -> bool {
        serde_json::from_str(text).is_ok_and(|value| self.accepts(&value))
    }

    /// Whether it is written where a file lacks it: wherever the guide's own value is the wanted one.
    pub(super) fn is_added(&self) -> bool {
        self.wanted == self.guide
    }

    /// The key of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        GUIDE.iter().find(|key| key.name == name)
    }
}

const BOTH: &[BenchFile] = &BenchFile::BOTH;
const SITE: &[BenchFile] = &[BenchFile::Site];
const COMMON: &[BenchFile] = &[BenchFile::Common];

const fn key(
    name: &'static str,
    guide: &'static str,
    files: &'static [BenchFile],
    decides: Decides,
    accepts: fn(&Value) -> bool,
) -> GuideKey {
    GuideKey { name, guide, wanted: guide, files, decides, may_lack: false, is_left: false, accepts }
}

const fn may_lack(key: GuideKey) -> GuideKey {
    GuideKey { may_lack: true, ..key }
}

/// All of them, in the guide's order.
pub const GUIDE: [GuideKey; 20] = [
    may_lack(key("developer_mode", "0", BOTH, Decides::Files, stands_for_off)),
    key("allow_error_traceback", "0", BOTH, Decides::Settings, stands_for_off),
    key("disable_error_mail", "0", SITE, Decides::Nobody, stands_for_off),
    may_lack(key("server_script_enabled", "0", SITE, Decides::CommonFile, stands_for_off)),
    key("deny_multiple_sessions", "1", BOTH, Decides::FilesOrSettings, stands_for_on),
    key("enable_frappe_logger", "1", COMMON, Decides::Files, stands_for_on),
    key("log_queries", "0", COMMON, Decides::Nobody, stands_for_off),
    key("background_workers", "1", COMMON, Decides::BenchCommand, is_positive),
    key("shallow_clone", "true", COMMON, Decides::BenchCommand, stands_for_on),
    redis(key("redis_cache", "\"redis://127.0.0.1:13000\"", COMMON, Decides::Files, is_loopback_redis)),
    redis(key("redis_queue", "\"redis://127.0.0.1:11000\"", COMMON, Decides::Files, is_loopback_redis)),
    key("rate_limit", "{\"limit\": 100, \"window\": 60}", COMMON, Decides::Files, is_guides_limit),
    key("rate_limit_whitelist", "[\"127.0.0.1\", \"::1\"]", COMMON, Decides::Nobody, is_loopback_list),
    key("session_expiry", "\"06:00:00\"", COMMON, Decides::Settings, |value| is_within(value, "06:00:00")),
    key("session_expiry_mobile", "\"168:00:00\"", COMMON, Decides::Settings, |value| is_within(value, "168:00:00")),
    key("cookie_secure", "1", COMMON, Decides::Code, stands_for_on),
    key("cookie_httponly", "1", COMMON, Decides::Code, stands_for_on),
    key("cookie_samesite", "\"Lax\"", COMMON, Decides::Code, |value| is_one_of(value, &["Lax", "Strict"])),
    key("file_watcher_port", "6787", COMMON, Decides::Nobody, is_port),
    // The guide writes 2, as if it were a level. In Frappe it puts every SQL statement into the answers to whoever asks
    // (`_debug_messages`), which its own `log_queries` 0 means to forbid.
    GuideKey { wanted: "0", ..may_lack(key("logging", "2", COMMON, Decides::Files, stands_for_off)) },
];

/// Which Redis a bench has is not for a guide to say, only that it is this machine's.
const fn redis(key: GuideKey) -> GuideKey {
    GuideKey { may_lack: true, is_left: true, ..key }
}

fn is_within(value: &Value, longest: &str) -> bool {
    let limit = seconds_of(longest);
    value.as_str().and_then(seconds_of).is_some_and(|seconds| seconds > 0 && limit.is_some_and(|most| seconds <= most))
}
