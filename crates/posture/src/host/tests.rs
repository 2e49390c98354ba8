//! Machines that tests prepare.

use std::{fs, str::FromStr as _};

use palisade_config::{Config, DatabaseUrlText};
use tempfile::TempDir;

use super::DatabasePlace;

/// A folder with these files, by their paths without the first slash.
pub(super) fn machine(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (file, text) in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn where_the_database_is_comes_from_its_url() {
    let config = Config::default();
    let place = |url: &str| DatabasePlace::of(&DatabaseUrlText::parse(url).unwrap().to_url().unwrap(), &config);
    assert_eq!(place("sqlite:///var/lib/palisade/palisade.db"), DatabasePlace::Data);
    assert_eq!(place("sqlite:///srv/db/p.db"), DatabasePlace::Here("/srv/db".into()));
    for own in ["localhost", "127.0.0.1", "[::1]"] {
        let url = format!("postgresql://p:x@{own}/p");
        assert_eq!(place(&url), DatabasePlace::Here("/var/lib/postgresql".into()), "{own}");
    }
    assert_eq!(
        place("postgresql://p:x@db.example/p"),
        DatabasePlace::Elsewhere(String::from_str("db.example").unwrap())
    );
}
