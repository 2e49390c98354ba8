//! How much of a stranger's file is read before it is refused.

/// Upper bounds for one file. [`Limits::default`] suits an import by a small company; tighten them where less is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file as uploaded.
    pub file_bytes: usize,
    /// Entries of the archive.
    pub entries: usize,
    /// Bytes of one unpacked part.
    pub part_bytes: u64,
    /// Bytes of all unpacked parts together.
    pub unpacked_bytes: u64,
    /// How many times larger than its packed form a part may be, once it is larger than a mebibyte.
    pub ratio: u64,
    /// How deep the elements of an XML part may nest.
    pub depth: usize,
    /// Worksheets in one workbook.
    pub sheets: usize,
    /// The last row that may hold a value, counted from 1.
    pub rows: usize,
    /// The last column that may hold a value, counted from 1.
    pub columns: usize,
    /// Cells of all sheets together, empty ones before a filled one included: what the result takes in memory.
    pub cells: usize,
    /// Characters in one cell.
    pub cell_chars: usize,
    /// Bytes of text in all cells together; one shared string may be used by many cells.
    pub text_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 10 << 20,
            entries: 512,
            part_bytes: 32 << 20,
            unpacked_bytes: 48 << 20,
            // Real sheets of formatted but empty cells reach about 60; deflate itself ends at 1032.
            ratio: 200,
            depth: 64,
            sheets: 64,
            rows: 100_000,
            columns: 256,
            cells: 1_000_000,
            // What spreadsheet programs themselves allow.
            cell_chars: 32_767,
            text_bytes: 32 << 20,
        }
    }
}
