//! The company's own workbook. It is not part of the repository; where it lies beside it, it is read.

use std::path::Path;

use palisade_kpi::{
    catalogue::{Catalogue, GENERAL_TOOLS},
    score_card::{self, Difference, Inventory, ScoreCard},
};

/// `../shared/data` beside a checkout, however deep the checkout's own folder lies.
fn real_sheet() -> Option<ScoreCard> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root
        .ancestors()
        .skip(2)
        .map(|folder| folder.join("shared/data/craftsman-score-card.xlsx"))
        .find(|f| f.exists())?;
    Some(score_card::read(&std::fs::read(file).unwrap()).unwrap())
}

/// covers K0.1 (part)
#[test]
fn the_companys_catalogue_has_20_categories_187_skills_113_and_15_tools() {
    let catalogue = Catalogue::company().unwrap();
    assert_eq!(catalogue.categories.len(), 20);
    assert_eq!(catalogue.categories.iter().map(|c| c.skills.len()).sum::<usize>(), 187);
    assert_eq!(catalogue.categories.iter().map(|c| c.tools.len()).sum::<usize>(), 113);
    assert_eq!(catalogue.general_tools.len(), 15);
    let sizes: Vec<_> = catalogue.categories.iter().map(|c| (c.name.as_str(), c.skills.len(), c.tools.len())).collect();
    let by_hand = [
        ("Crawl space", 5, 4),
        ("Bathroom/Kitchen/Plumbing", 36, 21),
        ("Carpentry Exterior/Deck", 9, 8),
        ("Carpentry Interior", 9, 6),
        ("Closets", 7, 5),
        ("Concrete", 9, 7),
        ("Doors/Windows", 17, 8),
        ("Drywall", 13, 7),
        ("Electrical", 11, 10),
        ("Fencing", 5, 5),
        ("Flooring", 12, 10),
        ("Garage/Sheds", 5, 0),
        ("Hauling/Moving", 2, 2),
        ("Heating/Cooling", 4, 0),
        ("Landscaping", 6, 4),
        ("Maintenance Inside", 6, 5),
        ("Maintenance Outside", 10, 4),
        ("Painting/Staining", 8, 7),
        ("Roofing/Gutters", 5, 0),
        ("Commercial", 8, 0),
    ];
    assert_eq!(sizes, by_hand);
}

#[test]
fn names_stand_as_on_the_paper() {
    let catalogue = Catalogue::company().unwrap();
    let plumbing = &catalogue.categories[1];
    assert!(plumbing.skills.contains(&"D.W.V. Assembly: (drain waste and vent)".to_owned()));
    assert!(plumbing.tools.contains(&"25' Snake".to_owned()));
    assert_eq!(catalogue.categories[0].tools, ["Hand Broom", "Chaulk Box", "Plumb Bob", "Ram Set"]);
    assert!(catalogue.categories[7].tools.contains(&"Drywall Knives:(4\"-12\")".to_owned()));
    assert_eq!(catalogue.general_tools[13..], ["Crow Bars/Wonder Bar", "Flashlight"]);
}

#[test]
fn tool_categories_are_named_after_the_crafts_that_have_tools() {
    let catalogue = Catalogue::company().unwrap();
    let names: Vec<_> = catalogue.tool_categories().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 17);
    assert!(!names.contains(&"Heating/Cooling"), "its two lines on the paper are a question");
    assert_eq!(names.last(), Some(&GENERAL_TOOLS));
}

/// covers K0.1 (part)
#[test]
fn the_real_sheet_gives_the_companys_catalogue() {
    let Some(card) = real_sheet() else { return };
    assert_eq!(card.catalogue, Catalogue::company().unwrap());
    let notes: Vec<_> = card.notes.iter().map(|note| format!("{}: {}", note.place, note.text)).collect();
    assert_eq!(
        notes,
        [
            "in sheet “Sheet1”, cell H164: “List HVAC Testing” asks for an answer and names no tool",
            "in sheet “Sheet1”, cell H165: “You Own” asks for an answer and names no tool",
        ]
    );
}

#[test]
fn taken_in_twice_the_real_sheet_changes_nothing() {
    let Some(card) = real_sheet() else { return };
    let incoming = Inventory::from(&card.catalogue);
    let first = Difference::between(&Inventory::default(), &incoming);
    assert_eq!(first.added.len(), 20 + 187 + 17 + 128);
    let second = Difference::between(&incoming, &incoming);
    assert!(second.is_empty() && second.missing.is_empty());
    assert_eq!(second.unchanged.len(), 352);
}
