//! Whether AppArmor or SELinux is in force.

use std::sync::Arc;

use super::{Root, look::reading};
use crate::{About, Check, Mend, Place, Sight};

/// The list of AppArmor's profiles is not longer.
const PROFILES: u64 = 4 << 20;

/// What the kernel tells of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Mandatory {
    /// Whether AppArmor is on; `None` where the kernel has none.
    apparmor: Option<bool>,
    /// How many of its profiles are enforced; `None` where only root may know.
    enforced: Option<usize>,
    /// What this process runs under.
    own: Option<String>,
    /// Whether SELinux enforces; `None` where it is not loaded.
    selinux: Option<bool>,
}

pub(super) fn check(root: Root) -> Arc<dyn Check> {
    let title = "AppArmor or SELinux is in force";
    let about = About::new("host.mandatory", title, &["K5.4"], Place::Host);
    reading(about, move || judge(&read(&root)))
}

fn read(root: &Root) -> Mandatory {
    let profiles = root.read("/sys/kernel/security/apparmor/profiles", PROFILES).ok();
    let own = ["/proc/self/attr/apparmor/current", "/proc/self/attr/current"];
    Mandatory {
        apparmor: root.read_line("/sys/module/apparmor/parameters/enabled").map(|word| word == "Y"),
        enforced: profiles.map(|text| text.lines().filter(|line| line.ends_with("(enforce)")).count()),
        own: own.iter().find_map(|file| root.read_line(file)).filter(|word| !word.is_empty()),
        selinux: root.read_line("/sys/fs/selinux/enforce").map(|word| word == "1"),
    }
}

fn judge(seen: &Mandatory) -> Sight {
    let own = seen.own.as_ref().map(|own| format!("this process runs under: {own}"));
    match seen {
        Mandatory { selinux: Some(true), .. } => Sight::in_force("SELinux enforces its policy.").with_evidence(own),
        Mandatory { apparmor: Some(true), enforced: Some(0), .. } => {
            let mend = Mend::new("Load its profiles: apt install apparmor-profiles, then restart apparmor.")
                .by("systemctl restart apparmor");
            Sight::finding("AppArmor is on, and enforces not one profile.", mend).with_evidence(own)
        }
        Mandatory { apparmor: Some(true), enforced, .. } => {
            let count = enforced.map(|count| format!("{count} profiles are enforced"));
            Sight::in_force("AppArmor is on.").with_evidence(count.into_iter().chain(own))
        }
        Mandatory { selinux: Some(false), .. } => {
            let mend =
                Mend::new("Write SELINUX=enforcing in /etc/selinux/config, and switch it on now.").by("setenforce 1");
            Sight::finding("SELinux is permissive: it writes down what it would forbid, and forbids nothing.", mend)
        }
        Mandatory { apparmor, .. } => {
            let why = if apparmor.is_some() { "AppArmor is switched off" } else { "The kernel has loaded neither" };
            let mend = Mend::new(
                "Debian and Ubuntu: apt install apparmor apparmor-profiles, boot with apparmor=1 security=apparmor. Red \
                 Hat and its like: SELINUX=enforcing in /etc/selinux/config.",
            );
            Sight::finding(format!("{why}: neither AppArmor nor SELinux confines any program."), mend)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Verdict, host::tests::machine};

    fn verdict(files: &[(&str, &str)]) -> Sight {
        let folder = machine(files);
        judge(&read(&Root::at(folder.path())))
    }

    /// covers K5.4 (part)
    #[test]
    fn one_of_the_two_must_enforce() {
        const APPARMOR: &str = "sys/module/apparmor/parameters/enabled";
        const PROFILES: &str = "sys/kernel/security/apparmor/profiles";
        const SELINUX: &str = "sys/fs/selinux/enforce";
        assert_eq!(verdict(&[(APPARMOR, "Y\n")]).verdict(), Verdict::InForce);
        assert_eq!(verdict(&[(SELINUX, "1")]).verdict(), Verdict::InForce);
        for (files, wanted) in [
            (&[][..], "loaded neither"),
            (&[(APPARMOR, "N\n")], "switched off"),
            (&[(SELINUX, "0")], "permissive"),
            (&[(APPARMOR, "Y\n"), (PROFILES, "man_filter (complain)\n")], "not one profile"),
        ] {
            let sight = verdict(files);
            assert!(sight.verdict() == Verdict::Finding && sight.seen().contains(wanted), "{files:?}: {sight:?}");
        }
        let two = verdict(&[
            (APPARMOR, "Y\n"),
            (PROFILES, "palisade (enforce)\nman_filter (complain)\nnginx (enforce)\n"),
            ("proc/self/attr/current", "palisade (enforce)\n"),
        ]);
        assert_eq!(two.evidence(), ["2 profiles are enforced", "this process runs under: palisade (enforce)"]);
    }
}
