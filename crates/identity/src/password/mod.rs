//! Passwords: hashing them one after another, and the rules that a new one must meet.

mod common;
mod hasher;
mod phc;
pub(crate) mod rules;

pub(crate) use hasher::Hasher;
pub use hasher::HashingConfig;
pub use rules::{Broken, check_password, context_words};
