//! The points of the guides: every line that they ask for, numbered.

use std::sync::OnceLock;

/// The project's list, one point a line: id, source, requirement, how it is shown, with tabs between.
const LIST: &str = include_str!("../../../requirements.tsv");

/// A point of one of the guides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// `T1.2`: T for the TEMS guide, K for the KPI guide.
    pub id: &'static str,
    /// The guide and its section: `TEMS 1`, `KPI Password Policies`.
    pub source: &'static str,
    /// What is asked for.
    pub requirement: &'static str,
}

/// All points, in the order of the list.
#[must_use]
pub fn guide_points() -> &'static [Point] {
    static POINTS: OnceLock<Vec<Point>> = OnceLock::new();
    POINTS.get_or_init(|| LIST.lines().skip(1).filter_map(read).collect())
}

fn read(line: &'static str) -> Option<Point> {
    let mut parts = line.split('\t');
    let (id, source, requirement) = (parts.next()?, parts.next()?, parts.next()?);
    (!id.starts_with('#')).then_some(Point { id, source, requirement })
}
