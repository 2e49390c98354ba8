//! `palisade verify` and `palisade harden` at a guarded site's MariaDB: the real server, its confined helper, a real database.

use std::fs;

use palisade_testkit::Mariadb;
use serde_json::Value;

use crate::{frappe::start_helper, program::Place};

/// The site, and its database, named in both configurations.
fn prepare(place: &Place, database: &Mariadb) {
    let (at, socket) = (place.dir().display(), database.socket());
    let config = fs::read_to_string(place.config()).unwrap();
    let site = format!(
        "\n[[site]]\nname = \"tems\"\nhosts = [\"tems.localhost\"]\nupstream = \"http://127.0.0.1:9\"\n\
         [site.database]\nuser = \"erpnext_user\"\nname = \"erpnext_db\"\n[helper]\nsocket = \"{at}/helper.sock\"\n"
    );
    fs::write(place.config(), config + &site).unwrap();
    let helper = format!(
        "user = \"root\"\nsocket = \"{at}/helper.sock\"\n[mariadb]\nsocket = {socket:?}\n\
         [[mariadb.application]]\nuser = \"erpnext_user\"\ndatabase = \"erpnext_db\"\n"
    );
    fs::write(place.dir().join("helper.toml"), helper).unwrap();
}

/// The checks of these points that see a finding, by name.
fn findings(place: &Place) -> Vec<String> {
    let mut found = Vec::new();
    for point in ["T6.1", "T6.2"] {
        let said = place.run(&["verify", "--point", point, "--json"]).out;
        let entries = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let loose = entries.filter(|entry| entry["verdict"] == "finding" || entry["verdict"] == "unseen");
        found.extend(loose.filter_map(|entry| Some(entry["check"].as_str()?.to_owned())));
    }
    found.sort();
    found.dedup();
    found
}

/// The digest of the plan, and its statements.
fn plan(place: &Place) -> Option<(String, Vec<String>)> {
    let said = place.run(&["harden", "plan", "--json"]).out;
    let mut plans = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let plan = plans.find(|plan| plan["mender"] == "mariadb")?;
    let steps = plan["steps"].as_array().unwrap().iter();
    let statements = steps.flat_map(|step| step["difference"].as_str().unwrap().lines().map(str::to_owned));
    Some((plan["plan"].as_str().unwrap().to_owned(), statements.collect()))
}

/// covers T6.1, T6.2
#[test]
fn a_guarded_sites_mariadb_is_verified_mended_as_shown_and_then_clean() {
    let (place, database) = (Place::embedded(), Mariadb::start());
    database.run(
        "CREATE DATABASE erpnext_db; CREATE USER erpnext_user@localhost IDENTIFIED BY 'app';\n\
         GRANT ALL PRIVILEGES ON *.* TO erpnext_user@localhost WITH GRANT OPTION; CREATE USER root@'%';",
    );
    prepare(&place, &database);
    let _helper = start_helper(&place);
    let server = place.serve();

    let loose = ["anonymous", "passwords", "remote_root", "test"].map(|word| format!("database.mariadb.{word}"));
    assert_eq!(findings(&place), [&loose[..], &["database.tems.rights".to_owned()]].concat());
    let (digest, statements) = plan(&place).unwrap();
    for wanted in ["DROP USER `root`@`%`;", "DROP DATABASE `test`;"] {
        assert!(statements.iter().any(|statement| statement == wanted), "{wanted} in {statements:#?}");
    }
    assert_ne!(place.run(&["harden", "apply", "mariadb", "--plan", "0000000000000000"]).code, 0);
    assert!(database.run_as("anybody", "", "SELECT 1;").is_ok(), "nothing was done");

    let applied = place.run(&["harden", "apply", "mariadb", "--plan", &digest]);
    assert_eq!(applied.code, 0, "{applied:?}");
    let now = "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, INDEX, ALTER, LOCK TABLES, EXECUTE, CREATE ROUTINE, \
               ALTER ROUTINE ON `erpnext\\_db`.* TO `erpnext_user`@`localhost`";
    assert!(applied.out.contains(now), "{}", applied.out);
    assert_eq!(findings(&place), Vec::<String>::new());
    assert!(plan(&place).is_none_or(|(_, statements)| statements.is_empty()));
    assert!(database.run_as("anybody", "", "SELECT 1;").is_err());

    let trail = place.run(&["trail", "search", "--action", "helper", "--json"]).out;
    assert!(trail.contains("DROP USER `root`@`%`;"), "what was said to the server stands in the trail: {trail}");
    assert_eq!(trail.matches("\"helper.mend_database\"").count(), 1, "{trail}");
    assert!(!trail.contains("IDENTIFIED BY"), "no hash does: {trail}");
    drop(server);
}
