//! The course of time, with how much it rests on.

use askama::{Template, filters::HtmlSafe};
use palisade_web::component::{Cell, Head, Row, Table};

use crate::{
    Chart, Figure, Scale,
    chart::name_html,
    coordinate::{Coordinate, Point, large, number},
    figure::words_of,
};

/// A span of time.
#[derive(Clone, Debug)]
pub struct TrendPoint {
    /// Its name in full: `Q1 2026`.
    pub name: String,
    /// Its name under the line: `Q1`.
    pub short: String,
    /// What it lies in, written where that begins: `2026`.
    pub group: String,
    /// The records that its figures are made of.
    pub path: Option<String>,
    /// The solid series; `None` is a gap.
    pub first: Option<Figure>,
    /// The dashed series.
    pub second: Option<Figure>,
    /// How many ratings it rests on.
    pub count: u64,
}

/// The data of a trend.
#[derive(Clone, Debug)]
pub struct Trend {
    /// What it shows.
    pub title: String,
    /// What it says, in a sentence.
    pub finding: String,
    /// The names of the solid and of the dashed series; the second may be empty where there is none.
    pub series: [String; 2],
    /// From where to where the figures reach.
    pub scale: Scale,
    /// What is written at these heights: `(Figure::new(1.0, "1"), …)`.
    pub ticks: Vec<Figure>,
    /// What is counted: `Ratings`.
    pub count_head: String,
    /// The spans, oldest first.
    pub points: Vec<TrendPoint>,
}

impl Trend {
    /// The ticks of a trend of ratings.
    #[must_use]
    pub fn rating_ticks() -> Vec<Figure> {
        (1..=5).map(|digit| Figure::new(f64::from(digit), digit.to_string())).collect()
    }

    /// The chart.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let [first, second] = &self.series;
        Chart::new("trend", &self.title, &self.finding, &Drawing::new(self))
            .key("first", first)
            .key("second", second)
            .key("count", &self.count_head)
            .table(&self.table())
    }

    fn table(&self) -> Table {
        let [first, second] = &self.series;
        let has_second = !second.is_empty();
        let mut heads = vec![Head::new("When"), Head::new(first.as_str()).number()];
        if has_second {
            heads.push(Head::new(second.as_str()).number());
        }
        heads.push(Head::new(self.count_head.as_str()).number());
        let rows = self.points.iter().map(|point| {
            let mut cells = vec![
                Cell::html(name_html(&point.name, point.path.as_deref())),
                Cell::number(words_of(point.first.as_ref())),
            ];
            if has_second {
                cells.push(Cell::number(words_of(point.second.as_ref())));
            }
            cells.push(Cell::number(point.count));
            Row::new(cells)
        });
        Table::new(self.title.as_str(), heads).rows(rows)
    }
}

/// Heights, in pixels; across, everything is placed in percent, so that text keeps its size on any screen.
const TOP: f64 = 12.0;
const PLOT: f64 = 150.0;
const COUNTS: f64 = 32.0;
/// Where the bars of the counts stand.
const COUNT_BASE: f64 = TOP + PLOT + 86.0;
const HEIGHT: f64 = COUNT_BASE + 24.0;
/// Where the plot begins and how wide it is, in percent.
const LEFT: f64 = 7.0;
const ACROSS: f64 = 92.0;

/// So many labels beside each other fit on a phone, and on a wide screen.
const FIT_NARROW: usize = 8;
const FIT_WIDE: usize = 16;

#[derive(Template)]
#[template(path = "trend.html")]
struct Drawing<'a> {
    title: &'a str,
    finding: &'a str,
    height: Coordinate,
    count_base: Coordinate,
    grid: Vec<(Coordinate, &'a str)>,
    first: Course,
    second: Course,
    columns: Vec<Column<'a>>,
}

impl HtmlSafe for Drawing<'_> {}

/// What stands below the lines for one span.
struct Column<'a> {
    x: Coordinate,
    name: Option<&'a str>,
    group: Option<&'a str>,
    bar_x: Coordinate,
    bar_width: Coordinate,
    bar_top: Coordinate,
    bar_height: Coordinate,
    count: Option<String>,
    /// Whether a narrow screen has no room for its labels.
    is_wide_only: bool,
}

/// A series: lines between neighbours that are both there, and a point for each.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Course {
    pub(crate) lines: Vec<[Point; 2]>,
    pub(crate) points: Vec<Point>,
}

impl Course {
    pub(crate) fn new(places: &[Option<Point>]) -> Self {
        let pairs = places.iter().zip(places.iter().skip(1));
        Self {
            lines: pairs.filter_map(|(from, to)| Some([(*from)?, (*to)?])).collect(),
            points: places.iter().flatten().copied().collect(),
        }
    }
}

impl<'a> Drawing<'a> {
    fn new(trend: &'a Trend) -> Self {
        let count = trend.points.len();
        let course = |figure: fn(&TrendPoint) -> Option<&Figure>| {
            let place = |(n, point)| Some(Point::new(middle(n, count), height_of(trend.scale.share(figure(point))?)));
            Course::new(&trend.points.iter().enumerate().map(place).collect::<Vec<_>>())
        };
        let grid = trend.ticks.iter();
        Self {
            title: &trend.title,
            finding: &trend.finding,
            height: Coordinate(HEIGHT),
            count_base: Coordinate(COUNT_BASE),
            grid: grid
                .filter_map(|tick| Some((Coordinate(height_of(trend.scale.share(Some(tick))?)), tick.words())))
                .collect(),
            first: course(|point| point.first.as_ref()),
            second: course(|point| point.second.as_ref()),
            columns: columns(&trend.points),
        }
    }
}

