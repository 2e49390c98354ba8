//! A believable handyman company, made from a seed: to look at, to try things on, to test with.
//!
//! The seed decides names, teams, tiers and dates; it never decides a secret. Nobody in it exists: mail addresses are
//! under `.example`, which nobody can own, and telephone numbers are from the range that is kept for stories.

mod company;
mod dice;
mod load;
mod names;

pub use company::{Area, Company, DemoPerson, DemoRole, DemoTeam, Employment};
pub use load::{DemoUser, caller, load};
