//! The words that every part of Palisade shares: ids, time, secrets, who acts, what was decided, what is written down.
//!
//! Nothing here does I/O, knows HTTP or contains SQL. Clock and randomness are traits ([`Clock`], [`Rng`]),
//! handed in as [`Env`], so that every rule can be tested at any instant.

mod actor;
mod address;
pub mod auth;
mod authority;
mod caller;
mod entry;
mod env;
mod error;
mod ids;
pub mod leaf;
mod permit;
mod secret;
mod time;
mod token;

pub use actor::Actor;
pub use address::AddressKey;
pub use authority::{Authority, Permission, Scope};
pub use caller::{Caller, Origin};
pub use entry::{Category, Change, Outcome, Resource, TrailEntry, TrailValue};
pub use env::{Clock, Env, Rng, SystemClock};
pub use error::{Error, FieldError, Kind};
pub use ids::{ApiKeyId, PersonId, RecordId, RequestId, RoleId, SessionId, SignOnId, UserId};
pub use jiff::civil::Date;
pub use permit::{Action, Permit};
pub use secret::{Secret, SecretString};
pub use time::{Instant, Span};
pub use token::{HashedToken, PlainToken};
