//! A course within a table's cell: no axes, no numbers but in its title.

use askama::{Template, filters::HtmlSafe};
use palisade_web::Html;

use crate::{
    Figure, Scale,
    coordinate::{Point, number},
    figure::words_of,
    trend::Course,
};

const WIDTH: f64 = 96.0;
const HEIGHT: f64 = 24.0;
/// The room for the last point's mark at each edge.
const EDGE: f64 = 3.0;

#[derive(Template)]
#[template(
    source = r#"<svg class="sparkline" viewBox="0 0 96 24" width="96" height="24" role="img"><title>{{ words }}</title>
{%- for [a, b] in course.lines %}<line class="stroke" x1="{{ a.x }}" y1="{{ a.y }}" x2="{{ b.x }}" y2="{{ b.y }}"/>{% endfor -%}
{%- if let Some(p) = course.points.last() %}<circle class="dot" cx="{{ p.x }}" cy="{{ p.y }}" r="2.5"/>{% endif %}</svg>"#,
    ext = "html"
)]
struct Drawing {
    words: String,
    course: Course,
}

impl HtmlSafe for Drawing {}

/// The course of some figures, oldest first; its title reads them out after `name`.
#[must_use]
pub fn sparkline(name: &str, figures: &[Option<Figure>], scale: Scale) -> Html {
    let course = course(figures, scale);
    let read: Vec<&str> = figures.iter().map(|figure| words_of(figure.as_ref())).collect();
    Html::from_component(&Drawing { words: format!("{name}: {}", read.join(", ")), course })
}

fn course(figures: &[Option<Figure>], scale: Scale) -> Course {
    let step = (WIDTH - 2.0 * EDGE) / number(figures.len().saturating_sub(1).max(1));
    let place = |(n, figure): (usize, &Option<Figure>)| {
        let share = scale.share(figure.as_ref())?;
        Some(Point::new(EDGE + step * number(n), EDGE + (HEIGHT - 2.0 * EDGE) * (1.0 - share)))
    };
    Course::new(&figures.iter().enumerate().map(place).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_spans_its_box_and_leaves_gaps() {
        let figures = [Some(1.0), None, Some(3.0), Some(5.0)].map(|value| value.map(|v| Figure::new(v, v.to_string())));
        let course = course(&figures, Scale::RATING_LINE);
        // Three steps of 30 from 3; 18 high from 3.
        assert_eq!(course.points, [Point::new(3.0, 21.0), Point::new(63.0, 12.0), Point::new(93.0, 3.0)]);
        assert_eq!(course.lines.len(), 1);
        let drawn = sparkline("Fencing", &figures, Scale::RATING_LINE);
        assert!(drawn.as_str().contains("<title>Fencing: 1, –, 3, 5</title>"), "{drawn}");
        assert!(!sparkline("None", &[], Scale::RATING_LINE).as_str().contains("NaN"));
    }
}
