//! The ways in of a guarded site: by which requests people sign in there, and how the answer tells that it failed.

mod body;
mod command;
mod fields;
mod rules;

pub(crate) use body::{Judge, Judgement, Late, look_at_body};
pub(crate) use fields::{FieldScanner, Findings};
pub use rules::WaysIn;
pub(crate) use rules::{Judged, Link, shows_credentials};
