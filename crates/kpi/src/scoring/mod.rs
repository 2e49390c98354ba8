//! What the figures mean: the one definition that dashboards, reports, exports, API and tier rules share.
//!
//! - The *current rating* of a skill is what [`crate::standing`] keeps: the newest reviewed rating by a manager, else the
//!   newest completed one by a manager, else the newest by oneself, which is unverified.
//! - A *category's score* is the mean of the current ratings in it, with its coverage beside it: how many of its skills
//!   are rated. What is not rated is blank, and never counts as a zero.
//! - The *overall score* is the mean of the category scores that there are.
//! - A *group's score* (a team, the company) is the mean of its people's scores, so that who is rated on more counts no
//!   more than who is rated on less.
//! - How somebody rates themselves is a figure of its own, and so is how far it is from their manager's ratings; that is
//!   measured over the skills that both have rated.
//! - Skills and tools that are out of use in the catalogue count no more.
//!
//! Everything here is a pure function.

mod catalogue;
mod people;
mod score;
mod scored;
mod skills;
mod tools;

pub use catalogue::{CatalogueView, Group, Item};
pub use people::{
    GroupScore, group_coverage, group_overall, group_scores, group_self_overall, group_tools, tier_distribution,
};
pub use score::{Difference, Score, Share};
pub use scored::Scored;
pub use skills::{
    CategoryScore, SkillMean, category_scores, highest, lowest, overall, overall_difference, rating_means, ratings,
    self_overall, skill_means, skills_at,
};
pub use tools::{ToolCount, ToolFigures, ToolScore, tool_counts, tool_scores, tool_total};
