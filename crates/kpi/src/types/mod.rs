//! The record types of the app.

mod catalogue;
mod employee;
mod evaluation;
mod team;

pub use catalogue::{SKILL, SKILL_CATEGORY, TOOL, TOOL_CATEGORY};
pub use employee::{EMPLOYEE, READ_DETAILS, SET_TRAINER, TIER};
pub use evaluation::{AMEND, EVALUATE, EVALUATION, NOTE, RATING, REVIEW, SKILL_MARKS, TOOL_MARKS};
pub(crate) use evaluation::{KINDS, STATES};
pub use team::TEAM;
