//! What a key file may be.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use palisade_keys::KeyFile;
use palisade_testkit::TestEnv;

fn refusal(path: &Path) -> String {
    KeyFile::load(path).err().unwrap().to_string()
}

/// Writes a file that only its owner can read.
fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

/// covers K3.2 (part)
#[test]
fn a_new_key_file_is_its_owners_alone_and_loads_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    let made = KeyFile::create(&path, &TestEnv::default().env).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(KeyFile::load(&path).unwrap().fingerprint(), made.fingerprint());
}

#[test]
fn an_existing_key_file_is_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    let env = TestEnv::default().env;
    let first = KeyFile::create(&path, &env).unwrap();
    let again = KeyFile::create(&path, &env).err().unwrap().to_string();
    assert!(again.contains("exists already"), "{again}");
    assert_eq!(KeyFile::load(&path).unwrap().fingerprint(), first.fingerprint());
}

/// covers K3.2 (part)
#[test]
fn a_key_file_that_others_can_read_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    KeyFile::create(&path, &TestEnv::default().env).unwrap();
    for mode in [0o640, 0o604, 0o660, 0o610] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let refusal = refusal(&path);
        assert!(refusal.contains(&format!("mode {mode:04o}")) && refusal.contains("chmod 600"), "{refusal}");
    }
}

#[test]
fn what_is_no_whole_key_file_is_refused_with_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    assert!(refusal(&path).contains("is not there"));
    let key = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=";
    for (text, problem) in [
        (String::new(), "it is empty"),
        (format!("{key}\n"), "its first line is not"),
        ("palisade-key-file 2\nAAAA\n".into(), "a newer Palisade made it"),
        ("palisade-key-file 1\n".into(), "the key is missing"),
        ("palisade-key-file 1\nq83vEjRW\n".into(), "does not have 32 bytes"),
        (format!("palisade-key-file 1\n{}\n", &key[..43]), "not base64"),
        (format!("palisade-key-file 1\n{key}\n{key}\n"), "more in it than one key"),
        ("#".repeat(5000), "too long"),
    ] {
        write(&path, &text);
        let refusal = refusal(&path);
        assert!(refusal.contains(problem) && refusal.contains(path.to_str().unwrap()), "{refusal}");
    }
    write(&path, &format!("# note\n\npalisade-key-file 1\n{key}\n"));
    assert!(KeyFile::load(&path).is_ok());
}

#[test]
fn a_directory_is_no_key_file() {
    let dir = tempfile::tempdir().unwrap();
    assert!(refusal(dir.path()).contains("it is not a file"));
}

#[test]
fn a_systemd_credential_is_read_whatever_its_mode() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("palisade-key");
    let made = KeyFile::create(&path, &TestEnv::default().env).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o440)).unwrap();
    let read = KeyFile::load_credential(dir.path(), "palisade-key").unwrap();
    assert_eq!(read.fingerprint(), made.fingerprint());
}
