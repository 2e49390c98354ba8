//! Which Docker runs, and what its containers may do to the machine.

use std::sync::Arc;

use palisade_helper::protocol::{ContainerFacts, DockerFacts};

use super::{Host, helper::no_helper};
use crate::{About, Check, Mend, Place, Sight, check_by};

/// Where Docker's socket is.
const SOCKET: &str = "/run/docker.sock";
/// The oldest engine without a known way out of a container, or past its access rules: 25.0.6 mends CVE-2024-41110 and,
/// with runc 1.1.12, CVE-2024-21626.
const ENGINE: [u64; 3] = [25, 0, 6];
/// The oldest runc of each line that mends CVE-2025-31133, CVE-2025-52565 and CVE-2025-52881; older lines are not mended.
const RUNC: [[u64; 3]; 2] = [[1, 2, 8], [1, 3, 3]];
/// Capabilities by which a container can take the machine over.
const MIGHTY: [&str; 7] = ["ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "DAC_READ_SEARCH", "BPF"];

/// Judges what Docker says.
type Judge = fn(&DockerFacts) -> Sight;

pub(super) fn checks(host: &Host) -> Vec<Arc<dyn Check>> {
    let judges: [(&str, &str, Judge); 2] = [
        ("host.docker.version", "Docker has no known way out of a container", judge_version),
        ("host.docker.containers", "No container can take the machine over", judge_containers),
    ];
    let check = |(id, title, judge): (&str, &str, Judge)| {
        let host = host.clone();
        check_by(About::new(id, title, &["K5.4"], Place::Host), move || {
            let host = host.clone();
            async move { look(&host, judge).await }
        })
    };
    judges.into_iter().map(check).collect()
}

async fn look(host: &Host, judge: Judge) -> Sight {
    if !host.root.path(SOCKET).exists() {
        return Sight::not_applicable("No Docker runs on this machine.");
    }
    let Some(helper) = &host.helper else { return no_helper("what Docker says") };
    match helper.docker_facts().await {
        Ok(facts) => judge(&facts),
        Err(error) => {
            let mend = Mend::new("Look whether Docker runs, and where: docker = \"…\" in the helper's file.")
                .by("docker version");
            Sight::unseen(format!("Docker could not be asked: {error}"), mend)
        }
    }
}

fn judge_version(facts: &DockerFacts) -> Sight {
    let runc = facts.runc.as_ref().map(|runc| format!("runc {runc}"));
    let evidence: Vec<String> = [format!("Docker {}", facts.version)].into_iter().chain(runc).collect();
    let mend = || {
        Mend::new("Upgrade Docker with its runc. If your distribution mends older versions itself, its updates must all be in.")
            .by("apt-get update && apt-get upgrade")
    };
    let engine = numbers(&facts.version);
    let runc = facts.runc.as_deref().map(numbers);
    let sight = match (engine, runc) {
        (None, _) => Sight::unseen(format!("Docker says that it is {:?}, which is no version.", facts.version), mend()),
        (Some(engine), _) if engine < ENGINE => {
            Sight::finding(format!("Docker {} is older than 25.0.6, and has known holes.", facts.version), mend())
        }
        (Some(_), Some(Some(runc))) if is_old_runc(runc) => {
            let seen = "runc is older than 1.2.8 (or 1.3.3): a container can get out of it (CVE-2025-31133).";
            Sight::finding(seen, mend())
        }
        (Some(_), Some(Some(_))) => Sight::in_force(format!(
            "Docker {} and its runc have none of the ways out that this program knows (up to CVE-2025-52881).",
            facts.version
        )),
        (Some(_), _) => Sight::unseen("Docker does not say which runc it has.", mend()),
    };
    sight.with_evidence(evidence)
}

fn is_old_runc(runc: [u64; 3]) -> bool {
    match RUNC.iter().find(|fixed| fixed[..2] == runc[..2]) {
        Some(fixed) => runc < *fixed,
        None => runc < RUNC[0],
    }
}

/// `28.2.2-ce` as numbers; `None` where it begins with none.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let plain = version.trim_start_matches('v').split(['-', '+', '~', ' ']).next()?;
    let mut parts = plain.split('.').map(str::parse);
    let mut next = || parts.next().unwrap_or(Ok(0)).ok();
    Some([next()?, next()?, next()?])
}

