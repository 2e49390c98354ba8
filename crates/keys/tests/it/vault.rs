//! What the vault promises.

use palisade_base::{Authority, Caller, RecordId, Scope};
use palisade_keys::{KeyFile, MANAGE_KEYS, Place, Vault, VaultError, may_manage_keys};
use palisade_store::{Engine, StoreError, statements};
use palisade_testkit::{TestStore, on_both_engines};
use sqlx::{Connection as _, Row as _};

use crate::{MIGRATOR, SEED, SPARE};

const PLAIN: &[u8] = b"JBSWY3DPEHPK3PXP-the-totp-seed";

statements! {
    ADD = "INSERT INTO factor (id, seed) VALUES ($1, $2)";
    READ = "SELECT seed FROM factor WHERE id = $1";
    RETIRED = "SELECT count(*) AS n FROM vault_key WHERE retired_at IS NOT NULL";
    DAMAGE = "UPDATE vault_key SET wrapped = $1";
    WORN = "UPDATE vault_key SET used = $1";
}

fn key_file(db: &TestStore, name: &str) -> KeyFile {
    let path = db.dir.path().join(name);
    KeyFile::load(&path).or_else(|_| KeyFile::create(&path, &db.env())).unwrap()
}

async fn open(db: &TestStore) -> Vault {
    Vault::open(db.store.clone(), key_file(db, "key"), [SEED, SPARE]).await.unwrap()
}

fn operator() -> Caller {
    Caller::operator("root", Authority::from_iter([(MANAGE_KEYS, Scope::All)]))
}

fn place(id: RecordId) -> Place {
    Place::new("factor", "seed", id)
}

/// Stores an encrypted seed for a new row.
async fn add(db: &TestStore, vault: &Vault) -> RecordId {
    let id = RecordId::new(&db.env());
    let value = vault.encrypt(&place(id), PLAIN).unwrap();
    execute(db, ADD.bind(id).bind(value)).await;
    id
}

async fn execute(db: &TestStore, sql: palisade_store::Sql) {
    let mut tx = db.store.write().await.unwrap();
    tx.execute(sql).await.unwrap();
    tx.commit_housekeeping(palisade_store::Housekeeping::Counters).await.unwrap();
}

async fn read(db: &TestStore, id: RecordId) -> Vec<u8> {
    db.store.read().await.unwrap().fetch_one(READ.bind(id)).await.unwrap().get("seed").unwrap()
}

async fn decrypt(vault: &Vault, place: &Place, value: &[u8]) -> Result<Vec<u8>, VaultError> {
    vault.decrypt(place, value).await.map(|plain| plain.expose().clone())
}

/// Everything that a thief of the database gets: all values of all rows of all tables.
async fn dump(db: &TestStore) -> Vec<u8> {
    match db.store.engine() {
        Engine::Sqlite => {
            db.store.close().await;
            std::fs::read(db.url.trim_start_matches("sqlite://")).unwrap()
        }
        Engine::Postgres => {
            let mut conn = sqlx::PgConnection::connect(&db.url).await.unwrap();
            let tables = "SELECT tablename::text AS t FROM pg_tables WHERE schemaname = 'public'";
            let mut dump = Vec::new();
            for table in texts(&mut conn, tables.into()).await {
                let rows = texts(&mut conn, format!("SELECT r::text AS t FROM {table} r")).await;
                dump.extend(rows.concat().into_bytes());
            }
            dump
        }
    }
}

async fn texts(conn: &mut sqlx::PgConnection, sql: String) -> Vec<String> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(conn).await.unwrap();
    rows.iter().map(|row| row.get("t")).collect()
}

/// As bytes, or as PostgreSQL prints them.
fn contains(dump: &[u8], secret: &[u8]) -> bool {
    let encoded = data_encoding::HEXLOWER.encode(secret).into_bytes();
    [secret, &encoded].iter().any(|needle| dump.windows(needle.len()).any(|window| window == *needle))
}

