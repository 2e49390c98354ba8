//! A score card on its way into the catalogue, on both engines.

use palisade_base::{Caller, Kind, Scope};
use palisade_kpi::{
    catalogue::{Catalogue, GENERAL_TOOLS},
    score_card::{apply, current, plan, read, write},
    types::{SKILL, SKILL_CATEGORY, TOOL, TOOL_CATEGORY},
};
use palisade_records::{Draft, ListRequest, RecordType, Records};
use palisade_testkit::{TestStore, on_both_engines};

use super::{NOW, category, small_catalogue};
use crate::{MIGRATOR, company::caller, trail::trail};

struct Setting {
    records: Records,
    admin: Caller,
}

fn setting(db: &TestStore) -> Setting {
    Setting { records: Records::new(db.store.clone()), admin: caller(db, "Admin", None) }
}

impl Setting {
    async fn count(&self, ty: &'static RecordType) -> u64 {
        self.records.count(&self.admin, ty).await.unwrap()
    }

    async fn archive(&self, ty: &'static RecordType, name: &str) {
        let all = ListRequest { limit: 1_000, ..ListRequest::default() };
        let page = self.records.list(&self.admin, ty, &all).await.unwrap();
        let record = page.records.iter().find(|record| record.title() == name).unwrap();
        self.records.archive(&self.admin, ty, (record.id, record.version)).await.unwrap();
    }
}

