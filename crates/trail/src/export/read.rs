//! Verifying an export, with nothing but the export.

use std::io::{BufRead, Read as _};

use palisade_base::Env;

use super::line::{EndLine, HeadLine, Line};
use crate::{
    FindingKind, Report, TrailError, VerifierKey, VerifyOptions,
    verify::{CheckedSeal, Checker, Observed, judge, new_checker, report},
};

/// Longer lines are no part of an export.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

/// Verifies an export as [`crate::Trail::verify`] does the database. Blocks; streams in bounded memory.
///
/// Without a key in the options, the export's own is taken: that shows damage, but no forgery.
///
/// # Errors
/// The reader fails, or it is not an export at all. What is wrong with the trail is no error, but in the report.
pub fn verify_export(input: impl BufRead, options: &VerifyOptions, env: &Env) -> Result<Report, TrailError> {
    let started = env.now();
    let mut lines = Lines { input, number: 0 };
    let head = match lines.next()? {
        Some(Line::Head(head)) if head.version == 1 => head,
        Some(Line::Head(_)) => return Err(lines.problem("a newer Palisade wrote it")),
        _ => return Err(lines.problem("it does not start with the head of an export")),
    };
    let own = VerifierKey::parse(&head.vkey).map_err(|error| lines.problem(error))?;
    let key = options.vkey.clone().unwrap_or(own);
    let mut checker = new_checker(options, &key);
    let end = read_lines(&mut lines, &mut checker, &key)?;
    if end.is_none() {
        let message = "The export was cut off: its last line is missing.";
        checker.findings().add(FindingKind::TrailTruncated, 0, head.end.saturating_sub(1), message);
    }
    let totals = checker.finish();
    let counted = (totals.leaves, totals.seals);
    let mut report = report(totals, 0, env.now().since(started));
    check_totals(&head, end.as_ref(), counted, &mut report);
    Ok(report)
}

fn read_lines<R: BufRead>(
    lines: &mut Lines<R>,
    checker: &mut Checker,
    key: &VerifierKey,
) -> Result<Option<EndLine>, TrailError> {
    while let Some(line) = lines.next()? {
        match line {
            Line::Head(_) => return Err(lines.problem("it has a second head")),
            Line::Seal(seal) => checker.open_seal(CheckedSeal::new(seal.into_seal(), key)),
            Line::Leaf(leaf) => {
                let seq = leaf.seq;
                let observed = leaf.into_leaf().map_or(Observed::Unreadable, |leaf| judge(&leaf, false));
                checker.leaf(seq, observed);
            }
            Line::End(end) => return Ok(Some(end)),
        }
    }
    Ok(None)
}

/// The last line counts what was written; leaves taken off the unsealed end show here only.
fn check_totals(head: &HeadLine, end: Option<&EndLine>, counted: (u64, u64), report: &mut Report) {
    let Some(end) = end.filter(|end| (end.leaves, end.seals) != counted) else { return };
    let message = format!(
        "The export has {} leaves and {} seals, but says that it has {} and {}.",
        counted.0, counted.1, end.leaves, end.seals
    );
    let last = head.end.saturating_sub(1);
    report.findings.push(crate::Finding { kind: FindingKind::TrailTruncated, first: 0, last, message });
    report.ok = false;
}

struct Lines<R> {
    input: R,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// The next line; `None` at the end, and where the last line has no end.
    fn next(&mut self) -> Result<Option<Line>, TrailError> {
        self.number += 1;
        let mut text = Vec::new();
        self.input.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut text)?;
        match text.last() {
            None => Ok(None),
            Some(b'\n') => serde_json::from_slice(&text).map(Some).map_err(|error| self.problem(error)),
            Some(_) if text.len() as u64 == LONGEST_LINE => Err(self.problem("it is too long")),
            Some(_) => Ok(None),
        }
    }

    fn problem(&self, problem: impl ToString) -> TrailError {
        TrailError::Export { line: self.number, problem: problem.to_string() }
    }
}
