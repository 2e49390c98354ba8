//! What the web layer promises, seen from outside.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail loudly too")]

mod access;
mod assets;

mod components;
mod failures;
mod forms;
mod harness;
mod lists;
mod redirects;
