//! Databases: a real MariaDB behind a real helper, and a real PostgreSQL.

use std::{path::Path, sync::Arc, thread::JoinHandle};

use palisade_config::Config;
use palisade_helper::{
    HelperFile,
    client::HelperClient,
    mariadb::NEEDED,
    process::{Helper, HelperSocket},
};
use palisade_posture::{
    Check, Mender, Plan, Sight, Verdict,
    database::{Databases, checks, mender},
};
use palisade_store::{DatabaseUrl, PoolConfig, Store};
use palisade_testkit::{Mariadb, TestDatabase, TestEnv, TestStore, on_both_engines};
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::MIGRATOR;

const ERPNEXT: &str = "[[mariadb.application]]\nuser = \"erpnext_user\"\ndatabase = \"erpnext_db\"\n";

/// A helper beside a MariaDB server, and the databases as a configuration with a guarded site names them.
struct Guarded {
    databases: Databases,
    _client: HelperClient,
    _store: TestStore,
    folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Guarded {
    async fn start(server: Option<&Mariadb>, more: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let (socket, uid) = (folder.path().join("helper.sock"), rustix::process::getuid().as_raw());
        let section =
            server.map_or_else(String::new, |server| format!("[mariadb]\nsocket = {:?}\n{more}", server.socket()));
        let text = format!("user = \"{uid}\"\nsocket = {socket:?}\n{section}");
        let file = HelperFile::parse(Path::new("helper.toml"), &text).unwrap();
        let bound = HelperSocket::bind(&file).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let helper = Helper::new(file, Vec::new(), Vec::new());
            runtime.block_on(helper.serve(bound, async { _ = stopped.await })).unwrap();
        });
        let client = HelperClient::start(&socket, TestEnv::default().env, |_| {});
        let store = TestStore::sqlite(MIGRATOR).await;
        let databases = Databases::of(&config(FRAPPE), &store.store, MIGRATOR, Some(&client));
        Self { databases, _client: client, _store: store, folder, stop: Some(stop), thread: Some(thread) }
    }

    async fn see(&self, id: &str) -> Sight {
        see(&self.databases, id).await
    }

    fn mender(&self) -> Arc<dyn Mender> {
        mender(&self.databases).unwrap()
    }

    /// Plans and applies; gives what was shown.
    async fn mend(&self) -> Plan {
        let plan = self.mender().plan().await.unwrap();
        self.mender().apply(&plan).await.unwrap();
        plan
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if let (Some(stop), Some(thread)) = (self.stop.take(), self.thread.take()) {
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

const FRAPPE: &str = "[[site]]\nname = \"tems\"\nhosts = [\"tems.example.com\"]\nupstream = \"http://127.0.0.1:8000\"\n\
                      preset = \"frappe\"\n[site.database]\nuser = \"erpnext_user\"\nname = \"erpnext_db\"\n";
const GUARDED: &str =
    "[[site]]\nname = \"tems\"\nhosts = [\"tems.example.com\"]\nupstream = \"http://127.0.0.1:8000\"\n";

fn config(text: &str) -> Config {
    Config::parse(Path::new("palisade.toml"), text).unwrap()
}

async fn see(databases: &Databases, id: &str) -> Sight {
    let all: Vec<Arc<dyn Check>> = checks(databases);
    let check = all.iter().find(|check| check.about().id == id).unwrap_or_else(|| panic!("no check {id}"));
    check.look().await
}

const SERVER: [&str; 5] = ["passwords", "anonymous", "remote_root", "test", "reloaded"];

async fn verdicts(guarded: &Guarded) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    for word in SERVER {
        verdicts.push(guarded.see(&format!("database.mariadb.{word}")).await.verdict());
    }
    verdicts
}

fn statements(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().flat_map(|step| step.difference.lines()).collect()
}

/// covers T6.1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_mariadb_is_loose_in_every_point_and_mended_it_is_in_none() {
    use Verdict::{Finding, InForce};
    let server = Mariadb::start();
    server.run("DROP USER root@'127.0.0.1'; CREATE USER root@'%' IDENTIFIED BY 'even-with-a-password';");
    let guarded = Guarded::start(Some(&server), "").await;
    assert_eq!(verdicts(&guarded).await, [Finding, Finding, Finding, Finding, InForce]);
    server.run_as("anybody", "", "SELECT 1; CREATE TABLE test.anything (a INT); DROP TABLE test.anything;").unwrap();

    let plan = guarded.mend().await;
    let said = statements(&plan);
    for wanted in [
        "DROP USER `root`@`%`;",
        "DROP USER ``@`localhost`;",
        "ALTER USER `root`@`localhost` IDENTIFIED VIA unix_socket;",
        "ALTER USER `root`@`::1` IDENTIFIED VIA unix_socket;",
        "DROP DATABASE `test`;",
        "FLUSH PRIVILEGES;",
    ] {
        assert!(said.contains(&wanted), "{wanted} in {said:#?}");
    }
    assert_eq!(verdicts(&guarded).await, [InForce; 5]);
    assert!(guarded.mender().plan().await.unwrap().is_empty());
    assert!(server.run_as("anybody", "", "SELECT 1;").unwrap_err().contains("Access denied"));
    assert_eq!(
        server.run("SELECT DISTINCT User FROM mysql.global_priv WHERE Host <> '' ORDER BY User;"),
        "mariadb.sys\nroot\n"
    );
}

