//! An export verifies without the database.

use palisade_base::Env;
use palisade_testkit::{TestStore, on_both_engines};
use palisade_trail::{FindingKind, Report, Trail, TrailError, VerifierKey, VerifyOptions, verify_export};
use serde_json::Value;

use crate::{
    MIGRATOR,
    support::{open, tamper, write},
};

/// Two seals over 12 and 22 leaves, three leaves more, and some erased parts, as JSON Lines.
async fn exported(db: &TestStore) -> (Trail, String) {
    let trail = open(db).await;
    for round in 0..2 {
        write(db, round * 10, 10).await;
        trail.flush_seal().await.unwrap();
    }
    tamper(db, "UPDATE trail_leaf SET detail = NULL, detail_salt = NULL WHERE seq = 5").await;
    let export = export(&trail).await;
    (trail, export)
}

async fn export(trail: &Trail) -> String {
    let mut out = Vec::new();
    let summary = trail.export(&mut out).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count() as u64, summary.leaves + summary.seals + 2);
    text
}

fn audit(export: &str, env: &Env) -> Report {
    verify_export(export.as_bytes(), &VerifyOptions::default(), env).unwrap()
}

fn kinds(report: &Report) -> Vec<(FindingKind, u64)> {
    assert_eq!(report.ok, report.findings.is_empty());
    report.findings.iter().map(|finding| (finding.kind, finding.first)).collect()
}

/// Changes the line of a leaf.
fn edit(export: &str, seq: u64, change: impl Fn(&mut Value)) -> String {
    let lines = export.lines().map(|line| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        if line["leaf"]["seq"] == seq {
            change(&mut line["leaf"]);
        }
        format!("{line}\n")
    });
    lines.collect()
}

fn without(export: &str, unwanted: impl Fn(&Value) -> bool) -> String {
    let lines = export.lines().filter(|line| !unwanted(&serde_json::from_str(line).unwrap()));
    lines.map(|line| format!("{line}\n")).collect()
}

on_both_engines! {
    /// covers K6.2 (part)
    async fn an_export_is_whole_and_says_what_the_database_says(db: TestStore) {
        let (trail, export) = exported(&db).await;
        let offline = audit(&export, &db.env());
        assert_eq!(kinds(&offline), []);
        assert_eq!((offline.leaves, offline.seals, offline.sealed, offline.erased), (22, 2, 22, 1));
        assert_eq!(offline, trail.verify(VerifyOptions::default()).await.unwrap());
    }

    /// covers K6.2 (part)
    async fn an_edited_export_is_found_and_the_leaf_named(db: TestStore) {
        let (_, export) = exported(&db).await;
        let edited = edit(&export, 15, |leaf| leaf["content"]["what"]["action"] = "employee.read".into());
        assert_eq!(kinds(&audit(&edited, &db.env())), [(FindingKind::LeafEdited, 15)]);
        let edited = edit(&export, 15, |leaf| leaf["content"]["detail"]["text"] = "{}".into());
        assert_eq!(kinds(&audit(&edited, &db.env())), [(FindingKind::LeafEdited, 15)]);
        let edited = edit(&export, 15, |leaf| leaf["content"]["what"]["salt"] = "AAAA".into());
        assert_eq!(kinds(&audit(&edited, &db.env())), [(FindingKind::LeafEdited, 15)]);
    }

    /// covers K6.2 (part)
    async fn lines_taken_out_of_an_export_are_found(db: TestStore) {
        let (trail, _) = exported(&db).await;
        write(&db, 20, 3).await;
        if db.store.engine() == palisade_store::Engine::Postgres {
            return; // there, unsealed leaves are sealed as soon as they are numbered by hand
        }
        let export = export(&trail).await;
        let leaf = without(&export, |line| line["leaf"]["seq"] == 15);
        let expected = [(FindingKind::LeafMissing, 15), (FindingKind::TrailTruncated, 0)];
        assert_eq!(kinds(&audit(&leaf, &db.env())), expected);
        let tail = without(&export, |line| line["leaf"]["seq"] == 24);
        assert_eq!(kinds(&audit(&tail, &db.env())), [(FindingKind::TrailTruncated, 0)]);
        let seal = without(&export, |line| line["seal"]["size"] == 12);
        let expected = [(FindingKind::SealMissing, 0), (FindingKind::TrailTruncated, 0)];
        assert_eq!(kinds(&audit(&seal, &db.env())), expected);
        let end = without(&export, |line| line["end"].is_object());
        assert_eq!(kinds(&audit(&end, &db.env())), [(FindingKind::TrailTruncated, 0)]);
    }

    /// covers K6.2 (part)
    async fn an_export_of_another_trail_is_found_by_the_key_from_outside(db: TestStore) {
        let (_, export) = exported(&db).await;
        let vkey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let options = VerifyOptions { vkey: Some(VerifierKey::parse(vkey).unwrap()), ..VerifyOptions::default() };
        let report = verify_export(export.as_bytes(), &options, &db.env()).unwrap();
        assert_eq!(kinds(&report), [(FindingKind::SealForged, 0)]);
    }

    async fn an_export_against_a_seal_from_outside(db: TestStore) {
        let (trail, export) = exported(&db).await;
        write(&db, 20, 4).await;
        trail.flush_seal().await.unwrap();
        let note = trail.status().await.unwrap().last_seal.unwrap();
        let options = VerifyOptions::default().against_text(&note);
        let report = verify_export(export.as_bytes(), &options, &db.env()).unwrap();
        assert_eq!(kinds(&report), [(FindingKind::TrailTruncated, 22)]);
    }

    async fn what_is_no_export_is_refused_with_its_line(db: TestStore) {
        let (_, export) = exported(&db).await;
        let refusal = |text: &str| verify_export(text.as_bytes(), &VerifyOptions::default(), &db.env()).unwrap_err();
        for (text, line) in [
            (String::new(), 1),
            ("{}\n".to_owned(), 1),
            (export.replacen("\"version\":1", "\"version\":2", 1), 1),
            (export.replacen("\n{\"leaf\"", "\nnonsense\n{\"leaf\"", 1), 3),
            (export.lines().next().unwrap().to_owned() + "\n" + &export, 2),
        ] {
            let TrailError::Export { line: found, .. } = refusal(&text) else { panic!("another error") };
            assert_eq!(found, line);
        }
    }
}
