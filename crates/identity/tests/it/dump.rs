//! What a thief of the database gets: nothing that opens anything.

use palisade_base::{Authority, Caller, Scope, auth::SessionState};
use palisade_identity::{ENCRYPTED_COLUMNS, model::NewApiKey, policy};
use palisade_keys::{KeyFile, MANAGE_KEYS, Vault, may_manage_keys};
use palisade_store::Engine;
use palisade_testkit::{TestStore, on_both_engines, prepare_all};
use sqlx::{Connection as _, Row as _};

use crate::{
    MIGRATOR,
    world::{Client, GOOD, READ, World, host, secret},
};

/// Every value of every table, as bytes, one after another.
async fn dump(db: &TestStore) -> Vec<u8> {
    let mut all = Vec::new();
    match db.store.engine() {
        Engine::Sqlite => {
            db.store.close().await;
            for name in ["palisade.db", "palisade.db-wal"] {
                all.extend(std::fs::read(db.dir.path().join(name)).unwrap_or_default());
            }
        }
        Engine::Postgres => {
            let mut conn = sqlx::PgConnection::connect(&db.url).await.unwrap();
            let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'";
            for table in sqlx::query(tables).fetch_all(&mut conn).await.unwrap() {
                let name: String = table.get(0);
                let sql = sqlx::AssertSqlSafe(format!("SELECT t::text FROM \"{name}\" t"));
                for row in sqlx::query(sqlx::SqlSafeStr::into_sql_str(sql)).fetch_all(&mut conn).await.unwrap() {
                    all.extend(row.get::<String, _>(0).into_bytes());
                }
            }
        }
    }
    all
}

fn contains(dump: &[u8], secret: &[u8]) -> bool {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    dump.windows(secret.len()).any(|part| part == secret) || dump.windows(hex.len()).any(|part| part == hex.as_bytes())
}

on_both_engines! {
    /// covers K3.2 (part), K4.3 (part)
    async fn a_dump_of_the_database_holds_no_usable_token_code_key_or_password(db: TestStore) {
        let w = World::new(db).await;
        let ada = w.user("ada", &["employee"]).await;
        let client = w.signed_in("ada", None).await;
        let caller = w.caller(&client).await;
        let permit = policy::permit_own_account(&caller, &client.session.facts).unwrap();
        let wanted = NewApiKey { name: "x".into(), permissions: vec![(READ, Scope::Own)], valid_days: 1 };
        let (_, key) = w.identity.create_key(&caller, &permit, wanted).await.unwrap();
        let shown = w.identity.begin_totp(&caller, &client.session.facts).await.unwrap();
        let code = w.code(shown.secret.expose());
        let enrolled = w.identity.confirm_totp(&caller, &client.session.facts, &code, None, None).await.unwrap();
        let users = policy::permit_change_users(&host()).unwrap();
        let password_link = w.identity.issue_password_link(&host(), &users, ada).await.unwrap();
        let sign_in_link = w.identity.issue_sign_in_link(&host(), ada).await.unwrap();
        let owing = w.try_password("ada", GOOD).await.unwrap();
        assert_eq!(owing.facts.state, SessionState::OwesFactor);
        // A password typed where the name belongs leaves no trace either.
        let _ = w.try_password("My other Secret-17", "x").await;

        let mut secrets: Vec<Vec<u8>> = [&client.session.token, &enrolled.session.token, &owing.token, &key]
            .into_iter()
            .chain([&password_link.token, &sign_in_link.token, client.session.device.as_ref().unwrap()])
            .map(|token| token.reveal().as_bytes().to_vec())
            .collect();
        secrets.extend(enrolled.recovery_codes.iter().map(|code| code.expose().as_bytes().to_vec()));
        secrets.extend(enrolled.recovery_codes.iter().map(|code| code.expose().replace('-', "").into_bytes()));
        secrets.push(shown.secret.expose().as_bytes().to_vec());
        secrets.push(data_encoding::BASE32_NOPAD.decode(shown.secret.expose().as_bytes()).unwrap());
        secrets.extend([GOOD.as_bytes().to_vec(), b"My other Secret-17".to_vec(), b"my other secret-17".to_vec()]);
        let dump = dump(&w.db).await;
        assert!(contains(&dump, b"ada@handy.example"), "the dump is one");
        for (n, secret) in secrets.iter().enumerate() {
            assert!(!contains(&dump, secret), "secret {n} is in the dump");
        }
    }

    /// covers K3.2 (part)
    async fn a_seed_that_is_moved_to_another_user_does_not_decrypt(db: TestStore) {
        let w = World::new(db).await;
        let (_, seed) = w.user_with_factor("ada", &[]).await;
        w.user_with_factor("eve", &[]).await;
        // Eve can write to the database: she copies her own seed over ada's.
        let mut copy = palisade_store::SqlBuilder::new("UPDATE totp_factor SET seed = (SELECT f.seed FROM totp_factor f \
            JOIN app_user u ON u.id = f.user_id WHERE u.user_name = 'eve') WHERE user_id = (SELECT id FROM app_user WHERE user_name = ");
        copy.value("ada").push(")");
        let mut tx = w.db.store.write().await.unwrap();
        assert_eq!(tx.execute(copy.build()).await.unwrap(), 1);
        tx.commit_housekeeping(palisade_store::Housekeeping::Counters).await.unwrap();
        let client = Client::of(w.try_password("ada", GOOD).await.unwrap());
        let caller = w.caller(&client).await;
        for code in [w.code(&seed), secret("000000")] {
            let refused = w.identity.give_factor(&caller, &client.session.facts, &code, None).await.err().unwrap();
            assert_eq!(refused.kind(), palisade_base::Kind::Internal);
        }
    }

    /// covers K3.2 (part)
    async fn codes_are_taken_as_before_when_the_key_was_rotated(db: TestStore) {
        let w = World::new(db).await;
        let (_, seed) = w.user_with_factor("ada", &[]).await;
        let key = KeyFile::load(&w.db.dir.path().join("key")).unwrap();
        let vault = Vault::open(w.db.store.clone(), key, ENCRYPTED_COLUMNS.iter().copied()).await.unwrap();
        let operator = Caller::operator("root", Authority::from_iter([(MANAGE_KEYS, Scope::All)]));
        let rotated = vault.rotate(&may_manage_keys(&operator).unwrap(), &operator).await.unwrap();
        assert_eq!(rotated.values, 1, "the seed was encrypted anew");
        w.signed_in("ada", Some(&seed)).await;
    }

    async fn every_statement_is_understood(db: TestStore) {
        for list in palisade_identity::STATEMENTS {
            prepare_all(&db, list).await;
        }
    }
}
