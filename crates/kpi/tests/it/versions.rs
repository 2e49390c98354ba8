//! No lost updates, and what the trail says of a change.

use palisade_base::Kind;
use palisade_kpi::types::EMPLOYEE;
use palisade_records::{Draft, Field, Kind as FieldKind, Privacy, RecordType, RowRules, directory::PERSON, verbs};
use palisade_testkit::on_both_engines;

use crate::{
    MIGRATOR,
    company::{Company, leaves},
};

/// The team's table with one of its fields kept secret.
static SECRETIVE: RecordType = RecordType {
    name: "team",
    singular: "team",
    plural: "Teams",
    about: "",
    table: "team",
    path: "teams",
    base: None,
    fields: &[
        Field::new("name", "Name", FieldKind::Text(100)).required(),
        Field { privacy: Privacy::Secret, ..Field::new("area", "Area", FieldKind::Text(100)) },
    ],
    title: &["name"],
    sort: &["name"],
    key: &[],
    unique: &[],
    check: None,
    subject: None,
    verbs: verbs!("kpi", "team"),
    rows: RowRules::IMPERSONAL,
    lifecycle: None,
    children: &[],
    retention: "",
};

on_both_engines! {
    /// covers K6.1 (part)
    async fn of_a_secret_field_the_trail_tells_only_that_it_changed(db: TestStore) {
        let company = Company::new(&db).await;
        let draft = Draft::new().text("name", "Vault").text("area", "hunter2");
        let made = company.records.create(&company.admin, &SECRETIVE, &draft).await.unwrap();
        let draft = Draft::new().text("area", "hunter3");
        company.records.update(&company.admin, &SECRETIVE, (made.id, made.version), &draft).await.unwrap();
        for (action, _, _, detail) in leaves(&db, 2).await {
            assert!(detail.contains(r#"{"field":"area","withheld":true}"#), "{action}: {detail}");
            assert!(!detail.contains("hunter"), "{action}: {detail}");
        }
    }

    async fn the_slower_of_two_writers_is_told_what_changed_and_nothing_is_lost(db: TestStore) {
        let company = Company::new(&db).await;
        let (records, admin) = (&company.records, &company.admin);
        let seen = company.employee(company.nick_record).await;
        let first = Draft::new().text("phone", "555-0001").text("notes", "first");
        records.update(&company.nora, &EMPLOYEE, (seen.id, seen.version), &first).await.unwrap();
        let second = Draft::new().text("phone", "555-0002").text("notes", "first");
        let error = records.update(admin, &EMPLOYEE, (seen.id, seen.version), &second).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict);
        let fields: Vec<&str> = error.fields().iter().map(|f| f.field.as_ref()).collect();
        assert_eq!(fields, ["phone"]);
        assert!(error.fields()[0].message.contains("555-0001"));
        assert_eq!(company.employee(seen.id).await.text("phone").unwrap(), "555-0001");
    }

    async fn of_many_writers_at_once_exactly_one_wins(db: TestStore) {
        let company = Company::new(&db).await;
        let seen = company.employee(company.nick_record).await;
        let writers: Vec<_> = (0..8)
            .map(|n| {
                let (records, admin) = (company.records.clone(), company.admin.clone());
                let draft = Draft::new().text("notes", format!("writer {n}"));
                tokio::spawn(async move { records.update(&admin, &EMPLOYEE, (seen.id, seen.version), &draft).await })
            })
            .collect();
        let mut won = 0;
        for writer in writers {
            match writer.await.unwrap() {
                Ok(_) => won += 1,
                Err(error) => assert_eq!(error.kind(), Kind::Conflict),
            }
        }
        assert_eq!(won, 1);
        assert_eq!(company.employee(seen.id).await.version, seen.version + 1);
    }

    /// covers K6.1 (part)
    async fn a_change_stands_in_the_trail_with_each_field_before_and_after(db: TestStore) {
        let company = Company::new(&db).await;
        let nick = company.employee(company.nick_record).await;
        let draft = Draft::new().text("phone", "555-0001").text("notes", "").text("given_name", "Nick");
        company.records.update(&company.nora, &EMPLOYEE, (nick.id, nick.version), &draft).await.unwrap();
        let found = leaves(&db, 2).await;
        let (action, resource, _, detail) = &found[1];
        assert_eq!((action.as_str(), resource.as_str()), ("employee.update", format!("employee:{}", nick.id).as_str()));
        assert_eq!(detail, r#"{"changes":[{"field":"notes","before":"About Nick","after":null}]}"#);
        let (action, resource, _, detail) = &found[0];
        let person = nick.subject().unwrap();
        assert_eq!((action.as_str(), resource.as_str()), ("person.update", format!("{}:{person}", PERSON.name).as_str()));
        assert_eq!(detail, r#"{"changes":[{"field":"phone","before":"555-0100","after":"555-0001"}]}"#);
    }

    async fn a_draft_that_changes_nothing_writes_nothing(db: TestStore) {
        let company = Company::new(&db).await;
        let nick = company.employee(company.nick_record).await;
        let before = leaves(&db, 1000).await.len();
        let draft = Draft::new().text("notes", "About Nick").text("given_name", " Nick ");
        let same = company.records.update(&company.admin, &EMPLOYEE, (nick.id, nick.version), &draft).await.unwrap();
        assert_eq!(same.version, nick.version);
        assert_eq!(leaves(&db, 1000).await.len(), before);
    }
}
