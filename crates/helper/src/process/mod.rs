//! The helper's process: its socket, who may use it, and what it does for them.

mod confine;
mod serve;
mod socket;
mod stream;

pub use confine::confine;
pub use serve::Helper;
pub use socket::HelperSocket;
