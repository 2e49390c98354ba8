//! `setup`, `migrate`, `serve`: commands that open the database themselves.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use palisade_testkit::TestDatabase;

use crate::program::{Place, on_both, run};

on_both! {
    fn setup_prepares_everything_and_prints_a_link_before_and_while_serving(place) {
        let first = place.run(&["setup", "--json"]).json();
        let server = place.start();
        let second = place.run(&["setup", "--json"]).json();
        for made in [&first, &second] {
            let link = made["link"].as_str().unwrap();
            let (host, token) = link.split_once("/set-up/").unwrap();
            assert!(host.starts_with("https://localhost:"), "{link}");
            assert!(token.len() >= 43, "{link}");
        }
        assert_ne!(first["link"], second["link"]);
        assert!(server.stop());
    }

    fn migrating_twice_is_harmless(place) {
        let first = place.run(&["migrate", "--json"]).json()["steps"].as_u64().unwrap();
        assert!(first > 3, "{first} steps");
        let again = place.run(&["migrate"]);
        assert_eq!((again.code, again.out.as_str()), (0, "The database has every step already.\n"));
    }

    fn a_server_that_was_killed_starts_again_by_itself(place) {
        let mut server = place.serve();
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        assert!(place.socket().exists());
        assert_eq!(place.run(&["status"]).code, 3);
        let server = place.start();
        assert_eq!(place.run(&["trail", "verify"]).code, 0);
        assert!(server.stop());
        assert!(!place.socket().exists());
    }
}

#[test]
fn setup_writes_a_configuration_that_only_its_owner_reads() {
    let dir = tempfile::tempdir().unwrap();
    let (config, data) = (dir.path().join("palisade.toml"), dir.path().join("data"));
    let program = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_palisade"));
        command.arg("--config").arg(&config).arg("setup").env_remove("DATABASE_URL");
        command
    };
    let said = run(&mut program());
    assert_eq!(said.code, 2);
    assert!(said.err.contains("palisade setup --host kpi.example.com"), "{}", said.err);
    let said = run(program().args(["--host", "kpi.example.com", "--company", "Ann & Sons", "--data"]).arg(&data));
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("https://kpi.example.com/set-up/"), "{}", said.out);
    assert_eq!(fs::metadata(&config).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    // A configuration that is there is used, never written over.
    let before = fs::read(&config).unwrap();
    assert_eq!(run(program().args(["--host", "other.example.com"])).code, 0);
    assert_eq!(fs::read(&config).unwrap(), before);
}

#[test]
fn two_servers_never_share_an_embedded_database() {
    let place = Place::embedded();
    let server = place.serve();
    let said = place.run(&["serve"]);
    assert_eq!(said.code, 4, "{said:?}");
    let holder = format!("is in use by another Palisade (process {})", server.child.id());
    assert!(said.err.contains(&holder), "{}", said.err);
    assert_eq!(place.run(&["migrate"]).code, 4);
}

#[test]
fn a_damaged_database_is_not_served() {
    let place = Place::embedded();
    place.run(&["setup"]);
    let path = place.data().join("palisade.db");
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..12_288].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    let said = place.run(&["serve"]);
    assert_eq!(said.code, 4, "{said:?}");
    assert!(said.err.contains("is damaged") && said.err.contains("restore the newest backup"), "{}", said.err);
}

/// covers K5.3 (part)
#[tokio::test]
async fn migrating_postgresql_needs_the_owner() {
    let place = Place::new(TestDatabase::postgres().await);
    let said = run(place.program().env_remove("PALISADE_OWNER_DATABASE_URL").arg("migrate"));
    assert_eq!(said.code, 4);
    assert!(said.err.contains("Set PALISADE_OWNER_DATABASE_URL"), "{}", said.err);
    // And serving before it has been done says so.
    fs::create_dir(place.data()).unwrap();
    fs::set_permissions(place.data(), fs::Permissions::from_mode(0o700)).unwrap();
    let said = place.run(&["serve"]);
    assert_eq!(said.code, 4);
    assert!(said.err.contains("Run `palisade migrate`"), "{}", said.err);
}
