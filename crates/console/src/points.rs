//! Which points of the guides and of ASVS 5.0 the settings meet, on their pages.

use palisade_identity::settings::points::Point;
use palisade_web::component::{Badge, Cell, Head, Row, Table};

/// How many are broken, in words.
pub(crate) fn summary(points: &[Point]) -> String {
    match points.iter().filter(|point| !point.is_met).count() {
        0 => "The values meet every point of the guides and of ASVS 5.0 that they bear on.".to_owned(),
        n => format!(
            "The values meet {} of {} points of the guides and of ASVS 5.0. Where the two disagree, one of them is broken either way.",
            points.len() - n,
            points.len()
        ),
    }
}

/// The points as a table, broken ones first.
pub(crate) fn table(points: &[Point]) -> Table {
    let ordered = points.iter().filter(|point| !point.is_met).chain(points.iter().filter(|point| point.is_met));
    let rows = ordered.map(|point| {
        let state = if point.is_met { Badge::ok("Met") } else { Badge::warn("Broken") };
        Row::new([Cell::text(point.asks), Cell::text(point.source), Cell::badge(&state)])
    });
    Table::new("Points of the guides and of ASVS", ["What is asked", "By", "State"].map(Head::new)).rows(rows)
}
