//! Where somebody stands in each category, two views laid over each other.

use std::f64::consts::{FRAC_PI_2, TAU};

use askama::{Template, filters::HtmlSafe};
use palisade_web::component::{Cell, Head, Row, Table};

use crate::{
    Chart, Figure, Scale,
    chart::name_html,
    coordinate::{Coordinate, Point, number},
    figure::words_of,
    label::two_lines,
};

/// The most axes that can be read; the rest is put together into one.
pub const MOST_AXES: usize = 12;

/// One direction of a radar.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What it stands for.
    pub name: String,
    /// The records that its figures are made of.
    pub path: Option<String>,
    /// The solid series; `None` is a gap.
    pub first: Option<Figure>,
    /// The dashed series.
    pub second: Option<Figure>,
    /// More to say of it in the table, such as how much of it was rated.
    pub note: String,
}

/// At most [`MOST_AXES`] axes in their order: where there are more, those that weigh least become one, which `rest`
/// makes of them (charts do not average). Of equal ones the earlier stays.
pub fn fold_axes<T>(
    items: Vec<T>,
    weight: impl Fn(&T) -> u64,
    axis: impl Fn(&T) -> Axis,
    rest: impl FnOnce(&[T]) -> Axis,
) -> Vec<Axis> {
    if items.len() <= MOST_AXES {
        return items.iter().map(axis).collect();
    }
    let mut ranked: Vec<(usize, u64)> = items.iter().map(weight).enumerate().collect();
    ranked.sort_by_key(|(place, weight)| (std::cmp::Reverse(*weight), *place));
    let kept: Vec<usize> = ranked.iter().take(MOST_AXES - 1).map(|(place, _)| *place).collect();
    let mut axes = Vec::with_capacity(MOST_AXES);
    let mut others = Vec::new();
    for (place, item) in items.into_iter().enumerate() {
        if kept.contains(&place) {
            axes.push(axis(&item));
        } else {
            others.push(item);
        }
    }
    axes.push(rest(&others));
    axes
}

/// The data of a radar.
#[derive(Clone, Debug)]
pub struct Radar {
    /// What it shows.
    pub title: String,
    /// What it says, in a sentence.
    pub finding: String,
    /// The names of the solid and of the dashed series; the second may be empty where there is none.
    pub series: [String; 2],
    /// The axes, clockwise from the top. More than [`MOST_AXES`] are not drawn: see [`fold_axes`].
    pub axes: Vec<Axis>,
    /// The heading of [`Axis::note`] in the table; empty: no such column.
    pub note_head: String,
}

impl Radar {
    /// The chart.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let drawing = Drawing {
            title: &self.title,
            finding: &self.finding,
            wide: Spokes::new(&self.axes, WIDE),
            narrow: Spokes::new(&self.axes, NARROW),
            names: self.axes.iter().take(MOST_AXES).map(|axis| name_html(&axis.name, axis.path.as_deref())).collect(),
        };
        let [first, second] = &self.series;
        Chart::new("radar", &self.title, &self.finding, &drawing)
            .key("first", first)
            .key("second", second)
            .table(&self.table())
    }

    fn table(&self) -> Table {
        let [first, second] = &self.series;
        let has_second = !second.is_empty();
        let mut heads = vec![Head::new("Category"), Head::new(first.as_str()).number()];
        if has_second {
            heads.push(Head::new(second.as_str()).number());
        }
        if !self.note_head.is_empty() {
            heads.push(Head::new(self.note_head.as_str()).number());
        }
        let rows = self.axes.iter().map(|axis| {
            let mut cells = vec![
                Cell::html(name_html(&axis.name, axis.path.as_deref())),
                Cell::number(words_of(axis.first.as_ref())),
            ];
            if has_second {
                cells.push(Cell::number(words_of(axis.second.as_ref())));
            }
            if !self.note_head.is_empty() {
                cells.push(Cell::number(&axis.note));
            }
            Row::new(cells)
        });
        Table::new(self.title.as_str(), heads).rows(rows)
    }
}

/// The measures of a drawing, in pixels.
#[derive(Clone, Copy)]
struct Size {
    width: f64,
    height: f64,
    radius: f64,
    /// Whether names stand at the axes; numbers otherwise, with the names below.
    is_named: bool,
}

const WIDE: Size = Size { width: 480.0, height: 330.0, radius: 108.0, is_named: true };
const NARROW: Size = Size { width: 300.0, height: 292.0, radius: 118.0, is_named: false };

/// The distance of labels from the outermost ring, and between the lines of one.
const LABEL_GAP: f64 = 14.0;
const LINE_HEIGHT: f64 = 15.0;

