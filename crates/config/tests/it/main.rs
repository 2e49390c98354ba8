//! The configuration as its readers meet it: what is taken, and what the errors say.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod bench;
mod examples;
mod firewall;
mod guarded;
mod hosts;
mod messages;
mod presets;
mod provisioning;
mod values;
