//! The units of examples/systemd, as systemd itself judges them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// How exposed each may be, in tenths of systemd's points (100 is everything open), as docs/security-checks.md says.
const UNITS: [(&str, &str); 2] = [("palisade.service", "16"), ("palisade-helper.service", "28")];

/// The unit with this build's program in the place of the installed one, which systemd would look for.
fn unit(dir: &Path, name: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/systemd").join(name);
    let text = fs::read_to_string(source).unwrap();
    assert!(text.contains("/usr/local/bin/palisade"), "{name}");
    let copy = dir.join(name);
    fs::write(&copy, text.replace("/usr/local/bin/palisade", env!("CARGO_BIN_EXE_palisade"))).unwrap();
    copy
}

fn analyze(arguments: &[&str], units: &[PathBuf]) -> Output {
    let output = Command::new("systemd-analyze").args(arguments).args(units).output();
    output.unwrap_or_else(|error| panic!("systemd-analyze is needed ({error}): run `cargo xtask setup`"))
}

#[test]
fn systemd_understands_every_line_of_the_units() {
    let dir = tempfile::tempdir().unwrap();
    let units = UNITS.map(|(name, _)| unit(dir.path(), name));
    let output = analyze(&["verify", "--man=no"], &units);
    let said = String::from_utf8_lossy(&output.stderr);
    // A line that it does not understand is passed over with a warning: a name of a newer version closes nothing.
    let about_ours: Vec<&str> = said.lines().filter(|line| line.contains("palisade")).collect();
    assert!(output.status.success() && about_ours.is_empty(), "{said}");
}

#[test]
fn the_units_are_as_closed_as_the_docs_say() {
    let dir = tempfile::tempdir().unwrap();
    for (name, points) in UNITS {
        let threshold = format!("--threshold={points}");
        let output = analyze(&["security", "--offline=true", "--no-pager", &threshold], &[unit(dir.path(), name)]);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stdout));
    }
}
