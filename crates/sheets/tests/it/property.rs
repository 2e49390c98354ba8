//! Whatever the bytes are: an answer, never a panic, and what we write is what we read.
//!
//! The same claims run longer under the fuzzer (`fuzz/`).

use palisade_base::Instant;
use palisade_sheets::{Cell, Limits, Sheet, read_csv, read_workbook, write_csv, write_xlsx};
use proptest::prelude::*;

use crate::fixtures::Parts;

/// Tight, so that a lucky guess costs little time.
const LIMITS: Limits = Limits {
    file_bytes: 1 << 20,
    entries: 64,
    part_bytes: 1 << 20,
    unpacked_bytes: 2 << 20,
    ratio: 200,
    depth: 64,
    sheets: 8,
    rows: 1_000,
    columns: 64,
    cells: 10_000,
    cell_chars: 1_000,
    text_bytes: 1 << 20,
};

fn cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        Just(Cell::Empty),
        "[ -~äß€🏠\n]{1,12}".prop_map(Cell::text),
        "['=+@\\-]{1,3}[a-z(]{0,3}".prop_map(Cell::text),
        (-1_000_000_i32..1_000_000).prop_map(|n| Cell::Number(f64::from(n) / 100.0)),
        any::<bool>().prop_map(Cell::Bool),
        (1_i32..100_000)
            .prop_map(|days| Cell::Date(jiff::civil::date(1900, 3, 1).saturating_add(jiff::Span::new().days(days)))),
    ]
}

fn rows() -> impl Strategy<Value = Vec<Vec<Cell>>> {
    // Blank ends are left out by the reader, so rows and sheet end with a filled cell.
    prop::collection::vec(
        prop::collection::vec(cell(), 0..6).prop_map(|mut row| {
            row.push(Cell::text("end"));
            row
        }),
        1..8,
    )
}

proptest! {
    // Enough for every run of the tests; the fuzzer goes on where this ends.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = read_workbook(&bytes, &LIMITS);
        let _ = read_csv(&bytes, &LIMITS);
    }

    #[test]
    fn random_text_never_panics_as_csv(text in "[a-c,;\"'\r\n=é ]{0,60}") {
        let _ = read_csv(text.as_bytes(), &LIMITS);
    }

    #[test]
    fn a_damaged_archive_never_panics(at in 0..10_000_usize, to in any::<u8>()) {
        let mut zip = Parts::with_texts(&["a", "b"]).zip();
        let at = at % zip.len();
        zip[at] = to;
        let _ = read_workbook(&zip, &LIMITS);
    }

    #[test]
    fn damaged_xml_never_panics(
        part in prop::sample::select(vec!["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels"]),
        pieces in prop::collection::vec(prop::sample::select(vec![
            "<worksheet>", "</worksheet>", "<sheetData>", "</sheetData>", "<row r=\"2\">", "</row>", "<c r=\"B2\" t=\"s\">", "</c>", "<v>", "</v>", "1", "-1",
            "1e999", "<sst uniqueCount=\"9\">", "</sst>", "<si>", "</si>", "<t>", "</t>", "<is>", "</is>", "<f>", "</f>", "&amp;", "&#0;", "<c t=\"d\" s=\"9\">",
            "<styleSheet>", "<numFmts>", "<numFmt numFmtId=\"1\" formatCode=\"yyyy\"/>", "<cellXfs>", "<xf numFmtId=\"14\"/>", "</cellXfs>", "</styleSheet>",
            "<sheets>", "<sheet name=\"x\" r:id=\"rId1\"/>", "</sheets>", "<workbook>", "</workbook>", "<Relationships>", "<Relationship Target=\"x\" Id=\"rId1\"/>", "</Relationships>",
        ]), 0..30),
    ) {
        let mut parts = Parts::with_texts(&["a"]);
        parts.set(part, &pieces.concat());
        let _ = read_workbook(&parts.zip(), &LIMITS);
    }

    #[test]
    fn workbooks_round_trip(rows in rows()) {
        let sheet = Sheet { name: "S".to_owned(), rows };
        let bytes = write_xlsx(std::slice::from_ref(&sheet), Instant::from_micros(0)).unwrap();
        prop_assert_eq!(read_workbook(&bytes, &LIMITS).unwrap(), vec![sheet]);
    }

    #[test]
    fn csv_round_trips_as_text(rows in rows()) {
        let shown: Vec<Vec<Cell>> = rows.iter().map(|row| row.iter().map(|cell| Cell::text(cell.display())).collect()).collect();
        prop_assert_eq!(read_csv(&write_csv(&shown), &LIMITS).unwrap().rows, shown);
    }
}
