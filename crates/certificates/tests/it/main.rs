//! Certificates, from each of their sources, as clients and CAs see them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod contracts;
mod extended;
mod extensions;
mod files;
mod harness;
mod local_ca;
mod ordering;
mod outages;
