//! Whether the volume under the data is encrypted: by dm-crypt below the file system, or by fscrypt within it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};

use super::{DatabasePlace, Root, look::reading};
use crate::{About, Check, Mend, Place, Sight};

/// The list of mounts is not longer.
const MOUNTS: u64 = 4 << 20;
/// Devices upon devices: deeper is a circle.
const DEEPEST: usize = 16;
/// File systems that are encryption themselves.
const SEALING: [&str; 4] = ["ecryptfs", "fuse.gocryptfs", "fuse.encfs", "fuse.securefs"];
/// File systems that keep nothing.
const FLEETING: [&str; 2] = ["tmpfs", "ramfs"];

/// What a folder lies on.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Volume {
    /// It is encrypted; how.
    Encrypted(String),
    /// It is not; which device.
    Plain(String),
    /// It can't be seen from here; why.
    Hidden(String),
    /// It is memory.
    Memory,
}

/// Of the data directory, and of the database where that is elsewhere.
pub(super) fn checks(root: &Root, data: &Path, database: DatabasePlace, stated: Stated) -> Vec<Arc<dyn Check>> {
    let points = &["K3.7"];
    let about = About::new("host.volume.data", "The data directory is on an encrypted volume", points, Place::Host);
    let (at, folder, by) = (root.clone(), data.to_owned(), stated.volume);
    let mut checks = vec![reading(about, move || judge(&find(&at, &folder), &folder, by.as_deref()))];
    let title = "The database is on an encrypted volume";
    let about = About::new("host.volume.database", title, points, Place::Database);
    let root = root.clone();
    match database {
        DatabasePlace::Data => {}
        DatabasePlace::Here(folder) => {
            checks.push(reading(about, move || judge(&find(&root, &folder), &folder, stated.database.as_deref())));
        }
        DatabasePlace::Elsewhere(host) => {
            checks.push(reading(about, move || judge_elsewhere(&host, stated.database.as_deref())));
        }
    }
    checks
}

/// What the operator says where nobody can look.
#[derive(Clone, Debug, Default)]
pub(super) struct Stated {
    pub(super) volume: Option<String>,
    pub(super) database: Option<String>,
}

fn judge(volume: &Volume, folder: &Path, stated: Option<&str>) -> Sight {
    let folder = folder.display();
    match (volume, stated) {
        (Volume::Encrypted(how), _) => {
            Sight::in_force(format!("{folder} is on an encrypted volume.")).with_evidence([how])
        }
        (Volume::Memory, _) => Sight::not_applicable(format!("{folder} is in memory: no disk ever holds it.")),
        (Volume::Plain(device), _) => {
            let mend = Mend::new(format!(
                "Make a volume with cryptsetup (LUKS), stop the program, move {folder} there and mount it in its place."
            ));
            let seen = format!("{folder} is on a plain volume: whoever has the disk, or an image of it, can read it.");
            Sight::finding(seen, mend).with_evidence([device])
        }
        (Volume::Hidden(why), Some(by)) => {
            let seen = "The volume is encrypted as the operator states it; it can't be seen from here.";
            Sight::in_force(seen).with_evidence([format!("stated in palisade.toml: {by}"), why.clone()])
        }
        (Volume::Hidden(why), None) => {
            let mend = Mend::new(
                "Find out from whoever runs the machine below, and state it in palisade.toml: [host] volume_encrypted_by.",
            );
            Sight::unseen(format!("What {folder} lies on can't be seen from here: {why}"), mend)
        }
    }
}

/// Nobody can look at the volume of another machine.
fn judge_elsewhere(host: &str, stated: Option<&str>) -> Sight {
    match stated {
        Some(by) => {
            Sight::in_force(format!("The volume of the database on {host} is encrypted, as the operator states it."))
                .with_evidence([format!("stated in palisade.toml: {by}")])
        }
        None => {
            let mend = Mend::new(
                "Look in the provider's console whether its storage is encrypted, and state it in palisade.toml: [host] \
                 database_encrypted_by = \"RDS with the KMS key db-prod\".",
            );
            Sight::unseen(format!("The database is on {host}, whose volume can't be seen from here."), mend)
        }
    }
}

fn find(root: &Root, folder: &Path) -> Volume {
    let folder = nearest(root, folder);
    if is_fscrypt(&root.path(&folder)) {
        return Volume::Encrypted(format!("{}: fscrypt", folder.display()));
    }
    let Ok(mounts) = root.read("/proc/self/mountinfo", MOUNTS) else {
        return Volume::Hidden("/proc/self/mountinfo can't be read".to_owned());
    };
    match mount_of(&mounts, &folder) {
        None => Volume::Hidden(format!("no mount holds {}", folder.display())),
        Some(mount) => judge_mount(root, &mount),
    }
}

