//! Who can do what: the coverage map, who can do a job, and what is missing on the trucks. Pure, but for [`service`].

mod map;
mod service;
mod truck_stock;
mod who_can;

pub use map::{Able, CategoryCover, Mark, SkillCover, cover, marks};
pub use service::{Coverage, Holders, Seen};
pub use truck_stock::{CategoryGaps, Gap, gaps, people_in};
pub use who_can::{Candidate, Held, Job, Lack, rank};
