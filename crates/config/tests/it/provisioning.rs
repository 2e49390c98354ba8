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

fn pipe(path: &Path) {
    assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// 1 GiB that takes no room on the disk.
fn giant(path: &Path) {
    fs::File::create(path).unwrap().set_len(1 << 30).unwrap();
}

/// Attack: a name that leads to something without an end, or to something that waits for ever.
#[test]
fn what_is_no_file_of_sensible_size_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (fifo, large) = (dir.path().join("fifo"), dir.path().join("large.toml"));
    pipe(&fifo);
    giant(&large);
    for (path, why) in [
        (Path::new("/dev/zero"), "it is a device, not a file"),
        (fifo.as_path(), "it is a pipe, not a file"),
        (dir.path(), "it is a directory, not a file"),
        (large.as_path(), "it is larger than 1 MiB"),
    ] {
        let found = Config::load(path).unwrap_err().to_string();
        assert!(found.starts_with(&format!("{}: the file can't be read: {why}", path.display())), "{found}");
    }
    fs::write(&large, b"[company]\nname = \"\xff\"\n").unwrap();
    let found = Config::load(&large).unwrap_err().to_string();
    assert!(found.contains("the file can't be read: line 2 is not UTF-8 text"), "{found}");
}

/// The same for every file that the configuration names.
#[test]
fn certificates_and_keys_that_are_no_files_are_told_with_their_line() {
    let (dir, config) = prepare(0o600);
    let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    fs::remove_file(&cert).unwrap();
    pipe(&cert);
    giant(&key);
    let found = config.check().unwrap_err().to_string();
    assert!(
        found.contains(&format!("palisade.toml:6:15: {} can't be read: it is a pipe, not a file", cert.display())),
        "{found}"
    );
    assert!(
        found.contains(&format!("palisade.toml:7:7: {} can't be read: it is larger than 1 MiB", key.display())),
        "{found}"
    );
    let text = "[[site]]\nname = \"a\"\nhosts = [\"a.example\"]\nupstream = { to = [\"https://10.0.0.1\"], ca = \"/dev/zero\" }\n\
                [acme]\nca = \"/dev/zero\"\n[jails]\nfail2ban = \"/dev/zero\"\n";
    let found = Config::parse(Path::new("palisade.toml"), text).unwrap().check().unwrap_err().to_string();
    assert!(found.contains("palisade.toml:4:46: /dev/zero can't be read: it is a device"), "{found}");
    assert!(found.contains("palisade.toml:6:6: /dev/zero can't be read: it is a device"), "{found}");
    assert!(found.contains("palisade.toml:8:12: the folder /dev/zero can't be read"), "{found}");
}

#[test]
fn a_file_that_is_not_there_is_said_so() {
    let found = Config::load(Path::new("/nowhere/palisade.toml")).unwrap_err().to_string();
    assert!(found.starts_with("/nowhere/palisade.toml: the file can't be read: "), "{found}");
}
