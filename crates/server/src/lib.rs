//! Wiring: opens the parts, hands each what it needs, serves until told to stop.
#![doc = include_str!("../README.md")]

mod certificates;
mod check;
pub mod control;
mod declaration;
pub mod demo;
mod helper;
pub mod host;
mod jobs;
mod key_file;
mod live;
pub mod logging;
mod posture;
mod reload;
mod serve;
mod site;
mod system;

pub use check::check_everything;
pub use control::findings_as_json;
pub use key_file::KeyDir;
pub use live::Live;
pub use palisade_certificates::check_certificates;
pub use reload::Source;
pub use serve::{Running, real_env, serve, start, stop_signal};
pub use site::routes;
pub use system::{DataDir, MIGRATIONS, MIGRATOR, System, database_url};
