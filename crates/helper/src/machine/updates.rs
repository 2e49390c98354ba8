//! What is out of date, as apt reckons it: pins, holds and phases counted in. It is a simulation, which changes nothing.

use std::path::Path;

use crate::{
    program::Program,
    protocol::{Failure, FailureKind, MAX_NAMED, PendingUpdate, UpdateFacts},
};

const PROGRAM: &str = "/usr/bin/apt-get";
/// An upgrade from one release to the next takes a few hundred KiB.
const MAX_OUTPUT: usize = 4 << 20;
/// What is not yet cached is read anew, which takes seconds on a small machine.
const SECONDS: u64 = 60;
/// What is kept of a name or a version.
const MAX_TEXT: usize = 100;

/// Asks apt, which puts what it unpacks into a folder meanwhile.
pub(super) async fn ask(scratch: &Path) -> Result<UpdateFacts, Failure> {
    if !Path::new(PROGRAM).exists() {
        let why = "there is no apt on this machine: look for updates with its own package manager";
        return Err(Failure::new(FailureKind::Unknown, why));
    }
    // Programs are run without an environment; this is the one thing that apt takes from there.
    let scratch = format!("TMPDIR={}", scratch.display());
    let words = [scratch.as_str(), PROGRAM, "--simulate", "--quiet=2", "-o", "Debug::NoLocking=1", "dist-upgrade"];
    let program = Program {
        called: "apt-get",
        path: Path::new("/usr/bin/env"),
        arguments: words.map(str::to_owned).to_vec(),
        input: String::new(),
        folder: Path::new("/"),
        seconds: SECONDS,
        output: MAX_OUTPUT,
    };
    let result = program.run().await?;
    if result.code != Some(0) {
        let said: String = result.errors.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(400).collect();
        return Err(Failure::new(FailureKind::Failed, format!("apt-get does not say what is out of date: {said}")));
    }
    if result.is_cut {
        return Err(Failure::new(FailureKind::Failed, format!("apt-get prints more than {MAX_OUTPUT} bytes")));
    }
    Ok(read(&result.output))
}

/// Reads what apt would do: `Inst bash [5.2-1] (5.2-2 Debian-Security:12/stable-security [amd64])`.
#[must_use]
pub fn read(output: &str) -> UpdateFacts {
    let mut facts = UpdateFacts::default();
    for (update, is_security) in output.lines().filter_map(read_line) {
        if !is_security {
            facts.others += 1;
            continue;
        }
        facts.security_count += 1;
        if facts.security.len() < MAX_NAMED {
            facts.security.push(update);
        }
    }
    facts
}

/// An installed package that would be replaced, and whether the archive of security updates has the new version. What
/// would be installed in addition, because a new version needs it, is no update by itself.
fn read_line(line: &str) -> Option<(PendingUpdate, bool)> {
    let rest = line.strip_prefix("Inst ")?;
    let (package, rest) = rest.split_once(" [")?;
    let (installed, rest) = rest.split_once("] (")?;
    let (inside, _) = rest.split_once(')')?;
    let (available, origins) = inside.split_once(' ')?;
    let is_security = origins.split(", ").any(|origin| {
        let origin = origin.to_ascii_lowercase();
        origin.starts_with("debian-security:") || origin.contains("-security")
    });
    let short = |text: &str| text.chars().take(MAX_TEXT).collect();
    let update = PendingUpdate { package: short(package), installed: short(installed), available: short(available) };
    Some((update, is_security))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIMULATED: &str = "\
NOTE: This is only a simulation!
Inst base-files [12.4+deb12u11] (12.4+deb12u15 Debian:12.15/oldstable [amd64])
Inst libc6 [2.36-9] (2.36-9+deb12u7 Debian:12.5/stable, Debian-Security:12/stable-security [amd64]) []
Inst openssl [3.0.2-0ubuntu1.10] (3.0.2-0ubuntu1.15 Ubuntu:22.04/jammy-updates, Ubuntu:22.04/jammy-security [amd64])
Inst linux-image-6.1.0-21-amd64 (6.1.90-1 Debian-Security:12/stable-security [amd64])
Remv obsolete [1.0]
Conf libc6 (2.36-9+deb12u7 Debian:12.5/stable, Debian-Security:12/stable-security [amd64])
";

    /// covers K5.4 (part)
    #[test]
    fn security_updates_are_told_from_others() {
        let facts = read(SIMULATED);
        assert_eq!((facts.security_count, facts.others), (2, 1));
        let names: Vec<&str> = facts.security.iter().map(|update| update.package.as_str()).collect();
        assert_eq!(names, ["libc6", "openssl"]);
        assert_eq!(
            (facts.security[0].installed.as_str(), facts.security[0].available.as_str()),
            ("2.36-9", "2.36-9+deb12u7")
        );
        assert_eq!(read(""), UpdateFacts::default());
    }

    #[test]
    fn a_flood_of_them_is_counted_and_named_up_to_a_bound() {
        let line = "Inst x [1] (2 Debian-Security:12/stable-security [amd64])\n";
        let facts = read(&line.repeat(1_000));
        assert_eq!((facts.security_count, facts.security.len()), (1_000, MAX_NAMED));
        for text in ["Inst ", "Inst x [", "Inst x [1] (", "Inst x [1] (2)", "Inst x [1] (2 y", "\u{fffd}\0"] {
            assert_eq!(read(text), UpdateFacts::default(), "{text}");
        }
    }
}
