//! Palisade's wiring: the only crate that knows everybody.

pub mod control;
