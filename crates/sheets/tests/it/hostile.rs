//! Files made to hurt, by name. Each must give an error that says what is wrong and what to do.

use palisade_base::{Error, Kind};
use palisade_sheets::{Limits, Place, SheetError, read_workbook};

use crate::fixtures::{Parts, patch};

fn refusal(bytes: &[u8]) -> String {
    refusal_within(bytes, &Limits::default())
}

fn refusal_within(bytes: &[u8], limits: &Limits) -> String {
    read_workbook(bytes, limits).expect_err("must be refused").to_string()
}

#[test]
fn the_honest_workbook_that_the_hostile_ones_are_made_of_is_read() {
    let sheets = read_workbook(&Parts::with_texts(&["a", "b"]).zip(), &Limits::default()).unwrap();
    assert_eq!(sheets[0].name, "Sheet1");
    assert_eq!(sheets[0].cell(0, 1).display(), "b");
}

#[test]
fn not_a_zip() {
    assert!(matches!(read_workbook(b"", &Limits::default()), Err(SheetError::Empty)));
    for bytes in [&b"name,phone\r\nAda,555"[..], b"%PDF-1.7", b"PK", b"\x1f\x8b\x08", &[0; 1000]] {
        assert!(matches!(read_workbook(bytes, &Limits::default()), Err(SheetError::NotAWorkbook)));
    }
    assert!(refusal(b"PK\x03\x04 and then nothing of the kind").starts_with("The file is damaged or incomplete."));
}

#[test]
fn other_formats_are_named() {
    let mut old_xls = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    old_xls.resize(2_000, 0);
    assert!(refusal(&old_xls).contains(".xls"));
    let mut ods = Parts::with_texts(&[]);
    ods.set("mimetype", "application/vnd.oasis.opendocument.spreadsheet");
    assert!(refusal(&ods.zip()).contains("OpenDocument"));
    let mut xlsb = Parts::with_texts(&[]);
    xlsb.set("xl/workbook.bin", "");
    assert!(refusal(&xlsb.zip()).contains("binary workbook"));
}

#[test]
fn encrypted() {
    let mut office = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    office.resize(1_024, 0);
    office.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert!(matches!(read_workbook(&office, &Limits::default()), Err(SheetError::Encrypted)));
    // The first flag bit of an entry in the directory says that a zip password is needed.
    let mut zip = Parts::with_texts(&["x"]).zip();
    let directory = zip.windows(4).position(|w| w == b"PK\x01\x02").unwrap();
    zip[directory + 8] |= 1;
    assert!(matches!(read_workbook(&zip, &Limits::default()), Err(SheetError::Encrypted)));
}

#[test]
fn zip_bomb_that_states_its_size() {
    let mut bomb = Parts::with_texts(&[]);
    bomb.set_bytes("xl/sharedStrings.xml", vec![b' '; 4 << 20]);
    let zip = bomb.zip();
    assert!(zip.len() < 10_000);
    assert!(
        refusal(&zip)
            .contains("how many times it grows when unpacked in its part “xl/sharedStrings.xml” (at most 200)")
    );
    let limits = Limits { part_bytes: 1 << 20, ..Limits::default() };
    assert!(refusal_within(&zip, &limits).contains("the size in bytes once unpacked in its part"));
}

#[test]
fn zip_bomb_that_lies_about_its_size() {
    let mut bomb = Parts::with_texts(&[]);
    let real = 4_u32 << 20;
    bomb.set_bytes("xl/sharedStrings.xml", vec![b' '; real as usize]);
    let mut zip = bomb.zip();
    assert!(patch(&mut zip, &real.to_le_bytes(), &1_000_u32.to_le_bytes()) > 0);
    let limits = Limits { part_bytes: 1 << 20, ..Limits::default() };
    let said = refusal_within(&zip, &limits);
    assert!(said.contains("sharedStrings.xml"), "{said}");
}

#[test]
fn many_small_parts_that_add_up() {
    let mut bomb = Parts::with_texts(&[]);
    for n in 0..20 {
        bomb.set_bytes(&format!("xl/worksheets/extra{n}.xml"), vec![b' '; 900_000]);
    }
    let limits = Limits { unpacked_bytes: 10 << 20, ..Limits::default() };
    assert!(refusal_within(&bomb.zip(), &limits).contains("once unpacked"));
}

#[test]
fn more_parts_than_a_workbook_has() {
    let mut crowd = Parts::with_texts(&[]);
    for n in 0..600 {
        crowd.set(&format!("xl/media/{n}.png"), "");
    }
    assert!(refusal(&crowd.zip()).contains("the number of its parts (at most 512)"));
}

#[test]
fn nested_path_names() {
    for name in
        ["../../etc/passwd.xml", "/etc/cron.xml", "xl/../../x.xml", "C:/x.xml", "xl\\..\\x.xml", "xl//x.xml", "./x.xml"]
    {
        let mut evil = Parts::with_texts(&["x"]);
        evil.set(name, "<x/>");
        let said = refusal(&evil.zip());
        assert!(said.contains("leads outside the file"), "{name}: {said}");
    }
}

