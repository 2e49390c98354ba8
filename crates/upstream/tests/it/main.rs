//! The proxy against real servers: honest ones, and such as follow a script.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod balance;
mod bodies;
mod connections;
mod harness;
mod headers;
mod trouble;
