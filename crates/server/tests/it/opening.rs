//! What opening the system promises, and what it refuses.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use palisade_config::{Config, DatabaseUrlText};
use palisade_server::System;
use palisade_testkit::{TestEnv, TestStore};
use tempfile::TempDir;

use crate::MIGRATOR;

fn config(data: &Path) -> Config {
    Config::demo("127.0.0.1:0".parse().unwrap(), data)
}

async fn open(data: &Path) -> anyhow::Result<System> {
    System::open(config(data), TestEnv::default().env).await
}

async fn refusal(data: &Path) -> String {
    open(data).await.err().unwrap().to_string()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// covers K3.2 (part)
#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_on_first_start_is_for_its_owner_alone() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    open(&data).await.unwrap().close().await.unwrap();
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("keys")), 0o700);
    assert_eq!(mode(&data.join("keys/master.key")), 0o600);
    assert_eq!(mode(&data.join("palisade.db")), 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_finds_everything_again() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let first = open(&data).await.unwrap();
    let key = first.trail.vkey().to_string();
    first.close().await.unwrap();
    let second = open(&data).await.unwrap();
    assert_eq!(second.trail.vkey().to_string(), key);
    second.close().await.unwrap();
}

/// covers K3.2 (part)
#[tokio::test(flavor = "multi_thread")]
async fn without_its_key_file_a_database_is_not_opened_and_no_new_key_is_made() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    open(&data).await.unwrap().close().await.unwrap();
    let key_file = data.join("keys/master.key");
    fs::rename(&key_file, dir.path().join("kept.key")).unwrap();
    let message = refusal(&data).await;
    assert!(message.contains("is not there") && message.contains("Put the file, or its copy, back"), "{message}");
    assert!(!key_file.exists());
    fs::rename(dir.path().join("kept.key"), &key_file).unwrap();
    open(&data).await.unwrap().close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_directory_that_others_may_write_to_is_refused() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o777)).unwrap();
    let message = refusal(&data).await;
    assert!(message.contains("other users may write to") && message.contains("chmod 700"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_systems_never_share_an_embedded_database() {
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let first = open(&data).await.unwrap();
    assert!(refusal(&data).await.contains("another Palisade"), "{}", refusal(&data).await);
    first.close().await.unwrap();
}

/// covers K3.1 (part), K5.3 (part)
#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_the_runtime_user_is_all_it_needs() {
    let db = TestStore::postgres(MIGRATOR).await;
    let dir = TempDir::new().unwrap();
    let mut config = config(&dir.path().join("data"));
    config.database.url = Some(DatabaseUrlText::parse(&db.url).unwrap());
    let system = System::open(config, db.env()).await.unwrap();
    system.trail.flush_seal().await.unwrap();
    assert_eq!(system.trail.status().await.unwrap().pending, 0);
    system.close().await.unwrap();
}
