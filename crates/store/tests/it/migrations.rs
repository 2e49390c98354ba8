//! Forward migrations: applied once, in order, whole, and only to a database that fits.

use palisade_store::{
    DatabaseUrl, MigrateError, Migration, MigrationSet, Migrator, PoolConfig, STORE_MIGRATIONS, Store,
};
use palisade_testkit::{ManualClock, TestDatabase, TestEnv};

const fn step(version: i64, name: &'static str, sql: &'static str) -> Migration {
    Migration { version, name, sqlite: sql, postgres: sql }
}

const fn set(migrations: &'static [Migration]) -> MigrationSet {
    MigrationSet { owner: "test", migrations, append_only: &[] }
}

const FIRST: Migration = step(1, "0001_shelf", "CREATE TABLE shelf (n BIGINT)");
const SECOND: Migration = step(2, "0002_label", "ALTER TABLE shelf ADD COLUMN label TEXT");
/// Its first statement works, its second does not.
const BROKEN: Migration =
    step(2, "0002_label", "CREATE TABLE half (n BIGINT); ALTER TABLE nowhere ADD COLUMN label TEXT");
const EDITED: Migration = step(1, "0001_shelf", "CREATE TABLE shelf (n BIGINT NOT NULL)");

const V1: Migrator = Migrator(&[STORE_MIGRATIONS, set(&[FIRST])]);
const V2: Migrator = Migrator(&[STORE_MIGRATIONS, set(&[FIRST, SECOND])]);
const V2_BROKEN: Migrator = Migrator(&[STORE_MIGRATIONS, set(&[FIRST, BROKEN])]);
const V2_HALF: Migrator =
    Migrator(&[STORE_MIGRATIONS, set(&[FIRST, step(2, "0002_half", "CREATE TABLE half (n BIGINT)")])]);
const V1_EDITED: Migrator = Migrator(&[STORE_MIGRATIONS, set(&[EDITED])]);
const WITHOUT_THE_APP: Migrator = Migrator(&[STORE_MIGRATIONS]);

async fn run(migrator: Migrator, database: &TestDatabase) -> Result<usize, MigrateError> {
    let url = DatabaseUrl::parse(&database.owner_url).unwrap();
    migrator.run(&url, database.runtime_user(), ManualClock::START).await
}

/// What the program does at start, as the runtime user.
async fn check(migrator: Migrator, database: &TestDatabase) -> Result<(), MigrateError> {
    let url = DatabaseUrl::parse(&database.url).unwrap();
    let store = Store::open(&url, &PoolConfig::default(), TestEnv::default().env).await?;
    let answer = migrator.check(&store).await;
    store.close().await;
    answer
}

macro_rules! on_both {
    ($($(#[$doc:meta])* async fn $name:ident($database:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn check_it($database: TestDatabase) $body

            $(#[$doc])*
            #[tokio::test]
            async fn sqlite() {
                check_it(TestDatabase::sqlite()).await;
            }

            $(#[$doc])*
            #[tokio::test]
            async fn postgres() {
                check_it(TestDatabase::postgres().await).await;
            }
        }
    )*};
}

on_both! {
    async fn each_step_is_applied_once_and_in_order(database) {
        assert_eq!(run(V1, &database).await.unwrap(), 4);
        assert_eq!(run(V1, &database).await.unwrap(), 0);
        check(V1, &database).await.unwrap();
        assert_eq!(run(V2, &database).await.unwrap(), 1);
        check(V2, &database).await.unwrap();
    }

    async fn missing_steps_are_told_with_the_command_that_applies_them(database) {
        run(V1, &database).await.unwrap();
        let error = check(V2, &database).await.unwrap_err();
        assert!(matches!(error, MigrateError::Pending { missing: 1 }));
        assert_eq!(
            error.to_string(),
            "the database lacks 1 migration step\n  Run `palisade migrate`; for PostgreSQL with \
             PALISADE_OWNER_DATABASE_URL set to the schema owner's URL."
        );
    }

    async fn a_database_that_was_never_migrated_lacks_every_step(database) {
        let error = check(V2, &database).await.unwrap_err();
        assert!(matches!(error, MigrateError::Pending { missing: 5 }), "{error}");
    }

    async fn a_database_that_a_newer_palisade_wrote_is_refused(database) {
        run(V2, &database).await.unwrap();
        for error in [check(V1, &database).await.unwrap_err(), run(V1, &database).await.unwrap_err()] {
            assert_eq!(
                error.to_string(),
                "the database was written by a newer Palisade: test has step 2, this program knows 1\n  \
                 Start the newer version, or restore the backup that was taken before the upgrade."
            );
        }
    }

    async fn tables_of_an_app_that_this_program_does_not_have_are_refused(database) {
        run(V1, &database).await.unwrap();
        assert!(matches!(check(WITHOUT_THE_APP, &database).await, Err(MigrateError::Newer { .. })));
    }

    async fn a_step_that_was_edited_afterwards_is_refused(database) {
        run(V1, &database).await.unwrap();
        assert!(matches!(check(V1_EDITED, &database).await, Err(MigrateError::Edited { version: 1, .. })));
        assert!(matches!(run(V1_EDITED, &database).await, Err(MigrateError::Edited { version: 1, .. })));
    }

    async fn a_step_that_fails_is_undone_whole_and_can_be_tried_again(database) {
        run(V1, &database).await.unwrap();
        let error = run(V2_BROKEN, &database).await.unwrap_err();
        assert!(error.to_string().starts_with("step 2 of test (0002_label) failed and was undone: "), "{error}");
        // The step before it stays; the table that the failed one had made already is gone, or this would fail.
        check(V1, &database).await.unwrap();
        assert_eq!(run(V2_HALF, &database).await.unwrap(), 1);
    }

    async fn two_at_once_do_not_get_in_each_others_way(database) {
        let (one, other) = tokio::join!(run(V2, &database), run(V2, &database));
        let steps: Vec<usize> = [one, other].into_iter().filter_map(Result::ok).collect();
        // On SQLite the second one finds the file in use; on PostgreSQL it waits, and finds nothing to do.
        assert_eq!(steps.iter().sum::<usize>(), 5);
        check(V2, &database).await.unwrap();
    }
}

#[tokio::test]
async fn the_runtime_user_of_postgresql_cannot_migrate() {
    let database = TestDatabase::postgres().await;
    run(V1, &database).await.unwrap();
    let url = DatabaseUrl::parse(&database.url).unwrap();
    assert!(V2.run(&url, None, ManualClock::START).await.is_err());
    assert!(matches!(check(V2, &database).await, Err(MigrateError::Pending { missing: 1 })));
}

#[tokio::test]
async fn a_user_without_grants_is_told_who_gives_them() {
    let database = TestDatabase::postgres().await;
    let owner = DatabaseUrl::parse(&database.owner_url).unwrap();
    V1.run(&owner, None, ManualClock::START).await.unwrap();
    let error = check(V1, &database).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the user in DATABASE_URL has no rights on the tables\n  Run `palisade migrate` with \
         PALISADE_OWNER_DATABASE_URL set to the schema owner's URL; it gives them."
    );
}
