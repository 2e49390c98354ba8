#![doc = include_str!("../README.md")]

pub mod bench;
pub mod client;
mod command;
mod config;
pub mod firewall;
pub mod follow;
pub mod machine;
pub mod mariadb;
mod owner;
pub mod process;
mod program;
pub mod protocol;

pub use bench::BenchConfig;
pub use command::CommandConfig;
pub use config::{FileError, FirewallConfig, HelperFile, LogConfig, Parameters, USUAL_FILE};
