//! What a path is: read once for each request ([`PathReading`]), judged by everybody from that one reading.

mod doubt;
mod kind;
mod reading;
mod rule;
mod shown;

pub(crate) use self::{
    doubt::AppReads,
    kind::{PathKind, is_file, reads},
    reading::PathReading,
    rule::{RulePath, Target},
    shown::shown,
};
