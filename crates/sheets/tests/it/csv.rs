//! CSV as programs write it, and as attackers and accidents do.

use palisade_sheets::{Cell, Limits, SheetError, read_csv, write_csv};

fn read(text: &[u8]) -> Vec<Vec<String>> {
    let sheet = read_csv(text, &Limits::default()).unwrap();
    sheet.rows.iter().map(|row| row.iter().map(|cell| cell.display().into_owned()).collect()).collect()
}

fn refusal(bytes: &[u8]) -> String {
    read_csv(bytes, &Limits::default()).expect_err("must be refused").to_string()
}

#[test]
fn commas_and_semicolons_with_and_without_a_byte_order_mark() {
    let expected = [["name", "note"], ["Ada", "1,5; or so"]];
    assert_eq!(read(b"name,note\r\nAda,\"1,5; or so\"\r\n"), expected);
    assert_eq!(read(b"\xEF\xBB\xBFname;note\nAda;1,5\\".split_last().unwrap().1), [["name", "note"], ["Ada", "1,5"]]);
    assert_eq!(read(b"name;note\nAda;\"1,5; or so\""), expected);
}

#[test]
fn quotes_line_breaks_and_blank_lines_keep_their_places() {
    let rows = read(b"a,\"say \"\"hi\"\"\nthere\"\n\n2\" Brush,x\n");
    assert_eq!(rows, [vec!["a", "say \"hi\"\nthere"], vec![], vec!["2\" Brush", "x"]]);
}

#[test]
fn wrong_quotes_are_found_with_their_line() {
    assert!(refusal(b"a\nb\n\"never closed\nc\nd").contains("in line 3 is opened and never closed"));
    assert!(refusal(b"a\n\"x\"y\n").contains("in line 2 is closed before its value ends"));
}

#[test]
fn other_encodings_are_refused_with_their_line() {
    assert!(refusal(b"name\nMu\xF1oz\n").contains("not in UTF-8 in line 2"));
    let utf16: Vec<u8> = "name,phone\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(refusal(&utf16).contains("CSV UTF-8"));
    assert!(matches!(read_csv(b"PK\x03\x04", &Limits::default()), Err(SheetError::NotCsv)));
    assert!(matches!(read_csv(b"\xEF\xBB\xBF \r\n", &Limits::default()), Err(SheetError::Empty)));
}

#[test]
fn limits_hold_for_csv_too() {
    let small = Limits { rows: 2, columns: 3, cells: 5, cell_chars: 4, ..Limits::default() };
    for (text, what) in [
        ("a\nb\nc", "the number of its rows in line 3 (at most 2)"),
        ("a,b,c,d", "the number of its columns in line 1 (at most 3)"),
        ("a,b,c\nd,e,f", "the number of its values in line 2 (at most 5)"),
        ("abcde", "the text of one value, in characters in line 1 (at most 4)"),
    ] {
        let said = read_csv(text.as_bytes(), &small).unwrap_err().to_string();
        assert!(said.contains(what), "{said}");
    }
}

#[test]
fn formulas_are_written_so_that_no_spreadsheet_runs_them() {
    let evil = ["=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(\"http://192.0.2.1\")"];
    let rows: Vec<Vec<Cell>> = evil.iter().map(|text| vec![Cell::text("x"), Cell::text(*text)]).collect();
    let bytes = write_csv(&rows);
    let text = String::from_utf8(bytes.clone()).unwrap();
    for line in [
        "x,'=cmd|' /C calc'!A0",
        "x,'+1+1",
        "x,'-1+1",
        "x,'@SUM(A1)",
        "x,'\t=1",
        "x,\"'\r=1\"",
        "x,\"'=HYPERLINK(\"\"http://192.0.2.1\"\")\"",
    ] {
        assert!(text.contains(line), "{line:?} in {text:?}");
    }
    assert_eq!(read_csv(&bytes, &Limits::default()).unwrap().rows, rows, "reading takes the apostrophe off again");
}

#[test]
fn numbers_are_not_mistaken_for_formulas() {
    let text = String::from_utf8(write_csv(&[vec![Cell::Number(-5.0), Cell::Bool(true)]])).unwrap();
    assert_eq!(text, "\u{feff}-5,true\r\n");
}
