//! The command line: the real binary, with real servers and databases.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic here is a failed test")]

mod bans;
mod certificates;
mod config;
mod demo;
mod frappe;
mod harden;
mod host;
mod mariadb;
mod program;
mod reload;
mod socket;
mod trail;
mod units;
mod users;
