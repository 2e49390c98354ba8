#![doc = include_str!("../README.md")]

mod connections;
mod rate;
mod table;
mod tally;
mod verdict;
mod window;

pub use connections::{ConnectionLimiter, ConnectionPermit, ConnectionRefusal};
pub use rate::{Rate, RateLimiter};
pub use tally::Tally;
pub use verdict::Verdict;
pub use window::{Window, WindowLimiter};
