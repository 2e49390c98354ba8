//! Jails: what `jail.conf` says, and counting by it.

mod config;
mod counting;
mod duration;
mod policy;

pub use config::{JailConfig, JailFiles, LogPath};
pub use counting::{Ban, Jail};
pub use duration::{BanTime, parse_duration};
pub use policy::{Increment, JailPolicy};
