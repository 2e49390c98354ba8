//! The gate from outside: real connections, real bytes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod harness;

mod access;
mod bans;
mod forwarding;
mod headers;
mod hosts;
mod limits;
mod logs;
mod operations;
mod proxied;
mod proxy;
mod reloading;
mod resting;
mod sessions;
mod sizes;
mod stopping;
mod tls;
mod ways_in;
mod wire;
