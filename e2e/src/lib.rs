//! What the end-to-end tests stand on: the real binary, a real browser, one-time codes, waiting without sleeping.
#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "only tests use this crate; a panic is a failed test"
)]

mod browser;
mod client;
pub mod echo;
mod palisade;
mod totp;
mod wait;
mod webdriver;

pub use browser::{Browser, Width};
pub use client::{Answer, Client};
pub use palisade::{Account, Palisade, binary, target_dir};
pub use totp::TotpSecret;
pub use wait::until;
