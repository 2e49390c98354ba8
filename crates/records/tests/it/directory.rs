//! The directory of people.

use palisade_base::{Caller, Category, Kind, Origin, Resource, TrailEntry};
use palisade_records::directory::{self, NewPerson, create_person, find_person, find_person_by_email};
use palisade_testkit::{on_both_engines, prepare_all};

use crate::MIGRATOR;

fn entry() -> TrailEntry {
    TrailEntry::new(Category::Change, &Caller::anonymous(Origin::default()), "person.create", Resource::whole("person"))
}

on_both_engines! {
    async fn every_statement_of_the_directory_is_valid(db: TestStore) {
        prepare_all(&db, directory::STATEMENTS).await;
    }

    async fn a_person_is_found_by_id_and_by_any_spelling_of_the_mail_address(db: TestStore) {
        let new = NewPerson::parse(" Ada ", "Lovelace", "Ada@Example.com", "").unwrap();
        let mut tx = db.store.write().await.unwrap();
        let ada = create_person(&mut tx, new, &db.env()).await.unwrap();
        tx.commit(entry()).await.unwrap();
        let mut conn = db.store.read().await.unwrap();
        assert_eq!(find_person(&mut conn, ada.id).await.unwrap().as_ref(), Some(&ada));
        assert_eq!(find_person_by_email(&mut conn, "ADA@example.COM").await.unwrap(), Some(ada.clone()));
        assert_eq!((ada.name().as_str(), ada.phone), ("Ada Lovelace", None));
    }

    async fn no_two_people_share_a_mail_address(db: TestStore) {
        let mut tx = db.store.write().await.unwrap();
        create_person(&mut tx, NewPerson::parse("Ada", "L", "ada@example.com", "").unwrap(), &db.env()).await.unwrap();
        let again = NewPerson::parse("Eve", "L", "ADA@example.com", "").unwrap();
        let error = create_person(&mut tx, again, &db.env()).await.unwrap_err();
        assert_eq!((error.kind(), error.fields()[0].field.as_ref()), (Kind::Invalid, "email"));
    }
}

#[test]
fn all_wrong_fields_are_told_at_once() {
    let error = NewPerson::parse("", "\0", "nobody", "x").unwrap_err();
    let fields: Vec<&str> = error.fields().iter().map(|f| f.field.as_ref()).collect();
    assert_eq!(fields, ["given_name", "family_name", "email", "phone"]);
}
