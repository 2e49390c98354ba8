//! Seals that were kept outside, compared with the trail as it is now.

use std::collections::VecDeque;

use palisade_base::leaf::Hash;

use super::report::{FindingKind, Findings, leaves};
use crate::{Note, VerifierKey};

/// How a seal from outside compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Same,
    Differs,
    /// Leaves before it are gone, so there is no root to compare.
    Unclear,
}

/// The believable seals from outside, by size, and what came of those that were reached.
#[derive(Debug, Default)]
pub(crate) struct Outside {
    waiting: VecDeque<(u64, Hash)>,
    compared: Vec<(u64, Outcome)>,
}

impl Outside {
    /// Takes the notes that this key signed; the others are findings.
    pub(crate) fn new(notes: &[Note], key: &VerifierKey, findings: &mut Findings) -> Self {
        let mut waiting = Vec::new();
        for note in notes {
            let stated = note.checkpoint();
            if note.is_signed_by(key) {
                waiting.push((stated.size, stated.root));
                continue;
            }
            let message = format!(
                "A seal from outside (of {}, after {} leaves) is not signed by the key {key}: it belongs to another \
                 trail, it was changed, or this trail was signed anew with another key.",
                stated.origin, stated.size
            );
            findings.add(FindingKind::OutsideUntrusted, 0, stated.size.saturating_sub(1), message);
        }
        waiting.sort_unstable();
        waiting.dedup();
        Self { waiting: waiting.into(), compared: Vec::new() }
    }

    /// The next size that a root is wanted for.
    pub(crate) fn next_size(&self) -> Option<u64> {
        self.waiting.front().map(|(size, _)| *size)
    }

    /// Compares the seals of this size with the roots that the trail has there; none where it can't be told.
    pub(crate) fn compare(&mut self, size: u64, roots: &[Hash]) {
        while self.next_size() == Some(size) {
            let Some((_, root)) = self.waiting.pop_front() else { return };
            let outcome = match roots {
                [] => Outcome::Unclear,
                roots if roots.contains(&root) => Outcome::Same,
                _ => Outcome::Differs,
            };
            self.compared.push((size, outcome));
        }
    }

    /// Gives up on sizes before this one: leaves are gone there.
    pub(crate) fn skip_to(&mut self, size: u64) {
        while self.next_size().is_some_and(|next| next < size) {
            self.compared.extend(self.waiting.pop_front().map(|(size, _)| (size, Outcome::Unclear)));
        }
    }

    /// Adds the findings, at the end of a trail of `size` leaves; gives the number of seals compared.
    pub(crate) fn finish(self, size: u64, findings: &mut Findings) -> u64 {
        let count = self.compared.len() + self.waiting.len();
        self.report_differences(findings);
        for (at, _) in self.compared.iter().filter(|(_, outcome)| *outcome == Outcome::Unclear) {
            let message = format!(
                "The seal from outside over {at} leaves could not be compared, because leaves before it are gone."
            );
            findings.add(FindingKind::OutsideUnclear, 0, at.saturating_sub(1), message);
        }
        if let Some((most, _)) = self.waiting.back() {
            let message = format!(
                "The trail was cut off: a seal from outside covers {most} leaves, and there are {size}. \
                 At least {} are gone.",
                leaves(size, most.saturating_sub(1))
            );
            findings.add(FindingKind::TrailTruncated, size, most.saturating_sub(1), message);
        }
        count as u64
    }

    /// The first seal that differs, and the last one before it that does not, say where the trail was rewritten.
    fn report_differences(&self, findings: &mut Findings) {
        let Some((differs, _)) = self.compared.iter().find(|(_, outcome)| *outcome == Outcome::Differs) else { return };
        let same = |(size, outcome): &&(u64, Outcome)| *outcome == Outcome::Same && size < differs;
        let from = self.compared.iter().filter(same).map(|(size, _)| *size).max().unwrap_or(0);
        let all = self.compared.iter().filter(|(_, outcome)| *outcome == Outcome::Differs).count();
        let last = differs.saturating_sub(1);
        let message = format!(
            "The trail was rewritten and sealed again: the seal from outside over {differs} leaves has another root \
             ({all} seals from outside differ). The first change is among {}.",
            leaves(from, last)
        );
        findings.add(FindingKind::TrailRewritten, from, last, message);
    }
}
