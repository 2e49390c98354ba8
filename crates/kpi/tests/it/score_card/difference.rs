//! What a dry run shows.

use palisade_kpi::score_card::{Difference, Inventory, ItemKind};

use super::{category, small_catalogue};

fn names(items: &[palisade_kpi::score_card::Item]) -> Vec<(ItemKind, &str, &str)> {
    items.iter().map(|item| (item.kind, item.category.as_str(), item.name.as_str())).collect()
}

#[test]
fn added_unchanged_and_missing_are_told_apart() {
    let current = small_catalogue();
    let mut incoming = small_catalogue();
    incoming.categories[0].skills = vec!["Insulating".to_owned(), "Underpinning".to_owned()];
    incoming.categories.push(category("Fencing", &["Build Gate"], &["Come Along"]));
    let difference = Difference::between(&Inventory::from(&current), &Inventory::from(&incoming));
    assert_eq!(
        names(&difference.added),
        [
            (ItemKind::Skill, "Crawl space", "Underpinning"),
            (ItemKind::SkillCategory, "", "Fencing"),
            (ItemKind::Skill, "Fencing", "Build Gate"),
            (ItemKind::ToolCategory, "", "Fencing"),
            (ItemKind::Tool, "Fencing", "Come Along"),
        ]
    );
    assert_eq!(names(&difference.missing), [(ItemKind::Skill, "Crawl space", "Wall Framing")]);
    assert_eq!(difference.unchanged.len(), 8);
}

#[test]
fn the_same_name_in_another_category_is_another_thing() {
    let mut without = small_catalogue();
    without.categories[1].skills.clear();
    let difference = Difference::between(&Inventory::from(&without), &Inventory::from(&small_catalogue()));
    assert_eq!(names(&difference.added), [(ItemKind::Skill, "Garage/Sheds", "Wall Framing")]);
}

#[test]
fn case_and_spaces_make_no_other_thing_and_the_spelling_that_is_there_stays() {
    let mut incoming = small_catalogue();
    incoming.categories[0].name = "CRAWL  Space".to_owned();
    incoming.general_tools = vec!["tape measure".to_owned()];
    let difference = Difference::between(&Inventory::from(&small_catalogue()), &Inventory::from(&incoming));
    assert!(difference.is_empty());
    assert!(difference.unchanged.iter().any(|item| item.name == "Tape Measure"));
}
