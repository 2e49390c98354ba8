//! What is drawn: a value, and the words that people read for it.

/// A value and its words. The words come from whoever computed the value, so that it is rounded in one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    value: f64,
    words: String,
}

impl Figure {
    /// A value as it is read: `Figure::new(3.44, "3.4")`.
    pub fn new(value: f64, words: impl Into<String>) -> Self {
        Self { value, words: words.into() }
    }

    /// The words.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }

    /// The value; `None` where it is no number.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.value.is_finite().then_some(self.value)
    }
}

/// The words of a figure that may be missing.
pub(crate) fn words_of(figure: Option<&Figure>) -> &str {
    figure.filter(|figure| figure.value().is_some()).map_or("–", Figure::words)
}

/// From where to where a chart reaches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    min: f64,
    max: f64,
}

impl Scale {
    /// Ratings drawn as lengths, from the middle or the edge: 0 to 5, so that a one still has a length.
    pub const RATING: Self = Self { min: 0.0, max: 5.0 };
    /// Ratings drawn as heights, 1 to 5.
    pub const RATING_LINE: Self = Self { min: 1.0, max: 5.0 };
    /// Shares of a hundred.
    pub const PERCENT: Self = Self { min: 0.0, max: 100.0 };

    /// From 0 to the largest of these figures; to 1 where none is larger than nothing.
    pub fn up_to_largest<'a>(figures: impl IntoIterator<Item = &'a Figure>) -> Self {
        let max = figures.into_iter().filter_map(Figure::value).fold(0.0, f64::max);
        Self { min: 0.0, max: if max > 0.0 { max } else { 1.0 } }
    }

    /// How far along the scale a figure lies, 0 to 1; `None` where there is nothing to show.
    pub(crate) fn share(self, figure: Option<&Figure>) -> Option<f64> {
        let value = figure.and_then(Figure::value)?;
        Some(((value - self.min) / (self.max - self.min)).clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(scale: Scale, value: f64) -> Option<f64> {
        scale.share(Some(&Figure::new(value, "")))
    }

    #[test]
    fn a_scale_bounds_what_lies_beyond_it_and_knows_no_value_that_is_no_number() {
        assert_eq!(share(Scale::RATING, 3.0), Some(0.6));
        assert_eq!(share(Scale::RATING_LINE, 3.0), Some(0.5));
        assert_eq!(share(Scale::RATING_LINE, 0.0), Some(0.0));
        assert_eq!(share(Scale::PERCENT, 1e300), Some(1.0));
        assert_eq!(share(Scale::PERCENT, f64::NAN), None);
        assert_eq!(Scale::RATING.share(None), None);
    }

    #[test]
    fn the_largest_figure_fills_its_scale_and_nothing_divides_by_zero() {
        let figures = [Figure::new(4.0, "4"), Figure::new(f64::NAN, "?"), Figure::new(8.0, "8")];
        assert_eq!(share(Scale::up_to_largest(&figures), 4.0), Some(0.5));
        assert_eq!(share(Scale::up_to_largest(&[]), 0.0), Some(0.0));
    }
}