/// The folder's true path, or that of the nearest one above that is there.
fn nearest(root: &Root, folder: &Path) -> PathBuf {
    let there = folder.ancestors().find(|part| root.path(part).exists()).unwrap_or(Path::new("/"));
    let start = root.path("/");
    let (whole, start) = (root.path(there).canonicalize(), start.canonicalize().unwrap_or(start));
    let below = whole.ok().and_then(|whole| whole.strip_prefix(&start).map(Path::to_owned).ok());
    below.map_or_else(|| there.to_owned(), |below| Path::new("/").join(below))
}

fn is_fscrypt(path: &Path) -> bool {
    statx(CWD, path, AtFlags::empty(), StatxFlags::empty())
        .is_ok_and(|about| about.stx_attributes.contains(StatxAttributes::ENCRYPTED))
}

/// A mount, as proc_pid_mountinfo(5) has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mount {
    at: PathBuf,
    device: String,
    kind: String,
    source: String,
}

/// The mount that holds a folder: the longest one, and of those the last.
fn mount_of(mounts: &str, folder: &Path) -> Option<Mount> {
    let holding = mounts.lines().filter_map(parse_mount).filter(|mount| folder.starts_with(&mount.at));
    holding.max_by_key(|mount| mount.at.components().count())
}

fn parse_mount(line: &str) -> Option<Mount> {
    let (before, after) = line.split_once(" - ")?;
    let mut fields = before.split(' ').skip(2);
    let (device, at) = (fields.next()?, fields.nth(1)?);
    let (kind, rest) = after.split_once(' ')?;
    let source = rest.split(' ').next()?;
    let text = |text: &str| text.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\");
    Some(Mount { at: text(at).into(), device: device.to_owned(), kind: kind.to_owned(), source: text(source) })
}

fn judge_mount(root: &Root, mount: &Mount) -> Volume {
    let at = mount.at.display();
    if SEALING.contains(&mount.kind.as_str()) {
        return Volume::Encrypted(format!("{at}: {}", mount.kind));
    }
    if FLEETING.contains(&mount.kind.as_str()) {
        return Volume::Memory;
    }
    let Some(device) = device_of(root, mount) else {
        return Volume::Hidden(format!("{at} is of the kind {} ({})", mount.kind, mount.source));
    };
    match sealed_by(&device, DEEPEST) {
        Some(how) => Volume::Encrypted(format!("{at} is on {}, {how}", mount.source)),
        None => Volume::Plain(format!("{at} is on {} ({}), without dm-crypt below", mount.source, mount.kind)),
    }
}

/// Where the kernel tells about the device below a mount. File systems of several devices have no number of their own
/// and name one of them.
fn device_of(root: &Root, mount: &Mount) -> Option<PathBuf> {
    let numbered = root.path(format!("/sys/dev/block/{}", mount.device));
    if !mount.device.starts_with("0:") && numbered.exists() {
        return Some(numbered);
    }
    mount.source.strip_prefix("/dev/")?;
    let whole = fs::canonicalize(root.path(&mount.source)).ok()?;
    let named = root.path("/sys/class/block").join(whole.file_name()?);
    named.exists().then_some(named)
}

/// How a device is encrypted: itself, or all that it is made of.
fn sealed_by(device: &Path, deepest: usize) -> Option<String> {
    let uuid = fs::read_to_string(device.join("dm/uuid")).unwrap_or_default();
    let uuid = uuid.trim_end();
    if is_crypt(uuid) {
        let kind = uuid.split('-').nth(1).unwrap_or_default();
        return Some(format!("dm-crypt ({kind})"));
    }
    let parts: Vec<PathBuf> = fs::read_dir(device.join("slaves")).ok()?.flatten().map(|part| part.path()).collect();
    let deepest = deepest.checked_sub(1)?;
    let below: Option<Vec<String>> = parts.iter().map(|part| sealed_by(part, deepest)).collect();
    below?.into_iter().next().map(|how| format!("{how} below it"))
}

