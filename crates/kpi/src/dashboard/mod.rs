//! The figures of the overview, gathered once for its page and the API. What they mean is [`crate::scoring`]'s to say.

mod model;
mod period;
mod service;
mod store;

pub use model::{Asked, Dashboard, DueEvaluation, EvaluationCounts, RecentEvaluation, TierPeople, Waiting, due_after};
pub use period::{Period, Range};
pub use service::Dashboards;
