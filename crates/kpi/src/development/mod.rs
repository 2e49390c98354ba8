//! What people are working on: qualifications, special skills, own tools, goals and training requests.

mod attention;
mod close;
pub(crate) mod policy;
mod progress;
mod store;
mod validity;

pub use attention::{Attention, attention, attention_of};
pub use close::{Reviewed, close_reached};
pub use progress::{About, Aim, Progress, goal_path, in_a_quarter, request_path};
pub use store::STATEMENTS;
pub use validity::{REMINDER_DAYS, Validity};
