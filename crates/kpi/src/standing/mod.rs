//! Where everybody stands: the current rating of each skill and tool, and how it was at the end of each quarter.
//!
//! It is made from evaluations at each change of their state ([`rebuild`]), packed into a few columns for each employee,
//! so that a dashboard costs the same after ten years. It is never the source of anything: [`Standings::rebuild_stale`]
//! makes it anew.

mod company;
mod course;
mod model;
pub mod pack;
mod project;
mod quarter;
mod rebuild;
mod service;
mod slots;
mod source;
mod store;
mod view;

pub use model::{CurrentSkill, CurrentTool, Filter, Member, People, QuarterFigures, Standing};
pub use quarter::Quarter;
pub(crate) use rebuild::hold;
pub use rebuild::rebuild;
pub(crate) use service::now;
pub use service::{READ_STANDING, Standings};
pub use source::Source;
pub use store::STATEMENTS;
pub(crate) use store::reached;
pub use view::View;