/// covers T6.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn privilege_tables_that_were_not_reloaded_are_a_finding_until_they_are() {
    let server = Mariadb::start();
    let guarded = Guarded::start(Some(&server), "").await;
    guarded.mend().await;
    server.run(
        "INSERT INTO mysql.global_priv (Host, User, Priv) VALUES ('%', 'root', '{\"access\":18446744073709551615}');",
    );
    let sight = guarded.see("database.mariadb.reloaded").await;
    assert_eq!(sight.verdict(), Verdict::Finding);
    assert!(sight.evidence()[0].contains("'root'@'%'"), "{sight:?}");
    let plan = guarded.mend().await;
    assert_eq!(statements(&plan), ["FLUSH PRIVILEGES;"]);
    assert_eq!(guarded.see("database.mariadb.reloaded").await.verdict(), Verdict::InForce);
    let sight = guarded.see("database.mariadb.remote_root").await;
    assert_eq!(sight.verdict(), Verdict::Finding, "now it is in force, and seen");
    assert_eq!(statements(&guarded.mend().await), ["DROP USER `root`@`%`;"]);
    assert_eq!(guarded.see("database.mariadb.remote_root").await.verdict(), Verdict::InForce);
}

/// covers T6.2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_applications_grants_are_shown_and_mended_to_the_guides_list() {
    let server = Mariadb::start();
    // The usual way: everything on its own database, and the right to hand it on.
    server.run(
        "CREATE DATABASE erpnext_db; CREATE DATABASE other; CREATE TABLE other.t (a INT);\n\
         CREATE USER erpnext_user@localhost IDENTIFIED BY 'app'; GRANT FILE, PROCESS ON *.* TO erpnext_user@localhost;\n\
         GRANT ALL PRIVILEGES ON erpnext_db.* TO erpnext_user@localhost WITH GRANT OPTION; GRANT SELECT ON other.* TO erpnext_user@localhost;",
    );
    let guarded = Guarded::start(Some(&server), ERPNEXT).await;
    guarded.mender();
    let before = guarded.see("database.tems.rights").await;
    assert_eq!(before.verdict(), Verdict::Finding);
    let shown = "GRANT ALL PRIVILEGES ON `erpnext_db`.* TO `erpnext_user`@`localhost` WITH GRANT OPTION";
    assert!(before.evidence().iter().any(|line| line == shown), "{before:?}");
    for told in ["FILE, PROCESS on the whole server", "GRANT OPTION", "SELECT on `other`.*"] {
        assert!(before.seen().contains(told), "{told} in {}", before.seen());
    }
    assert!(!format!("{before:?}").contains("PASSWORD"), "no hash is shown");

    let plan = guarded.mender().plan().await.unwrap();
    let of_it: Vec<&str> = statements(&plan).into_iter().filter(|line| line.contains("erpnext_user")).collect();
    assert_eq!(
        of_it,
        [
            "REVOKE FILE, PROCESS ON *.* FROM `erpnext_user`@`localhost`;",
            "REVOKE CREATE TEMPORARY TABLES, CREATE VIEW, DELETE HISTORY, EVENT, GRANT OPTION, REFERENCES, SHOW VIEW, TRIGGER \
             ON `erpnext_db`.* FROM `erpnext_user`@`localhost`;",
            "REVOKE SELECT ON `other`.* FROM `erpnext_user`@`localhost`;",
        ]
    );
    let done = guarded.mender().apply(&plan).await.unwrap();
    let after = format!("GRANT {} ON `erpnext_db`.* TO `erpnext_user`@`localhost`", NEEDED.join(", "));
    assert!(done.iter().any(|line| line.ends_with(&after)), "{done:#?}");
    let grants = server.run("SHOW GRANTS FOR erpnext_user@localhost;");
    assert_eq!(grants.lines().skip(1).collect::<Vec<_>>(), [after.as_str()]);
    assert_eq!(guarded.see("database.tems.rights").await.verdict(), Verdict::InForce);

    let work = "CREATE TABLE erpnext_db.t (a INT); INSERT INTO erpnext_db.t VALUES (1); ALTER TABLE erpnext_db.t ADD b INT; DROP TABLE erpnext_db.t;";
    server.run_as("erpnext_user", "app", work).unwrap();
    for refused in ["SELECT * FROM other.t;", "SELECT LOAD_FILE('/etc/passwd') FROM mysql.user;"] {
        assert!(server.run_as("erpnext_user", "app", refused).unwrap_err().contains("denied"), "{refused}");
    }
}