on_both_engines! {
    /// covers K3.2 (part)
    async fn a_value_decrypts_only_where_it_was_encrypted_for(db: TestStore) {
        let vault = open(&db).await;
        let (id, other) = (RecordId::new(&db.env()), RecordId::new(&db.env()));
        let value = vault.encrypt(&place(id), PLAIN).unwrap();
        assert_eq!(decrypt(&vault, &place(id), &value).await.unwrap(), PLAIN);
        for elsewhere in [place(other), Place::new("factor", "spare", id), Place::new("vault_secret", "ciphertext", id)] {
            let refusal = decrypt(&vault, &elsewhere, &value).await.unwrap_err();
            assert!(matches!(refusal, VaultError::NotGenuine(_)), "{refusal}");
        }
    }

    async fn every_changed_bit_and_every_cut_is_noticed(db: TestStore) {
        let vault = open(&db).await;
        let id = RecordId::new(&db.env());
        let value = vault.encrypt(&place(id), b"seed").unwrap();
        for n in 0..value.len() * 8 {
            let mut changed = value.clone();
            changed[n / 8] ^= 1 << (n % 8);
            assert!(decrypt(&vault, &place(id), &changed).await.is_err(), "bit {n}");
        }
        for length in 0..value.len() {
            assert!(decrypt(&vault, &place(id), &value[..length]).await.is_err(), "{length} bytes");
        }
    }

    async fn the_same_value_never_looks_the_same_twice(db: TestStore) {
        let vault = open(&db).await;
        let id = RecordId::new(&db.env());
        assert_ne!(vault.encrypt(&place(id), PLAIN).unwrap(), vault.encrypt(&place(id), PLAIN).unwrap());
    }

    async fn a_place_that_rotation_would_miss_is_refused(db: TestStore) {
        let vault = open(&db).await;
        let refusal = vault.encrypt(&Place::new("factor", "sed", RecordId::new(&db.env())), PLAIN).unwrap_err();
        assert_eq!(refusal.to_string(), "the column factor.sed is not registered as encrypted");
    }

    /// covers K3.2 (part)
    async fn a_dump_of_the_database_holds_no_plain_secret(db: TestStore) {
        let vault = open(&db).await;
        let id = add(&db, &vault).await;
        let own = vault.secret("trail-seal", 32).await.unwrap();
        let key_line = std::fs::read_to_string(db.dir.path().join("key")).unwrap();
        let key = data_encoding::BASE64.decode(key_line.lines().last().unwrap().as_bytes()).unwrap();
        let stored = read(&db, id).await;
        let dump = dump(&db).await;
        assert!(contains(&dump, b"trail-seal") && contains(&dump, &stored), "the dump is a real one");
        for secret in [PLAIN, own.expose(), &key] {
            assert!(!contains(&dump, secret));
        }
    }

    /// covers K3.2 (part)
    async fn another_key_file_is_refused_at_the_start(db: TestStore) {
        open(&db).await;
        let (right, wrong) = (key_file(&db, "key").fingerprint(), key_file(&db, "other"));
        let fingerprint = wrong.fingerprint();
        let refusal = Vault::open(db.store.clone(), wrong, [SEED]).await.err().unwrap().to_string();
        assert!(refusal.contains(&right) && refusal.contains(&fingerprint), "{refusal}");
        assert!(refusal.contains("/other") && refusal.contains("Put the key file"), "{refusal}");
    }

    async fn a_damaged_data_key_is_refused_at_the_start(db: TestStore) {
        open(&db).await;
        execute(&db, DAMAGE.bind(vec![7; 60])).await;
        let refusal = Vault::open(db.store.clone(), key_file(&db, "key"), [SEED]).await.err().unwrap();
        assert!(matches!(refusal, VaultError::DamagedKey(_)), "{refusal}");
    }

    /// covers K3.2 (part)
    async fn rotation_keeps_everything_readable_and_retires_the_old_key(db: TestStore) {
        let vault = open(&db).await;
        let mut rows = Vec::new();
        for _ in 0..250 {
            rows.push(add(&db, &vault).await);
        }
        let own = vault.secret("csrf", 32).await.unwrap();
        let before = read(&db, rows[0]).await;
        let permit = may_manage_keys(&operator()).unwrap();
        let rotation = vault.rotate(&permit, &operator()).await.unwrap();
        assert_eq!((rotation.values, rotation.retired), (251, 1));
        let reopened = open(&db).await;
        for id in &rows {
            let value = read(&db, *id).await;
            assert_eq!(&value[1..17], rotation.key.as_bytes(), "under the new key");
            assert_eq!(decrypt(&reopened, &place(*id), &value).await.unwrap(), PLAIN);
        }
        assert_eq!(reopened.secret("csrf", 32).await.unwrap().expose(), own.expose());
        assert_eq!(decrypt(&reopened, &place(rows[0]), &before).await.unwrap(), PLAIN, "from an old backup");
        let retired: i64 = db.store.read().await.unwrap().fetch_one(RETIRED.sql()).await.unwrap().get("n").unwrap();
        assert_eq!(retired, 1);
    }

    async fn a_node_learns_of_anothers_new_key_when_it_meets_it(db: TestStore) {
        let (here, there) = (open(&db).await, open(&db).await);
        there.rotate(&may_manage_keys(&operator()).unwrap(), &operator()).await.unwrap();
        let id = add(&db, &there).await;
        assert_eq!(decrypt(&here, &place(id), &read(&db, id).await).await.unwrap(), PLAIN);
    }

    /// covers K3.2 (part)
    async fn after_a_rewrap_only_the_new_key_file_opens(db: TestStore) {
        let vault = open(&db).await;
        let id = add(&db, &vault).await;
        vault.rewrap(&may_manage_keys(&operator()).unwrap(), &operator(), key_file(&db, "new")).await.unwrap();
        assert!(Vault::open(db.store.clone(), key_file(&db, "key"), [SEED]).await.is_err());
        let reopened = Vault::open(db.store.clone(), key_file(&db, "new"), [SEED]).await.unwrap();
        assert_eq!(decrypt(&reopened, &place(id), &read(&db, id).await).await.unwrap(), PLAIN);
        assert_eq!(vault.status().unwrap().key_file, key_file(&db, "new").fingerprint());
    }

    async fn a_node_with_the_old_key_file_adds_no_key_after_a_rewrap(db: TestStore) {
        let (here, there) = (open(&db).await, open(&db).await);
        let permit = may_manage_keys(&operator()).unwrap();
        there.rewrap(&permit, &operator(), key_file(&db, "new")).await.unwrap();
        assert!(matches!(here.rotate(&permit, &operator()).await, Err(VaultError::WrongKeyFile { .. })));
    }

    async fn a_named_secret_is_made_once(db: TestStore) {
        let vault = open(&db).await;
        let (one, two) = tokio::join!(vault.secret("csrf", 32), vault.secret("csrf", 32));
        assert_eq!(one.unwrap().expose(), two.unwrap().expose());
        let other = vault.secret("seal", 32).await.unwrap();
        assert_ne!(other.expose(), vault.secret("csrf", 32).await.unwrap().expose());
        assert!(matches!(vault.secret("csrf", 16).await, Err(VaultError::Length { found: 32, wanted: 16, .. })));
    }

    async fn a_key_that_was_used_too_often_asks_for_rotation_and_then_refuses(db: TestStore) {
        let vault = open(&db).await;
        add(&db, &vault).await;
        assert!(!vault.upkeep().await.unwrap());
        assert_eq!(open(&db).await.status().unwrap().current_used, 1, "counted in the database");
        execute(&db, WORN.bind((1_i64 << 31) - 1)).await;
        assert!(vault.upkeep().await.unwrap(), "a rotation is due");
        let id = RecordId::new(&db.env());
        vault.encrypt(&place(id), PLAIN).unwrap();
        assert!(matches!(vault.encrypt(&place(id), PLAIN), Err(VaultError::Exhausted(_))));
        vault.rotate(&may_manage_keys(&operator()).unwrap(), &operator()).await.unwrap();
        vault.encrypt(&place(id), PLAIN).unwrap();
    }

    async fn every_statement_is_understood(db: TestStore) {
        palisade_testkit::prepare_all(&db, palisade_keys::STATEMENTS).await;
    }
}

#[test]
fn who_lacks_the_permission_may_not_manage_keys() {
    assert!(may_manage_keys(&Caller::operator("somebody", Authority::none())).is_err());
}

/// A store error keeps its kind on the way through the vault.
#[test]
fn an_unreachable_database_is_no_internal_error() {
    let error = palisade_base::Error::from(VaultError::Store(StoreError::Unavailable("gone".into())));
    assert_eq!(error.kind(), palisade_base::Kind::Unavailable);
}
