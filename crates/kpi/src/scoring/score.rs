//! Numbers that are exact enough to be the same everywhere: whole ten-thousandths, and one rule of rounding.

use std::fmt;

/// A mean of ratings, from 1 to 5, in ten-thousandths.
///
/// Everything is rounded half up, by [`rounded`] and nothing else: when a mean is taken (to four decimals), and when it
/// is written (to one, in [`fmt::Display`], or two).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(u32);

/// How far one score is from another; more than zero where the first is higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Difference(i32);

/// A part of a whole: skills at a rating, tools that somebody can operate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Share {
    /// How many.
    pub part: u32,
    /// Of how many.
    pub whole: u32,
}

/// The ten-thousandths of one.
const ONE: u32 = 10_000;

/// `numerator / denominator` to the nearest whole number; a half goes up. Without a denominator there is no number.
fn rounded(numerator: u64, denominator: u64) -> Option<u32> {
    let doubled = numerator.checked_mul(2)?.checked_add(denominator)?;
    u32::try_from(doubled.checked_div(denominator.checked_mul(2)?)?).ok()
}

impl Score {
    /// The mean of `count` ratings that add up to `sum`; none of none.
    #[must_use]
    pub fn of(sum: u32, count: u32) -> Option<Self> {
        rounded(u64::from(sum) * u64::from(ONE), count.into()).map(Self)
    }

    /// The mean of scores; none of none.
    #[must_use]
    pub fn mean(scores: impl IntoIterator<Item = Self>) -> Option<Self> {
        let (sum, count) = scores.into_iter().fold((0, 0), |(sum, count), score| (sum + u64::from(score.0), count + 1));
        rounded(sum, count).map(Self)
    }

    /// A score given in tenths, as rules and goals have them: 35 is 3.5.
    #[must_use]
    pub const fn from_tenths(tenths: u8) -> Self {
        Self(tenths as u32 * (ONE / 10))
    }

    /// In hundredths, as exports and the API have it.
    #[must_use]
    pub fn hundredths(self) -> u32 {
        rounded(self.0.into(), u64::from(ONE / 100)).unwrap_or_default()
    }

    /// As a number with two decimals, for exports and the API.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        f64::from(self.hundredths()) / 100.0
    }

    /// With two decimals: `3.42`.
    #[must_use]
    pub fn two_decimals(self) -> String {
        let hundredths = self.hundredths();
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    }

    /// How much is missing to that score; none where it is reached.
    #[must_use]
    pub fn short_of(self, wanted: Self) -> Option<Difference> {
        (self < wanted).then(|| wanted.minus(self))
    }

    /// How far it is above the other.
    #[must_use]
    pub fn minus(self, other: Self) -> Difference {
        let difference = i64::from(self.0) - i64::from(other.0);
        Difference(i32::try_from(difference).unwrap_or(i32::MAX))
    }

    /// As it is kept: in ten-thousandths. For charts, which place it on a line.
    #[must_use]
    pub const fn ten_thousandths(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Score {
    /// With one decimal: `3.4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = rounded(self.0.into(), u64::from(ONE / 10)).unwrap_or_default();
        write!(f, "{}.{}", tenths / 10, tenths % 10)
    }
}

impl Difference {
    /// The mean of differences; none of none.
    #[must_use]
    pub fn mean(differences: impl IntoIterator<Item = Self>) -> Option<Self> {
        let add = |(sum, count): (i64, u64), one: Self| (sum + i64::from(one.0), count + 1);
        let (sum, count) = differences.into_iter().fold((0, 0), add);
        let size = i32::try_from(rounded(sum.unsigned_abs(), count)?).ok()?;
        Some(Self(if sum < 0 { -size } else { size }))
    }

