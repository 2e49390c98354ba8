//! Numbering and sealing.

use std::time::Duration;

use palisade_store::{Engine, SqlBuilder};
use palisade_testkit::on_both_engines;
use palisade_trail::{Note, Trail, TrailConfig, TrailError};

use crate::{
    MIGRATOR,
    support::{number, open, tamper, vault, write},
};

on_both_engines! {
    /// covers K6.2 (part)
    async fn a_seal_is_a_signed_note_over_all_leaves(db: TestStore) {
        let trail = open(&db).await;
        write(&db, 0, 10).await;
        // The vault's own two entries (its first key, the signing key) stand before them.
        assert_eq!(trail.flush_seal().await.unwrap(), 12);
        let status = trail.status().await.unwrap();
        let note = Note::parse(&status.last_seal.unwrap()).unwrap();
        assert!(note.is_signed_by(trail.vkey()));
        assert_eq!((note.checkpoint().size, status.leaves, status.sealed, status.pending), (12, 12, 12, 0));
        assert_eq!(status.problems, Vec::<String>::new());
    }

    async fn nothing_new_makes_no_new_seal(db: TestStore) {
        let trail = open(&db).await;
        write(&db, 0, 3).await;
        trail.flush_seal().await.unwrap();
        trail.flush_seal().await.unwrap();
        assert_eq!(number(&db, "SELECT count(*) AS n FROM trail_seal").await, 1);
    }

    async fn after_a_restart_the_same_key_goes_on_from_the_last_seal(db: TestStore) {
        let first = open(&db).await;
        write(&db, 0, 5).await;
        first.flush_seal().await.unwrap();
        let second = open(&db).await;
        write(&db, 5, 5).await;
        second.flush_seal().await.unwrap();
        assert_eq!(first.vkey(), second.vkey());
        assert_eq!(number(&db, "SELECT max(previous) AS n FROM trail_seal").await, 7);
        assert_eq!(number(&db, "SELECT max(size) AS n FROM trail_seal").await, 12);
    }

    /// covers K6.2 (part)
    async fn a_forged_last_seal_stops_sealing_and_says_so(db: TestStore) {
        let trail = open(&db).await;
        write(&db, 0, 5).await;
        trail.flush_seal().await.unwrap();
        tamper(&db, "UPDATE trail_seal SET note = replace(note, '+', '/')").await;
        tamper(&db, "UPDATE trail_seal SET note = replace(note, 'a', 'b')").await;
        write(&db, 5, 1).await;
        assert!(matches!(trail.flush_seal().await, Err(TrailError::ForgedSeal { size: 7 })));
        let problems = trail.status().await.unwrap().problems;
        assert!(problems[0].contains("was changed"), "{problems:?}");
    }

    async fn a_trail_shorter_than_its_last_seal_is_told(db: TestStore) {
        let trail = open(&db).await;
        write(&db, 0, 5).await;
        trail.flush_seal().await.unwrap();
        tamper(&db, "DELETE FROM trail_leaf WHERE seq >= 5").await;
        let problems = trail.status().await.unwrap().problems;
        assert!(problems[0].contains("5 leaves, but its last seal covers 7"), "{problems:?}");
    }

    async fn two_sealers_never_fork_the_chain(db: TestStore) {
        let (one, two) = (open(&db).await, open(&db).await);
        for round in 0..10 {
            write(&db, round * 7, 7).await;
            let (a, b) = tokio::join!(one.flush_seal(), two.flush_seal());
            a.unwrap();
            b.unwrap();
        }
        one.flush_seal().await.unwrap();
        assert_eq!(number(&db, "SELECT max(size) AS n FROM trail_seal").await, 72);
        let chained = "SELECT count(*) AS n FROM trail_seal a WHERE previous <> \
                       coalesce((SELECT max(size) FROM trail_seal b WHERE b.size < a.size), 0)";
        assert_eq!(number(&db, chained).await, 0);
    }

    async fn many_writers_and_two_nodes_number_without_gaps(db: TestStore) {
        let (one, two) = (open(&db).await, open(&db).await);
        let writers = async {
            let rounds = (0..20).map(|n| write(&db, n * 50, 50));
            futures_util::future::join_all(rounds).await;
        };
        let sealing = async {
            for _ in 0..5 {
                let (a, b) = tokio::join!(one.flush_seal(), two.flush_seal());
                a.unwrap();
                b.unwrap();
            }
        };
        tokio::join!(writers, sealing);
        while number(&db, "SELECT count(*) AS n FROM trail_leaf").await < 1002 {
            one.flush_seal().await.unwrap();
        }
        assert_eq!(number(&db, "SELECT max(seq) AS n FROM trail_leaf").await, 1001);
        assert_eq!(one.flush_seal().await.unwrap(), 1002);
    }

    async fn the_started_trail_numbers_and_seals_by_itself(db: TestStore) {
        let config = TrailConfig { seal_every: Duration::from_millis(5), ..TrailConfig::default() };
        let trail = Trail::start(db.store.clone(), &vault(&db).await, config).await.unwrap();
        write(&db, 0, 20).await;
        let sealed = async {
            while trail.status().await.unwrap().sealed < 22 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), sealed).await.unwrap();
        write(&db, 20, 5).await;
        trail.stop().await.unwrap();
        assert_eq!(trail.status().await.unwrap().sealed, 27, "stopping seals what is left");
    }

    /// covers K6.2 (part)
    async fn nobody_rewrites_a_seal_through_the_store(db: TestStore) {
        let trail = open(&db).await;
        write(&db, 0, 1).await;
        trail.flush_seal().await.unwrap();
        for text in ["UPDATE trail_seal SET at = 0", "DELETE FROM trail_seal"] {
            let mut tx = db.store.write().await.unwrap();
            assert!(tx.execute(SqlBuilder::new(text).build()).await.is_err(), "{text}");
        }
    }

    async fn an_abandoned_sequencing_loses_nothing(db: TestStore) {
        if db.store.engine() == Engine::Sqlite {
            return; // leaves are numbered as they are written
        }
        let trail = open(&db).await;
        write(&db, 0, 10).await;
        let mut tx = db.store.write().await.unwrap();
        tx.fetch_one(SqlBuilder::new("SELECT trail_sequence(5)").build()).await.unwrap();
        drop(tx);
        assert_eq!(trail.flush_seal().await.unwrap(), 12);
    }

    async fn every_statement_is_understood(db: TestStore) {
        palisade_testkit::prepare_all(&db, palisade_trail::STATEMENTS).await;
    }
}
