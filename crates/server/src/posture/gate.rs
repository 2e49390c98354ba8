//! The gate: its configuration, limits and jails.

use std::sync::Arc;

use palisade_bans::{JailReport, may_read_bans};
use palisade_base::{Error, Span};
use palisade_config::{LimitsConfig, RateConfig, Severity};
use palisade_posture::{Check, Mend, Sight};

use super::{Everything, about, check_of, count, looker, program_check};
use crate::check::check_everything;

/// The jail of tries to sign in is the first of every report.
const SIGN_IN: &str = "sign-in";

pub(super) fn checks(all: &Everything) -> Vec<Arc<dyn Check>> {
    // The guide's eighth: its script asks whether a service is "active", which "inactive" holds as well.
    let jail = about("jail", "Brute-force protection running", &["T5.1", "T5.2", "T14.1"]).guide_number(8);
    vec![
        program_check(all, "configuration", "The configuration file is sound", &["T1.10", "T2.4"], configuration),
        program_check(all, "limit_user", "At most 100 requests a minute for each user", &["T4.1"], limit_user),
        program_check(all, "limit_api", "At most 10 requests a second to /api/, 20 at once", &["T4.2"], limit_api),
        program_check(all, "limit_login", "At most 5 tries a minute to sign in", &["T4.3"], limit_login),
        check_of(all, jail, jails),
        program_check(all, "admin_networks", "Administration from given networks only", &["K4.2"], admin_networks),
    ]
}

async fn configuration(all: Everything) -> Result<Sight, Error> {
    let config = Arc::clone(&all.live.get().config);
    if !config.path().exists() {
        return Ok(Sight::not_applicable("There is no configuration file: this is the demo."));
    }
    let mend = || Mend::new("Correct what it says, then reload.").by("palisade config check");
    let read = palisade_config::Config::load(config.path())
        .and_then(|config| config.with_environment(|name| std::env::var(name).ok()));
    let read = match read {
        Ok(read) => read,
        Err(error) => {
            let lines = error.findings.iter().map(|finding| finding.what.clone());
            return Ok(Sight::finding("The file can't be used as it is now.", mend()).with_evidence(lines));
        }
    };
    let findings = check_everything(&read).await;
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let lines = findings.iter().map(|finding| format!("{}. {}", finding.what, finding.hint));
    Ok(match errors {
        0 => Sight::in_force(format!("{} can be used as it is.", config.path().display())).with_evidence(lines),
        _ => Sight::finding("What the file names can't be used as it is now.", mend()).with_evidence(lines),
    })
}

async fn limit_user(all: Everything) -> Result<Sight, Error> {
    let limit = limits(&all).user;
    let seconds = count(limit.seconds.into(), "second", "seconds");
    let seen = format!("{} requests in {seconds}, static files apart.", limit.requests);
    let slower = per_second(limit.requests, limit.seconds) <= per_second(100, 60);
    Ok(at_most(slower, seen, "user = { requests = 100, seconds = 60 }"))
}

async fn limit_api(all: Everything) -> Result<Sight, Error> {
    let guide = RateConfig { requests: 10, seconds: 1, burst: 20 };
    Ok(rate(limits(&all).api, guide, "api = { requests = 10, seconds = 1, burst = 20 }"))
}

async fn limit_login(all: Everything) -> Result<Sight, Error> {
    let guide = RateConfig { requests: 5, seconds: 60, burst: 5 };
    Ok(rate(limits(&all).login, guide, "login = { requests = 5, seconds = 60, burst = 5 }"))
}

fn limits(all: &Everything) -> LimitsConfig {
    all.live.get().config.limits.clone()
}

fn rate(limit: RateConfig, guide: RateConfig, as_written: &str) -> Sight {
    let slower = per_second(limit.requests, limit.seconds) <= per_second(guide.requests, guide.seconds);
    let seconds = count(limit.seconds.into(), "second", "seconds");
    let seen = format!("{} in {seconds}, {} more at once.", limit.requests, limit.burst);
    at_most(slower && limit.burst <= guide.burst, seen, as_written)
}

fn per_second(requests: u32, seconds: u32) -> f64 {
    f64::from(requests) / f64::from(seconds.max(1))
}

fn at_most(holds: bool, seen: String, as_written: &str) -> Sight {
    if holds {
        return Sight::in_force(seen);
    }
    let mend = Mend::new(format!("Write {as_written} under [limits] in palisade.toml, or take the line out."));
    Sight::finding(format!("{seen} The guide asks for less."), mend.by("palisade reload"))
}

async fn jails(all: Everything) -> Result<Sight, Error> {
    let report = all.bans.report(&may_read_bans(&looker())?).await?;
    Ok(judge_jails(&report))
}