/// covers T6.2 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_few_grants_are_a_finding_and_what_root_did_not_name_is_not_changed() {
    let server = Mariadb::start();
    server.run("CREATE DATABASE erpnext_db; CREATE USER erpnext_user@localhost IDENTIFIED BY 'app'; GRANT SELECT ON erpnext_db.* TO erpnext_user@localhost;");
    let guarded = Guarded::start(Some(&server), "").await;
    let sight = guarded.see("database.tems.rights").await;
    assert_eq!(sight.verdict(), Verdict::Finding);
    assert!(sight.seen().contains("too little") && !sight.seen().contains("too much"), "{}", sight.seen());
    assert!(sight.mend().unwrap().what().contains("[[mariadb.application]]"));
    let plan = guarded.mend().await;
    assert!(statements(&plan).iter().all(|line| !line.contains("erpnext_user")), "{plan:?}");
    assert_eq!(server.run("SHOW GRANTS FOR erpnext_user@localhost;").lines().count(), 2, "as before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_no_longer_fits_is_not_carried_out() {
    let server = Mariadb::start();
    let guarded = Guarded::start(Some(&server), "").await;
    let plan = guarded.mender().plan().await.unwrap();
    let count = "SELECT COUNT(*) FROM mysql.global_priv;";
    server.run("CREATE USER root@'10.0.0.7';");
    let before = server.run(count);
    let error = guarded.mender().apply(&plan).await.unwrap_err();
    assert!(error.message().contains("has changed"), "{}", error.message());
    assert_eq!(server.run(count), before, "nobody was taken away");
}

