//! Damaged SQLite files are refused with what to do, and left as they are.

use std::{
    fs,
    path::{Path, PathBuf},
};

use palisade_store::{DatabaseUrl, OpenError, PoolConfig, Store};
use palisade_testkit::TestStore;
use tempfile::TempDir;

use crate::{COUNT, MIGRATOR, add, number};

/// A file with a few pages of data in it, closed cleanly.
async fn sound() -> (TempDir, PathBuf) {
    let db = TestStore::sqlite(MIGRATOR).await;
    for n in 0..40 {
        add(&db.store, &format!("{n} {}", "x".repeat(500))).await.unwrap();
    }
    db.store.close().await;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("palisade.db");
    fs::copy(db.url.trim_start_matches("sqlite://"), &path).unwrap();
    (dir, path)
}

async fn open(path: &Path) -> Result<Store, OpenError> {
    let url = DatabaseUrl::parse(&format!("sqlite://{}", path.display())).unwrap();
    Store::open(&url, &PoolConfig::default(), crate::child::env(99)).await
}

async fn refusal(path: &Path) -> String {
    let before = fs::read(path).ok();
    let Err(error) = open(path).await else { panic!("a damaged file was opened") };
    assert_eq!(fs::read(path).ok(), before, "the damaged file was changed");
    error.to_string()
}

fn assert_names_the_file_and_what_to_do(text: &str, path: &Path) {
    assert!(text.starts_with(&format!("the database {} is damaged: ", path.display())), "{text}");
    assert!(
        text.ends_with("Move the file (with its -wal and -shm) aside, then restore the newest backup over it."),
        "{text}"
    );
}

fn overwrite(path: &Path, at: usize, with: &[u8]) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at..at + with.len()].copy_from_slice(with);
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_sound_file_is_opened() {
    let (_dir, path) = sound().await;
    let store = open(&path).await.unwrap();
    assert_eq!(number(&store, COUNT).await, 40);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("palisade.db");
    fs::write(&path, "Dear diary, today I was mistaken for a database.\n".repeat(100)).unwrap();
    assert_names_the_file_and_what_to_do(&refusal(&path).await, &path);
}

#[tokio::test]
async fn a_damaged_header_is_refused() {
    for (at, with) in [(0, b"SQLite format 4\0".as_slice()), (16, &[0xff, 0xff]), (0, &[0; 100])] {
        let (_dir, path) = sound().await;
        overwrite(&path, at, with);
        assert_names_the_file_and_what_to_do(&refusal(&path).await, &path);
    }
}

#[tokio::test]
async fn a_page_of_garbage_is_refused_wherever_it_is() {
    let (_dir, path) = sound().await;
    let whole = fs::read(&path).unwrap();
    let garbage: Vec<u8> = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    // The first page holds the schema, and a damaged header is another test.
    for page in 1..whole.len() / 4096 {
        fs::write(&path, &whole).unwrap();
        overwrite(&path, page * 4096, &garbage);
        assert_names_the_file_and_what_to_do(&refusal(&path).await, &path);
    }
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_refused() {
    let (_dir, path) = sound().await;
    let whole = fs::read(&path).unwrap();
    for length in [whole.len() - 1, whole.len() - 4096, whole.len() / 2, 4096, 1000] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_names_the_file_and_what_to_do(&refusal(&path).await, &path);
    }
}

#[tokio::test]
async fn a_log_without_its_file_is_refused_rather_than_thrown_away() {
    let (dir, path) = sound().await;
    fs::write(dir.path().join("palisade.db-wal"), [7; 8192]).unwrap();
    fs::write(&path, "").unwrap();
    assert!(refusal(&path).await.contains("the file is missing or empty, but its write-ahead log is not"));
    fs::remove_file(&path).unwrap();
    assert!(refusal(&path).await.contains("the file is missing or empty, but its write-ahead log is not"));
    assert_eq!(fs::read(dir.path().join("palisade.db-wal")).unwrap(), [7; 8192]);
}

#[tokio::test]
async fn garbage_behind_the_log_changes_nothing_that_was_committed() {
    let (dir, path) = sound().await;
    // What a power cut leaves: frames that were never whole.
    fs::write(dir.path().join("palisade.db-wal"), [7; 8192]).unwrap();
    let store = open(&path).await.unwrap();
    assert_eq!(number(&store, COUNT).await, 40);
    add(&store, "another").await.unwrap();
    assert_eq!(number(&store, COUNT).await, 41);
}

#[tokio::test]
async fn a_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("palisade.db");
    fs::create_dir(&path).unwrap();
    let Err(error) = open(&path).await else { panic!("a directory was opened") };
    assert!(error.to_string().contains("it is a directory"), "{error}");
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let Err(error) = open(&dir.path().join("nowhere/palisade.db")).await else { panic!("opened") };
    assert!(
        error
            .to_string()
            .ends_with("The directory must exist, and the user that runs Palisade must be able to write to it."),
        "{error}"
    );
}
