//! What people are working on: qualifications, special skills, own tools, goals and training requests.

pub(crate) mod policy;
mod validity;

pub use validity::{REMINDER_DAYS, Validity};
