//! Certificates ordered from a CA (RFC 8555).

mod account;
mod client;
mod dns;
mod failure;
mod held;
mod order;
mod proof;
mod record;
mod schedule;

pub use dns::DnsChallenge;
pub(crate) use failure::Failed;
pub(crate) use held::Held;
pub(crate) use order::{Issued, Office};
