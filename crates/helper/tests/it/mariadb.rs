//! A real MariaDB server, looked at and mended by a helper that has confined itself.

use std::{path::Path, thread::JoinHandle};

use palisade_helper::{
    HelperFile,
    client::HelperError,
    mariadb::{Account, Application, MariadbFacts, MariadbMend, NEEDED, On, WayIn},
    process::{Helper, HelperSocket, confine},
    protocol::FailureKind,
};
use palisade_testkit::Mariadb;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::helper::{client, helper_file};

/// A helper as `palisade helper` runs it: confined before anything else.
struct Confined {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Confined {
    fn start(file: &HelperFile) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (socket, file) = (HelperSocket::bind(file).unwrap(), file.clone());
        let thread = std::thread::spawn(move || {
            let words = confine(&file);
            assert!(words.iter().all(|word| !word.starts_with("NOT DONE")), "{words:?}");
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let helper = Helper::new(file, words, Vec::new());
            runtime.block_on(helper.serve(socket, async { _ = stopped.await })).unwrap();
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Confined {
    fn drop(&mut self) {
        if let (Some(stop), Some(thread)) = (self.stop.take(), self.thread.take()) {
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

fn file(folder: &Path, server: &Mariadb, more: &str) -> HelperFile {
    helper_file(folder, &format!("[mariadb]\nsocket = {:?}\n{more}", server.socket()))
}

fn shop() -> Application {
    Application { user: "shop_user".into(), host: "localhost".into(), database: "shop_db".into() }
}

const SHOP: &str = "[[mariadb.application]]\nuser = \"shop_user\"\ndatabase = \"shop_db\"\n";

fn failure(error: &HelperError) -> (FailureKind, &str) {
    match error {
        HelperError::Failed(failure) => (failure.kind, &failure.message),
        HelperError::Unreachable(why) => panic!("{why}"),
    }
}

fn ways_in<'a>(facts: &'a MariadbFacts, account: &Account) -> &'a [WayIn] {
    &facts.accounts.iter().find(|found| found.account == *account).unwrap().ways_in
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_seen_as_they_are_whatever_their_names() {
    let (server, folder) = (Mariadb::start(), TempDir::new().unwrap());
    let file = file(folder.path(), &server, "");
    let (_helper, (client, _)) = (Confined::start(&file), client(&file));
    server.run(
        "CREATE USER `o'b``x\\y \"é`@`%.ex_ample.com` IDENTIFIED BY 'secret';\n\
         CREATE USER `NULL`@`%` IDENTIFIED VIA mysql_native_password USING PASSWORD('secret');\n\
         CREATE USER `@'@'`@`10.0.0.0/255.0.0.0` IDENTIFIED VIA unix_socket ACCOUNT LOCK;\n\
         CREATE ROLE clerk;\n\
         GRANT PROCESS ON *.* TO PUBLIC; CREATE DATABASE pub; GRANT SELECT ON pub.* TO PUBLIC;\n\
         CREATE DATABASE `o'd``d\\ d\u{00e9}`;\n\
         GRANT SELECT ON `o'd``d\\ d\u{00e9}`.* TO `o'b``x\\y \"é`@`%.ex_ample.com`;",
    );
    let odd =
        Application { user: "o'b`x\\y \"é".into(), host: "%.ex_ample.com".into(), database: "o'd`d\\ dé".into() };
    let facts = client.look_at_mariadb(std::slice::from_ref(&odd)).await.unwrap();
    assert!(facts.version.contains("MariaDB"), "{}", facts.version);
    assert_eq!(facts.differences, Vec::<String>::new(), "nothing was written by hand");
    assert_eq!(ways_in(&facts, &odd.account()), [WayIn::Password]);
    assert_eq!(ways_in(&facts, &Account::new("NULL", "%")), [WayIn::Password]);
    assert_eq!(ways_in(&facts, &Account::new("@'@'", "10.0.0.0/255.0.0.0")), [WayIn::Socket]);
    assert_eq!(ways_in(&facts, &Account::new("root", "localhost")), [WayIn::NoPassword]);
    assert!(!facts.accounts.iter().any(|found| found.account.user == "clerk"), "a role is no account");
    let locked: Vec<&str> =
        facts.accounts.iter().filter(|found| found.is_locked).map(|found| found.account.user.as_str()).collect();
    assert_eq!(locked, ["@'@'", "mariadb.sys"]);
    let everybody: Vec<(On, Vec<&str>)> = facts
        .everybody
        .iter()
        .map(|grant| (grant.on.clone(), grant.privileges.iter().map(String::as_str).collect()))
        .collect();
    let wanted = [(On::Everything, vec!["PROCESS"]), (On::Databases("pub".into()), vec!["SELECT"])];
    assert_eq!(everybody, wanted, "databases for tests are told apart");
    let [rights] = &facts.applications[..] else { panic!("{facts:?}") };
    assert!(rights.exists);
    let [grant] = &rights.grants[..] else { panic!("{rights:?}") };
    assert_eq!(grant.on, On::Databases(odd.database.clone()));
    assert!(rights.shown.iter().any(|line| line.contains("GRANT SELECT ON `o'd``d\\ dé`.*")), "{:?}", rights.shown);
    let everything = format!("{facts:?}");
    assert!(!everything.contains("IDENTIFIED") && !everything.contains("*14E65567"), "a hash came out: {everything}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_into_the_tables_and_not_read_again_is_seen() {
    let (server, folder) = (Mariadb::start(), TempDir::new().unwrap());
    let file = file(folder.path(), &server, "");
    let (_helper, (client, _)) = (Confined::start(&file), client(&file));
    server.run(
        "CREATE USER a@localhost IDENTIFIED BY 'x'; CREATE USER b@localhost IDENTIFIED BY 'x'; GRANT PROCESS ON *.* TO b@localhost;\n\
         UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.authentication_string', '') WHERE User = 'a';\n\
         UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.access', 0) WHERE User = 'b';\n\
         INSERT INTO mysql.global_priv (Host, User, Priv) VALUES ('%', 'c', '{}');\n\
         INSERT INTO mysql.db (Host, Db, User, Select_priv) VALUES ('localhost', 'mysql', 'b', 'Y');",
    );
    let facts = client.look_at_mariadb(&[]).await.unwrap();
    assert_eq!(
        facts.differences,
        [
            "'c'@'%': in the tables, unknown to the server",
            "'b'@'localhost' on the whole server: the tables have nothing, the server goes by PROCESS",
            "'b'@'localhost' on mysql: the tables have SELECT, the server goes by nothing",
            "`a`@`localhost` gets in in another way than the tables have it",
        ]
    );
    assert_eq!(ways_in(&facts, &Account::new("a", "localhost")), [WayIn::Password], "the running server decides");
    let mends = vec![MariadbMend::Reload];
    client.mend_mariadb(mends, vec!["FLUSH PRIVILEGES;".to_owned()]).await.unwrap();
    let facts = client.look_at_mariadb(&[]).await.unwrap();
    assert_eq!(facts.differences, Vec::<String>::new());
    assert_eq!(ways_in(&facts, &Account::new("a", "localhost")), [WayIn::NoPassword]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_applications_rights_become_the_guides_list_whatever_they_were() {
    let (server, folder) = (Mariadb::start(), TempDir::new().unwrap());
    let file = file(folder.path(), &server, SHOP);
    let (_helper, (client, uses)) = (Confined::start(&file), client(&file));
    server.run(
        "CREATE DATABASE shop_db; CREATE DATABASE shopXdb; CREATE DATABASE other; CREATE TABLE shop_db.t (a INT, b INT);\n\
         CREATE TABLE other.t (a INT, b INT); CREATE PROCEDURE other.p() SELECT 1; CREATE ROLE clerk; GRANT SELECT ON *.* TO clerk;\n\
         CREATE USER shop_user@localhost IDENTIFIED BY 'x'; CREATE USER boss@localhost IDENTIFIED BY 'x';\n\
         GRANT ALL PRIVILEGES ON *.* TO shop_user@localhost WITH GRANT OPTION;\n\
         GRANT ALL PRIVILEGES ON shop_db.* TO shop_user@localhost WITH GRANT OPTION;\n\
         GRANT SELECT (a), INSERT (a, b), UPDATE ON other.t TO shop_user@localhost WITH GRANT OPTION;\n\
         GRANT EXECUTE ON PROCEDURE other.p TO shop_user@localhost; GRANT clerk TO shop_user@localhost WITH ADMIN OPTION;\n\
         SET DEFAULT ROLE clerk FOR shop_user@localhost; GRANT PROXY ON boss@localhost TO shop_user@localhost;",
    );
    let facts = client.look_at_mariadb(&[shop()]).await.unwrap();
    let mend = MariadbMend::LeastPrivilege { application: shop() };
    let shown = mend.statements(&facts);
    assert_eq!(
        shown[0],
        "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, INDEX, ALTER, LOCK TABLES, EXECUTE, CREATE ROUTINE, ALTER ROUTINE \
         ON `shop\\_db`.* TO `shop_user`@`localhost`;",
        "{shown:#?}"
    );
    client.mend_mariadb(vec![mend], shown).await.unwrap();
    let mut lines: Vec<String> =
        server.run("SHOW GRANTS FOR shop_user@localhost;").lines().map(str::to_owned).collect();
    assert!(lines.remove(0).starts_with("GRANT USAGE ON *.* TO `shop_user`@`localhost` IDENTIFIED BY"), "{lines:?}");
    assert_eq!(
        lines,
        [format!("GRANT {} ON `shop\\\\_db`.* TO `shop_user`@`localhost`", NEEDED.join(", "))],
        "the printed backslash is doubled"
    );
    let uses = uses.lock().unwrap();
    let used = uses.iter().find(|used| used.operation == "mariadb_mend").unwrap();
    assert!(used.subject.starts_with("GRANT SELECT, INSERT") && used.outcome.is_ok(), "{used:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_but_what_was_shown_and_may_be_mended_is_done() {
    let (server, folder) = (Mariadb::start(), TempDir::new().unwrap());
    let file = file(folder.path(), &server, "");
    let (_helper, (client, _)) = (Confined::start(&file), client(&file));
    server.run("CREATE USER shop_user@localhost IDENTIFIED BY 'x'; CREATE DATABASE shop_db;");
    let count = "SELECT COUNT(*) FROM mysql.global_priv;";
    let before = server.run(count);
    let refused = async |mend: MariadbMend, shown: &[&str]| {
        let shown = shown.iter().map(|&line| line.to_owned()).collect();
        let error = client.mend_mariadb(vec![mend], shown).await.unwrap_err();
        let (kind, message) = failure(&error);
        assert_eq!(kind, FailureKind::Refused, "{message}");
        message.to_owned()
    };
    let anonymous = || MariadbMend::DropAccount { account: Account::new("", "localhost") };
    let said = refused(anonymous(), &["DROP USER `root`@`localhost`;"]).await;
    assert!(said.contains("has changed since this was shown"), "{said}");
    let own = MariadbMend::DropAccount { account: Account::new("root", "localhost") };
    refused(own, &["DROP USER `root`@`localhost`;"]).await;
    let said = refused(MariadbMend::LeastPrivilege { application: shop() }, &[]).await;
    assert!(said.contains("[[mariadb.application]]"), "{said}");
    assert_eq!(server.run(count), before, "nobody was taken away");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_be_asked_is_told_with_a_way_out() {
    let folder = TempDir::new().unwrap();
    let ask = async |more: &str| {
        let file = helper_file(folder.path(), more);
        let (_helper, (client, _)) = (Confined::start(&file), client(&file));
        client.look_at_mariadb(&[]).await.unwrap_err()
    };
    let none = ask("").await;
    assert_eq!(failure(&none).0, FailureKind::Refused);
    assert!(failure(&none).1.contains("no [mariadb]"));
    let gone = ask("[mariadb]\nsocket = \"/nowhere/socket\"\n").await;
    assert!(failure(&gone).1.contains("ERROR 2002") && failure(&gone).1.contains("[mariadb] socket"), "{gone}");
    let no_client = ask("[mariadb]\nclient = \"/nowhere/mariadb\"\n").await;
    assert!(failure(&no_client).1.contains("can't be run"), "{no_client}");
    let no_such = ask("[mariadb]\nclient = \"/bin/cat\"\n").await;
    assert!(failure(&no_such).1.contains("/bin/cat failed"), "{no_such}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_a_root_password_is_asked_by_a_file_that_only_root_reads() {
    let (server, folder) = (Mariadb::start(), TempDir::new().unwrap());
    server.run("ALTER USER root@localhost IDENTIFIED BY 'long-enough-4-root';");
    let without = file(folder.path(), &server, "");
    {
        let (_helper, (client, _)) = (Confined::start(&without), client(&without));
        let denied = client.look_at_mariadb(&[]).await.unwrap_err();
        assert!(failure(&denied).1.contains("ERROR 1045") && failure(&denied).1.contains("defaults_file"), "{denied}");
    }
    let secret = folder.path().join("mariadb.cnf");
    std::fs::write(&secret, "[client]\nuser=root\npassword=long-enough-4-root\n").unwrap();
    let with = file(folder.path(), &server, &format!("defaults_file = {secret:?}\n"));
    let (_helper, (client, _)) = (Confined::start(&with), client(&with));
    let facts = client.look_at_mariadb(&[]).await.unwrap();
    assert_eq!(ways_in(&facts, &Account::new("root", "localhost")), [WayIn::Password]);
}
