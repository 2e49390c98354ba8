//! Whose socket it is. The kernel shows the programs of our own user, or all of them to root; of the others it still
//! tells the user.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
};

use super::table::Listener;
use crate::host::Root;

/// So many open files are looked at in all.
const MOST: usize = 500_000;
/// `/etc/passwd` is not longer.
const PASSWD: u64 = 1 << 20;

/// Who is behind listeners.
pub(crate) struct Owners {
    programs: HashMap<u64, String>,
    passwd: String,
}

impl Owners {
    /// Looks for the owners of these.
    pub(crate) fn find(root: &Root, listeners: &[Listener]) -> Self {
        let wanted: BTreeSet<u64> = listeners.iter().map(|listener| listener.inode).collect();
        Self { programs: programs(root, &wanted), passwd: root.read("/etc/passwd", PASSWD).unwrap_or_default() }
    }

    /// The program, or at least its user.
    pub(crate) fn of(&self, listener: &Listener) -> String {
        self.programs.get(&listener.inode).cloned().unwrap_or_else(|| match self.user(listener.user) {
            Some(name) => format!("a program of the user {name}"),
            None => format!("a program of the user {}", listener.user),
        })
    }

    fn user(&self, wanted: u32) -> Option<&str> {
        self.passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            let (name, number) = (fields.next()?, fields.nth(1)?);
            (number.parse() == Ok(wanted)).then_some(name)
        })
    }
}

/// The programs that hold these sockets, as far as the kernel lets us see.
fn programs(root: &Root, wanted: &BTreeSet<u64>) -> HashMap<u64, String> {
    let (mut found, mut room) = (HashMap::new(), MOST);
    for process in root.names("/proc").into_iter().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
        for file in root.names(format!("/proc/{process}/fd")) {
            if room == 0 || found.len() == wanted.len() {
                return found;
            }
            room -= 1;
            let Ok(target) = fs::read_link(root.path(format!("/proc/{process}/fd/{file}"))) else { continue };
            let inode = target.to_str().and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
            if let Some(inode) = inode.filter(|inode| wanted.contains(inode)) {
                let name = root.read_line(format!("/proc/{process}/comm")).unwrap_or_default();
                found.insert(inode, format!("{name} (process {process})"));
            }
        }
    }
    found
}
