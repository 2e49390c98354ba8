//! HTTP/1.1 on the wire: where one message ends and the next begins is decided here, once, and strictly.

mod chunks;
mod door;
mod head;
mod lent;
mod watched;

pub(crate) use door::{Door, WireLimits};
pub(crate) use head::{HeadLimits, WireFault};
pub(crate) use lent::Lent;
pub(crate) use watched::Watched;
