//! The points of the guides: every line that they ask for, numbered.

use std::sync::OnceLock;

/// The project's list, one point a line: id, source, requirement, how it is shown, with tabs between.
const LIST: &str = include_str!("../../../requirements.tsv");

/// From the guides to the program: id, page and command, with tabs between.
const MAP: &str = include_str!("guide_map.tsv");

/// A point of one of the guides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// `T1.2`: T for the TEMS guide, K for the KPI guide.
    pub id: &'static str,
    /// The guide and its section: `TEMS 1`, `KPI Password Policies`.
    pub source: &'static str,
    /// What is asked for.
    pub requirement: &'static str,
    /// The page where it is seen or done; `None` where this release has none.
    pub page: Option<&'static str>,
    /// The command by which it is seen or done; `None` where this release has none.
    pub command: Option<&'static str>,
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
    let (page, command) = place_of(id);
    (!id.starts_with('#')).then_some(Point { id, source, requirement, page, command })
}

fn place_of(id: &str) -> (Option<&'static str>, Option<&'static str>) {
    let mut lines = MAP.lines().map(|line| line.split('\t'));
    let place = lines.find_map(|mut parts| (parts.next() == Some(id)).then(|| [parts.next(), parts.next()]));
    let [page, command] = place.unwrap_or_default().map(|part| part.filter(|part| *part != "-"));
    (page, command)
}