/// Five failures in ten minutes shut out for an hour, and every jail that is configured works.
fn judge_jails(report: &JailReport) -> Sight {
    let mend = || Mend::new("Correct [jails] in palisade.toml; the page Jails and Bans says what is wrong.");
    let finding = |seen: String| Sight::finding(seen, mend().by("palisade jail status"));
    let Some(sign_in) = report.jails.iter().find(|jail| jail.name == SIGN_IN) else {
        return finding("There is no jail of tries to sign in.".to_owned());
    };
    if sign_in.is_shadow {
        return finding("The jail of tries to sign in only reports: nobody is shut out.".to_owned());
    }
    let ban_is_short = sign_in.ban_time.is_some_and(|time| time < Span::hours(1));
    if sign_in.max_retry > 5 || sign_in.find_time < Span::minutes(10) || ban_is_short {
        return finding("The jail of tries to sign in is milder than the guide's 5 in 600 s for 3600 s.".to_owned());
    }
    let ill = report.jails.iter().flat_map(|jail| jail.problems.iter().map(|what| format!("{}: {what}", jail.name)));
    let ill: Vec<String> = report.broken.iter().cloned().chain(ill).chain(report.problems.iter().cloned()).collect();
    if ill.is_empty() {
        let banned: u64 = report.jails.iter().map(|jail| jail.banned).sum();
        let jails = count(report.jails.len() as u64, "jail works", "jails work");
        let clients = count(banned, "client is shut out", "clients are shut out");
        return Sight::in_force(format!("{jails}; {clients}."));
    }
    finding("Not every jail works.".to_owned()).with_evidence(ill)
}

async fn admin_networks(all: Everything) -> Result<Sight, Error> {
    let networks = all.live.get().config.console.admin_networks.clone();
    if networks.is_empty() {
        let mend = Mend::new(
            "Name the networks that administrators come from: [console] admin_networks = [\"192.168.1.0/24\"].",
        );
        return Ok(Sight::finding("The administration is open from everywhere.", mend.by("palisade reload")));
    }
    let names: Vec<String> = networks.iter().map(ToString::to_string).collect();
    Ok(Sight::in_force(format!("Open from {} only.", names.join(", "))))
}

#[cfg(test)]
mod tests {
    use palisade_bans::JailStatus;
    use palisade_posture::Verdict;

    use super::*;

    fn report(change: impl FnOnce(&mut JailStatus)) -> JailReport {
        let mut jail = JailStatus {
            name: SIGN_IN.to_owned(),
            log_paths: Vec::new(),
            max_retry: 5,
            find_time: Span::minutes(10),
            ban_time: Some(Span::hours(1)),
            is_growing: false,
            is_shadow: false,
            banned: 2,
            figures: palisade_bans::JailFigures::default(),
            doubts: Vec::new(),
            problems: Vec::new(),
        };
        change(&mut jail);
        JailReport { jails: vec![jail], ..JailReport::default() }
    }

    /// covers T14.1 (part)
    #[test]
    fn a_jail_that_is_milder_than_the_guides_or_only_reports_is_a_finding() {
        assert_eq!(judge_jails(&report(|_| {})).verdict(), Verdict::InForce);
        assert_eq!(judge_jails(&report(|jail| jail.ban_time = None)).verdict(), Verdict::InForce, "until lifted");
        for change in [
            |jail: &mut JailStatus| jail.is_shadow = true,
            |jail: &mut JailStatus| jail.max_retry = 6,
            |jail: &mut JailStatus| jail.find_time = Span::minutes(9),
            |jail: &mut JailStatus| jail.ban_time = Some(Span::minutes(59)),
            |jail: &mut JailStatus| jail.problems.push("its log file can't be read".to_owned()),
            |jail: &mut JailStatus| jail.name = "sshd".to_owned(),
        ] {
            assert_eq!(judge_jails(&report(change)).verdict(), Verdict::Finding);
        }
        let broken = JailReport { broken: vec!["nginx: no such filter".to_owned()], ..report(|_| {}) };
        assert_eq!(judge_jails(&broken).evidence(), ["nginx: no such filter"]);
    }

    #[test]
    fn a_limit_that_lets_more_through_than_the_guides_is_a_finding() {
        let guide = RateConfig { requests: 5, seconds: 60, burst: 5 };
        let verdict = |requests, seconds, burst| rate(RateConfig { requests, seconds, burst }, guide, "").verdict();
        assert_eq!(verdict(5, 60, 5), Verdict::InForce);
        assert_eq!(verdict(1, 12, 0), Verdict::InForce, "the same rate in other words");
        assert_eq!(verdict(6, 60, 5), Verdict::Finding);
        assert_eq!(verdict(5, 60, 6), Verdict::Finding);
    }
}
