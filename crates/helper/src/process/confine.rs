//! What the helper takes from itself before it listens to anybody.
//!
//! It is done on the first thread, before there is another: all later threads and programs inherit it.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access as _, AccessFs, BitFlags, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _, RulesetCreated,
    RulesetCreatedAttr as _, RulesetStatus, path_beneath_rules,
};
use rustix::thread::{
    CapabilitySet, CapabilitySets, remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

use crate::{
    bench::{BenchConfig, BenchFile},
    config::HelperFile,
};

/// Where programs and their libraries are.
const PROGRAMS: [&str; 6] = ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/nix/store"];
/// What programs read to find libraries, names, the time and certificates. Not `/etc` as a whole: passwords are there.
const SETTINGS: [&str; 14] = [
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/etc/localtime",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/iproute2",
    "/etc/ssl",
    "/etc/alternatives",
    "/proc",
];
/// What programs write to without anything being kept.
const DEVICES: [&str; 3] = ["/dev/null", "/dev/urandom", "/dev/random"];
/// What apt reads to say what is out of date.
const PACKAGES: [&str; 6] =
    ["/etc/apt", "/etc/dpkg", "/var/lib/apt", "/var/lib/dpkg", "/var/cache/apt", "/var/lib/ubuntu-advantage"];
/// The kernel's newest set of rules that we know. An older kernel enforces what it has.
const RULES: ABI = ABI::V5;

/// Confines this thread and all that come from it. Gives what was done and what could not be, for people.
#[must_use]
pub fn confine(file: &HelperFile) -> Vec<String> {
    let privileges = match set_no_new_privs(true) {
        Ok(()) => "no program can give it more rights (no_new_privs)".to_owned(),
        Err(error) => format!("NOT DONE: no_new_privs: {error}"),
    };
    vec![privileges, restrict_files(file), drop_capabilities(kept(file))]
}

/// What the configured work needs.
fn kept(file: &HelperFile) -> CapabilitySet {
    let mut kept = CapabilitySet::empty();
    kept.set(CapabilitySet::NET_ADMIN, file.firewall.is_some());
    kept.set(CapabilitySet::DAC_READ_SEARCH, !file.logs.is_empty());
    // A bench's files are its user's, and stay so when they are written.
    kept.set(CapabilitySet::DAC_OVERRIDE | CapabilitySet::CHOWN, !file.benches.is_empty());
    kept
}

fn drop_capabilities(kept: CapabilitySet) -> String {
    let dropped = CapabilitySet::all().iter().filter(|one| !kept.contains(*one));
    // Numbers that this kernel does not have are refused, and nobody can hold them either.
    let bounding: Vec<_> = dropped.map(remove_capability_from_bounding_set).collect();
    let sets = CapabilitySets { effective: kept, permitted: kept, inheritable: CapabilitySet::empty() };
    let names: Vec<&str> = kept.iter_names().map(|(name, _)| name).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    match set_capabilities(None, sets) {
        Ok(()) if bounding.iter().any(Result::is_ok) => format!("capabilities: {names}, and no program can get others"),
        Ok(()) => format!("capabilities: {names}"),
        Err(error) => format!("NOT DONE: dropping all capabilities but {names}: {error}"),
    }
}

fn restrict_files(file: &HelperFile) -> String {
    match restrict(file) {
        Ok(RulesetStatus::FullyEnforced) if !file.benches.is_empty() => {
            "files: logs and programs to read, sites of benches to write, nothing else (landlock)".to_owned()
        }
        Ok(RulesetStatus::FullyEnforced) => "files: logs and programs to read, nothing else (landlock)".to_owned(),
        Ok(RulesetStatus::PartiallyEnforced) => {
            "files: logs and programs to read, as far as this kernel's landlock goes".to_owned()
        }
        Ok(RulesetStatus::NotEnforced) => {
            "NOT DONE: files: this kernel has no landlock, so systemd's ProtectSystem must do it".to_owned()
        }
        Err(error) => format!("NOT DONE: files: {error}"),
    }
}

fn restrict(file: &HelperFile) -> Result<RulesetStatus, landlock::RulesetError> {
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let socket: BitFlags<AccessFs> = AccessFs::RemoveFile | AccessFs::MakeSock | AccessFs::ReadDir;
    // A new file takes the old one's place; no folder, no link and no program is made.
    let replace = read | AccessFs::WriteFile | AccessFs::MakeReg | AccessFs::RemoveFile;
    let programs = file.commands.iter().map(|command| &command.program);
    let programs: Vec<PathBuf> = programs.chain(file.mariadb.iter().map(|mariadb| &mariadb.client)).cloned().collect();
    let passwords: Vec<PathBuf> = file.mariadb.iter().filter_map(|mariadb| mariadb.defaults_file.clone()).collect();
    let readable: Vec<PathBuf> = file.commands.iter().flat_map(|command| command.readable.clone()).collect();
    let writable: Vec<PathBuf> = file.commands.iter().flat_map(|command| command.writable.clone()).collect();
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(RULES))?
        .create()?;
    let rules = allow(rules, &PROGRAMS.map(PathBuf::from), read | AccessFs::Execute)?;
    let rules = allow(rules, &programs, AccessFs::ReadFile | AccessFs::Execute)?;
    let rules = allow(rules, &SETTINGS.map(PathBuf::from), read)?;
    let rules = allow(rules, &PACKAGES.map(PathBuf::from), read)?;
    let rules = allow(rules, &own_folders(file), AccessFs::from_all(RULES))?;
    let rules = allow(rules, &DEVICES.map(PathBuf::from), AccessFs::ReadFile | AccessFs::WriteFile)?;
    let rules = allow(rules, &log_folders(file), read)?;
    let rules = allow(rules, &passwords, AccessFs::ReadFile)?;
    let rules = allow(rules, &readable, read)?;
    let rules = allow(rules, &writable, AccessFs::from_all(RULES))?;
    let rules = allow(rules, &bench_folders(file), replace)?;
    let rules = allow(rules, &socket_folder(&file.socket), socket)?;
    Ok(rules.restrict_self()?.ruleset)
}

