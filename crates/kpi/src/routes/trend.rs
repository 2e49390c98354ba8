//! The course of quarters as a chart, for the overview and for one person.

use palisade_base::Date;
use palisade_charts::{Chart, Scale, Trend, TrendPoint};

use super::figures::figure;
use crate::standing::{Quarter, QuarterFigures};

/// What a course is called.
pub(crate) struct TrendWords {
    /// What it shows.
    pub(crate) title: String,
    /// Whether it shows fewer people than the rest of its page: the caller's own only.
    pub(crate) is_own_people: bool,
}

/// The chart of these quarters; `path` leads to the evaluations of one.
pub(crate) fn trend_chart(words: &TrendWords, figures: &[QuarterFigures], path: impl Fn(Quarter) -> String) -> Chart {
    let point = |figures: &QuarterFigures| TrendPoint {
        name: figures.quarter.to_string(),
        short: format!("Q{}", figures.quarter.of_year()),
        group: figures.quarter.year().to_string(),
        path: Some(path(figures.quarter)),
        first: figures.mean.map(figure),
        second: figures.self_mean.map(figure),
        count: u64::from(figures.ratings) + u64::from(figures.self_ratings),
    };
    let mut finding = finding(figures);
    if words.is_own_people {
        finding.push_str(" Of your own people only.");
    }
    let trend = Trend {
        title: words.title.clone(),
        finding,
        series: ["Current".to_owned(), "Own".to_owned()],
        scale: Scale::RATING_LINE,
        ticks: Trend::rating_ticks(),
        count_head: "Ratings made".to_owned(),
        points: figures.iter().map(point).collect(),
    };
    trend.chart()
}

fn finding(figures: &[QuarterFigures]) -> String {
    let known = || figures.iter().filter_map(|figures| Some((figures.quarter, figures.mean?)));
    match (known().next(), known().next_back()) {
        (Some((from, first)), Some((to, last))) if from != to => {
            format!("From {first} at the end of {from} to {last} in {to}: {}.", last.minus(first))
        }
        (Some((quarter, mean)), _) => format!("{mean} in {quarter}; nothing before that to compare it with."),
        _ => "Nothing was rated in this time.".to_owned(),
    }
}

/// The first and the last day of a quarter.
pub(crate) fn quarter_days(quarter: Quarter) -> (Date, Date) {
    let year = i16::try_from(quarter.year()).unwrap_or(i16::MAX);
    let month = i8::try_from(quarter.of_year() * 3).unwrap_or(12);
    let last = Date::new(year, month, 1).unwrap_or(Date::MAX).last_of_month();
    (last.first_of_month().saturating_sub(jiff::Span::new().months(2)), last)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_quarter_has_three_months() {
        assert_eq!(quarter_days(Quarter::of(date(2026, 2, 7))), (date(2026, 1, 1), date(2026, 3, 31)));
        assert_eq!(quarter_days(Quarter::of(date(2026, 12, 31))), (date(2026, 10, 1), date(2026, 12, 31)));
        assert_eq!(quarter_days(Quarter::of(date(9999, 12, 31))).1, Date::MAX);
    }
}
