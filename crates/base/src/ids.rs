//! One type per kind of id, so that a person's id cannot be passed where a user's is meant.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Env;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new UUIDv7 (RFC 9562) from the given clock and randomness.
            #[must_use]
            pub fn new(env: &Env) -> Self {
                Self(env.uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    )*};
}

ids! {
    /// A person of the directory; may exist without a user.
    PersonId;
    /// A user: somebody who can sign in. Belongs to one person.
    UserId;
    /// One sign-on at the console; its site sessions are its children.
    SignOnId;
    /// One session: what a cookie stands for.
    SessionId;
    /// A key that signs a program in.
    ApiKeyId;
    /// A role: a named set of permissions with scopes.
    RoleId;
    /// One request through the gate; shown on error pages and found in logs and trail.
    RequestId;
    /// A record of any declared type.
    RecordId;
}

impl From<PersonId> for RecordId {
    /// A person is kept by the record layer like everything else.
    fn from(id: PersonId) -> Self {
        Self(id.0)
    }
}