/// Paths that are not there are left out: nothing can be reached through them.
fn allow(
    rules: RulesetCreated,
    paths: &[PathBuf],
    access: impl Into<BitFlags<AccessFs>>,
) -> Result<RulesetCreated, landlock::RulesetError> {
    rules.add_rules(path_beneath_rules(paths, access))
}

/// The folders that hold the configured logs, and those that links among them may lead into, by their true names.
pub(crate) fn log_folders(file: &HelperFile) -> Vec<PathBuf> {
    file.logs.iter().flat_map(folders_of).collect()
}

/// As [`log_folders`], of one log.
pub(crate) fn folders_of(log: &crate::config::LogConfig) -> Vec<PathBuf> {
    let named = log.paths.iter().map(crate::follow::LogPattern::folder).chain(log.also.iter().cloned());
    named.map(|folder| folder.canonicalize().unwrap_or(folder)).collect()
}

/// The folders of the files that are written. Both are named: `sites` alone would do, but only while it holds the other.
fn bench_folders(file: &HelperFile) -> Vec<PathBuf> {
    let folders = |bench: &BenchConfig| BenchFile::BOTH.map(|file| bench.folder_of(file));
    file.benches.iter().flat_map(folders).collect()
}

/// What the helper itself writes to: temporary files, and confirmed firewall rules.
fn own_folders(file: &HelperFile) -> Vec<PathBuf> {
    let firewall = file.firewall.iter().filter(|firewall| firewall.host_rules);
    firewall.map(|firewall| firewall.state.clone()).chain([file.scratch()]).collect()
}

fn socket_folder(socket: &Path) -> Vec<PathBuf> {
    socket.parent().map(Path::to_owned).into_iter().collect()
}
