//! Tampering is found, and located.

use palisade_base::Authority;
use palisade_keys::{KeyFile, Vault};
use palisade_store::{Engine, SqlBuilder};
use palisade_testkit::{TestStore, on_both_engines};
use palisade_trail::{FindingKind, Report, Trail, TrailConfig, VerifyOptions, verify};
use sha2::{Digest as _, Sha256};

use crate::{
    MIGRATOR,
    support::{number, open, tamper, write},
};

/// Thirty-two leaves (two of the vault's own, then ours) under three seals over 12, 22 and 32.
async fn sealed(db: &TestStore) -> Trail {
    let trail = open(db).await;
    for round in 0..3 {
        write(db, round * 10, 10).await;
        trail.flush_seal().await.unwrap();
    }
    trail
}

async fn audit(trail: &Trail) -> Report {
    trail.verify(VerifyOptions::default()).await.unwrap()
}

/// Kinds and ranges of what was found.
fn found(report: &Report) -> Vec<(FindingKind, u64, u64)> {
    assert_eq!(report.ok, report.findings.is_empty());
    report.findings.iter().map(|finding| (finding.kind, finding.first, finding.last)).collect()
}

async fn note_over(db: &TestStore, size: i64) -> String {
    let mut sql = SqlBuilder::new("SELECT note FROM trail_seal WHERE size = ");
    sql.value(size);
    db.store.read().await.unwrap().fetch_one(sql.build()).await.unwrap().get("note").unwrap()
}

fn against(text: &str) -> VerifyOptions {
    VerifyOptions::default().against_text(text)
}

/// Makes a leaf's row genuine again after its action was changed: what somebody does who knows the format.
async fn recommit(db: &TestStore, seq: i64) {
    let mut sql = SqlBuilder::new("SELECT * FROM trail_leaf WHERE seq = ");
    sql.value(seq);
    let row = db.store.read().await.unwrap().fetch_one(sql.build()).await.unwrap();
    let (what, salt) = palisade_store::leaf_from_row(&row).unwrap().what;
    let mut part = [salt.as_slice(), b"what\x01", &8_u64.to_be_bytes(), &what.at.as_micros().to_be_bytes()].concat();
    for text in [&what.category, &what.actor, &what.action, &what.resource, &what.outcome] {
        part.push(1);
        part.extend((text.len() as u64).to_be_bytes());
        part.extend(text.as_bytes());
    }
    let commitment = data_encoding::HEXLOWER.encode(&Sha256::digest(part));
    let update = match db.store.engine() {
        Engine::Sqlite => format!("commitments = CAST(x'{commitment}' || substr(commitments, 33) AS BLOB)"),
        Engine::Postgres => format!("commitments = '\\x{commitment}'::bytea || substring(commitments FROM 33)"),
    };
    tamper(db, &format!("UPDATE trail_leaf SET {update} WHERE seq = {seq}")).await;
}

/// Drops all seals and has them made again, with this vault's key.
async fn seal_anew(db: &TestStore, trail: &Trail) {
    tamper(db, "DELETE FROM trail_seal").await;
    trail.flush_seal().await.unwrap();
}

