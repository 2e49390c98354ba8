//! `config check` looks at what the file names.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use palisade_config::Config;

fn prepare(key_mode: u32) -> (tempfile::TempDir, Config) {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    for name in ["cert.pem", "key.pem"] {
        fs::write(path(name), "").unwrap();
    }
    fs::set_permissions(path("key.pem"), fs::Permissions::from_mode(key_mode)).unwrap();
    let text = format!(
        "data_dir = {:?}\n[[site]]\nname = \"kpi\"\nhosts = [\"k.example\"]\n[tls]\ncertificate = {:?}\nkey = {:?}\n",
        dir.path().display().to_string(),
        path("cert.pem"),
        path("key.pem")
    );
    let config = Config::parse(Path::new("palisade.toml"), &text).unwrap();
    (dir, config)
}

#[test]
fn a_sound_configuration_passes() {
    let (_dir, config) = prepare(0o600);
    config.check().unwrap();
}

/// covers T2.2 (part)
#[test]
fn a_private_key_that_others_can_read_is_found() {
    let (_dir, config) = prepare(0o644);
    let found = config.check().unwrap_err().to_string();
    assert!(found.starts_with("palisade.toml:7:7: the private key "), "{found}");
    assert!(found.contains("can be read by others (mode 0644)"), "{found}");
    assert!(found.contains("Run: chmod 0600 "), "{found}");
}

#[test]
fn missing_files_and_an_open_data_directory_are_found_together() {
    let (dir, config) = prepare(0o600);
    fs::remove_file(dir.path().join("cert.pem")).unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let found = config.check().unwrap_err();
    let lines: Vec<usize> = found.findings.iter().filter_map(|f| f.place.as_ref()).map(|place| place.line).collect();
    assert_eq!(lines, [1, 6]);
    assert!(found.to_string().contains("Run: chmod 0700 "), "{found}");
    assert!(found.to_string().contains("cert.pem can't be read: No such file or directory"), "{found}");
}

#[test]
fn a_file_that_is_not_there_is_said_so() {
    let found = Config::load(Path::new("/nowhere/palisade.toml")).unwrap_err().to_string();
    assert!(found.starts_with("/nowhere/palisade.toml: the file can't be read: "), "{found}");
}
