//! Numbers as they stand in a drawing.

use std::fmt;

use askama::filters::HtmlSafe;

/// A coordinate: at most two decimals, never `NaN` or infinite, never `-0`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Coordinate(pub(crate) f64);

impl fmt::Display for Coordinate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = if self.0.is_finite() { (self.0 * 100.0).round() / 100.0 } else { 0.0 };
        // Adding zero makes zero of minus zero.
        write!(f, "{}", rounded + 0.0)
    }
}

impl HtmlSafe for Coordinate {}

/// A point of a drawing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: Coordinate,
    pub(crate) y: Coordinate,
}

impl Point {
    pub(crate) const fn new(x: f64, y: f64) -> Self {
        Self { x: Coordinate(x), y: Coordinate(y) }
    }
}

/// A small count as a number to reckon with.
#[expect(clippy::cast_precision_loss, reason = "how many things a chart shows is far below 2^52")]
pub(crate) const fn number(count: usize) -> f64 {
    count as f64
}

/// A large count as a number to draw with.
#[expect(clippy::cast_precision_loss, reason = "a drawing has no more than a thousand pixels")]
pub(crate) const fn large(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_short_and_always_numbers() {
        for (value, written) in [
            (1.0, "1"),
            (1.005, "1"),
            (0.126, "0.13"),
            (-0.001, "0"),
            (f64::NAN, "0"),
            (f64::INFINITY, "0"),
            (-12.5, "-12.5"),
        ] {
            assert_eq!(Coordinate(value).to_string(), written);
        }
    }
}
