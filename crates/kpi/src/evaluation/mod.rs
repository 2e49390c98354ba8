//! Evaluations: started, filled in tap by tap, handed in, reviewed, corrected, compared.

mod compare;
pub(crate) mod effect;
mod history;
mod marks;
mod model;
pub(crate) mod policy;
mod service;
mod store;

pub use model::{
    ComparedCategory, ComparedSkill, ComparedTool, Comparison, Evaluation, EvaluationKind, EvaluationOrigin, Marks,
    NewDraft, PastEvaluation, Saved, SkillMark, State, ToolMark,
};
pub use service::Evaluations;

/// Every statement of this module, for the test that prepares them all.
#[doc(hidden)]
pub use store::STATEMENTS;
