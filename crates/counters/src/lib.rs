#![doc = include_str!("../README.md")]

mod board;
mod connections;
mod rate;
mod remembered;
mod table;
mod tally;
mod verdict;
mod window;

pub use board::{LimitBoard, LimitFacts, LimitFigures, LimitKey, Refused};
pub use connections::{ConnectionLimiter, ConnectionPermit, ConnectionRefusal};
pub use rate::{Rate, RateLimiter};
pub use remembered::Remembered;
pub use tally::Tally;
pub use verdict::Verdict;
pub use window::{Window, WindowLimiter};
