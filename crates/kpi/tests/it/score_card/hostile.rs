//! Sheets that are no score card, or an odd one.

use palisade_base::{Error, Kind};
use palisade_kpi::score_card::{ScoreCardError, read, read_sheets};
use palisade_sheets::{Cell, Sheet, SheetError, write_xlsx};

use super::{NOW, header, workbook};

fn refusal(bytes: &[u8]) -> String {
    read(bytes).expect_err("must be refused").to_string()
}

#[test]
fn not_a_zip() {
    let error = read(b"name,phone\n").unwrap_err();
    assert!(matches!(error, ScoreCardError::Sheet(SheetError::NotAWorkbook)));
    let public = Error::from(error);
    assert_eq!(public.kind(), Kind::Invalid);
    assert_eq!(public.fields()[0].field, "file");
    assert!(public.fields()[0].message.contains("save it as .xlsx"));
}

#[test]
fn wrong_sheet() {
    let said = refusal(&workbook(&[&["First name", "Last name"], &["Ada", "Lovelace"]]));
    assert!(said.starts_with("This workbook is not the score card"), "{said}");
    // Digits without a category, a category without all digits.
    assert!(matches!(read(&workbook(&[&header("")])), Err(ScoreCardError::NotAScoreCard)));
    assert!(matches!(read(&workbook(&[&["Concrete", "1", "2", "3", "4"]])), Err(ScoreCardError::NotAScoreCard)));
}

#[test]
fn a_score_card_without_skills() {
    assert!(refusal(&workbook(&[&header("Concrete")])).contains("lists no skills"));
}

#[test]
fn one_huge_cell() {
    let long = "x".repeat(101);
    let said = refusal(&workbook(&[&header("Concrete"), &[&long]]));
    assert!(said.contains("in sheet “Sheet1”, cell A2 is longer than 100 characters"), "{said}");
}

#[test]
fn a_failed_formula_where_a_name_should_be() {
    let mut row: Vec<Cell> = vec![Cell::text("Concrete")];
    row.extend((1..=5).map(|digit| Cell::Number(f64::from(digit))));
    let sheet = Sheet { name: "Card".to_owned(), rows: vec![row, vec![Cell::Error("#REF!".to_owned())]] };
    let said = read_sheets(&[sheet]).unwrap_err().to_string();
    assert!(said.contains("in sheet “Card”, cell A2 holds the error of a failed formula"), "{said}");
}

#[test]
fn more_names_than_any_score_card_has() {
    let names: Vec<String> = (0..1_001).map(|n| format!("Skill {n}")).collect();
    let mut rows: Vec<Vec<&str>> = vec![header("Concrete").to_vec()];
    rows.extend(names.iter().map(|name| vec![name.as_str()]));
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    assert!(refusal(&workbook(&rows)).contains("more than 1000 names"));
}

#[test]
fn what_stands_twice_is_taken_once_and_said() {
    let card = read(&workbook(&[
        &header("Concrete"),
        &["Set Forms:", "", "", "", "", "", "", "Boots:"],
        &["set  forms ", "", "", "", "", "", "", "BOOTS"],
        &header("Fencing "),
        &["Build Gate"],
        &header("concrete"),
        &["Lay Bricks"],
    ]))
    .unwrap();
    assert_eq!(card.catalogue.categories.len(), 2);
    assert_eq!(card.catalogue.categories[0].skills, ["Set Forms"]);
    assert_eq!(card.catalogue.categories[1].skills, ["Build Gate"], "rows of the repeated category belong to nobody");
    let notes: Vec<_> = card.notes.iter().map(|note| format!("{} {}", note.place, note.text)).collect();
    assert_eq!(notes.len(), 3);
    assert!(notes[0].contains("cell A3") && notes[1].contains("cell H3") && notes[2].contains("cell A6"), "{notes:?}");
}

#[test]
fn marks_answers_and_free_text_of_a_filled_in_sheet_are_not_the_catalogue() {
    let card = read(&workbook(&[
        &["", "Name: Ada   Date: today"],
        &header("Concrete"),
        &["Set Forms:", "", "", "x", "", "", "", "Boots:", "x", "", "x"],
        &["Lay Bricks", "1", "", "", "", "", "", "additional TOOLS needed: a bigger boat"],
        &["", "", "", "", "", "", "", "another wish"],
        &["TOOL LIST", "Yes", "No", "TS", "", "", "", "TOOL LIST", "Yes", "No", "TS"],
        &["Calculator: ", "x", "", "", "", "", "", "Calculator: "],
        &["Other: Laser level", "x", "", "", "", "", "", "Other: __________  "],
        &["", "", "", "", "", "", "", "Flashlight"],
        &["List any tools you specialize in that are not listed"],
        &["Theodolite"],
        &["List any SPECIAL SKILLS"],
        &["Juggling"],
    ]))
    .unwrap();
    assert_eq!(card.catalogue.categories[0].skills, ["Set Forms", "Lay Bricks"]);
    assert_eq!(card.catalogue.categories[0].tools, ["Boots"]);
    assert_eq!(card.catalogue.general_tools, ["Calculator", "Flashlight"]);
    assert_eq!(card.notes.len(), 1, "{:?}", card.notes);
}

#[test]
fn a_skill_that_is_called_like_a_section_is_a_skill() {
    let card = read(&workbook(&[&header("Office"), &["TOOL LIST"], &["=HYPERLINK(\"x\")"], &["Line\nbreak"]])).unwrap();
    assert_eq!(card.catalogue.categories[0].skills, ["TOOL LIST", "=HYPERLINK(\"x\")", "Line break"]);
}

#[test]
fn only_the_first_score_card_of_a_workbook_counts() {
    let rows = |skill: &str| {
        let mut header: Vec<Cell> = vec![Cell::text("Concrete")];
        header.extend((1..=5).map(|digit| Cell::Number(f64::from(digit))));
        vec![header, vec![Cell::text(skill)]]
    };
    let sheet = |name: &str, rows| Sheet { name: name.to_owned(), rows };
    let book = [sheet("Notes", vec![]), sheet("Card", rows("Set Forms")), sheet("Old", rows("Lay Bricks"))];
    let card = read(&write_xlsx(&book, NOW).unwrap()).unwrap();
    assert_eq!(card.catalogue.categories[0].skills, ["Set Forms"]);
    assert_eq!(card.notes[0].place.to_string(), "in sheet “Old”");
}