#[derive(Template)]
#[template(path = "radar.html")]
struct Drawing<'a> {
    title: &'a str,
    finding: &'a str,
    wide: Spokes,
    narrow: Spokes,
    names: Vec<palisade_web::Html>,
}

impl HtmlSafe for Drawing<'_> {}

/// A drawing, laid out.
struct Spokes {
    width: Coordinate,
    height: Coordinate,
    centre: Point,
    rings: Vec<Ring>,
    spokes: Vec<Point>,
    labels: Vec<Label>,
    first: Shape,
    second: Shape,
}

struct Ring {
    points: Vec<Point>,
    digit: usize,
    digit_at: Point,
}

struct Label {
    anchor: &'static str,
    lines: Vec<(Point, String)>,
}

/// What a series looks like: its area in wedges, its lines, its points. A gap leaves out what would touch it.
#[derive(Debug, Default, PartialEq)]
struct Shape {
    wedges: Vec<[Point; 2]>,
    lines: Vec<[Point; 2]>,
    points: Vec<Point>,
}

impl Spokes {
    fn new(axes: &[Axis], size: Size) -> Self {
        let axes = axes.get(..MOST_AXES).unwrap_or(axes);
        let count = axes.len();
        let place = |axis: usize, share: f64| size.point(axis, count, size.radius * share);
        let ring = |digit: usize| Ring {
            points: (0..count).map(|axis| place(axis, number(digit) / 5.0)).collect(),
            digit,
            digit_at: Point::new(size.width / 2.0 + 4.0, size.height / 2.0 - size.radius * number(digit) / 5.0 + 4.0),
        };
        let series = |figure: fn(&Axis) -> Option<&Figure>| {
            let shares = axes.iter().map(|axis| Scale::RATING.share(figure(axis)));
            Shape::new(&shares.enumerate().map(|(axis, share)| share.map(|s| place(axis, s))).collect::<Vec<_>>())
        };
        Self {
            width: Coordinate(size.width),
            height: Coordinate(size.height),
            centre: Point::new(size.width / 2.0, size.height / 2.0),
            rings: (1..=5).map(ring).collect(),
            spokes: (0..count).map(|axis| place(axis, 1.0)).collect(),
            labels: axes.iter().enumerate().map(|(n, axis)| size.label(n, count, &axis.name)).collect(),
            first: series(|axis| axis.first.as_ref()),
            second: series(|axis| axis.second.as_ref()),
        }
    }
}

impl Shape {
    /// Neighbours that are both there are joined; with fewer than three axes there is no area between them.
    fn new(places: &[Option<Point>]) -> Self {
        let next = places.iter().cycle().skip(1);
        let pairs = places.iter().zip(next).filter_map(|(from, to)| Some([(*from)?, (*to)?]));
        let lines: Vec<[Point; 2]> = if places.len() < 3 { Vec::new() } else { pairs.collect() };
        Self { wedges: lines.clone(), lines, points: places.iter().flatten().copied().collect() }
    }
}

impl Size {
    /// A point so far from the middle in the direction of an axis; the first points up, the others follow clockwise.
    fn point(self, axis: usize, count: usize, distance: f64) -> Point {
        let angle = TAU * number(axis) / number(count.max(1)) - FRAC_PI_2;
        Point::new(self.width / 2.0 + distance * angle.cos(), self.height / 2.0 + distance * angle.sin())
    }

