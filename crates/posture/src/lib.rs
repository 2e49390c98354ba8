#![doc = include_str!("../README.md")]

mod check;
pub mod database;
pub mod frappe;
pub mod host;
mod mender;
mod model;
mod point;
mod policy;
mod report;
mod service;
pub mod site;
mod store;

pub use check::{About, Check, Place, check_by};
pub use mender::{Mender, Plan, Step};
pub use model::{Mend, Sight, Verdict};
pub use point::{Point, guide_points};
pub use policy::{MEND_POSTURE, MendPosture, READ_POSTURE, ReadPosture, may_mend_posture, may_read_posture};
pub use report::{Counts, Entry, Report};
pub use service::{Applied, Looks, Posture};
pub use store::Turn;

/// The tables of this crate.
pub const MIGRATIONS: palisade_store::MigrationSet = palisade_store::migrations!("posture", [1 => "0001_posture"]);

/// Every statement of this crate, for the test that prepares them all.
#[doc(hidden)]
pub const STATEMENTS: &[palisade_store::Statement] = store::STATEMENTS;