/// covers T6.1 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_looked_at_is_unseen_and_says_what_would_help() {
    let store = TestStore::sqlite(MIGRATOR).await;
    let of = |text: &str| Databases::of(&config(text), &store.store, MIGRATOR, None);
    let unseen = |sight: Sight, words: &str| {
        assert_eq!(sight.verdict(), Verdict::Unseen, "{sight:?}");
        let told = format!("{} {}", sight.seen(), sight.mend().unwrap().what());
        assert!(told.contains(words), "{words} in {told}");
    };
    unseen(see(&of(FRAPPE), "database.mariadb.anonymous").await, "docs/helper.md");
    let frappe_without = format!("{GUARDED}preset = \"frappe\"\n");
    unseen(see(&of(&frappe_without), "database.tems.rights").await, "[site.database]");
    let other = see(&of(GUARDED), "database.tems.rights").await;
    assert_eq!(other.verdict(), Verdict::NotApplicable, "an application of another kind may have no database");
    assert_eq!(see(&of(GUARDED), "database.mariadb.test").await.verdict(), Verdict::NotApplicable);

    let without_section = Guarded::start(None, "").await;
    unseen(without_section.see("database.mariadb.passwords").await, "[mariadb]");
    let server = Mariadb::start();
    let gone = Guarded::start(Some(&server), "").await;
    drop(server);
    unseen(gone.see("database.tems.rights").await, "socket");
    assert!(gone.mender().plan().await.unwrap_err().message().contains("MariaDB"));
    assert!(gone.folder.path().exists());
}

on_both_engines! {
    async fn the_programs_own_role_is_judged_where_there_is_one(db: TestStore) {
        let databases = Databases::of(&config(GUARDED), &db.store, MIGRATOR, None);
        let sight = see(&databases, "database.own.rights").await;
        let wanted = match db.store.engine() {
            palisade_store::Engine::Sqlite => Verdict::NotApplicable,
            palisade_store::Engine::Postgres => Verdict::InForce,
        };
        assert_eq!(sight.verdict(), wanted, "{sight:?}");
    }
}

/// covers T6.2 (part), K5.3 (part)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_in_database_url_is_a_finding() {
    let db = TestDatabase::postgres().await;
    let url = DatabaseUrl::parse(&db.owner_url).unwrap();
    MIGRATOR.run(&url, db.runtime_user(), palisade_testkit::ManualClock::START).await.unwrap();
    let store = Store::open(&url, &PoolConfig::default(), TestEnv::default().env).await.unwrap();
    let databases = Databases::of(&config(GUARDED), &store, MIGRATOR, None);
    let sight = see(&databases, "database.own.rights").await;
    assert_eq!(sight.verdict(), Verdict::Finding);
    assert!(sight.seen().contains("palisade_owner owns the schema"), "{}", sight.seen());
    assert!(sight.evidence().iter().any(|line| line == "trail_leaf"), "{sight:?}");
    store.close().await;
}

/// covers K3.9
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_weak_password_and_a_public_server_in_the_url_are_findings_and_the_password_is_never_told() {
    let store = TestStore::sqlite(MIGRATOR).await;
    let with = |url: &str| {
        let config = config(&format!("{GUARDED}[database]\nurl = \"{url}\"\n"));
        Databases::of(&config, &store.store, MIGRATOR, None)
    };
    let weak = with("postgresql://palisade:Postgres99@8.8.8.8/palisade?sslmode=require");
    let sight = see(&weak, "database.own.password").await;
    assert_eq!(sight.verdict(), Verdict::Finding);
    assert!(!format!("{sight:?}").contains("Postgres99"), "{sight:?}");
    let sight = see(&weak, "database.own.address").await;
    assert_eq!(sight.verdict(), Verdict::Finding);
    assert!(sight.seen().contains("on the internet"), "{}", sight.seen());

    let sound = with("postgresql://palisade:f3b1c09e77d2481aa5b0c4d9e2f7a616@localhost/palisade?sslmode=require");
    assert_eq!(see(&sound, "database.own.password").await.verdict(), Verdict::InForce);
    assert_eq!(see(&sound, "database.own.address").await.verdict(), Verdict::InForce);
    let embedded = Databases::of(&config(GUARDED), &store.store, MIGRATOR, None);
    assert_eq!(see(&embedded, "database.own.password").await.verdict(), Verdict::NotApplicable);
}
