//! Who may write and read the files of guarded sites, and our own.

use std::{
    fs::{self, Metadata},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use palisade_config::Config;

use super::{Root, look::reading};
use crate::{About, Check, Mend, Place, Sight};

/// So many files are looked at in one folder of a site.
const MOST: usize = 50_000;
/// Deeper folders are a circle, or nobody's.
const DEEPEST: usize = 32;
/// So many findings are kept.
const KEPT: usize = 50;
/// The bits of others: to write, to read, to go through a folder.
const WRITE: u32 = 0o002;
const READ: u32 = 0o004;
const PASS: u32 = 0o001;
const STICKY: u32 = 0o1000;

/// Of each configured folder, and of our own data.
pub(super) fn checks(root: &Root, config: &Config) -> Vec<Arc<dyn Check>> {
    let guarded = config.host.guarded_files.iter().map(|folder| {
        let id = format!("host.files{}", folder.display().to_string().replace('/', "."));
        let title = format!("Others can neither change nor read what is private in {}", folder.display());
        let (root, folder) = (root.clone(), folder.clone());
        let about = About::new(id, title, &["K5.4"], Place::Host);
        reading(about, move || judge_site(&folder, &walk(&root, &folder)))
    });
    let own = Own::of(config);
    let title = "Others can't reach the data directory, and keys belong to one user alone";
    let about = About::new("host.files.own", title, &["K5.4", "K9.1"], Place::Program);
    let root = root.clone();
    guarded.chain([reading(about, move || judge_own(&root, &own))]).collect()
}

/// What a walk through a folder has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Walk {
    /// The folder can't be looked at; why.
    failure: Option<String>,
    /// Nobody else can get into it.
    is_closed: bool,
    /// What others may write to.
    writable: Vec<String>,
    /// What is private, and others may read.
    readable: Vec<String>,
    /// How many files were looked at.
    files: usize,
    /// Folders that could not be entered, or were too many.
    is_partial: bool,
}

fn walk(root: &Root, folder: &Path) -> Walk {
    let mut walk = Walk::default();
    let start = root.path(folder);
    match fs::metadata(&start) {
        Err(error) => walk.failure = Some(error.to_string()),
        Ok(about) if about.mode() & PASS == 0 || !is_open_above(&start) => walk.is_closed = true,
        Ok(about) => {
            walk.note(&start, &about, false);
            walk.enter(&start, false, DEEPEST);
        }
    }
    walk
}

/// Whether others get as far as this folder.
fn is_open_above(folder: &Path) -> bool {
    folder.ancestors().skip(1).all(|above| fs::metadata(above).is_ok_and(|about| about.mode() & PASS != 0))
}

impl Walk {
    fn enter(&mut self, folder: &Path, is_private: bool, deepest: usize) {
        let (Ok(entries), Some(deepest)) = (fs::read_dir(folder), deepest.checked_sub(1)) else {
            self.is_partial = true;
            return;
        };
        for entry in entries.flatten() {
            if self.files >= MOST {
                self.is_partial = true;
                return;
            }
            let path = entry.path();
            // Of a link its target counts, and that is met where it lies.
            let Ok(about) = fs::symlink_metadata(&path) else { continue };
            if about.is_symlink() {
                continue;
            }
            let is_private = is_private || is_private_name(&path);
            self.files += 1;
            self.note(&path, &about, is_private);
            // Behind a folder that others can't pass, modes mean nothing to them.
            if about.is_dir() && about.mode() & PASS != 0 {
                self.enter(&path, is_private, deepest);
            }
        }
    }

    fn note(&mut self, path: &Path, about: &Metadata, is_private: bool) {
        let mode = about.mode();
        let line = || format!("{} (mode {:04o})", path.display(), mode & 0o7777);
        let is_shared = about.is_dir() && mode & STICKY != 0;
        if mode & WRITE != 0 && !is_shared && self.writable.len() < KEPT {
            self.writable.push(line());
        }
        if is_private && about.is_file() && mode & READ != 0 && self.readable.len() < KEPT {
            self.readable.push(line());
        }
    }
}

/// Whether what is called so holds secrets: passwords, keys, backups, private uploads.
fn is_private_name(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    let ends = [".key", ".pem", ".p12", ".pfx", ".sql", ".sql.gz", ".env", ".kdbx", "_encryption_key"];
    let starts = ["site_config", "common_site_config", "id_rsa", "id_ed25519", "id_ecdsa", ".env"];
    ["private", "backups", ".ssh", ".gnupg", ".pgpass", ".my.cnf"].contains(&name.as_str())
        || ends.iter().any(|end| name.ends_with(end))
        || starts.iter().any(|start| name.starts_with(start))
}

