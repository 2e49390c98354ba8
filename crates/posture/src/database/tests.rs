//! Each verdict, from facts written by hand.

use palisade_helper::mariadb::{
    Account, AccountFacts, Application, ApplicationFacts, Grant, MariadbFacts, NEEDED, On, TestGrant, WayIn,
};
use palisade_store::RoleFacts;

use super::{mender::plan, rights, role, server};
use crate::{Sight, Verdict};

fn account(user: &str, host: &str, way: WayIn) -> AccountFacts {
    AccountFacts { account: Account::new(user, host), is_locked: false, ways_in: vec![way] }
}

fn with(accounts: Vec<AccountFacts>) -> MariadbFacts {
    MariadbFacts { version: "10.11.19-MariaDB".into(), accounts, knows_socket_sign_in: true, ..MariadbFacts::default() }
}

fn sound() -> MariadbFacts {
    with(vec![account("root", "localhost", WayIn::Socket), account("shop", "localhost", WayIn::Password)])
}

fn verdict(judge: fn(&MariadbFacts) -> Sight, facts: &MariadbFacts) -> Verdict {
    judge(facts).verdict()
}

const ALL: [fn(&MariadbFacts) -> Sight; 5] =
    [server::passwords, server::anonymous, server::remote_root, server::test_database, server::reloaded];

#[test]
fn a_server_as_the_guide_leaves_it_is_in_force_throughout() {
    for judge in ALL {
        assert_eq!(verdict(judge, &sound()), Verdict::InForce);
    }
    assert!(plan(&sound()).is_empty());
}

#[test]
fn any_way_in_without_a_password_is_a_finding() {
    let mut facts = sound();
    facts.accounts[0].ways_in = vec![WayIn::Socket, WayIn::NoPassword];
    let sight = server::passwords(&facts);
    assert_eq!(sight.verdict(), Verdict::Finding);
    assert!(sight.seen().contains("root gets in without a password: `root`@`localhost`"), "{}", sight.seen());
    facts.accounts[0].is_locked = true;
    assert_eq!(verdict(server::passwords, &facts), Verdict::InForce, "a locked account lets nobody in");
    facts.accounts[1].ways_in = vec![WayIn::NoPassword];
    assert!(server::passwords(&facts).mend().unwrap().command().is_none(), "no program knows that password");
    for way in [WayIn::Password, WayIn::Never, WayIn::Plugin("pam".into())] {
        assert_eq!(verdict(server::passwords, &with(vec![account("root", "localhost", way)])), Verdict::InForce);
    }
}

#[test]
fn anonymous_and_remote_accounts_are_findings_even_with_passwords() {
    let facts = with(vec![account("", "vm", WayIn::Password), account("root", "%", WayIn::Password)]);
    assert!(server::anonymous(&facts).seen().contains("``@`vm`"));
    assert!(server::remote_root(&facts).seen().contains("`root`@`%`"));
    for host in ["localhost", "127.0.0.1", "::1"] {
        let facts = with(vec![account("root", host, WayIn::Password)]);
        assert_eq!(verdict(server::remote_root, &facts), Verdict::InForce, "{host}");
    }
    let statements: Vec<String> = plan(&facts).steps.into_iter().map(|step| step.difference).collect();
    assert_eq!(statements, ["DROP USER ``@`vm`;", "DROP USER `root`@`%`;"]);
}

#[test]
fn a_database_for_tests_or_rights_on_one_is_a_finding() {
    let empty = MariadbFacts { test_tables: Some(0), ..sound() };
    assert_eq!(verdict(server::test_database, &empty), Verdict::Finding);
    assert_eq!(plan(&empty).steps[0].difference, "DROP DATABASE `test`;");
    let used = MariadbFacts { test_tables: Some(7), ..sound() };
    assert!(server::test_database(&used).seen().contains("7 tables"));
    assert!(plan(&used).is_empty(), "what may be wanted is not dropped");
    let grant = TestGrant { account: Account::new("PUBLIC", ""), database: "test\\_%".into() };
    let granted = MariadbFacts { test_grants: vec![grant], ..sound() };
    assert_eq!(server::test_database(&granted).evidence(), ["`PUBLIC`@`` on `test\\_%`.*"]);
    assert!(plan(&granted).steps[0].difference.ends_with("FLUSH PRIVILEGES;"));
}

#[test]
fn tables_that_were_not_read_again_are_a_finding_and_mended_first_and_alone() {
    let differences = vec!["'c'@'%': in the tables, unknown to the server".to_owned()];
    let facts = MariadbFacts { differences, test_tables: Some(0), ..sound() };
    assert_eq!(verdict(server::reloaded, &facts), Verdict::Finding);
    let statements: Vec<String> = plan(&facts).steps.into_iter().map(|step| step.difference).collect();
    assert_eq!(statements, ["FLUSH PRIVILEGES;"]);
}

#[test]
fn a_server_without_privilege_tables_is_never_in_force() {
    for judge in ALL {
        assert_eq!(verdict(judge, &with(Vec::new())), Verdict::Finding);
    }
}

fn shop() -> Application {
    Application { user: "shop".into(), host: "localhost".into(), database: "shopdb".into() }
}

