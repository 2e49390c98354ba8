//! Who acts.

use std::fmt;

use crate::{ApiKeyId, UserId};

/// Who does something. Everything that changes or reads protected data names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody that we know: a request without a session.
    Anonymous,
    /// A signed-in user.
    User(UserId),
    /// A program with an API key, on behalf of the user who made the key.
    ApiClient {
        /// The key.
        key: ApiKeyId,
        /// The user who made it.
        owner: UserId,
    },
    /// Palisade itself, doing a named piece of background work.
    Job(&'static str),
    /// A person at the host's command line; the name is the operating system's.
    Operator(String),
}

impl Actor {
    /// The user behind the action, where there is one.
    #[must_use]
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::User(user) | Self::ApiClient { owner: user, .. } => Some(*user),
            Self::Anonymous | Self::Job(_) | Self::Operator(_) => None,
        }
    }
}

impl fmt::Display for Actor {
    /// As the trail has it: `user:<id>`, `api:<key id>`, `job:<name>`, `operator:<name>`, `anonymous`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => f.write_str("anonymous"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::ApiClient { key, .. } => write!(f, "api:{key}"),
            Self::Job(name) => write!(f, "job:{name}"),
            Self::Operator(name) => write!(f, "operator:{name}"),
        }
    }
}
