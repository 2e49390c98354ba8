//! `palisade trail …`

use std::{fs, path::Path};

use serde_json::Value;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _, SqlSafeStr as _, sqlite::SqliteConnectOptions};

use crate::program::{Place, Said, on_both};

/// A place whose trail has a dozen entries, all sealed; served no longer.
fn closed_place() -> Place {
    let place = Place::embedded();
    let server = place.serve();
    for name in ["ada", "bob", "cleo"] {
        assert_eq!(place.run(&["user", "add", name, "--given-name", name, "--family-name", "Smith"]).code, 0);
    }
    assert!(server.stop());
    place
}

/// Changes the database as somebody would who has the file.
fn tamper(place: &Place, sql: &'static str) {
    let path = place.data().join("palisade.db");
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let mut conn = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
        let triggers: Vec<String> =
            sqlx::query_scalar("SELECT 'DROP TRIGGER ' || name FROM sqlite_schema WHERE type = 'trigger'")
                .fetch_all(&mut conn)
                .await
                .unwrap();
        for drop in triggers {
            conn.execute(AssertSqlSafe(drop).into_sql_str()).await.unwrap();
        }
        conn.execute(sql).await.unwrap();
    });
}

fn findings(said: &Said) -> Vec<(String, u64)> {
    let report: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
    let finding = |finding: &Value| (finding["kind"].as_str().unwrap().to_owned(), finding["first"].as_u64().unwrap());
    report["findings"].as_array().unwrap().iter().map(finding).collect()
}

/// covers K6.2 (part)
#[test]
fn an_edited_leaf_is_found_named_and_told_by_the_exit_code() {
    let place = closed_place();
    assert_eq!(place.run(&["trail", "verify", "--offline"]).code, 0);
    tamper(&place, "UPDATE trail_leaf SET actor = 'operator:nobody' WHERE seq = 3");
    let said = place.run(&["trail", "verify", "--offline", "--json"]);
    assert_eq!((said.code, findings(&said)), (5, vec![("leaf-edited".to_owned(), 3)]));
    let said = place.run(&["trail", "verify", "--offline"]);
    assert!(said.err.contains("the trail does not hold: 1 finding"), "{}", said.err);
}

/// covers K6.2 (part)
#[test]
fn a_deleted_leaf_is_found_where_it_was() {
    let place = closed_place();
    tamper(&place, "DELETE FROM trail_leaf WHERE seq = 4");
    let said = place.run(&["trail", "verify", "--offline", "--json"]);
    assert_eq!((said.code, findings(&said)), (5, vec![("leaf-missing".to_owned(), 4)]));
}

/// covers K6.2 (part)
#[test]
fn a_trail_cut_off_with_its_seals_is_found_against_a_seal_from_outside() {
    let place = closed_place();
    let server = place.start();
    let status = place.run(&["status", "--json"]).json();
    assert!(server.stop());
    let seal = place.dir().join("seal.txt");
    fs::write(&seal, status["trail"]["last_seal"].as_str().unwrap()).unwrap();
    let (seal, key) = (seal.display().to_string(), status["trail"]["vkey"].as_str().unwrap().to_owned());
    let against =
        |place: &Place| place.run(&["trail", "verify", "--offline", "--json", "--against", &seal, "--key", &key]);
    assert_eq!(against(&place).code, 0);
    tamper(&place, "DELETE FROM trail_leaf WHERE seq >= 2; DELETE FROM trail_seal WHERE size > 2");
    let said = against(&place);
    assert_eq!(said.code, 5, "{said:?}");
    assert!(findings(&said).iter().any(|(kind, _)| kind == "trail-truncated"), "{said:?}");
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

on_both! {
    /// covers K6.2 (part)
    fn an_export_is_verified_without_the_database(place) {
        let server = place.serve();
        assert_eq!(place.run(&["user", "add", "ada", "--given-name", "Ada", "--family-name", "Smith"]).code, 0);
        let path = place.dir().join("trail.jsonl");
        let file = path.display().to_string();
        let said = place.run(&["trail", "export", "-o", &file]);
        assert_eq!(said.code, 0, "{said:?}");
        assert_eq!(place.run(&["trail", "export", "-o", &file]).code, 4, "an export must not be written over");
        drop(server);
        assert_eq!(place.run(&["trail", "verify", "--export", &file]).code, 0);
        edit(&path, "user.create", "user.delete");
        assert_eq!(place.run(&["trail", "verify", "--export", &file]).code, 5);
        fs::write(&path, "not an export\n").unwrap();
        assert_eq!(place.run(&["trail", "verify", "--export", &file]).code, 4);
    }

    fn entries_are_found_and_followed(place) {
        let server = place.serve();
        assert_eq!(place.run(&["user", "add", "ada", "--given-name", "Ada", "--family-name", "Smith"]).code, 0);
        // On PostgreSQL a leaf gets its number a moment later; sealing waits for it.
        assert_eq!(place.run(&["key", "rotate"]).code, 0);
        let mut follow = place.program().args(["trail", "tail", "-n", "0", "--follow", "--json", "--action", "user."])
            .stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(follow.stdout.take().unwrap()));
        let read = std::thread::spawn(move || (lines.next().unwrap().unwrap(), lines));
        // It may begin to follow only after the first of these; the others come while it listens.
        while !read.is_finished() {
            assert_eq!(place.run(&["user", "disable", "ada"]).code, 0);
            assert_eq!(place.run(&["user", "enable", "ada"]).code, 0);
        }
        let (first, mut rest) = read.join().unwrap();
        assert_eq!(place.run(&["user", "disable", "ada"]).code, 0);
        for line in [first, rest.next().unwrap().unwrap()] {
            let entry: Value = serde_json::from_str(&line).unwrap();
            assert!(entry["action"].as_str().unwrap().starts_with("user."), "{entry}");
        }

        let said = place.run(&["trail", "search", "--action", "user.create", "--json"]);
        let entry: Value = serde_json::from_str(said.out.lines().next().unwrap()).unwrap();
        assert_eq!((&entry["category"], &entry["outcome"]), (&Value::from("administration"), &Value::from("success")));
        assert_eq!(place.run(&["trail", "search", "--failed", "no such text anywhere"]).out, "No entry fits.\n");
        assert_eq!(place.run(&["trail", "search", "--category", "gossip"]).code, 1);
        assert_eq!(place.run(&["trail", "search", "--from", "yesterday"]).code, 1);
        assert!(server.stop());
        assert!(rest.all(|line| line.is_ok()));
        assert!(follow.wait().unwrap().success(), "who follows is told when the server stops");
    }

    fn who_reads_no_further_ends_the_following(place) {
        let server = place.serve();
        let mut follow = place.program().args(["trail", "tail", "--follow"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(follow.stdout.take().unwrap()));
        lines.next().unwrap().unwrap();
        drop(lines);
        while follow.try_wait().unwrap().is_none() {
            place.run(&["user", "list"]);
            place.run(&["key", "rotate"]);
        }
        assert!(follow.wait().unwrap().success());
        assert!(server.stop());
    }
}
