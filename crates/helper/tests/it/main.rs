//! The helper, by its public face.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bench;
mod confinement;
mod file;
mod firewall;
mod follow;
mod follow_any;
mod helper;
mod host_rules;
mod machine;
mod mariadb;