fn middle(n: usize, count: usize) -> f64 {
    LEFT + ACROSS * (number(n) + 0.5) / number(count.max(1))
}

fn height_of(share: f64) -> f64 {
    TOP + PLOT * (1.0 - share)
}

fn columns(points: &[TrendPoint]) -> Vec<Column<'_>> {
    let count = points.len();
    let most = points.iter().map(|point| point.count).max().unwrap_or(0).max(1);
    let starts = group_starts(points);
    let every = starts.len().div_ceil(FIT_NARROW).max(1);
    let is_written = |n: usize| starts.iter().position(|start| *start == n).is_some_and(|at| at.is_multiple_of(every));
    points.iter().enumerate().map(|(n, point)| column(n, count, point, is_written(n), most)).collect()
}

/// The spans with which a new group begins.
fn group_starts(points: &[TrendPoint]) -> Vec<usize> {
    let before = std::iter::once("").chain(points.iter().map(|point| point.group.as_str()));
    let begins = points.iter().zip(before).enumerate().filter(|(_, (point, before))| point.group != *before);
    begins.map(|(n, _)| n).collect()
}

fn column(n: usize, count: usize, point: &TrendPoint, is_written: bool, most: u64) -> Column<'_> {
    let step = ACROSS / number(count);
    let height = COUNTS * large(point.count) / large(most);
    let x = middle(n, count);
    let is_labelled = n.is_multiple_of(count.div_ceil(FIT_WIDE));
    Column {
        x: Coordinate(x),
        name: is_labelled.then_some(point.short.as_str()),
        group: is_written.then_some(point.group.as_str()),
        bar_x: Coordinate(x - step * 0.3),
        bar_width: Coordinate(step * 0.6),
        bar_top: Coordinate(COUNT_BASE - height),
        bar_height: Coordinate(height),
        count: is_labelled.then(|| short_count(point.count)),
        is_wide_only: count > FIT_NARROW && !n.is_multiple_of(count.div_ceil(FIT_NARROW)),
    }
}

/// A count in at most five characters; the table has it in full.
fn short_count(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..10_000_000 => format!("{}k", count / 1_000),
        _ => format!("{}M", count / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(value: Option<f64>, count: u64) -> TrendPoint {
        let first = value.map(|value| Figure::new(value, value.to_string()));
        TrendPoint {
            name: "Q1 2026".into(),
            short: "Q1".into(),
            group: "2026".into(),
            path: None,
            first,
            second: None,
            count,
        }
    }

    fn trend(points: Vec<TrendPoint>) -> Trend {
        Trend {
            title: "Course".into(),
            finding: String::new(),
            series: ["Manager".into(), "Self".into()],
            scale: Scale::RATING_LINE,
            ticks: Trend::rating_ticks(),
            count_head: "Ratings".into(),
            points,
        }
    }

    #[test]
    fn a_one_lies_at_the_bottom_a_five_on_top_and_a_quarter_without_ratings_is_a_gap() {
        let trend = trend(vec![point(Some(1.0), 10), point(None, 0), point(Some(5.0), 20), point(Some(3.0), 5)]);
        let drawing = Drawing::new(&trend);
        // Four spans of 23 % from 7 %; the plot is 150 high from 12.
        let expected = [(18.5, 162.0), (64.5, 12.0), (87.5, 87.0)].map(|(x, y)| Point::new(x, y));
        assert_eq!(drawing.first.points, expected);
        assert_eq!(drawing.first.lines, [[expected[1], expected[2]]]);
        assert_eq!(drawing.second, Course::default());
        assert_eq!(drawing.grid.first(), Some(&(Coordinate(162.0), "1")));
    }

    #[test]
    fn the_counts_below_are_drawn_against_the_largest() {
        let trend = trend(vec![point(Some(1.0), 10), point(None, 0), point(Some(5.0), 20)]);
        let drawing = Drawing::new(&trend);
        let heights: Vec<f64> = drawing.columns.iter().map(|column| column.bar_height.0).collect();
        assert_eq!(heights, [16.0, 0.0, 32.0]);
        assert_eq!(drawing.columns[2].bar_top.0, COUNT_BASE - 32.0);
        assert_eq!(drawing.columns.iter().filter(|column| column.group.is_some()).count(), 1);
    }

    #[test]
    fn labels_thin_out_before_they_touch() {
        for count in [1, 8, 9, 20, 40, 120] {
            let trend = trend((0..count).map(|_| point(Some(3.0), 12_345)).collect());
            let drawing = Drawing::new(&trend);
            let labelled = |narrow: bool| {
                let shown = drawing.columns.iter().filter(|column| column.name.is_some());
                shown.filter(|column| !narrow || !column.is_wide_only).count()
            };
            assert!(labelled(false) <= 16 && labelled(true) <= 8, "{count}");
            assert!(labelled(true) >= 1);
        }
        let years = |n: u64| TrendPoint { group: (1980 + n / 4).to_string(), ..point(Some(3.0), n) };
        let forty = trend((0..160).map(years).collect());
        assert_eq!(Drawing::new(&forty).columns.iter().filter(|column| column.group.is_some()).count(), 8);
        assert_eq!((short_count(9_999), short_count(187_500)), ("9999".into(), "187k".into()));
    }

    #[test]
    fn no_spans_are_an_empty_drawing() {
        assert!(Drawing::new(&trend(Vec::new())).columns.is_empty());
    }
}