fn judge_site(folder: &Path, walk: &Walk) -> Sight {
    let name = folder.display();
    if let Some(why) = &walk.failure {
        let mend = Mend::new(
            "Correct [host] guarded_files in palisade.toml, or let the program's user pass the folders above.",
        );
        return Sight::unseen(format!("{name} can't be looked at: {why}"), mend);
    }
    if walk.is_closed {
        return Sight::in_force(format!("Nobody but the owner and the group of {name} gets into it."));
    }
    let (writable, readable) = (walk.writable.len(), walk.readable.len());
    if writable + readable == 0 && walk.is_partial {
        let mend = Mend::new("Close the folder to others; then nothing in it needs to be looked at.").by(close(folder));
        return Sight::unseen(
            format!("Not all of {name} could be looked at; {} files were in order.", walk.files),
            mend,
        );
    }
    if writable + readable == 0 {
        return Sight::in_force(format!(
            "Of {} files in {name} others can change none, and read none that is private.",
            walk.files
        ));
    }
    let seen = match (writable, readable) {
        (0, _) => format!("Every user of this machine can read what is private in {name}."),
        (_, 0) => format!("Every user of this machine can change what is in {name}."),
        _ => format!("Every user of this machine can change what is in {name}, and read what is private there."),
    };
    let lines = walk.writable.iter().map(|line| format!("others may write: {line}"));
    let lines = lines.chain(walk.readable.iter().map(|line| format!("others may read: {line}")));
    Sight::finding(seen, Mend::new("Take writing, reading and passing from others.").by(close(folder)))
        .with_evidence(lines)
}

fn close(folder: &Path) -> String {
    format!("chmod -R o-rwx '{}'", folder.display().to_string().replace('\'', "'\\''"))
}

/// Our own files.
struct Own {
    data: PathBuf,
    /// Files and folders that are their owner's alone.
    private: Vec<PathBuf>,
}

impl Own {
    fn of(config: &Config) -> Self {
        let keys = config.data_dir.join("keys");
        let sites = config.sites.iter().filter_map(|site| site.tls.as_ref()).map(|tls| tls.key.clone());
        let private = [keys].into_iter().chain(config.tls.key.clone()).chain(sites).collect();
        Self { data: config.data_dir.clone(), private }
    }
}

fn judge_own(root: &Root, own: &Own) -> Sight {
    let about = match fs::metadata(root.path(&own.data)) {
        Ok(about) => about,
        Err(error) => {
            let mend = Mend::new("Set data_dir in palisade.toml to the folder that the program keeps its data in.");
            return Sight::unseen(
                format!("The data directory {} can't be looked at: {error}", own.data.display()),
                mend,
            );
        }
    };
    let mut wrong = Vec::new();
    if about.mode() & 0o007 != 0 {
        wrong.push((own.data.clone(), about.mode(), "0700"));
    }
    for path in &own.private {
        add_private(root, path, &mut wrong);
    }
    let line = |(path, mode, wanted): &(PathBuf, u32, &str)| {
        format!("{} has mode {:04o}, and should have {wanted}", path.display(), mode & 0o7777)
    };
    match wrong.first() {
        None => Sight::in_force("Nobody else gets into the data directory, and each key is its owner's alone."),
        Some((path, _, wanted)) => {
            let mend =
                Mend::new("Take it from everybody but its owner.").by(format!("chmod {wanted} '{}'", path.display()));
            Sight::finding("Others than the program's own user can reach its data or its keys.", mend)
                .with_evidence(wrong.iter().map(line))
        }
    }
}