#[test]
fn two_parts_of_one_name() {
    let mut twice = Parts::with_texts(&["x"]);
    twice.set("xl/worksheets/sheet2.xml", "<worksheet/>");
    let mut zip = twice.zip();
    assert_eq!(patch(&mut zip, b"xl/worksheets/sheet2.xml", b"xl/worksheets/sheet1.xml"), 2);
    assert!(refusal(&zip).contains("two parts of one name"));
}

#[test]
fn missing_parts() {
    for part in ["[Content_Types].xml", "_rels/.rels"] {
        assert!(refusal(&Parts::with_texts(&["x"]).without(part).zip()).contains(part));
    }
    let without_sheet = Parts::with_texts(&["x"]).without("xl/worksheets/sheet1.xml").zip();
    assert!(refusal(&without_sheet).contains("damaged or incomplete in sheet “Sheet1”"));
}

#[test]
fn xxe() {
    let dtd = r#"<!DOCTYPE worksheet [<!ENTITY secret SYSTEM "file:///etc/passwd">]>"#;
    for part in ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "[Content_Types].xml", "docProps/core.xml"] {
        let mut evil = Parts::with_texts(&["x"]);
        evil.set(part, &format!(r#"<?xml version="1.0"?>{dtd}<worksheet><sheetData><row><c t="inlineStr"><is><t>&secret;</t></is></c></row></sheetData></worksheet>"#));
        let said = refusal(&evil.zip());
        assert!(said.contains("document type definition (DTD)") && said.contains(part), "{said}");
        assert!(!said.contains("root:"));
    }
}

#[test]
fn billion_laughs() {
    let mut laughs = String::from(r#"<!DOCTYPE lolz [<!ENTITY a "ha">"#);
    for (next, one) in ["b", "c", "d", "e"].iter().zip(["a", "b", "c", "d"]) {
        laughs.push_str(&format!(r#"<!ENTITY {next} "{}">"#, format!("&{one};").repeat(100)));
    }
    let mut evil = Parts::with_texts(&[]);
    evil.set("xl/sharedStrings.xml", &format!("{laughs}]><sst><si><t>&e;</t></si></sst>"));
    assert!(refusal(&evil.zip()).contains("DTD"));
}

#[test]
fn entity_without_a_dtd() {
    assert!(refusal(&Parts::with_texts(&["&secret;"]).zip()).contains("an entity of its own"));
}

#[test]
fn dtd_hidden_by_another_encoding() {
    let text = r#"<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd"><worksheet/>"#;
    let mut utf16 = Parts::with_texts(&[]);
    utf16.set_bytes(
        "xl/worksheets/sheet1.xml",
        [0xFEFF_u16].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect(),
    );
    assert!(refusal(&utf16.zip()).contains("not in UTF-8"));
    let mut claimed = Parts::with_texts(&[]);
    claimed.set("xl/worksheets/sheet1.xml", r#"<?xml version="1.0" encoding="UTF-7"?><worksheet/>"#);
    assert!(refusal(&claimed.zip()).contains("not in UTF-8"));
}

#[test]
fn one_huge_cell() {
    let long = "x".repeat(40_000);
    let said = refusal(&Parts::with_texts(&["a", &long]).zip());
    assert!(said.contains("the text of one cell, in characters in sheet “Sheet1”, cell B1 (at most 32767)"), "{said}");
}

#[test]
fn one_shared_string_in_a_thousand_cells() {
    let mut shared =
        Parts::with_sheet(&format!("<sheetData><row>{}</row></sheetData>", r#"<c t="s"><v>0</v></c>"#.repeat(200)));
    shared.set("xl/sharedStrings.xml", &format!("<sst><si><t>{}</t></si></sst>", "x".repeat(10_000)));
    let limits = Limits { text_bytes: 1_000_000, ..Limits::default() };
    assert!(refusal_within(&shared.zip(), &limits).contains("its text altogether"));
}

#[test]
fn count_that_reserves_all_memory() {
    for count in ["18446744073709551615", "1000000000000", "-1", "many"] {
        let mut evil = Parts::with_texts(&["x"]);
        evil.set("xl/sharedStrings.xml", &format!(r#"<sst uniqueCount="{count}"><si><t>x</t></si></sst>"#));
        assert!(refusal(&evil.zip()).contains("a count that no sheet has"), "{count}");
    }
}

#[test]
fn huge_and_negative_dimensions() {
    for dimension in ["A1:XFE1048577", "A1:ZZZZZZZZ99999999999", "B9:A1", "A-1:B2", "A1:A4294967297", ""] {
        let sheet = format!(r#"<dimension ref="{dimension}"/><sheetData/>"#);
        assert!(
            refusal(&Parts::with_sheet(&sheet).zip()).contains("a position or a count that no sheet has"),
            "{dimension}"
        );
    }
    // Large but true to the format: it is only a claim, so nothing is reserved for it.
    let sheet = r#"<dimension ref="A1:XFD1048576"/><sheetData><row><c r="A1"><v>1</v></c></row></sheetData>"#;
    assert_eq!(read_workbook(&Parts::with_sheet(sheet).zip(), &Limits::default()).unwrap()[0].rows.len(), 1);
}

#[test]
fn cell_at_the_far_corner() {
    for (cell, what) in [("A1048576", "rows"), ("XFD1", "columns")] {
        let sheet =
            format!(r#"<sheetData><row><c r="A1"><v>1</v></c></row><row><c r="{cell}"><v>1</v></c></row></sheetData>"#);
        let said = refusal(&Parts::with_sheet(&sheet).zip());
        assert!(said.contains(&format!("the number of its {what} in sheet “Sheet1”, cell {cell}")), "{said}");
    }
    for cell in ["A0", "A4294967297", "AAAAAAAAAAAAAAAA1", "1", "A", "A-1", "Ü1"] {
        let sheet = format!(r#"<sheetData><row><c r="{cell}"><v>1</v></c></row></sheetData>"#);
        assert!(refusal(&Parts::with_sheet(&sheet).zip()).contains("a position or a count"), "{cell}");
    }
}

#[test]
fn many_sparse_rows_are_counted_as_what_they_take() {
    let rows: String = (1..=100).map(|n| format!(r#"<row><c r="IV{n}"><v>1</v></c></row>"#)).collect();
    let limits = Limits { cells: 10_000, ..Limits::default() };
    let said = refusal_within(&Parts::with_sheet(&format!("<sheetData>{rows}</sheetData>")).zip(), &limits);
    assert!(said.contains("the number of its cells in sheet “Sheet1”, cell IV40 (at most 10000)"), "{said}");
}

#[test]
fn millions_of_empty_rows_are_left_out() {
    let blank = r#"<row r="1"><c r="A1" s="1"/></row>"#;
    let sheet = format!(
        r#"<sheetData><row><c r="A1"><v>7</v></c></row>{}<row r="1048576"/></sheetData>"#,
        blank.repeat(100_000)
    );
    let sheets = read_workbook(&Parts::with_sheet(&sheet).zip(), &Limits { rows: 10, ..Limits::default() }).unwrap();
    assert_eq!(sheets[0].rows.len(), 1);
    // However empty they are, they may not be more than a part may hold.
    let limits = Limits { part_bytes: 1 << 20, ..Limits::default() };
    assert!(refusal_within(&Parts::with_sheet(&sheet).zip(), &limits).contains("once unpacked"));
}

#[test]
fn elements_nested_without_end() {
    let deep = format!("<sheetData>{}{}</sheetData>", "<x>".repeat(100_000), "</x>".repeat(100_000));
    assert!(refusal(&Parts::with_sheet(&deep).zip()).contains("how deep its elements nest"));
}

#[test]
fn element_with_a_hundred_thousand_attributes_is_read_in_linear_time() {
    let attributes: String = (0..100_000).map(|n| format!(r#" a{n}="""#)).collect();
    let sheet = format!("<sheetData><row{attributes}><c><v>1</v></c></row></sheetData>");
    // Either answer is right; an hour of comparing names would not be.
    let _ = read_workbook(&Parts::with_sheet(&sheet).zip(), &Limits::default());
}

#[test]
fn truncated() {
    let zip = Parts::with_texts(&["a", "b"]).zip();
    for length in 0..zip.len() {
        assert!(read_workbook(&zip[..length], &Limits::default()).is_err(), "cut off at {length}");
    }
    let cut_xml = Parts::with_sheet("<sheetData><row><c t=\"inlineStr\"><is><t>half").zip();
    assert!(refusal(&cut_xml).contains("damaged or incomplete in its part “xl/worksheets/sheet1.xml”"));
}

#[test]
fn relationships_that_lead_nowhere() {
    for target in ["", "/", "nowhere.xml", "../..", "xl/nowhere/", "/xl/worksheets/sheet1.xml"] {
        let mut evil = Parts::with_texts(&["x"]);
        evil.set("_rels/.rels", &format!(r#"<Relationships><Relationship Id="r" Type="x/relationships/officeDocument" Target="{target}"/></Relationships>"#));
        let said = refusal(&evil.zip());
        assert!(said.contains("damaged or incomplete"), "{target:?}: {said}");
    }
}

#[test]
fn too_long_a_file() {
    let limits = Limits { file_bytes: 100, ..Limits::default() };
    assert!(refusal_within(&Parts::with_texts(&["x"]).zip(), &limits).contains("its size in bytes (at most 100)"));
}

#[test]
fn the_boundary_error_speaks_to_people_and_keeps_the_parsers_words_for_the_log() {
    let error = SheetError::Damaged { place: Place::cell("Skills", 6, 1), detail: "InvalidArchive(..)".to_owned() };
    let public = Error::from(error);
    assert_eq!(public.kind(), Kind::Invalid);
    assert_eq!(public.fields()[0].field, "file");
    assert!(public.fields()[0].message.contains("in sheet “Skills”, cell B7"));
    assert!(!public.fields()[0].message.contains("InvalidArchive"));
    assert_eq!(public.cause_for_log(), Some("InvalidArchive(..)"));
}
