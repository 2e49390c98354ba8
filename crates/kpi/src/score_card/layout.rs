//! Where things stand on the sheet: columns counted from 0, sizes as on the company's paper.

/// The column of categories, skills and the general list (A).
pub(super) const SKILL: usize = 0;
/// The column of tools (H).
pub(super) const TOOL: usize = 7;
/// The last column (K), where the truck stock is marked.
pub(super) const LAST: u16 = 10;

/// Width of each column in characters, A to K.
pub(super) const WIDTHS: [f64; 11] = [31.3, 4.7, 4.7, 4.7, 4.7, 4.7, 2.1, 21.3, 4.7, 4.7, 4.7];

/// Height of a row with one line, and of every further line, in points.
pub(super) const ROW_POINTS: f64 = 15.75;
pub(super) const LINE_POINTS: f64 = 12.75;

/// Characters of the 10 point label font that fit into one line of A and of H.
pub(super) const SKILL_CHARS: usize = 36;
pub(super) const TOOL_CHARS: usize = 24;

/// Margin on every side, in inches.
pub(super) const MARGIN_INCHES: f64 = 0.45;
/// Printed a little smaller, the columns fit on the width of Letter and A4 in every program. Not "fit to width": spreadsheet
/// programs forget page breaks then.
pub(super) const SCALE_PERCENT: u16 = 94;
/// Height for rows on one printed page, in points: Letter (11 in) less the margins. What A4 has more is left over.
pub(super) const PAGE_POINTS: f64 = ((11.0 - 2.0 * MARGIN_INCHES) * 72.0 - 12.0) / 0.94;
/// A category higher than this may begin on one page and end on the next.
pub(super) const LONG_POINTS: f64 = PAGE_POINTS / 2.0;
/// But only where this much of a page is left.
pub(super) const WORTH_BEGINNING_POINTS: f64 = PAGE_POINTS / 3.0;

/// Rows of the two boxes for free text.
pub(super) const BOX_ROWS: u32 = 11;
