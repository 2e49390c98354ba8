//! The four reports: how a person does, how a team does, where skills lie, and which tools there are.
//!
//! A report is a value ([`Document`]), built once by [`Reports::give`] and then shown as a page, a workbook, a table of
//! text or JSON. It reckons nothing itself: every figure is [`crate::scoring`]'s, over what [`crate::standing`] keeps.
//!
//! Ratings are those that count today, as on every other page; the days that a report is asked for say how far back its
//! trend goes and which evaluations it lists.

mod asked;
mod document;
mod drawing;
mod employee;
mod files;
mod group;
mod kind;
mod period;
mod service;
mod skills;
mod team;
mod tools;

pub(crate) use asked::PICKED;
pub use asked::{Asked, Group, MOST_PICKED};
pub use document::{Column, Document, Made, Nothing, Row, Section, Shape, Table, Value};
pub use files::{csv, xlsx};
pub use kind::Kind;
pub use period::Period;
pub use service::{Choices, Form, Reports};

/// What the ratings mean, lowest first.
pub const SCALE: [(&str, &str); 5] = [
    ("1", "Never done it"),
    ("2", "Done it once or twice"),
    ("3", "Can do it with help"),
    ("4", "Can do it alone"),
    ("5", "Expert, can teach it"),
];
