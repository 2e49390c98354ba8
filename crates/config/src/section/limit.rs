//! `[[limit]]`: limits beside the three of `[limits]`.

use serde::{Deserialize, Serialize};

use super::{limits::RateConfig, site::path::PathPrefix};
use crate::{Network, reference::section, text::checked_text};

section! {
    /// A limit of your own, beside the three of `[limits]`: all that hold for a request count it, and the first that is used up refuses it (429). Write one block per limit.
    "[[limit]]" LimitConfig {
        /// Its short name, in logs and answers: lower-case letters, digits and hyphens.
        name: String = String::new(),
        /// The site that it holds for. Not set: every site.
        site: Option<String> = None,
        /// The path that it holds for, with all below it. Not set: every path.
        path: Option<PathPrefix> = None,
        /// The methods that it holds for: `["POST"]`. Empty: every method.
        methods: Vec<MethodName> = Vec::new(),
        /// What is counted as one: `address` (an IPv6 /64 is one), `user` (who has not signed in counts by address), `key` (an API key; requests without one are not counted), or `network` (all addresses of each of `networks` together).
        by: LimitBy = LimitBy::Address,
        /// The requests in each `seconds`, 1 to 10000.
        requests: u32 = 0,
        /// 1 to 86400.
        seconds: u32 = 60,
        /// How many may come at once beyond the rate, up to 10000.
        burst: u32 = 0,
        /// It holds only for requests from these networks. Empty: from everywhere.
        networks: Vec<Network> = Vec::new(),
    }
}

/// What a limit counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitBy {
    /// A client's address.
    Address,
    /// A user; who has not signed in, by address.
    User,
    /// An API key.
    Key,
    /// A network of the limit's own list.
    Network,
}

impl LimitBy {
    /// As written in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::User => "user",
            Self::Key => "key",
            Self::Network => "network",
        }
    }
}

impl LimitConfig {
    /// Rate and burst.
    #[must_use]
    pub const fn rate(&self) -> RateConfig {
        RateConfig { requests: self.requests, seconds: self.seconds, burst: self.burst }
    }
}

/// The name of an HTTP method, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct MethodName(String);

impl MethodName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => Ok(Self(text.to_owned())),
            _ => Err(format!(
                "{text:?} is no method that is served\n  Write GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS, in capital letters."
            )),
        }
    }
}

checked_text!(MethodName, String, |method| method.0);
