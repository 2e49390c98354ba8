//! The sheet that we write is the sheet that we read.

use palisade_base::Date;
use palisade_kpi::{
    catalogue::{Catalogue, MAX_NAME_CHARS},
    score_card::{Cardholder, read, write},
};
use palisade_sheets::{Limits, read_workbook};
use proptest::prelude::*;

use super::{NOW, category, small_catalogue};

fn cells(bytes: &[u8]) -> palisade_sheets::Sheet {
    read_workbook(bytes, &Limits::default()).unwrap().remove(0)
}

/// covers K0.1 (part)
#[test]
fn the_companys_catalogue_survives_paper() {
    let catalogue = Catalogue::company().unwrap();
    let card = read(&write(&catalogue, None, NOW).unwrap()).unwrap();
    assert_eq!(card.catalogue, catalogue);
    assert_eq!(card.notes, [], "our own sheet holds nothing that needs a word");
}

#[test]
fn the_layout_is_the_papers() {
    let sheet = cells(&write(&small_catalogue(), None, NOW).unwrap());
    let at = |row: usize, column: usize| sheet.cell(row - 1, column).display().into_owned();
    assert_eq!(at(1, 1), "Name:                                  Date:");
    assert_eq!(at(4, 1), "Phone #:");
    assert!(at(6, 0).starts_with("Rate yourself\n1 - Never") && at(6, 0).ends_with("TRUCK STOCK"));
    let header: Vec<_> = (0..11).map(|column| at(7, column)).collect();
    assert_eq!(header, ["Crawl space", "1", "2", "3", "4", "5", "", "Tools", "Yes", "No", "TS"]);
    assert_eq!((at(8, 0), at(8, 7)), ("Wall Framing".to_owned(), "Ram Set".to_owned()));
    assert_eq!((at(9, 0), at(9, 7)), ("Insulating".to_owned(), "Additional tools needed:".to_owned()));
    assert_eq!(at(10, 0), "Garage/Sheds");
    assert_eq!(at(11, 7), "Additional tools needed:");
    let list: Vec<_> = (0..11).map(|column| at(12, column)).collect();
    assert_eq!(list, ["TOOL LIST", "Yes", "No", "TS", "", "", "", "TOOL LIST", "Yes", "No", "TS"]);
    assert_eq!((at(13, 0), at(13, 7)), ("Tape Measure".to_owned(), "Tape Measure".to_owned()));
    assert_eq!(at(14, 0), "Other: __________");
    assert_eq!(at(16, 0), "List any tools you specialize in that are not listed");
    assert_eq!(at(29, 0), "List any SPECIAL SKILLS");
}

#[test]
fn a_persons_name_phone_and_date_stand_on_top() {
    let holder = Cardholder {
        name: "=HYPERLINK(\"http://192.0.2.1\",\"Ada\")".to_owned(),
        phone: "+1 555-0100".to_owned(),
        date: Some(Date::constant(2026, 3, 1)),
    };
    let bytes = write(&small_catalogue(), Some(&holder), NOW).unwrap();
    let sheet = cells(&bytes);
    assert_eq!(sheet.cell(0, 1).display(), "Name: =HYPERLINK(\"http://192.0.2.1\",\"Ada\")    Date: Mar 1, 2026");
    assert_eq!(sheet.cell(3, 1).display(), "Phone #: +1 555-0100");
    assert_eq!(read(&bytes).unwrap().catalogue, small_catalogue());
}

#[test]
fn the_same_card_at_the_same_instant_gives_the_same_bytes() {
    assert_eq!(write(&small_catalogue(), None, NOW).unwrap(), write(&small_catalogue(), None, NOW).unwrap());
}

#[test]
fn hostile_and_long_names_are_plain_strings() {
    let long = "W".repeat(MAX_NAME_CHARS);
    let catalogue = Catalogue {
        categories: vec![
            category(
                "=1+1",
                &["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "http://192.0.2.1/", &long],
                &["{=1}", "5"],
            ),
            category("2026-03-01", &["TOOL LIST", "1"], &["=x"]),
        ],
        general_tools: vec!["@x".to_owned()],
    };
    assert_eq!(read(&write(&catalogue, None, NOW).unwrap()).unwrap().catalogue, catalogue);
}

#[test]
fn an_empty_catalogue_can_be_written() {
    assert!(write(&Catalogue::default(), None, NOW).is_ok());
}

fn names(most: usize) -> impl Strategy<Value = Vec<String>> {
    // No spaces or colons at the ends, and none of the sheet's own words: those cannot be names on it.
    prop::collection::hash_set("[=+@'&<>\"A-Fa-fé0-9][ -9A-Z:]{0,20}[a-z0-9)]", 0..most).prop_map(|set| {
        let mut keys = std::collections::HashSet::new();
        set.into_iter().filter(|name| keys.insert(palisade_kpi::catalogue::name_key(name))).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_catalogue_survives_paper(
        titles in names(6),
        lists in prop::collection::vec((prop::collection::vec("[A-F][a-z]{1,8}", 1..2), names(12), names(8)), 6),
        general_tools in names(8),
    ) {
        let categories: Vec<_> = titles.into_iter().zip(lists).map(|(name, (first, skills, tools))| {
            let mut all = first;
            let taken = palisade_kpi::catalogue::name_key(&all[0]);
            all.extend(skills.into_iter().filter(|skill| palisade_kpi::catalogue::name_key(skill) != taken));
            palisade_kpi::catalogue::Category { name, skills: all, tools }
        }).collect();
        prop_assume!(!categories.is_empty());
        let catalogue = Catalogue { categories, general_tools };
        prop_assert_eq!(read(&write(&catalogue, None, NOW).unwrap()).unwrap().catalogue, catalogue);
    }
}