/// cryptsetup names verity and integrity devices like encrypted ones; they hide nothing.
fn is_crypt(uuid: &str) -> bool {
    let kind = uuid.strip_prefix("CRYPT-").unwrap_or_default();
    !kind.is_empty() && !kind.starts_with("VERITY") && !kind.starts_with("INTEGRITY")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use tempfile::TempDir;

    use super::*;
    use crate::{Verdict, host::tests::machine};

    const DATA: &str = "/var/lib/palisade";
    const ROOT_MOUNT: &str = "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n";

    /// A machine with the root on /dev/sda1 (plain), and what else is given.
    fn with_mount(line: &str, files: &[(&str, &str)]) -> TempDir {
        let mounts = format!("{ROOT_MOUNT}{line}\n");
        let mut all = vec![
            ("proc/self/mountinfo", mounts.as_str()),
            ("var/lib/palisade/palisade.db", ""),
            ("sys/dev/block/8:1/partition", "1\n"),
        ];
        all.extend_from_slice(files);
        machine(&all)
    }

    fn seen(folder: &TempDir) -> Volume {
        find(&Root::at(folder.path()), Path::new(DATA))
    }

    fn verdict(folder: &TempDir, stated: Option<&str>) -> Sight {
        judge(&seen(folder), Path::new(DATA), stated)
    }

    /// covers K3.7 (part)
    #[test]
    fn a_database_on_a_plain_volume_is_a_finding_whatever_is_stated() {
        let plain = with_mount("", &[]);
        for stated in [None, Some("somebody, surely")] {
            let sight = verdict(&plain, stated);
            assert_eq!(sight.verdict(), Verdict::Finding, "{sight:?}");
            assert_eq!(sight.evidence(), ["/ is on /dev/sda1 (ext4), without dm-crypt below"]);
        }
    }

    /// covers K3.7 (part)
    #[test]
    fn dm_crypt_is_seen_directly_and_below_other_devices() {
        let line = "30 21 253:0 / /var/lib rw - ext4 /dev/mapper/data rw";
        let luks = ("sys/dev/block/253:0/dm/uuid", "CRYPT-LUKS2-7f3e-data\n");
        let direct = with_mount(line, &[luks]);
        assert_eq!(seen(&direct), Volume::Encrypted("/var/lib is on /dev/mapper/data, dm-crypt (LUKS2)".to_owned()));
        assert_eq!(verdict(&direct, None).verdict(), Verdict::InForce);

        let lvm = ("sys/dev/block/253:0/dm/uuid", "LVM-abc\n");
        let one = ("sys/dev/block/253:0/slaves/dm-1/dm/uuid", "CRYPT-LUKS1-a-b\n");
        let two = ("sys/dev/block/253:0/slaves/sdb1/partition", "1\n");
        assert!(matches!(seen(&with_mount(line, &[lvm, one])), Volume::Encrypted(_)));
        assert!(matches!(seen(&with_mount(line, &[lvm, one, two])), Volume::Plain(_)), "one of two disks is plain");
        assert!(matches!(seen(&with_mount(line, &[lvm])), Volume::Plain(_)));
    }

    #[test]
    fn checked_integrity_is_no_encryption() {
        let line = "30 21 253:0 / /var rw - ext4 /dev/mapper/data rw";
        for uuid in ["CRYPT-VERITY-0a-x\n", "CRYPT-INTEGRITY-x\n", "CRYPT-\n", "LVM-CRYPT-x\n"] {
            let folder = with_mount(line, &[("sys/dev/block/253:0/dm/uuid", uuid)]);
            assert!(matches!(seen(&folder), Volume::Plain(_)), "{uuid}");
        }
    }

    #[test]
    fn a_file_system_without_a_number_is_found_by_its_source() {
        let line = "30 21 0:44 /@data /var/lib/palisade rw - btrfs /dev/mapper/pool rw,subvol=/@data";
        let folder = with_mount(line, &[("dev/dm-3", ""), ("sys/class/block/dm-3/dm/uuid", "CRYPT-LUKS2-x-pool\n")]);
        std::fs::create_dir_all(folder.path().join("dev/mapper")).unwrap();
        symlink("../dm-3", folder.path().join("dev/mapper/pool")).unwrap();
        assert!(matches!(seen(&folder), Volume::Encrypted(_)), "{:?}", seen(&folder));
    }

    #[test]
    fn the_innermost_mount_counts_and_links_are_followed() {
        let line = "30 21 253:0 / /srv/the\\040safe rw - ext4 /dev/mapper/data rw";
        let folder =
            with_mount(line, &[("sys/dev/block/253:0/dm/uuid", "CRYPT-PLAIN-x\n"), ("srv/the safe/data/x", "")]);
        std::fs::remove_dir_all(folder.path().join("var/lib/palisade")).unwrap();
        symlink(folder.path().join("srv/the safe/data"), folder.path().join("var/lib/palisade")).unwrap();
        assert!(matches!(seen(&folder), Volume::Encrypted(_)), "{:?}", seen(&folder));
    }

    /// covers K3.7 (part)
    #[test]
    fn what_cannot_be_seen_is_unseen_unless_the_operator_states_it() {
        let container = with_mount("30 21 0:44 / /var rw - overlay overlay rw,lowerdir=/x", &[]);
        assert_eq!(verdict(&container, None).verdict(), Verdict::Unseen);
        let stated = verdict(&container, Some("EBS, key db-prod"));
        assert_eq!(stated.verdict(), Verdict::InForce);
        assert_eq!(stated.evidence()[0], "stated in palisade.toml: EBS, key db-prod");
        let memory = with_mount("30 21 0:44 / /var rw - tmpfs tmpfs rw", &[]);
        assert_eq!(verdict(&memory, None).verdict(), Verdict::NotApplicable);
        assert_eq!(judge_elsewhere("db.example", None).verdict(), Verdict::Unseen);
        assert_eq!(judge_elsewhere("db.example", Some("RDS")).verdict(), Verdict::InForce);
        assert!(matches!(seen(&machine(&[])), Volume::Hidden(_)));
    }

    #[test]
    fn mounts_that_are_none_are_passed_over() {
        for line in ["", " - ", "1 2 3", "21 1 8:1 / /", "21 1 8:1 / / rw - ext4"] {
            assert_eq!(parse_mount(line), None, "{line}");
        }
    }
}
