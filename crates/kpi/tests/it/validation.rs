//! What is refused, and how it is told.

use palisade_base::Kind;
use palisade_kpi::types::{EMPLOYEE, SKILL, SKILL_CATEGORY, TEAM};
use palisade_records::{Draft, Given, ListRequest};
use palisade_testkit::on_both_engines;
use serde_json::json;

use crate::{
    MIGRATOR,
    company::{Company, all, new_employee},
};

on_both_engines! {
    async fn everything_that_is_wrong_is_told_at_once(db: TestStore) {
        let company = Company::new(&db).await;
        let draft = Draft::new()
            .text("family_name", "x".repeat(101))
            .text("email", "nobody")
            .text("tier_id", "0195b0d4-0000-7000-8000-0000000000ff")
            .text("hire_date", "yesterday")
            .text("number", "N-1")
            .text("is_admin", "true");
        let error = company.records.create(&company.admin, &EMPLOYEE, &draft).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid);
        let mut fields: Vec<&str> = error.fields().iter().map(|f| f.field.as_ref()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["email", "family_name", "given_name", "hire_date", "is_admin", "number", "tier_id"]);
    }

    async fn hostile_texts_are_refused_or_kept_as_they_are(db: TestStore) {
        let company = Company::new(&db).await;
        let create = async |name: &str| {
            company.records.create(&company.admin, &TEAM, &Draft::new().text("name", name)).await
        };
        for name in ["'; DROP TABLE team; --", "<script>alert(1)</script>", "=HYPERLINK(\"http://x\")", "Zoë 🔨 团队", "%_\\$1"] {
            assert_eq!(create(name).await.unwrap().title(), name);
        }
        for name in ["", "   ", "a\0b", "a\nb", "\u{1b}[31m", &"é".repeat(101)] {
            assert_eq!(create(name).await.unwrap_err().fields()[0].field, "name", "{name:?}");
        }
        assert_eq!(create(&"é".repeat(100)).await.unwrap().title().chars().count(), 100);
        let search = |text: &str| ListRequest { search: Some(text.into()), limit: 10, ..ListRequest::default() };
        for (text, found) in [("%", 1), ("_", 1), ("' OR 1=1", 0), ("drop table", 1), ("script", 1), ("\\", 1), ("ZO", 1)] {
            let page = company.records.list(&company.admin, &TEAM, &search(text)).await.unwrap();
            assert_eq!(page.total, found, "{text}");
        }
    }

    async fn one_name_may_stand_in_two_categories_and_not_twice_in_one(db: TestStore) {
        let company = Company::new(&db).await;
        let (records, admin) = (&company.records, &company.admin);
        let category = async |name: &str| {
            let draft = Draft::new().text("name", name).give("display_order", Given::Json(json!(1)));
            records.create(admin, &SKILL_CATEGORY, &draft).await.unwrap().id
        };
        let (crawl, garage) = (category("Crawl space").await, category("Garage/Sheds").await);
        let skill = |category: palisade_base::RecordId, name: &str| {
            Draft::new().text("category_id", category.to_string()).text("name", name).text("display_order", "1")
        };
        records.create(admin, &SKILL, &skill(crawl, "Wall Framing")).await.unwrap();
        let other = records.create(admin, &SKILL, &skill(garage, "Wall Framing")).await.unwrap();
        let error = records.create(admin, &SKILL, &skill(crawl, "wall framing")).await.unwrap_err();
        assert_eq!((error.kind(), error.fields()[0].field.as_ref()), (Kind::Conflict, "name"));
        let into = Draft::new().text("category_id", crawl.to_string());
        let error = records.update(admin, &SKILL, (other.id, other.version), &into).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict);
        assert_eq!(all(records, admin, &SKILL).await.len(), 2);
    }

    async fn an_archived_record_can_not_be_linked_to_and_can_be_restored(db: TestStore) {
        let company = Company::new(&db).await;
        let (records, admin) = (&company.records, &company.admin);
        let south = records.get(admin, &TEAM, company.south).await.unwrap();
        let south = records.archive(admin, &TEAM, (south.id, south.version)).await.unwrap();
        let draft = new_employee("Late", company.tiers[0], company.south);
        let error = records.create(admin, &EMPLOYEE, &draft).await.unwrap_err();
        assert_eq!(error.fields()[0].field, "team_id");
        assert_eq!(all(records, admin, &TEAM).await.len(), 1);
        let south = records.restore(admin, &TEAM, (south.id, south.version)).await.unwrap();
        assert_eq!((south.archived_at, south.version), (None, 3));
        records.create(admin, &EMPLOYEE, &draft).await.unwrap();
    }

    /// covers K0.1 (part)
    async fn an_employee_is_a_person_and_the_directory_is_kept_once(db: TestStore) {
        use palisade_records::directory::PERSON;
        let company = Company::new(&db).await;
        let (records, admin) = (&company.records, &company.admin);
        let nick = company.employee(company.nick_record).await;
        let person = records.get(admin, &PERSON, nick.subject().unwrap()).await.unwrap();
        let draft = Draft::new().text("family_name", "Nolan");
        records.update(admin, &PERSON, (person.id, person.version), &draft).await.unwrap();
        assert_eq!(company.employee(nick.id).await.title(), "Nick Nolan");
        // A change of the person is a change of the employee: an older view of it can't overwrite it.
        let stale = records.update(admin, &EMPLOYEE, (nick.id, nick.version), &Draft::new().text("phone", "555-0111")).await;
        assert_eq!(stale.unwrap_err().kind(), Kind::Conflict);
        let again = Draft::new()
            .text("person_id", person.id.to_string())
            .text("tier_id", company.tiers[0].to_string())
            .text("hire_date", "2025-01-01");
        let error = records.create(admin, &EMPLOYEE, &again).await.unwrap_err();
        assert_eq!((error.kind(), error.fields()[0].field.as_ref()), (Kind::Conflict, "person_id"));
    }
}
