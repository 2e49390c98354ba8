//! What waits to be installed, when the archive was asked last, and whether a restart is due.

use std::{fs, sync::Arc, time::SystemTime};

use palisade_base::{Instant, Span};
use palisade_helper::{
    client::HelperError,
    protocol::{FailureKind, UpdateFacts},
};

use super::{Host, Root, helper::no_helper, look::reading};
use crate::{About, Check, Mend, Place, Sight, check_by};

/// For so long nobody need ask the archive.
const FRESH: Span = Span::days(7);
/// What changes when the archive is asked.
const ASKED: [&str; 4] = [
    "/var/lib/apt/periodic/update-success-stamp",
    "/var/lib/apt/lists",
    "/var/lib/apt/lists/partial",
    "/var/cache/apt/pkgcache.bin",
];
/// Debian and Ubuntu put a file there when what runs is older than what is installed.
const RESTART: &str = "/run/reboot-required";

pub(super) fn checks(host: &Host) -> Vec<Arc<dyn Check>> {
    let points = &["K5.4"];
    let about = About::new("host.updates", "No update of security waits to be installed", points, Place::Host);
    let pending = host.clone();
    let pending = check_by(about, move || {
        let host = pending.clone();
        async move {
            let Some(helper) = &host.helper else { return no_helper("what apt would install") };
            match helper.pending_updates().await {
                Ok(facts) => judge(&facts),
                Err(error) => unseen(&error),
            }
        }
    });
    let title = "Updates were looked for lately, and none waits for a restart";
    let about = About::new("host.updates.fresh", title, points, Place::Host);
    let (root, env) = (host.root.clone(), host.env.clone());
    vec![pending, reading(about, move || judge_state(&read(&root), env.now()))]
}

fn judge(facts: &UpdateFacts) -> Sight {
    let lines = facts.security.iter();
    let lines = lines.map(|one| format!("{}: {} is installed, {} is there", one.package, one.installed, one.available));
    match (facts.security_count, facts.others) {
        (0, 0) => Sight::in_force("Nothing waits to be installed."),
        (0, others) => Sight::in_force(format!("No update of security waits; {others} others do.")),
        (count, _) => {
            let mend = Mend::new("Install them; let unattended-upgrades do it from now on.")
                .by("apt-get update && apt-get upgrade");
            let words = if count == 1 { "1 update of security waits" } else { "updates of security wait" };
            let seen = if count == 1 { words.to_owned() } else { format!("{count} {words}") };
            Sight::finding(format!("{seen} to be installed."), mend).with_evidence(lines)
        }
    }
}

fn unseen(error: &HelperError) -> Sight {
    match error {
        HelperError::Failed(failure) if failure.kind == FailureKind::Unknown => {
            let mend = Mend::new(
                "Look with the machine's own package manager: dnf updateinfo list --security, zypper list-patches.",
            );
            Sight::unseen("There is no apt on this machine.", mend)
        }
        _ => {
            let mend = Mend::new("Look at the helper's log, or ask by hand.").by("apt-get --simulate dist-upgrade");
            Sight::unseen(format!("What waits to be installed could not be seen: {error}"), mend)
        }
    }
}

/// What the machine's files tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct State {
    has_apt: bool,
    asked: Option<Instant>,
    wants_restart: bool,
}

fn read(root: &Root) -> State {
    let changed = |file: &&str| fs::metadata(root.path(file)).and_then(|about| about.modified()).ok();
    State {
        has_apt: root.path("/var/lib/dpkg/status").exists(),
        asked: ASKED.iter().filter_map(|file| instant(changed(file)?)).max(),
        wants_restart: root.path(RESTART).exists(),
    }
}

fn instant(time: SystemTime) -> Option<Instant> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(Instant::from_micros(i64::try_from(since.as_micros()).ok()?))
}

fn judge_state(state: &State, now: Instant) -> Sight {
    if state.wants_restart {
        let mend = Mend::new("Restart the machine when nobody works on it.").by("systemctl reboot");
        let seen = "Updates are installed that come into force with a restart: what runs is the old version.";
        return Sight::finding(seen, mend).with_evidence([format!("{RESTART} is there")]);
    }
    if !state.has_apt {
        return Sight::not_applicable("There is no dpkg on this machine.");
    }
    let update = || {
        Mend::new("Ask the archive, and have it asked each day: apt install unattended-upgrades.").by("apt-get update")
    };
    match state.asked {
        None => Sight::finding("Nobody has ever asked the archive for updates here.", update()),
        Some(asked) if now.since(asked) > FRESH => {
            let days = now.since(asked).as_seconds_ceil() / 86_400;
            Sight::finding(format!("Nobody has asked the archive for updates for {days} days."), update())
        }
        Some(asked) => Sight::in_force("The archive was asked within the last week, and no restart is due.")
            .with_evidence([format!("asked at {asked}")]),
    }
}

#[cfg(test)]
mod tests {
    use palisade_helper::protocol::{Failure, PendingUpdate};

    use super::*;
    use crate::{Verdict, host::tests::machine};

    /// covers K5.4 (part)
    #[test]
    fn a_pending_update_of_security_is_a_finding_with_its_versions() {
        let openssl = PendingUpdate {
            package: "openssl".to_owned(),
            installed: "3.0.2-0ubuntu1.10".to_owned(),
            available: "3.0.2-0ubuntu1.15".to_owned(),
        };
        let facts = UpdateFacts { security: vec![openssl], security_count: 1, others: 4 };
        let sight = judge(&facts);
        assert_eq!(sight.verdict(), Verdict::Finding);
        assert_eq!(sight.evidence(), ["openssl: 3.0.2-0ubuntu1.10 is installed, 3.0.2-0ubuntu1.15 is there"]);
        assert!(
            judge(&UpdateFacts { security_count: 300, ..facts }).seen().starts_with("300 updates of security wait")
        );
        assert_eq!(judge(&UpdateFacts { others: 4, ..UpdateFacts::default() }).verdict(), Verdict::InForce);
        let none = Failure { kind: FailureKind::Unknown, message: "no apt".to_owned() };
        assert_eq!(unseen(&HelperError::Failed(none)).verdict(), Verdict::Unseen);
        assert_eq!(unseen(&HelperError::Unreachable("gone".to_owned())).verdict(), Verdict::Unseen);
    }

    /// covers K5.4 (part)
    #[test]
    fn updates_must_have_been_looked_for_and_be_running() {
        let start = Instant::from_micros(1_000_000_000_000);
        let state = State { has_apt: true, asked: Some(start), wants_restart: false };
        assert_eq!(judge_state(&state, start + Span::days(7)).verdict(), Verdict::InForce);
        let late = judge_state(&state, start + Span::days(30));
        assert!(late.verdict() == Verdict::Finding && late.seen().contains("30 days"), "{late:?}");
        assert_eq!(judge_state(&State { asked: None, ..state }, start).verdict(), Verdict::Finding);
        assert_eq!(judge_state(&State { wants_restart: true, ..state }, start).verdict(), Verdict::Finding);
        assert_eq!(judge_state(&State { has_apt: false, ..state }, start).verdict(), Verdict::NotApplicable);
    }

    #[test]
    fn the_machines_files_tell_when_the_archive_was_asked() {
        let folder =
            machine(&[("var/lib/dpkg/status", ""), ("var/lib/apt/lists/lock", ""), ("run/reboot-required", "")]);
        let state = read(&Root::at(folder.path()));
        assert!(state.has_apt && state.asked.is_some() && state.wants_restart);
        assert_eq!(read(&Root::at(machine(&[]).path())), State { has_apt: false, asked: None, wants_restart: false });
    }
}
