//! What the checks saw, all together.

use palisade_base::Instant;

use crate::{About, Sight, Verdict, guide_points};

/// What one check saw last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is about.
    pub about: About,
    /// What it saw.
    pub sight: Sight,
    /// Since when it has seen the same verdict.
    pub since: Instant,
}

/// How many checks saw what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// In force.
    pub in_force: usize,
    /// Findings.
    pub findings: usize,
    /// What could not be looked at.
    pub unseen: usize,
    /// What does not apply.
    pub not_applicable: usize,
}

/// What all checks saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// When they looked; `None` where they never have.
    pub at: Option<Instant>,
    /// In the order of the guides' points.
    pub entries: Vec<Entry>,
}

impl Report {
    /// In the order of the guides: the eight checks of the guide's script first, then by place and point.
    pub(crate) fn new(at: Option<Instant>, mut entries: Vec<Entry>) -> Self {
        entries.sort_by_cached_key(|entry| {
            let about = &entry.about;
            (about.guide_number.unwrap_or(u8::MAX), about.place.clone(), rank(about), about.id.clone())
        });
        Self { at, entries }
    }

    /// How many saw what.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for entry in &self.entries {
            *match entry.sight.verdict() {
                Verdict::InForce => &mut counts.in_force,
                Verdict::Finding => &mut counts.findings,
                Verdict::Unseen => &mut counts.unseen,
                Verdict::NotApplicable => &mut counts.not_applicable,
            } += 1;
        }
        counts
    }

    /// Whether nothing needs somebody.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        !self.entries.iter().any(|entry| entry.sight.verdict().needs_somebody())
    }

    /// What needs somebody for the same reason at the same place, and is mended by the same, together: one thing that is
    /// not set up leaves many checks blind. Every other entry is alone. In the order of the first of each.
    #[must_use]
    pub fn groups(&self) -> Vec<Vec<&Entry>> {
        let mut groups: Vec<Vec<&Entry>> = Vec::new();
        for entry in &self.entries {
            match groups.iter_mut().find(|group| group.first().is_some_and(|first| is_the_same(first, entry))) {
                Some(group) => group.push(entry),
                None => groups.push(vec![entry]),
            }
        }
        groups
    }

    /// What stands for a point of the guides.
    pub fn of_point<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.about.points.iter().any(|point| point == id))
    }
}

fn is_the_same(one: &Entry, other: &Entry) -> bool {
    let key = |entry: &Entry| (entry.about.guide_number.is_some(), entry.about.place.clone(), entry.sight.clone());
    one.sight.verdict().needs_somebody() && key(one) == key(other)
}

/// Where the first of its points stands in the list.
fn rank(about: &About) -> usize {
    let first = about.points.first();
    guide_points().iter().position(|point| first.is_some_and(|id| id == point.id)).unwrap_or(usize::MAX)
}
