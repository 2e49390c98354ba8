//! Limits, counted in memory: who asked how often, and who is connected how many times.
//!
//! - [`RateLimiter`] counts as nginx's `limit_req … burst=N nodelay` does: T4.2 and T4.3 name its numbers.
//! - [`WindowLimiter`] allows so many within any stretch of the window's length: T4.1.
//! - [`ConnectionLimiter`] counts what is open at the moment.
//! - [`Tally`] turns a flood of equal events into one now and then, with the number of those that it stands for.
//!
//! Time is a parameter. Memory is bounded: each keeps a set number of keys, and when it is full it forgets the key that
//! is nearest to being forgiven anyway. A key at its limit is the farthest from that, so a flood of fresh keys can't
//! wash it out before it has filled the whole table with keys as busy as itself.

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