on_both_engines! {
    /// covers K6.2 (part)
    async fn a_whole_trail_is_whole(db: TestStore) {
        let trail = sealed(&db).await;
        write(&db, 30, 4).await;
        let unsealed = if db.store.engine() == Engine::Sqlite { 4 } else { 0 };
        let report = trail.verify(against(&note_over(&db, 22).await)).await.unwrap();
        assert_eq!(found(&report), []);
        assert_eq!((report.leaves, report.seals, report.sealed, report.outside), (32 + unsealed, 3, 32, 1));
        assert_eq!((report.unsealed, report.unsealed + report.pending), (unsealed, 4));
        assert!(report.to_string().contains("4 leaves at the end are not sealed yet"), "{report}");
    }

    async fn an_empty_trail_is_whole(db: TestStore) {
        let trail = open(&db).await;
        tamper(&db, "DELETE FROM trail_leaf").await;
        assert!(audit(&trail).await.ok);
    }

    /// covers K6.2 (part)
    async fn every_edited_column_is_found_and_its_leaf_named(db: TestStore) {
        let trail = sealed(&db).await;
        let hex = if db.store.engine() == Engine::Sqlite { "x'00'" } else { "'\\x00'::bytea" };
        for (column, value, part) in [
            ("at", "at + 1", "what happened"),
            ("category", "'security'", "what happened"),
            ("actor", "'anonymous'", "what happened"),
            ("action", "'employee.read'", "what happened"),
            ("resource", "'employee:9'", "what happened"),
            ("outcome", "'failure:x'", "what happened"),
            ("address", "'192.0.2.8'", "the origin"),
            ("session", "''", "the origin"),
            ("request", "'x'", "the origin"),
            ("agent", "NULL", "the origin"),
            ("detail", "'{}'", "the detail"),
            ("version", "2", "the version"),
            ("what_salt", hex, "row can't be read"),
            ("commitments", hex, "row can't be read"),
        ] {
            tamper(&db, "DROP TABLE IF EXISTS kept").await;
            tamper(&db, "CREATE TABLE kept AS SELECT * FROM trail_leaf WHERE seq = 15").await;
            tamper(&db, &format!("UPDATE trail_leaf SET {column} = {value} WHERE seq = 15")).await;
            let report = audit(&trail).await;
            assert_eq!(found(&report), [(FindingKind::LeafEdited, 15, 15)], "{column}");
            let message = &report.findings[0].message;
            assert!(message.starts_with("Leaf 15 was edited") && message.contains(part), "{column}: {message}");
            tamper(&db, "DELETE FROM trail_leaf WHERE seq = 15").await;
            tamper(&db, "INSERT INTO trail_leaf SELECT * FROM kept").await;
            assert!(audit(&trail).await.ok);
        }
    }

    async fn bytes_that_move_between_columns_are_found(db: TestStore) {
        let trail = sealed(&db).await;
        if db.store.engine() == Engine::Sqlite {
            // The packed form has FF between columns; a column with FF in it must not look like two.
            tamper(&db, "UPDATE trail_leaf SET agent = CAST(CAST(agent AS BLOB) || x'ff' || CAST(detail AS BLOB) AS TEXT), \
                         detail = NULL WHERE seq = 15").await;
        } else {
            tamper(&db, "UPDATE trail_leaf SET agent = agent || detail, detail = NULL WHERE seq = 15").await;
        }
        assert_eq!(found(&audit(&trail).await), [(FindingKind::LeafEdited, 15, 15)]);
    }

    /// covers K6.2 (part)
    async fn an_edit_with_recomputed_commitments_is_found_and_named(db: TestStore) {
        let trail = sealed(&db).await;
        tamper(&db, "UPDATE trail_leaf SET action = 'employee.read' WHERE seq = 15").await;
        recommit(&db, 15).await;
        assert_eq!(found(&audit(&trail).await), [(FindingKind::LeafReplaced, 15, 15)]);
    }

    /// covers K6.2 (part)
    async fn a_deleted_row_is_found_and_named(db: TestStore) {
        let trail = sealed(&db).await;
        tamper(&db, "DELETE FROM trail_leaf WHERE seq IN (0, 7, 15, 16, 17)").await;
        let missing = FindingKind::LeafMissing;
        let report = audit(&trail).await;
        assert_eq!(found(&report), [(missing, 0, 0), (missing, 7, 7), (missing, 15, 17)]);
        assert_eq!(report.findings[2].message, "Leaves 15 to 17 are missing.");
    }

    /// covers K6.2 (part)
    async fn swapped_rows_are_found_and_named(db: TestStore) {
        let trail = sealed(&db).await;
        for (from, to) in [(14, 999), (18, 14), (999, 18)] {
            tamper(&db, &format!("UPDATE trail_leaf SET seq = {to} WHERE seq = {from}")).await;
        }
        let report = audit(&trail).await;
        assert_eq!(found(&report), [(FindingKind::LeafMoved, 14, 14), (FindingKind::LeafMoved, 18, 18)]);
        assert_eq!(report.findings[0].message, "Leaf 14 was moved: it was sealed as leaf 18.");
    }

    /// covers K6.2 (part)
    async fn an_inserted_row_is_found_and_named(db: TestStore) {
        let trail = sealed(&db).await;
        tamper(&db, "UPDATE trail_leaf SET seq = seq + 1000 WHERE seq >= 25").await;
        tamper(&db, "UPDATE trail_leaf SET seq = seq - 999 WHERE seq >= 1000").await;
        tamper(&db, "CREATE TABLE fresh AS SELECT * FROM trail_leaf WHERE seq = 3").await;
        tamper(&db, "UPDATE fresh SET seq = 25").await;
        tamper(&db, "INSERT INTO trail_leaf SELECT * FROM fresh").await;
        let report = audit(&trail).await;
        assert_eq!(found(&report)[0], (FindingKind::LeafReplaced, 25, 25));
        assert_eq!(found(&report)[1..], (26..32).map(|n| (FindingKind::LeafMoved, n, n)).collect::<Vec<_>>());
    }

    /// covers K6.2 (part)
    async fn a_trail_cut_off_below_its_last_seal_is_found(db: TestStore) {
        let trail = sealed(&db).await;
        tamper(&db, "DELETE FROM trail_leaf WHERE seq >= 20").await;
        assert_eq!(found(&audit(&trail).await), [(FindingKind::LeafMissing, 20, 31)]);
    }

    /// covers K6.2 (part)
    async fn a_trail_cut_off_with_its_seals_is_found_against_a_seal_from_outside(db: TestStore) {
        let trail = sealed(&db).await;
        let outside = note_over(&db, 32).await;
        tamper(&db, "DELETE FROM trail_leaf WHERE seq >= 22").await;
        tamper(&db, "DELETE FROM trail_seal WHERE size > 22").await;
        assert!(audit(&trail).await.ok, "inside, nothing is left that could tell");
        let report = trail.verify(against(&outside)).await.unwrap();
        assert_eq!(found(&report), [(FindingKind::TrailTruncated, 22, 31)]);
    }

    /// covers K6.2 (part)
    async fn a_trail_rewritten_and_sealed_again_with_its_own_key_is_found_against_seals_from_outside(db: TestStore) {
        let trail = sealed(&db).await;
        let outside = [note_over(&db, 12).await, note_over(&db, 22).await, note_over(&db, 32).await].concat();
        tamper(&db, "UPDATE trail_leaf SET action = 'employee.read' WHERE seq = 15").await;
        recommit(&db, 15).await;
        seal_anew(&db, &trail).await;
        assert!(audit(&trail).await.ok, "inside, everything fits together again");
        let report = trail.verify(against(&outside)).await.unwrap();
        assert_eq!(found(&report), [(FindingKind::TrailRewritten, 12, 21)]);
        assert_eq!(report.outside, 3);
    }

    /// covers K6.2 (part)
    async fn a_trail_sealed_again_with_another_key_is_found_by_the_key_from_outside(db: TestStore) {
        let trail = sealed(&db).await;
        let (vkey, outside) = (trail.vkey().clone(), note_over(&db, 32).await);
        tamper(&db, "DELETE FROM vault_secret").await;
        tamper(&db, "DELETE FROM vault_key").await;
        let key = KeyFile::create(&db.dir.path().join("another"), &db.env()).unwrap();
        let vault = Vault::open(db.store.clone(), key, []).await.unwrap();
        let forger = Trail::open(db.store.clone(), &vault, TrailConfig::default()).await.unwrap();
        tamper(&db, "UPDATE trail_leaf SET action = 'employee.read' WHERE seq = 15").await;
        recommit(&db, 15).await;
        seal_anew(&db, &forger).await;
        assert!(audit(&forger).await.ok);
        let report = forger.verify(against(&outside)).await.unwrap();
        assert_eq!(found(&report), [(FindingKind::OutsideUntrusted, 0, 31)]);
        let options = VerifyOptions { vkey: Some(vkey.clone()), ..against(&outside) };
        let report = verify(&db.store, &vkey, options).await.unwrap();
        let kinds: Vec<_> = report.findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, [FindingKind::SealForged, FindingKind::TrailRewritten]);
    }

    /// covers K6.2 (part)
    async fn erased_parts_leave_the_tree_valid(db: TestStore) {
        let trail = sealed(&db).await;
        tamper(&db, "UPDATE trail_leaf SET detail = NULL, detail_salt = NULL WHERE seq IN (5, 15)").await;
        tamper(&db, "UPDATE trail_leaf SET address = NULL, session = NULL, request = NULL, agent = NULL, \
                     origin_salt = NULL WHERE seq = 15").await;
        let report = audit(&trail).await;
        assert_eq!((found(&report), report.erased), (vec![], 2));
        tamper(&db, "UPDATE trail_leaf SET detail = '{\"invented\":1}' WHERE seq = 15").await;
        let report = audit(&trail).await;
        assert_eq!(found(&report), [(FindingKind::LeafEdited, 15, 15)]);
    }

    /// covers K6.2 (part)
    async fn a_seal_taken_out_of_the_middle_is_found(db: TestStore) {
        let trail = sealed(&db).await;
        tamper(&db, "DELETE FROM trail_seal WHERE size = 22").await;
        assert_eq!(found(&audit(&trail).await), [(FindingKind::SealMissing, 12, 21)]);
    }

    /// covers K6.2 (part)
    async fn leaves_gone_with_their_seal_are_still_bounded(db: TestStore) {
        let trail = sealed(&db).await;
        tamper(&db, "DELETE FROM trail_seal WHERE size = 22").await;
        tamper(&db, "DELETE FROM trail_leaf WHERE seq IN (14, 27)").await;
        let report = audit(&trail).await;
        let expected = [
            (FindingKind::SealMissing, 12, 21),
            (FindingKind::LeafMissing, 14, 14),
            (FindingKind::LeafMissing, 27, 27),
            (FindingKind::RootDiffers, 22, 31),
        ];
        assert_eq!(found(&report), expected);
    }

    /// covers K6.2 (part)
    async fn every_edited_column_of_a_seal_is_found(db: TestStore) {
        let trail = sealed(&db).await;
        let zeros = if db.store.engine() == Engine::Sqlite { "zeroblob(320)" } else { "decode(repeat('00', 320), 'hex')" };
        let edited = [
            ("root", "(SELECT root FROM trail_seal WHERE size = 12)", vec![(FindingKind::SealEdited, 12, 21)]),
            ("leaves", zeros, vec![(FindingKind::SealEdited, 12, 21)]),
            ("leaves", "(SELECT leaves FROM trail_seal WHERE size = 12)", vec![(FindingKind::SealEdited, 12, 21)]),
            ("note", "(SELECT note FROM trail_seal WHERE size = 12)", vec![(FindingKind::SealEdited, 12, 21)]),
            ("note", "replace(note, '22', '23')", vec![(FindingKind::SealForged, 12, 21)]),
            ("note", "'x'", vec![(FindingKind::SealForged, 12, 21)]),
        ];
        for (column, value, expected) in edited {
            tamper(&db, "DROP TABLE IF EXISTS kept").await;
            tamper(&db, "CREATE TABLE kept AS SELECT * FROM trail_seal WHERE size = 22").await;
            tamper(&db, &format!("UPDATE trail_seal SET {column} = {value} WHERE size = 22")).await;
            assert_eq!(found(&audit(&trail).await), expected, "{column} = {value}");
            tamper(&db, "DELETE FROM trail_seal WHERE size = 22").await;
            tamper(&db, "INSERT INTO trail_seal SELECT * FROM kept").await;
        }
        assert!(audit(&trail).await.ok);
    }

    async fn a_leaf_and_its_listed_hash_changed_together_are_found(db: TestStore) {
        let trail = sealed(&db).await;
        tamper(&db, "UPDATE trail_leaf SET action = 'employee.read' WHERE seq = 15").await;
        recommit(&db, 15).await;
        // The seal's list is made to fit: 22 − 12 hashes, the fourth replaced by something the leaf does not have either.
        let replace = if db.store.engine() == Engine::Sqlite {
            "CAST(substr(leaves, 1, 64) || zeroblob(64) || substr(leaves, 129) AS BLOB)"
        } else {
            "substring(leaves FROM 1 FOR 64) || decode(repeat('00', 64), 'hex') || substring(leaves FROM 129)"
        };
        tamper(&db, &format!("UPDATE trail_seal SET leaves = {replace} WHERE size = 22")).await;
        let report = audit(&trail).await;
        let last = report.findings.last().unwrap();
        assert_eq!((last.kind, last.first, last.last), (FindingKind::RootDiffers, 12, 21));
    }

    async fn rows_with_wild_numbers_end_the_check_in_time(db: TestStore) {
        let trail = sealed(&db).await;
        tamper(&db, "UPDATE trail_leaf SET seq = 4611686018427387904 WHERE seq = 20").await;
        tamper(&db, "UPDATE trail_leaf SET seq = -3 WHERE seq = 21").await;
        let report = audit(&trail).await;
        let expected = [
            (FindingKind::LeafForeign, 0, 0),
            (FindingKind::LeafMissing, 20, 21),
            (FindingKind::LeafMissing, 32, 4_611_686_018_427_387_903),
        ];
        assert_eq!(found(&report), expected);
    }

    async fn what_was_deleted_before_its_seal_is_found(db: TestStore) {
        let trail = sealed(&db).await;
        write(&db, 30, 5).await;
        if db.store.engine() == Engine::Sqlite {
            tamper(&db, "DELETE FROM trail_leaf WHERE seq = 33").await;
            assert_eq!(trail.flush_seal().await.unwrap(), 37);
            let report = audit(&trail).await;
            assert_eq!(found(&report), [(FindingKind::LeafMissing, 33, 33)]);
            assert!(report.findings[0].message.contains("before they were sealed"));
        }
    }

    async fn a_text_from_outside_without_a_readable_seal_is_a_finding(db: TestStore) {
        let trail = sealed(&db).await;
        let note = note_over(&db, 22).await;
        let cut = note.replace("\n22\n", "\nxx\n");
        let report = trail.verify(against(&cut)).await.unwrap();
        assert_eq!(found(&report), [(FindingKind::OutsideUnclear, 0, 0)]);
    }

    async fn more_leaves_than_a_chunk_and_long_ones_verify(db: TestStore) {
        let trail = open(&db).await;
        write(&db, 0, 5_000).await;
        let long = palisade_base::TrailEntry::new(
            palisade_base::Category::Access,
            &palisade_base::Caller::job("export", Authority::none()),
            "employee.export",
            palisade_base::Resource::whole("employee"),
        );
        db.store.append(&[long.note("rows", "x".repeat(200_000))]).await.unwrap();
        trail.flush_seal().await.unwrap();
        let report = audit(&trail).await;
        assert_eq!((found(&report), report.leaves), (vec![], 5_003));
        tamper(&db, "UPDATE trail_leaf SET actor = 'x' WHERE seq IN (4999, 5002)").await;
        let report = audit(&trail).await;
        assert_eq!(found(&report), [(FindingKind::LeafEdited, 4999, 4999), (FindingKind::LeafEdited, 5002, 5002)]);
        assert_eq!(number(&db, "SELECT max(size) AS n FROM trail_seal").await, 5_003);
    }
}
