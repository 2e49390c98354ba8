//! The program from outside.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is a failed test")]

mod api;
mod attacks;
mod bans;
mod evaluations;
mod guarded;
mod guarded_site;
mod load;
mod matrix;
mod people;
mod set_up;
mod support;
mod tls;
mod verify;
mod wire;