fn judge_containers(facts: &DockerFacts) -> Sight {
    let found: Vec<String> = facts.containers.iter().filter_map(why_mighty).collect();
    let roots =
        facts.containers.iter().filter(|one| one.is_root).map(|one| format!("{} runs as root within", one.name));
    if let Some(first) = found.first() {
        let more = if found.len() > 1 { format!(", and {} more", found.len() - 1) } else { String::new() };
        let mend = Mend::new(
            "Start it without --privileged, --pid=host and added capabilities, without the machine's / or Docker's socket \
             inside, and with a user of its own (user: \"1000:1000\").",
        );
        return Sight::finding(format!("{first}{more}."), mend).with_evidence(found.iter().cloned().chain(roots));
    }
    let count = facts.containers.len();
    if facts.is_cut {
        let mend = Mend::new("Look at the others by hand.").by("docker inspect $(docker ps -q)");
        return Sight::unseen(format!("More containers run than are looked at; the first {count} are in order."), mend);
    }
    Sight::in_force(format!("None of the {count} running containers can take the machine over.")).with_evidence(roots)
}

/// By what a container can take the machine over.
fn why_mighty(container: &ContainerFacts) -> Option<String> {
    let capabilities: Vec<&str> = container
        .capabilities
        .iter()
        .map(|name| name.trim_start_matches("CAP_"))
        .filter(|name| MIGHTY.contains(name))
        .collect();
    let reasons = [
        container.is_privileged.then(|| "is privileged".to_owned()),
        container.has_docker_socket.then(|| "holds Docker's socket or the machine's files".to_owned()),
        container.sees_processes.then(|| "shares the machine's processes".to_owned()),
        (!capabilities.is_empty()).then(|| format!("has {}", capabilities.join(", "))),
    ];
    let reasons: Vec<String> = reasons.into_iter().flatten().collect();
    (!reasons.is_empty())
        .then(|| format!("The container {} ({}) {}", container.name, container.image, reasons.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verdict;

    fn version(engine: &str, runc: Option<&str>) -> Sight {
        let facts = DockerFacts { version: engine.to_owned(), runc: runc.map(str::to_owned), ..DockerFacts::default() };
        judge_version(&facts)
    }

    /// covers K5.4 (part)
    #[test]
    fn an_engine_or_a_runc_with_known_holes_is_a_finding() {
        for (engine, runc, wanted) in [
            ("28.2.2", Some("1.2.8"), Verdict::InForce),
            ("28.2.2", Some("1.4.0"), Verdict::InForce),
            ("25.0.6", Some("1.3.3-1"), Verdict::InForce),
            ("28.2.2", Some("1.2.5"), Verdict::Finding),
            ("28.2.2", Some("1.3.2"), Verdict::Finding),
            ("28.2.2", Some("1.1.15"), Verdict::Finding),
            ("20.10.24+dfsg1", Some("1.3.3"), Verdict::Finding),
            ("25.0.5", Some("1.3.3"), Verdict::Finding),
            ("28.2.2", None, Verdict::Unseen),
            ("dev", Some("1.3.3"), Verdict::Unseen),
            ("", None, Verdict::Unseen),
        ] {
            assert_eq!(version(engine, runc).verdict(), wanted, "{engine} {runc:?}");
        }
    }

    /// covers K5.4 (part)
    #[test]
    fn a_container_that_can_take_the_machine_over_is_a_finding() {
        let plain =
            ContainerFacts { name: "db".to_owned(), image: "mariadb:11".to_owned(), ..ContainerFacts::default() };
        let look = |container: &ContainerFacts| {
            judge_containers(&DockerFacts { containers: vec![container.clone()], ..DockerFacts::default() })
        };
        let capable = |name: &str| ContainerFacts { capabilities: vec![name.to_owned()], ..plain.clone() };
        assert_eq!(look(&plain).verdict(), Verdict::InForce);
        assert_eq!(look(&capable("NET_BIND_SERVICE")).verdict(), Verdict::InForce);
        assert_eq!(look(&ContainerFacts { is_root: true, ..plain.clone() }).evidence(), ["db runs as root within"]);
        for (container, words) in [
            (ContainerFacts { is_privileged: true, ..plain.clone() }, "is privileged"),
            (ContainerFacts { has_docker_socket: true, ..plain.clone() }, "Docker's socket"),
            (ContainerFacts { sees_processes: true, ..plain.clone() }, "processes"),
            (capable("CAP_SYS_ADMIN"), "has SYS_ADMIN"),
            (capable("ALL"), "has ALL"),
        ] {
            let sight = look(&container);
            assert!(sight.verdict() == Verdict::Finding && sight.seen().contains(words), "{sight:?}");
            assert!(sight.seen().starts_with("The container db (mariadb:11) "));
        }
        let many = DockerFacts { containers: vec![plain], is_cut: true, ..DockerFacts::default() };
        assert_eq!(judge_containers(&many).verdict(), Verdict::Unseen);
    }
}
