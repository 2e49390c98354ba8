//! The configuration as its readers meet it: what is taken, and what the errors say.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod hosts;
mod messages;
mod provisioning;
mod values;
