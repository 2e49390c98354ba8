#![doc = include_str!("../README.md")]

mod enforcer;
mod ledger;
mod live;
mod logs;
mod model;
mod neighbours;
mod policy;
mod service;
mod store;
mod target;

pub use enforcer::Enforcer;
pub use logs::{broken_jails, check_jails};
pub use model::{
    Ban, BanFacts, BanFilter, BanOrder, FailedTry, JailFigures, JailReport, JailStatus, MANUAL, Measure, NEIGHBOURS,
    NewBan, Pace, SIGN_IN, WaitPermit, Which,
};
pub use policy::{MANAGE_BANS, ManageBans, READ_BANS, ReadBans, may_manage_bans, may_read_bans};
pub use service::Bans;
pub use target::Target;

/// The tables of this crate.
pub const MIGRATIONS: palisade_store::MigrationSet =
    palisade_store::migrations!("bans", [1 => "0001_ban", 2 => "0002_ban_change", 3 => "0003_log_position"]);

/// Every statement of this crate, for the test that prepares them all.
#[doc(hidden)]
pub const STATEMENTS: &[palisade_store::Statement] = store::STATEMENTS;

/// Reads a length of time as people write it: `30m`, `1h`, `1d 12h`. `None` where it is none, or nothing at all.
#[must_use]
pub fn parse_length(text: &str) -> Option<palisade_base::Span> {
    palisade_jail::parse_duration(text).filter(|length| *length > palisade_base::Span::ZERO)
}
