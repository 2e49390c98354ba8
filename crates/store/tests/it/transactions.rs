//! What a transaction promises.

use palisade_base::{Caller, Category, Origin, RecordId, Resource, TrailEntry};
use palisade_store::{Store, StoreError, statements};
use palisade_testkit::on_both_engines;

use crate::MIGRATOR;

statements! {
    ADD = "INSERT INTO thing (id, name, n, on_shelf) VALUES ($1, $2, $3, $4)";
    COUNT = "SELECT count(*) AS n FROM thing";
    COUNT_LEAVES = {
        sqlite: "SELECT count(*) AS n FROM trail_leaf",
        postgres: "SELECT (SELECT count(*) FROM trail_leaf) + (SELECT count(*) FROM trail_pending) AS n",
    };
}

fn entry() -> TrailEntry {
    TrailEntry::new(Category::Change, &Caller::anonymous(Origin::default()), "thing.create", Resource::whole("thing"))
}

async fn add(store: &Store, name: &str) -> Result<(), StoreError> {
    let mut tx = store.write().await?;
    tx.execute(ADD.bind(RecordId::new(store.env())).bind(name).bind(1_i64).bind(true)).await?;
    tx.commit(entry()).await
}

async fn count(store: &Store, statement: palisade_store::Statement) -> i64 {
    store.read().await.unwrap().fetch_one(statement.sql()).await.unwrap().get("n").unwrap()
}

on_both_engines! {
    /// covers K6.2 (part)
    async fn a_change_and_its_leaf_are_one(db: TestStore) {
        add(&db.store, "hammer").await.unwrap();
        assert_eq!((count(&db.store, COUNT).await, count(&db.store, COUNT_LEAVES).await), (1, 1));
    }

    async fn an_abandoned_transaction_leaves_nothing(db: TestStore) {
        let mut tx = db.store.write().await.unwrap();
        tx.execute(ADD.bind(RecordId::new(&db.env())).bind("saw").bind(1_i64).bind(true)).await.unwrap();
        drop(tx);
        add(&db.store, "hammer").await.unwrap();
        assert_eq!((count(&db.store, COUNT).await, count(&db.store, COUNT_LEAVES).await), (1, 1));
    }

    async fn many_writers_all_commit(db: TestStore) {
        let writers: Vec<_> = (0..64)
            .map(|n| {
                let store = db.store.clone();
                tokio::spawn(async move { add(&store, &format!("tool {n}")).await })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap().unwrap();
        }
        assert_eq!((count(&db.store, COUNT).await, count(&db.store, COUNT_LEAVES).await), (64, 64));
    }

    async fn one_members_failure_does_not_touch_the_others(db: TestStore) {
        add(&db.store, "hammer").await.unwrap();
        let (first, second, third) = tokio::join!(
            add(&db.store, "saw"),
            add(&db.store, "hammer"),
            add(&db.store, "plane"),
        );
        first.unwrap();
        third.unwrap();
        let StoreError::Unique(violation) = second.unwrap_err() else { panic!("not a unique violation") };
        assert!(violation.is_on("thing", "name") && violation.is_on("thing", "n"));
        assert_eq!((count(&db.store, COUNT).await, count(&db.store, COUNT_LEAVES).await), (3, 3));
    }

    async fn values_come_back_as_they_went_in(db: TestStore) {
        let id = RecordId::new(&db.env());
        let mut tx = db.store.write().await.unwrap();
        tx.execute(ADD.bind(id).bind("näme'; --").bind(None::<i64>).bind(false)).await.unwrap();
        tx.commit(entry()).await.unwrap();
        let mut conn = db.store.read().await.unwrap();
        let mut sql = palisade_store::SqlBuilder::new("SELECT id, name, n, on_shelf FROM thing WHERE id = ");
        sql.value(id);
        let row = conn.fetch_one(sql.build()).await.unwrap();
        assert_eq!(row.get::<RecordId>("id").unwrap(), id);
        assert_eq!(row.get::<String>("name").unwrap(), "näme'; --");
        assert_eq!(row.get::<Option<i64>>("n").unwrap(), None);
        assert!(!row.get::<bool>("on_shelf").unwrap());
    }

    async fn events_without_a_change_are_written_too(db: TestStore) {
        let entries = vec![entry(); 150];
        db.store.append(&entries).await.unwrap();
        assert_eq!(count(&db.store, COUNT_LEAVES).await, 150);
    }

    async fn a_reading_connection_cannot_write(db: TestStore) {
        let mut conn = db.store.read().await.unwrap();
        let mut sql = palisade_store::SqlBuilder::new("DELETE FROM thing WHERE 1 = ");
        sql.value(1_i64);
        assert!(conn.fetch_all(sql.build()).await.is_err());
    }

    /// covers K5.3 (part), K6.2 (part)
    async fn nobody_rewrites_the_trail_through_the_store(db: TestStore) {
        add(&db.store, "hammer").await.unwrap();
        for text in ["UPDATE trail_leaf SET actor = 'nobody'", "DELETE FROM trail_leaf"] {
            let mut tx = db.store.write().await.unwrap();
            assert!(tx.execute(palisade_store::SqlBuilder::new(text).build()).await.is_err(), "{text}");
        }
        assert_eq!(count(&db.store, COUNT_LEAVES).await, 1);
    }

    async fn every_statement_is_understood(db: TestStore) {
        for list in palisade_store::STATEMENTS {
            palisade_testkit::prepare_all(&db, list).await;
        }
        palisade_testkit::prepare_all(&db, STATEMENTS).await;
    }
}
