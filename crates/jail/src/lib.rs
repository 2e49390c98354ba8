#![doc = include_str!("../README.md")]

mod address;
mod date;
mod files;
mod filter;
mod ini;
mod jail;
mod judge;
mod pattern;
mod problem;

pub use files::{ConfigFiles, Folder, MemoryFiles};
pub use filter::{Expressions, Filter};
pub use jail::{Ban, BanTime, Increment, Jail, JailConfig, JailFiles, JailPolicy, LogPath, parse_duration};
pub use judge::{Failure, Host, Judge, Verdict};
pub use problem::{JailError, Place, Warning};
