//! The helper, by its public face.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is a failed test")]

mod confinement;
mod file;
mod firewall;
mod follow;
mod follow_any;
mod helper;
