//! A believable handyman company, made from a seed: to look at, to try things on, to test with.
//!
//! The seed decides names, teams, tiers and dates; it never decides a secret. Nobody in it exists: mail addresses are
//! under `.example`, which nobody can own, and telephone numbers are from the range that is kept for stories.

mod bulk;
mod company;
mod dice;
mod history;
mod live;
mod load;
mod names;
mod past;
mod skill;

pub use bulk::{Scale, enlarge};
pub use company::{Area, Company, DemoPerson, DemoRole, DemoTeam, Employment};
pub use history::{DemoEvaluation, Story};
pub use live::{actor, live};
pub use load::{DemoUser, Loaded, caller, load};
pub use past::remember;