    fn label(self, axis: usize, count: usize, name: &str) -> Label {
        let Point { x: Coordinate(x), y: Coordinate(y) } = self.point(axis, count, self.radius + LABEL_GAP);
        let across = x - self.width / 2.0;
        if !self.is_named {
            return Label { anchor: "middle", lines: vec![(Point::new(x, y + 4.5), (axis + 1).to_string())] };
        }
        let (anchor, room) = match across {
            // Labels at top and bottom stand between their neighbours.
            _ if across.abs() < 1.0 => ("middle", self.radius + LABEL_GAP - 12.0),
            _ if across > 0.0 => ("start", self.width - x - 2.0),
            _ => ("end", x - 2.0),
        };
        let lines = two_lines(name, room);
        // One above the middle grows upwards, one beside it both ways, one below it downwards.
        let lift = (self.height / 2.0 - y) / (self.radius + LABEL_GAP);
        let top = y + 4.5 - LINE_HEIGHT * (number(lines.len()) - 1.0) * f64::midpoint(1.0, lift);
        let at = |line: usize| Point::new(x, top + LINE_HEIGHT * number(line));
        Label { anchor, lines: lines.into_iter().enumerate().map(|(n, text)| (at(n), text)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(name: &str, first: Option<f64>) -> Axis {
        let figure = |value: f64| Figure::new(value, value.to_string());
        Axis { name: name.into(), path: None, first: first.map(figure), second: None, note: String::new() }
    }

    const SQUARE: Size = Size { width: 200.0, height: 200.0, radius: 50.0, is_named: false };

    fn near(point: Point, x: f64, y: f64) -> bool {
        (point.x.0 - x).abs() < 1e-9 && (point.y.0 - y).abs() < 1e-9
    }

    #[test]
    fn the_first_axis_points_up_and_the_others_follow_clockwise() {
        let axes = [5.0, 4.0, 3.0, 2.0].map(|value| axis("", Some(value)));
        let points = Spokes::new(&axes, SQUARE).first.points;
        // Of a radius of 50: 5 of 5 up, 4 of 5 to the right, 3 of 5 down, 2 of 5 to the left.
        for (point, (x, y)) in points.iter().zip([(100.0, 50.0), (140.0, 100.0), (100.0, 130.0), (80.0, 100.0)]) {
            assert!(near(*point, x, y), "{point:?} is not {x}, {y}");
        }
    }

    #[test]
    fn what_is_not_rated_is_a_gap() {
        let axes = [Some(5.0), None, Some(3.0), Some(2.0)].map(|value| axis("", value));
        let shape = Spokes::new(&axes, SQUARE).first;
        assert_eq!(shape.points.len(), 3);
        // Down to left, left to up; nothing to or from the axis on the right.
        assert_eq!(shape.lines.len(), 2);
        assert!(near(shape.lines[0][0], 100.0, 130.0) && near(shape.lines[1][1], 100.0, 50.0));
        let nothing = Spokes::new(&[axis("", None), axis("", Some(f64::NAN)), axis("", None)], SQUARE);
        assert_eq!(nothing.first, Shape::default());
    }

    #[test]
    fn no_axes_or_one_are_drawn_without_an_area() {
        assert_eq!(Spokes::new(&[], SQUARE).first, Shape::default());
        assert!(Spokes::new(&[axis("", Some(3.0))], SQUARE).first.lines.is_empty());
    }

    #[test]
    fn the_lightest_axes_become_one_and_the_others_keep_their_order() {
        let items: Vec<u64> = (0..20).map(|n| if n == 3 { 1 } else { 100 - n }).collect();
        let axes = fold_axes(
            items,
            |weight| *weight,
            |weight| axis(&weight.to_string(), None),
            |others| axis(&format!("{} others, first {}", others.len(), others[0]), None),
        );
        let names: Vec<&str> = axes.iter().map(|axis| axis.name.as_str()).collect();
        let kept = ["100", "99", "98", "96", "95", "94", "93", "92", "91", "90", "89"];
        assert_eq!(names[..11], kept);
        assert_eq!(names[11..], ["9 others, first 1"]);
    }

    /// Rectangles of labels, as they are measured.
    fn boxes(spokes: &Spokes) -> Vec<[f64; 4]> {
        let all = spokes.labels.iter().map(|label| {
            let wide = label.lines.iter().map(|(_, text)| crate::label::width(text)).fold(0.0, f64::max);
            let x = label.lines[0].0.x.0;
            let left = match label.anchor {
                "start" => x,
                "end" => x - wide,
                _ => x - wide / 2.0,
            };
            let (top, bottom) = (label.lines[0].0.y.0 - 11.0, label.lines.last().unwrap().0.y.0 + 3.0);
            [left, top, left + wide, bottom]
        });
        all.collect()
    }

    #[test]
    fn labels_lie_within_the_drawing_and_never_over_each_other() {
        let long = ["Maintenance Outside of every building", "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWW", "Painting/Staining"];
        for count in 1..=MOST_AXES {
            for size in [WIDE, NARROW] {
                let axes: Vec<Axis> = (0..count).map(|n| axis(long[n % 3], Some(3.0))).collect();
                let spokes = Spokes::new(&axes, size);
                let boxes = boxes(&spokes);
                for (n, [left, top, right, bottom]) in boxes.iter().enumerate() {
                    let inside = *left >= 0.0 && *top >= 0.0 && *right <= size.width && *bottom <= size.height;
                    assert!(inside, "{count} axes, label {n}: {left} {top} {right} {bottom}");
                    for [l, t, r, b] in &boxes[n + 1..] {
                        assert!(
                            right < l || r < left || bottom < t || b < top,
                            "{count} axes, label {n} is overlapped"
                        );
                    }
                }
            }
        }
    }
}
