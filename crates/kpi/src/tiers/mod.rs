//! Tiers: what each asks for, how far somebody is from it, and promotion, which is a person's decision.

mod check;
mod model;
mod rule;
mod service;
mod store;

pub use check::{Facts, check};
pub use model::{CategoryEvidence, Check, Evidence, NewPromotion, Readiness, Tier, TryOut};
pub use rule::{Rule, ToolList};
pub use service::Tiers;
pub use store::STATEMENTS;
