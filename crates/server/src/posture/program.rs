//! The program's own settings, trail, keys and backups.

use std::sync::Arc;

use palisade_base::Error;
use palisade_config::LogLevel;
use palisade_identity::settings::{PasswordPolicy, SessionPolicy, points};
use palisade_posture::{Check, Mend, Sight};
use palisade_store::Engine;
use palisade_trail::TrailStatus;

use super::{Everything, count, finding_on_page, program_check};

pub(super) fn checks(all: &Everything) -> Vec<Arc<dyn Check>> {
    vec![
        program_check(all, "password_policy", "The guide's password policy", &["K1.1", "K9.1"], password_policy),
        program_check(all, "sessions", "The guides' session settings", &["K1.4", "T8.1", "T8.2"], sessions),
        program_check(all, "trail", "The trail is sealed, also outside", &["K6.1", "K6.2", "K9.1"], trail),
        program_check(all, "keys", "Secrets are encrypted under a key outside the database", &["K3.2"], keys),
        program_check(all, "log_level", "The log holds no more than it should", &["T10.1"], log_level),
        program_check(all, "backup", "Encrypted backups", &["T9.1", "T9.2", "K3.3", "K9.1"], backup),
    ]
}

async fn password_policy(all: Everything) -> Result<Sight, Error> {
    let policy = all.identity.settings::<PasswordPolicy>().await?.value;
    Ok(judge(&points::of_passwords(&policy), "Admin > Security > Password Policy"))
}

async fn sessions(all: Everything) -> Result<Sight, Error> {
    let policy = all.identity.settings::<SessionPolicy>().await?.value;
    Ok(judge(&points::of_sessions(&policy), "Admin > Security > Session Settings"))
}

/// What the guides ask of a page of settings.
pub(super) fn judge(points: &[points::Point], page: &str) -> Sight {
    let asked: Vec<_> = points.iter().filter(|point| point.is_of_guide()).collect();
    let broken: Vec<&str> = asked.iter().filter(|point| !point.is_met).map(|point| point.asks).collect();
    if broken.is_empty() {
        let lines = asked.iter().map(|point| point.asks);
        return Sight::in_force(format!("All {} points of the guides are met.", asked.len())).with_evidence(lines);
    }
    let seen = format!("{} of {} points of the guides are not met.", broken.len(), asked.len());
    finding_on_page(seen, "Change the settings that break them", page).with_evidence(broken)
}

async fn trail(all: Everything) -> Result<Sight, Error> {
    Ok(judge_trail(&all.trail.status().await?))
}

fn judge_trail(status: &TrailStatus) -> Sight {
    let failing = status.sinks.iter().filter_map(|sink| Some(format!("{}: {}", sink.name, sink.error.as_ref()?)));
    let ill: Vec<String> = status.problems.iter().cloned().chain(failing).collect();
    if !ill.is_empty() {
        let mend = Mend::new("See to what is named, then verify the trail.").by("palisade trail verify");
        return Sight::finding("The trail is not as it should be.", mend).with_evidence(ill);
    }
    if status.sinks.is_empty() {
        let what = "Send the seals to a place outside: [seal] files or syslog in palisade.toml.";
        let seen =
            "Its seals stay on this machine: a trail that is wholly rewritten could not be told from the true one.";
        return Sight::finding(seen, Mend::new(what).by("palisade reload"));
    }
    let names: Vec<&str> = status.sinks.iter().map(|sink| sink.name.as_str()).collect();
    Sight::in_force(format!("{} leaves, {} sealed; seals go to {}.", status.leaves, status.sealed, names.join(", ")))
}

async fn keys(all: Everything) -> Result<Sight, Error> {
    let status = all.vault.status()?;
    let keys = count(status.data_keys as u64, "data key", "data keys");
    Ok(Sight::in_force(format!("The key comes from {}; {keys}.", status.origin)))
}

async fn log_level(all: Everything) -> Result<Sight, Error> {
    Ok(match all.live.get().config.log.level {
        LogLevel::Debug | LogLevel::Trace => {
            let mend = Mend::new("Write level = \"info\" under [log] in palisade.toml, and start again.");
            Sight::finding("The log level is made for finding faults, not for production.", mend)
        }
        LogLevel::Error | LogLevel::Warn | LogLevel::Info => Sight::in_force("The log tells of requests and failures."),
    })
}

/// Said as it is: this release makes none.
async fn backup(all: Everything) -> Result<Sight, Error> {
    let config = Arc::clone(&all.live.get().config);
    let what = match all.store.engine() {
        Engine::Sqlite => format!(
            "Have a backup program of your own keep {} (the key file in keys/ apart from the rest), and try to restore it.",
            config.data_dir.display()
        ),
        Engine::Postgres => {
            "Have pg_dump keep the database and a backup program the key file, apart, and try to restore them."
                .to_owned()
        }
    };
    Ok(Sight::finding("This release of Palisade makes no backups.", Mend::new(what)))
}

#[cfg(test)]
mod tests {
    use palisade_posture::Verdict;

    use super::*;

    fn status() -> TrailStatus {
        TrailStatus {
            vkey: String::new(),
            leaves: 7,
            pending: 0,
            sealed: 7,
            sealed_at: None,
            last_seal: None,
            problems: Vec::new(),
            sinks: vec![palisade_trail::SinkStatus {
                name: "syslog".to_owned(),
                delivered: 7,
                delivered_at: None,
                failing_since: None,
                error: None,
            }],
        }
    }

    #[test]
    fn a_trail_without_a_place_outside_or_with_a_failing_one_is_a_finding() {
        assert_eq!(judge_trail(&status()).verdict(), Verdict::InForce);
        let mut alone = status();
        alone.sinks.clear();
        assert_eq!(judge_trail(&alone).verdict(), Verdict::Finding);
        let mut failing = status();
        failing.sinks[0].error = Some("connection refused".to_owned());
        assert_eq!(judge_trail(&failing).evidence(), ["syslog: connection refused"]);
    }

    #[test]
    fn settings_that_break_a_guides_point_are_a_finding_and_those_of_asvs_are_none() {
        let point = |source, is_met| points::Point { source, asks: "At least 12 characters", is_met };
        let sight = judge(&[point("Guide: Password Policies", true), point("ASVS 6.2.5", false)], "page");
        assert_eq!(sight.verdict(), Verdict::InForce);
        let sight = judge(&[point("Guide: Password Policies", false)], "page");
        assert_eq!((sight.verdict(), sight.evidence()), (Verdict::Finding, &["At least 12 characters".to_owned()][..]));
    }
}
