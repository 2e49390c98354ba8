//! The record types of the app.

mod catalogue;
mod custom_tool;
mod employee;
mod evaluation;
mod goal;
mod promotion;
mod qualification;
mod special_skill;
mod team;
mod tier_rule;
mod training_request;

pub use catalogue::{SKILL, SKILL_CATEGORY, TOOL, TOOL_CATEGORY};
pub use custom_tool::CUSTOM_TOOL;
pub use employee::{EMPLOYEE, READ_DETAILS, SET_TRAINER, TIER};
pub use evaluation::{AMEND, EVALUATE, EVALUATION, NOTE, RATING, REVIEW, SKILL_MARKS, TOOL_MARKS};
pub(crate) use evaluation::{KINDS, STATES};
pub use goal::GOAL;
pub use promotion::{PROMOTE, PROMOTION};
pub use qualification::QUALIFICATION;
pub use special_skill::{CONFIRM_SPECIAL_SKILL, SPECIAL_SKILL};
pub use team::TEAM;
pub use tier_rule::TIER_RULE;
pub use training_request::{DECIDE_TRAINING_REQUEST, TRAINING_REQUEST};

pub(crate) use tier_rule::{RULE_KINDS, id_in};