on_both_engines! {
    /// covers K0.1 (part)
    async fn the_companys_card_gives_20_187_113_and_15_and_a_second_time_nothing(db: TestStore) {
        let here = setting(&db);
        let card = Catalogue::company().unwrap();
        let dry = plan(&here.records, &here.admin, &card).await.unwrap();
        assert_eq!(dry.added.len(), 20 + 187 + 17 + 128);
        assert_eq!(here.count(&SKILL).await, 0, "a dry run writes nothing");

        assert_eq!(apply(&here.records, &here.admin, &card).await.unwrap(), dry);
        assert_eq!(here.count(&SKILL_CATEGORY).await, 20);
        assert_eq!(here.count(&SKILL).await, 187);
        assert_eq!(here.count(&TOOL_CATEGORY).await, 17);
        assert_eq!(here.count(&TOOL).await, 113 + 15);

        let leaves = trail(&db).await.len();
        let again = apply(&here.records, &here.admin, &card).await.unwrap();
        assert!(again.is_empty() && again.missing.is_empty() && again.unchanged.len() == 352);
        assert_eq!(trail(&db).await.len(), leaves, "nothing changed, nothing to tell");
    }

    async fn the_catalogue_comes_back_in_its_order_and_onto_paper_and_back(db: TestStore) {
        let here = setting(&db);
        let card = Catalogue::company().unwrap();
        apply(&here.records, &here.admin, &card).await.unwrap();
        let stored = current(&here.records, &here.admin).await.unwrap();
        assert_eq!(stored, card);
        assert_eq!(read(&write(&stored, None, NOW).unwrap()).unwrap().catalogue, card);
    }

    async fn every_new_record_has_its_entry_under_one_for_the_whole(db: TestStore) {
        let here = setting(&db);
        apply(&here.records, &here.admin, &small_catalogue()).await.unwrap();
        let leaves = trail(&db).await;
        let actions: Vec<&str> = leaves.iter().map(|leaf| leaf.action.as_str()).collect();
        // Two categories with three skills, two tool categories with a tool each.
        assert_eq!(actions.len(), 1 + 2 + 3 + 2 + 2);
        assert_eq!(actions[0], "score_card.import");
        assert_eq!(actions.iter().filter(|action| **action == "skill.create").count(), 3);
        assert!(leaves[0].detail.as_deref().unwrap().contains("\"skills_added\":3"));
    }

    async fn nothing_is_removed_renamed_or_moved(db: TestStore) {
        let here = setting(&db);
        apply(&here.records, &here.admin, &small_catalogue()).await.unwrap();
        let mut other = small_catalogue();
        other.categories[0] = category("CRAWL SPACE", &["wall framing", "Underpinning"], &[]);
        other.general_tools.clear();
        let done = apply(&here.records, &here.admin, &other).await.unwrap();
        let added: Vec<_> = done.added.iter().map(|item| item.name.as_str()).collect();
        let missing: Vec<_> = done.missing.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(added, ["Underpinning"]);
        assert_eq!(missing, ["Insulating", "Crawl space", GENERAL_TOOLS, "Ram Set", "Tape Measure"]);
        let stored = current(&here.records, &here.admin).await.unwrap();
        assert_eq!(stored.categories[0].name, "Crawl space", "the spelling that is there stays");
        assert!(stored.categories[0].skills.contains(&"Insulating".to_owned()));
        assert!(stored.categories[0].skills.contains(&"Underpinning".to_owned()));
    }

    async fn what_is_out_of_use_stays_so_and_blocks_what_would_come_under_it(db: TestStore) {
        let here = setting(&db);
        apply(&here.records, &here.admin, &small_catalogue()).await.unwrap();
        here.archive(&SKILL, "Insulating").await;
        here.archive(&SKILL_CATEGORY, "Garage/Sheds").await;
        let mut more = small_catalogue();
        more.categories[1].skills.push("Sheathing Install".to_owned());
        let done = apply(&here.records, &here.admin, &more).await.unwrap();
        assert!(done.is_empty());
        assert_eq!(done.blocked.len(), 1);
        assert_eq!(done.blocked[0].name, "Sheathing Install");
        let out_of_use: Vec<_> = done.unchanged.iter().filter(|item| !item.in_use).map(|item| item.name.as_str()).collect();
        assert_eq!(out_of_use, ["Insulating", "Garage/Sheds"]);
    }

    async fn a_name_that_breaks_a_rule_undoes_the_whole_card(db: TestStore) {
        let here = setting(&db);
        let mut bad = small_catalogue();
        bad.categories.push(category("Bad", &["a\u{0}b"], &[]));
        let error = apply(&here.records, &here.admin, &bad).await.unwrap_err();
        assert_eq!((error.kind(), error.fields()[0].field.as_ref()), (Kind::Invalid, "name"));
        assert_eq!(here.count(&SKILL).await, 0);
        assert_eq!(trail(&db).await.len(), 0);
    }

    async fn only_who_may_import_takes_a_card_in_and_a_refusal_is_traced(db: TestStore) {
        let here = setting(&db);
        for role in ["Manager", "Employee"] {
            let caller = caller(&db, role, None);
            assert_eq!(plan(&here.records, &caller, &small_catalogue()).await.unwrap_err().kind(), Kind::Denied);
            assert_eq!(apply(&here.records, &caller, &small_catalogue()).await.unwrap_err().kind(), Kind::Denied);
            // Reading the catalogue is everybody's.
            assert!(current(&here.records, &caller).await.is_ok());
        }
        assert_eq!(here.count(&SKILL).await, 0);
        let outcomes: Vec<_> = trail(&db).await.iter().map(|leaf| (leaf.action.clone(), leaf.outcome.clone())).collect();
        assert_eq!(outcomes, vec![("skill.import".to_owned(), "failure:denied".to_owned()); 4]);
    }

    async fn import_alone_is_not_enough_where_a_kind_of_record_may_not_be_made(db: TestStore) {
        let here = setting(&db);
        let mut half = here.admin.clone();
        let names = ["kpi.skill.import", "kpi.skill.read", "kpi.skill.create", "kpi.skill_category.create"];
        half.authority = std::sync::Arc::new(names.iter().map(|name| (palisade_base::Permission::new(name), Scope::All)).collect());
        assert_eq!(apply(&here.records, &half, &small_catalogue()).await.unwrap_err().kind(), Kind::Denied);
        assert_eq!(here.count(&SKILL).await, 0);
    }

    async fn tools_of_no_craft_stand_on_paper_and_are_not_read_as_one(db: TestStore) {
        let here = setting(&db);
        apply(&here.records, &here.admin, &small_catalogue()).await.unwrap();
        let draft = Draft::new().text("name", "Safety").text("display_order", "5");
        let safety = here.records.create(&here.admin, &TOOL_CATEGORY, &draft).await.unwrap().id;
        let draft = Draft::new().text("name", "Harness").text("display_order", "5").text("category_id", safety.to_string());
        here.records.create(&here.admin, &TOOL, &draft).await.unwrap();
        let stored = current(&here.records, &here.admin).await.unwrap();
        assert_eq!(stored.categories.last(), Some(&category("Safety", &[], &["Harness"])));
        let sheet = write(&stored, None, NOW).unwrap();
        let text = palisade_sheets::read_workbook(&sheet, &palisade_sheets::Limits::default()).unwrap();
        assert!(text[0].rows.iter().flatten().any(|cell| cell.display() == "Harness"));
        assert_eq!(read(&sheet).unwrap().catalogue, small_catalogue());
    }
}
