//! What is written is read back the same.

use jiff::civil::date;
use palisade_base::Instant;
use palisade_sheets::{
    Cell, Limits, MAX_CELL_CHARS, Sheet, SheetError, TitledSheet, read_workbook, safe_sheet_name, write_titled_xlsx,
    write_xlsx,
};

const NOW: Instant = Instant::from_micros(1_772_357_400_000_000);

fn sheet(rows: Vec<Vec<Cell>>) -> Sheet {
    Sheet { name: "Employees".to_owned(), rows }
}

#[test]
fn every_kind_of_cell_comes_back() {
    let written = sheet(vec![
        vec![Cell::text("Name"), Cell::text("Hired"), Cell::text("Active")],
        vec![Cell::text("Ada"), Cell::Date(date(2024, 2, 29)), Cell::Bool(true), Cell::Number(-2.5)],
        vec![],
        vec![Cell::Empty, Cell::DateTime(date(2026, 3, 1).at(9, 30, 15, 0)), Cell::text("  spaces  ")],
        vec![Cell::text("ünïcode 🏠\nsecond line")],
    ]);
    let read = read_workbook(&write_xlsx(std::slice::from_ref(&written), NOW).unwrap(), &Limits::default()).unwrap();
    assert_eq!(read, [written]);
}

#[test]
fn formulas_are_written_as_plain_strings() {
    let evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "=HYPERLINK(\"http://192.0.2.1\")", "http://192.0.2.1/"];
    let written = sheet(evil.iter().map(|text| vec![Cell::text(*text)]).collect());
    let bytes = write_xlsx(std::slice::from_ref(&written), NOW).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
    let mut xml = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("xl/worksheets/sheet1.xml").unwrap(), &mut xml).unwrap();
    assert!(!xml.contains("<f>") && !xml.contains("hyperlink"), "{xml}");
    assert_eq!(xml.matches("t=\"s\"").count(), evil.len());
    assert_eq!(read_workbook(&bytes, &Limits::default()).unwrap(), [written]);
}

#[test]
fn a_titled_sheet_has_its_header_in_the_fourth_row_and_runs_no_formula() {
    let rows = vec![vec![Cell::text("Name"), Cell::text("Score")], vec![Cell::text("=1+1"), Cell::Number(3.5)]];
    let titled = TitledSheet { title: "=Team".into(), made: "1 Mar 2026".into(), sheet: sheet(rows.clone()) };
    let read = read_workbook(&write_titled_xlsx(&[titled], NOW).unwrap(), &Limits::default()).unwrap();
    assert_eq!(read[0].rows[..3], [vec![Cell::text("=Team")], vec![Cell::text("1 Mar 2026")], vec![]]);
    assert_eq!(read[0].rows[3..], rows);
}

#[test]
fn the_same_rows_at_the_same_instant_give_the_same_bytes() {
    let written = [sheet(vec![vec![Cell::text("x")]])];
    assert_eq!(write_xlsx(&written, NOW).unwrap(), write_xlsx(&written, NOW).unwrap());
}

#[test]
fn what_does_not_fit_is_an_error_with_its_cell() {
    let long = sheet(vec![vec![], vec![Cell::Empty, Cell::text("x".repeat(MAX_CELL_CHARS + 1))]]);
    let said = write_xlsx(&[long], NOW).unwrap_err().to_string();
    assert!(said.contains("in sheet “Employees”, cell B2 (at most 32767)"), "{said}");
    let odd = sheet(vec![vec![Cell::Number(f64::NAN), Cell::Date(date(1066, 10, 14))]]);
    let read = read_workbook(&write_xlsx(&[odd], NOW).unwrap(), &Limits::default()).unwrap();
    assert_eq!(read[0].rows, [[Cell::text("NaN"), Cell::text("1066-10-14")]]);
}

#[test]
fn hostile_tab_names_become_harmless() {
    for (name, tab) in [
        ("a/b\\c[d]:*?", "a b c d"),
        ("'quoted'", "quoted"),
        ("", "Sheet"),
        ("History", "Sheet"),
        ("Bathroom/Kitchen/Plumbing and much more", "Bathroom Kitchen Plumbing and m"),
    ] {
        assert_eq!(safe_sheet_name(name), tab);
        let written = Sheet { name: name.to_owned(), rows: vec![vec![Cell::text("x")]] };
        assert_eq!(read_workbook(&write_xlsx(&[written], NOW).unwrap(), &Limits::default()).unwrap()[0].name, tab);
    }
}

#[test]
fn two_sheets_of_one_name_are_an_error_not_a_panic() {
    let twice = [sheet(vec![]), sheet(vec![])];
    assert!(matches!(write_xlsx(&twice, NOW), Err(SheetError::Damaged { .. })));
}
