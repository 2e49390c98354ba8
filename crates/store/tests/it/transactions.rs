//! What a transaction promises.

use palisade_base::{Caller, Category, Origin, RecordId, Resource, TrailEntry};
use palisade_store::{SqlBuilder, StoreError};
use palisade_testkit::on_both_engines;

use crate::{ADD, COUNT, COUNT_LEAVES, MIGRATOR, add, entry, number as count};

on_both_engines! {
    /// covers K6.2 (part)
    async fn a_change_and_its_leaf_are_one(db: TestStore) {
        add(&db.store, "hammer").await.unwrap();
        assert_eq!((count(&db.store, COUNT).await, count(&db.store, COUNT_LEAVES).await), (1, 1));
    }

    async fn the_last_change_is_a_later_one_after_each_change_and_after_nothing_else(db: TestStore) {
        let last = async || db.store.read().await.unwrap().last_change().await.unwrap();
        let mut points = vec![last().await];
        for name in ["hammer", "saw", "plane"] {
            add(&db.store, name).await.unwrap();
            points.push(last().await);
        }
        assert!(points.is_sorted_by(|before, after| before < after), "{points:?}");
        let look = TrailEntry::new(Category::Access, &Caller::anonymous(Origin::default()), "thing.read", Resource::whole("thing"));
        db.store.append(&[look]).await.unwrap();
        assert_eq!(Some(last().await), points.last().copied());
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
        let mut sql = SqlBuilder::new("SELECT id, name, n, on_shelf FROM thing WHERE id = ");
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
        let mut sql = SqlBuilder::new("DELETE FROM thing WHERE 1 = ");
        sql.value(1_i64);
        assert!(conn.fetch_all(sql.build()).await.is_err());
    }

    /// covers K5.3 (part), K6.2 (part)
    async fn nobody_rewrites_the_trail_through_the_store(db: TestStore) {
        add(&db.store, "hammer").await.unwrap();
        for text in ["UPDATE trail_leaf SET actor = 'nobody'", "DELETE FROM trail_leaf"] {
            let mut tx = db.store.write().await.unwrap();
            assert!(tx.execute(SqlBuilder::new(text).build()).await.is_err(), "{text}");
        }
        assert_eq!(count(&db.store, COUNT_LEAVES).await, 1);
    }

    async fn every_statement_is_understood(db: TestStore) {
        for list in palisade_store::STATEMENTS {
            palisade_testkit::prepare_all(&db, list).await;
        }
        palisade_testkit::prepare_all(&db, crate::STATEMENTS).await;
    }

    async fn a_failed_statement_ends_its_transaction(db: TestStore) {
        add(&db.store, "hammer").await.unwrap();
        let mut tx = db.store.write().await.unwrap();
        let again = ADD.bind(RecordId::new(&db.env())).bind("hammer").bind(1_i64).bind(true);
        assert!(matches!(tx.execute(again).await, Err(StoreError::Unique(_))));
        let other = ADD.bind(RecordId::new(&db.env())).bind("saw").bind(1_i64).bind(true);
        assert!(tx.execute(other).await.is_err());
        assert!(tx.commit(entry()).await.is_err());
        assert_eq!((count(&db.store, COUNT).await, count(&db.store, COUNT_LEAVES).await), (1, 1));
    }

    async fn housekeeping_after_a_failed_statement_is_not_acknowledged(db: TestStore) {
        // PostgreSQL answers the commit of a failed transaction with a polite ROLLBACK.
        let mut tx = db.store.write().await.unwrap();
        tx.execute(ADD.bind(RecordId::new(&db.env())).bind("saw").bind(1_i64).bind(true)).await.unwrap();
        assert!(tx.execute(SqlBuilder::new("INSERT INTO nowhere VALUES (1)").build()).await.is_err());
        assert!(tx.commit_housekeeping(palisade_store::Housekeeping::Expiry).await.is_err());
        assert_eq!(count(&db.store, COUNT).await, 0);
    }

    async fn no_value_is_never_read_as_a_zero_or_an_empty_text(db: TestStore) {
        let mut conn = db.store.read().await.unwrap();
        let row = conn.fetch_one(SqlBuilder::new("SELECT CAST(NULL AS TEXT) AS name, max(n) AS n FROM thing").build());
        let row = row.await.unwrap();
        assert!(matches!(row.get::<String>("name"), Err(StoreError::Decode { .. })));
        assert!(matches!(row.get::<i64>("n"), Err(StoreError::Decode { .. })));
        assert_eq!(row.get::<Option<i64>>("n").unwrap(), None);
    }

    async fn a_zero_byte_in_a_text_is_the_askers_mistake(db: TestStore) {
        let error = add(&db.store, "ham\0mer").await.unwrap_err();
        assert!(matches!(error, StoreError::ZeroByte));
        assert_eq!(palisade_base::Error::from(error).kind(), palisade_base::Kind::Invalid);
    }

    async fn a_request_that_hangs_up_at_any_point_leaves_nothing_and_hinders_nobody(db: TestStore) {
        // Each future is given up after one step more than the last, until one gets through.
        let mut acknowledged = 0;
        for steps in 0..200 {
            let name = format!("saw {steps}");
            let mut change = Box::pin(add(&db.store, &name));
            let mut left = steps;
            let done = std::future::poll_fn(|context| match change.as_mut().poll(context) {
                std::task::Poll::Ready(done) => std::task::Poll::Ready(Some(done)),
                std::task::Poll::Pending if left == 0 => std::task::Poll::Ready(None),
                std::task::Poll::Pending => { left -= 1; std::task::Poll::Pending }
            })
            .await;
            acknowledged += i64::from(matches!(done, Some(Ok(_))));
            if steps > 20 && acknowledged > 3 { break }
        }
        add(&db.store, "hammer").await.unwrap();
        let (things, leaves) = (count(&db.store, COUNT).await, count(&db.store, COUNT_LEAVES).await);
        // A commit whose waiter hung up may stand; but never a change without its leaf.
        assert_eq!(things, leaves);
        assert!(things > acknowledged);
    }

    async fn closing_commits_what_is_queued_and_refuses_what_comes_after(db: TestStore) {
        let mut db = db;
        let old = db.store.clone();
        let writers: Vec<_> = (0..20)
            .map(|n| {
                let store = old.clone();
                tokio::spawn(async move { add(&store, &format!("tool {n}")).await })
            })
            .collect();
        tokio::task::yield_now().await;
        let store = db.reopen().await;
        let mut acknowledged = 0;
        for writer in writers {
            acknowledged += i64::from(writer.await.unwrap().is_ok());
        }
        assert_eq!(count(&store, COUNT).await, acknowledged);
        assert_eq!(count(&store, COUNT_LEAVES).await, acknowledged);
        assert!(matches!(add(&old, "late").await, Err(StoreError::Unavailable(_))));
        assert!(matches!(old.append(&[entry()]).await, Err(StoreError::Unavailable(_))));
        assert!(old.read().await.is_err());
    }
}