fn with_rights(grants: &[(On, &[&str])]) -> MariadbFacts {
    let one = |(on, privileges): &(On, &[&str])| Grant {
        on: on.clone(),
        privileges: privileges.iter().map(|&one| one.to_owned()).collect(),
    };
    let grants = grants.iter().map(one).collect();
    let found = ApplicationFacts { exists: true, is_mendable: true, grants, ..ApplicationFacts::none(&shop()) };
    MariadbFacts { applications: vec![found], ..sound() }
}

#[test]
fn rights_are_in_force_when_they_are_the_guides_list() {
    let own = On::Databases("shopdb".into());
    let facts = with_rights(&[(own.clone(), &NEEDED)]);
    assert_eq!(rights::judge(&shop(), &facts).verdict(), Verdict::InForce);
    let facts = with_rights(&[(On::Everything, &["SUPER"]), (own, &NEEDED[1..])]);
    let sight = rights::judge(&shop(), &facts);
    assert_eq!(sight.verdict(), Verdict::Finding);
    let seen = "`shop`@`localhost` may do too much: SUPER on the whole server, and too little: SELECT on `shopdb`.*.";
    assert_eq!(sight.seen(), seen);
    assert_eq!(
        sight.evidence(),
        [
            "mend: GRANT SELECT ON `shopdb`.* TO `shop`@`localhost`;",
            "mend: REVOKE SUPER ON *.* FROM `shop`@`localhost`;"
        ]
    );
}

#[test]
fn what_everybody_may_do_is_the_applications_too() {
    let mut facts = with_rights(&[(On::Databases("shopdb".into()), &NEEDED)]);
    facts.everybody = vec![Grant { on: On::Databases("other".into()), privileges: ["SELECT".to_owned()].into() }];
    let sight = rights::judge(&shop(), &facts);
    assert_eq!(sight.verdict(), Verdict::Finding);
    assert!(sight.seen().contains("SELECT on `other`.*"), "{}", sight.seen());
    assert!(sight.mend().unwrap().what().contains("PUBLIC"));
}

#[test]
fn accounts_of_the_same_user_are_shown_beside_its_rights() {
    let mut facts = with_rights(&[(On::Databases("shopdb".into()), &NEEDED)]);
    facts.accounts.push(account("shop", "%", WayIn::Password));
    let sight = rights::judge(&shop(), &facts);
    assert_eq!(sight.evidence(), ["the same user has another account: `shop`@`%`"]);
}

#[test]
fn rights_that_the_helper_may_not_change_are_left_out_of_the_plan() {
    let mut facts = with_rights(&[(On::Everything, &["SUPER"])]);
    assert_eq!(plan(&facts).steps.len(), 1);
    facts.applications[0].is_mendable = false;
    assert!(plan(&facts).is_empty());
    let sight = rights::judge(&shop(), &facts);
    assert!(sight.mend().unwrap().what().contains("[[mariadb.application]]"));
}

#[test]
fn an_account_that_is_not_there_is_unseen() {
    let mut facts = with_rights(&[]);
    facts.applications[0].exists = false;
    assert_eq!(rights::judge(&shop(), &facts).verdict(), Verdict::Unseen);
    assert_eq!(rights::judge(&shop(), &sound()).verdict(), Verdict::Unseen);
}

fn runtime() -> RoleFacts {
    RoleFacts { name: "palisade".into(), log_statement: "ddl".into(), ..RoleFacts::default() }
}

#[test]
fn a_role_that_could_do_more_than_rows_is_a_finding() {
    assert_eq!(role::rights(&runtime()).verdict(), Verdict::InForce);
    type Change = fn(&mut RoleFacts);
    let changes: [(Change, &str, &str); 9] = [
        (|facts| facts.is_superuser = true, "is a superuser", "NOSUPERUSER"),
        (|facts| facts.creates_databases = true, "may make databases", "NOCREATEDB"),
        (|facts| facts.creates_roles = true, "may make roles", "NOCREATEROLE"),
        (|facts| facts.replicates = true, "as a stream", "NOREPLICATION"),
        (|facts| facts.bypasses_row_security = true, "row security", "NOBYPASSRLS"),
        (|facts| facts.owns_database = true, "owns the schema", "palisade migrate"),
        (
            |facts| facts.member_of = vec!["pg_\"x".into()],
            "has the rights of",
            "REVOKE \"pg_\"\"x\" FROM \"palisade\";",
        ),
        (|facts| facts.rewrites = vec!["DELETE on trail_leaf".into()], "DELETE on trail_leaf", "palisade migrate"),
        (|facts| facts.creates_tables = true, "make tables in the schema", "palisade migrate"),
    ];
    for (change, seen, command) in changes {
        let mut facts = runtime();
        change(&mut facts);
        let sight = role::rights(&facts);
        assert_eq!(sight.verdict(), Verdict::Finding, "{seen}");
        assert!(sight.seen().contains(seen), "{}", sight.seen());
        let by = sight.mend().unwrap().command().unwrap();
        assert!(by.contains(command), "{by}");
    }
}

#[test]
fn a_server_that_logs_no_change_of_its_schema_is_a_finding() {
    let of = |log: &str, pgaudit: &str| {
        role::audit_log(&RoleFacts { log_statement: log.into(), pgaudit: pgaudit.into(), ..runtime() }).verdict()
    };
    assert_eq!(of("none", ""), Verdict::Finding);
    assert_eq!(of("none", "none"), Verdict::Finding);
    assert_eq!(of("ddl", ""), Verdict::InForce);
    assert_eq!(of("none", "write, ddl"), Verdict::InForce);
}
