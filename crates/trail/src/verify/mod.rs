//! Recomputing everything: leaves against their commitments, their hashes against the seals, the seals' roots and
//! signatures, and all of it against seals that were kept outside.

mod checker;
mod leaves;
mod outside;
mod packed;
mod report;
mod seals;

pub(crate) use checker::{CheckedSeal, Checker, Observed};
pub(crate) use leaves::judge;
pub use report::{Finding, FindingKind, Report};

use palisade_base::Span;
use palisade_store::{Store, StoreError};

use self::{checker::Totals, leaves::LeafReader, outside::Outside, report::Findings, seals::SealReader};
use crate::{Note, Trail, TrailError, VerifierKey, find_notes, store};

/// What to verify against.
#[derive(Clone, Debug, Default)]
pub struct VerifyOptions {
    /// The key that was noted down outside. Without it the vault's is taken: whoever has the vault too can sign anything.
    pub vkey: Option<VerifierKey>,
    /// Seals that were kept outside.
    pub against: Vec<Note>,
    /// Places in the text from outside that look like a seal and can't be read.
    pub unreadable: usize,
}

impl VerifyOptions {
    /// Adds the seals in a text from outside: one note, a file of them, or lines of a log.
    #[must_use]
    pub fn against_text(mut self, text: &str) -> Self {
        let (notes, unreadable) = find_notes(text);
        self.against.extend(notes);
        self.unreadable += unreadable;
        self
    }
}

impl Trail {
    /// Verifies the whole trail. Reads everything, in bounded memory; the trail goes on meanwhile.
    ///
    /// # Errors
    /// The database can't be read. What is wrong with the trail is no error, but in the report.
    pub async fn verify(&self, options: VerifyOptions) -> Result<Report, TrailError> {
        let key = options.vkey.clone().unwrap_or_else(|| self.vkey().clone());
        verify(&self.0.store, &key, options).await
    }
}

/// Verifies the trail of a database with nothing but the public key: for who has a copy of the database and no key file.
///
/// # Errors
/// As [`Trail::verify`].
pub async fn verify(store: &Store, key: &VerifierKey, options: VerifyOptions) -> Result<Report, TrailError> {
    let started = store.env().now();
    // Seals are looked at first: whatever they cover was there before, so the leaves must be there too.
    let sealed = store::read_head(&mut *store.read().await?).await?.map_or(0, |head| head.size);
    let ends = store::read_ends(&mut *store.read().await?).await?;
    let pending = store::count_pending(&mut *store.read().await?).await?;
    let mut checker = new_checker(&options, key);
    if let Some((first, _)) = ends.filter(|(first, _)| *first < 0) {
        let message =
            format!("There are leaves with negative numbers (from {first}): they were never written by Palisade.");
        checker.findings().add(FindingKind::LeafForeign, 0, 0, message);
    }
    let end = ends.map_or(0, |(_, last)| store::unsigned(last.saturating_add(1)));
    let leaves = LeafReader::new(store.clone(), end);
    check_all(&mut checker, leaves, SealReader::new(store.clone(), key.clone(), sealed)).await?;
    Ok(report(checker.finish(), pending, store.env().now().since(started)))
}

pub(crate) fn new_checker(options: &VerifyOptions, key: &VerifierKey) -> Checker {
    let mut findings = Findings::default();
    if options.unreadable > 0 {
        let message = format!("{} seals from outside can't be read: they were cut off or edited.", options.unreadable);
        findings.add(FindingKind::OutsideUnclear, 0, 0, message);
    }
    let outside = Outside::new(&options.against, key, &mut findings);
    Checker::new(outside, findings)
}

/// Brings leaves and seals together: a seal is opened before its first leaf.
async fn check_all(checker: &mut Checker, mut leaves: LeafReader, mut seals: SealReader) -> Result<(), StoreError> {
    let mut sealed = 0;
    while let Some(chunk) = leaves.next().await? {
        for (seq, observed) in chunk {
            while seq >= sealed {
                let Some(seal) = seals.next().await? else { break };
                sealed = seal.size();
                checker.open_seal(seal);
            }
            checker.leaf(seq, observed);
        }
        tokio::task::consume_budget().await;
    }
    while let Some(seal) = seals.next().await? {
        checker.open_seal(seal);
    }
    Ok(())
}

pub(crate) fn report(totals: Totals, pending: u64, took: Span) -> Report {
    let ok = totals.findings.is_empty();
    let (findings, more_findings) = totals.findings.into_parts();
    Report {
        ok,
        leaves: totals.leaves,
        erased: totals.erased,
        seals: totals.seals,
        sealed: totals.sealed,
        unsealed: totals.unsealed,
        pending,
        outside: totals.outside,
        duration_ms: u64::try_from(took.as_micros() / 1_000).unwrap_or(0),
        findings,
        more_findings,
    }
}