    /// As a number with two decimals, for exports and the API.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        let size = Score(self.0.unsigned_abs()).to_f64();
        if self.0 < 0 { -size } else { size }
    }

    /// Whether nothing is left of it when it is written.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        rounded(self.0.unsigned_abs().into(), u64::from(ONE / 10)).unwrap_or_default() == 0
    }

    /// Its size, without its direction, with two decimals.
    #[must_use]
    pub fn two_decimals(self) -> String {
        Score(self.0.unsigned_abs()).two_decimals()
    }

    /// Its size, without its direction, with one decimal.
    #[must_use]
    pub fn size(self) -> String {
        Score(self.0.unsigned_abs()).to_string()
    }

    /// Whether the first is the lower one.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl fmt::Display for Difference {
    /// With its sign and one decimal: `+0.4`, `−1.2`, `0.0`. It is rounded by its size, so that a difference and its
    /// mirror image are the same figure.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.0 {
            _ if self.is_nothing() => "",
            ..0 => "−",
            _ => "+",
        };
        write!(f, "{sign}{}", self.size())
    }
}

impl Share {
    /// In whole percent; none of nothing.
    #[must_use]
    pub fn percent(self) -> Option<u32> {
        rounded(u64::from(self.part) * 100, self.whole.into())
    }

    /// Whether it is at least that many percent; never of nothing. Compared exactly, not as rounded.
    #[must_use]
    pub const fn reaches(self, percent: u8) -> bool {
        self.whole > 0 && self.part as u64 * 100 >= self.whole as u64 * percent as u64
    }

    /// How many more it takes to be at least that many percent.
    #[must_use]
    pub fn missing_to(self, percent: u8) -> u32 {
        let needed = (u64::from(self.whole) * u64::from(percent)).div_ceil(100);
        u32::try_from(needed.saturating_sub(self.part.into())).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_rounded_half_up_once() {
        assert_eq!(Score::of(0, 0), None);
        assert_eq!(Score::of(7, 2).unwrap().to_string(), "3.5");
        // 3.25 and 3.35 both go up; binary fractions would send one of them down.
        assert_eq!(Score::of(13, 4).unwrap().to_string(), "3.3");
        assert_eq!(Score::of(67, 20).unwrap().to_string(), "3.4");
        assert_eq!(Score::of(10, 3).unwrap().two_decimals(), "3.33");
        assert_eq!(Score::of(11, 3).unwrap().two_decimals(), "3.67");
        assert_eq!(Score::of(10, 3).unwrap().ten_thousandths(), 33_333);
        assert_eq!(Score::of(5, 1).unwrap().two_decimals(), "5.00");
        assert!((Score::of(67, 20).unwrap().to_f64() - 3.35).abs() < f64::EPSILON);
    }

    #[test]
    fn a_mean_of_means_weighs_each_alike() {
        let scores = [Score::of(10, 3).unwrap(), Score::of(5, 1).unwrap()];
        // (3.3333 + 5.0000) / 2 = 4.16665, half up.
        assert_eq!(Score::mean(scores).unwrap().ten_thousandths(), 41_667);
        assert_eq!(Score::mean([]), None);
    }

    #[test]
    fn a_difference_and_its_mirror_image_are_written_alike() {
        let (high, low) = (Score::of(13, 4).unwrap(), Score::from_tenths(30));
        assert_eq!(high.minus(low).to_string(), "+0.3");
        assert_eq!(low.minus(high).to_string(), "−0.3");
        assert_eq!(low.minus(low).to_string(), "0.0");
        assert_eq!(Score(30_004).minus(low).to_string(), "0.0");
        assert_eq!(Difference::mean([high.minus(low), low.minus(high)]), Some(Difference(0)));
        assert_eq!(Difference::mean([Difference(-2_500), Difference(-5_000)]), Some(Difference(-3_750)));
        assert_eq!(low.short_of(high), Some(Difference(2_500)));
        assert_eq!(high.short_of(low), None);
    }

    #[test]
    fn a_share_of_nothing_is_no_figure() {
        let none = Share::default();
        assert_eq!((none.percent(), none.reaches(1), none.missing_to(50)), (None, false, 0));
        let tools = Share { part: 8, whole: 15 };
        assert_eq!((tools.percent(), tools.reaches(53), tools.reaches(54)), (Some(53), true, false));
        // 60 % of 15 are 9; 80 % are 12; 90 % are 13.5, so 14.
        assert_eq!([60, 80, 90].map(|percent| tools.missing_to(percent)), [1, 4, 6]);
        // 59.6 % is written as 60 %, and does not reach it.
        assert!(!Share { part: 28, whole: 47 }.reaches(60));
    }
}