/// A key that its group or others can reach, or such keys in a folder of keys.
fn add_private(root: &Root, path: &Path, wrong: &mut Vec<(PathBuf, u32, &'static str)>) {
    let Ok(about) = fs::metadata(root.path(path)) else { return };
    if about.mode() & 0o077 != 0 {
        wrong.push((path.to_owned(), about.mode(), if about.is_dir() { "0700" } else { "0600" }));
    }
    if about.is_dir() {
        for name in root.names(path) {
            let file = path.join(name);
            if fs::metadata(root.path(&file)).is_ok_and(|about| about.is_file()) {
                add_private(root, &file, wrong);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

    use tempfile::TempDir;

    use super::*;
    use crate::{Verdict, host::tests::machine};

    const SITE: &str = "/srv/bench/sites/tems";

    /// A site as it should be; `modes` make it worse.
    fn site(modes: &[(&str, u32)]) -> TempDir {
        let folder = machine(&[
            ("srv/bench/sites/tems/site_config.json", "{}"),
            ("srv/bench/sites/tems/public/files/logo.png", ""),
            ("srv/bench/sites/tems/private/files/contract.pdf", ""),
        ]);
        for (file, mode) in [
            ("", 0o755),
            ("srv/bench/sites/tems/site_config.json", 0o640),
            ("srv/bench/sites/tems/private/files/contract.pdf", 0o640),
        ]
        .iter()
        .chain(modes)
        {
            set(&folder, file, *mode);
        }
        folder
    }

    fn set(folder: &TempDir, file: &str, mode: u32) {
        fs::set_permissions(folder.path().join(file), Permissions::from_mode(mode)).unwrap();
    }

    fn look(folder: &TempDir) -> Sight {
        judge_site(Path::new(SITE), &walk(&Root::at(folder.path()), Path::new(SITE)))
    }

    /// covers K5.4 (part)
    #[test]
    fn what_others_may_write_or_read_of_a_site_is_a_finding() {
        assert_eq!(look(&site(&[])).verdict(), Verdict::InForce);
        for (file, mode, wanted) in [
            ("srv/bench/sites/tems/site_config.json", 0o644, "others may read"),
            ("srv/bench/sites/tems/private/files/contract.pdf", 0o664, "others may read"),
            ("srv/bench/sites/tems/public/files", 0o777, "others may write"),
            ("srv/bench/sites/tems/public/files/logo.png", 0o666, "others may write"),
        ] {
            let sight = look(&site(&[(file, mode)]));
            assert_eq!(sight.verdict(), Verdict::Finding, "{file}");
            assert!(sight.evidence().len() == 1 && sight.evidence()[0].starts_with(wanted), "{file}: {sight:?}");
            assert!(sight.evidence()[0].contains(file), "{sight:?}");
            assert_eq!(sight.mend().unwrap().command(), Some("chmod -R o-rwx '/srv/bench/sites/tems'"));
        }
    }

    #[test]
    fn what_nobody_gets_to_may_have_any_mode() {
        let bad = ("srv/bench/sites/tems/site_config.json", 0o666);
        for closed in ["srv/bench/sites/tems", "srv/bench"] {
            let sight = look(&site(&[bad, (closed, 0o750)]));
            assert_eq!(sight.verdict(), Verdict::InForce, "{closed}: {sight:?}");
        }
        let inner = site(&[
            ("srv/bench/sites/tems/private/files/contract.pdf", 0o666),
            ("srv/bench/sites/tems/private", 0o750),
        ]);
        assert_eq!(look(&inner).verdict(), Verdict::InForce);
        // A folder for everybody's files, as /tmp is, and a link out of the site.
        let shared = site(&[("srv/bench/sites/tems/public", 0o1777)]);
        std::os::unix::fs::symlink("/etc", shared.path().join("srv/bench/sites/tems/etc")).unwrap();
        assert_eq!(look(&shared).verdict(), Verdict::InForce);
    }

    #[test]
    fn a_folder_that_is_not_there_is_unseen() {
        assert_eq!(look(&machine(&[])).verdict(), Verdict::Unseen);
    }

    /// covers K5.4 (part)
    #[test]
    fn our_own_data_and_keys_must_be_closed_too() {
        let folder = machine(&[("var/lib/palisade/keys/one.key", ""), ("etc/tls.key", "")]);
        let own = Own {
            data: "/var/lib/palisade".into(),
            private: vec!["/var/lib/palisade/keys".into(), "/etc/tls.key".into()],
        };
        let look = || judge_own(&Root::at(folder.path()), &own);
        for (file, mode) in [
            ("var/lib/palisade", 0o700),
            ("var/lib/palisade/keys", 0o700),
            ("var/lib/palisade/keys/one.key", 0o600),
            ("etc/tls.key", 0o600),
        ] {
            set(&folder, file, mode);
        }
        assert_eq!(look().verdict(), Verdict::InForce);
        for (file, mode, good, command) in [
            ("var/lib/palisade", 0o705, 0o700, "chmod 0700 '/var/lib/palisade'"),
            ("var/lib/palisade/keys/one.key", 0o640, 0o600, "chmod 0600 '/var/lib/palisade/keys/one.key'"),
            ("etc/tls.key", 0o604, 0o600, "chmod 0600 '/etc/tls.key'"),
        ] {
            set(&folder, file, mode);
            let sight = look();
            assert_eq!(sight.verdict(), Verdict::Finding, "{file}");
            assert_eq!(sight.mend().unwrap().command(), Some(command));
            set(&folder, file, good);
        }
        fs::remove_dir_all(folder.path().join("var")).unwrap();
        assert_eq!(look().verdict(), Verdict::Unseen);
    }
}
