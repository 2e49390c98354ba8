//! The record types of the app.

mod catalogue;
mod employee;
mod team;

pub use catalogue::{SKILL, SKILL_CATEGORY, TOOL, TOOL_CATEGORY};
pub use employee::{EMPLOYEE, READ_DETAILS, SET_TRAINER, TIER};
pub use team::TEAM;
