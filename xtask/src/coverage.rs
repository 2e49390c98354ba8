//! Which requirements are covered: those whose tests say so, ran, and passed in this very run.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{claims, workspace::Workspace};

/// Where a run is kept, under `target/`.
const SAVED_RUN: &str = "target/xtask/test-run.txt";
/// Marks the lines of a saved run that say which source a test binary was built from.
const BINARY_LINE: &str = "xtask-binary\t";

/// Lines, and characters of each, that a failed test has at the end of the log.
const FAILURE_LINES: usize = 25;
const FAILURE_COLUMNS: usize = 200;

/// How one test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Passed,
    /// Failed, or was ignored.
    NotPassed,
}

/// The test results of a run: by root file of the binary, then by test.
#[derive(Debug, Default)]
struct Results(BTreeMap<PathBuf, BTreeMap<String, Ended>>);

/// What the run shows for each requirement.
#[derive(Debug, Default, PartialEq, Eq)]
struct Standing {
    whole: BTreeSet<String>,
    part: BTreeSet<String>,
    /// Claimed by a test that did not run or did not pass.
    unproven: BTreeSet<String>,
}

/// Runs all tests and prints the coverage; an error where a test fails.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let saved = workspace.root.join(SAVED_RUN);
    let passed = run_tests(workspace, &saved)?;
    report_saved(workspace, &saved)?;
    if !passed {
        print!("{}", failures(&std::fs::read_to_string(&saved)?));
    }
    ensure!(passed, "there are failing tests (see above)");
    Ok(())
}

/// Prints the coverage of a saved run.
pub(crate) fn report_saved(workspace: &Workspace, saved: &Path) -> Result<()> {
    let text = std::fs::read_to_string(saved).with_context(|| {
        format!("{} can't be read; run `cargo xtask coverage` without --from to make it", saved.display())
    })?;
    print!("{}", describe(workspace, &standing(workspace, &Results::read(&text))?)?);
    Ok(())
}

/// Builds and runs every test, passes cargo's own lines on, and keeps them; gives whether all passed.
fn run_tests(workspace: &Workspace, saved: &Path) -> Result<bool> {
    std::fs::create_dir_all(saved.parent().context("no folder")?)?;
    let mut kept = std::io::BufWriter::new(std::fs::File::create(saved)?);
    for (binary, root_file) in build_tests(workspace)? {
        writeln!(kept, "{BINARY_LINE}{}\t{}", binary.display(), root_file.display())?;
    }
    // One pipe for both streams: the name of a binary comes on one, its results on the other.
    let (reader, writer) = std::io::pipe()?;
    let mut tests = cargo(workspace)
        .args(["test", "--workspace", "--no-fail-fast"])
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .spawn()
        .context("cargo could not be started")?;
    for line in BufReader::new(reader).split(b'\n') {
        let line = line?;
        let text = String::from_utf8_lossy(&line);
        println!("{text}");
        writeln!(kept, "{text}")?;
    }
    kept.flush()?;
    Ok(tests.wait()?.success())
}

/// The beginning of what each failed test printed: at the end of a long log, where one looks first.
fn failures(run: &str) -> String {
    let mut text = String::from("\nFailed tests, and how their output begins\n");
    let mut left = 0;
    for line in run.lines() {
        if line.starts_with("---- ") && line.ends_with(" ----") {
            left = FAILURE_LINES;
        } else if line == "failures:" || line == "stack backtrace:" || line.starts_with("test result: ") {
            left = 0;
        }
        if left > 0 && !line.trim().is_empty() {
            left -= 1;
            let cut: String = line.chars().take(FAILURE_COLUMNS).collect();
            text.push_str("  ");
            text.push_str(&cut);
            text.push('\n');
        }
    }
    text
}

fn cargo(workspace: &Workspace) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Colours would hide the lines that are read here.
    cargo.current_dir(&workspace.root).env("CARGO_TERM_COLOR", "never");
    cargo
}

/// Builds the tests; gives each binary with the root file of its source, relative to the workspace.
fn build_tests(workspace: &Workspace) -> Result<Vec<(PathBuf, PathBuf)>> {
    let built = cargo(workspace)
        .args(["test", "--workspace", "--no-run", "--message-format=json-render-diagnostics"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .context("cargo could not be started")?;
    ensure!(built.status.success(), "the tests do not build (see above)");
    let mut binaries = Vec::new();
    for line in built.stdout.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"{")) {
        let message: serde_json::Value = serde_json::from_slice(line)?;
        let (Some(binary), Some(root_file)) = (message["executable"].as_str(), message["target"]["src_path"].as_str())
        else {
            continue;
        };
        let root_file = Path::new(root_file).strip_prefix(&workspace.root).context("a test outside the workspace")?;
        binaries.push((binary.into(), root_file.to_owned()));
    }
    Ok(binaries)
}

impl Results {
    /// Reads the lines that cargo and the test binaries print.
    fn read(text: &str) -> Self {
        let mut results = Self::default();
        let mut roots: BTreeMap<String, PathBuf> = BTreeMap::new();
        let mut current: Option<PathBuf> = None;
        for line in text.lines() {
            if let Some((binary, root)) = line.strip_prefix(BINARY_LINE).and_then(|rest| rest.split_once('\t')) {
                roots.insert(file_name(binary), root.into());
            } else if let Some(binary) = running_binary(line) {
                current = roots.get(&binary).cloned();
            } else if line.trim_start().starts_with("Doc-tests ") {
                current = None;
            } else if let (Some(root), Some((test, ended))) = (&current, test_result(line)) {
                results.0.entry(root.clone()).or_default().insert(test.to_owned(), ended);
            }
        }
        results
    }

    /// Whether the test, or every variant of it (`name::sqlite`, `name::postgres`), ran and passed.
    fn passed(&self, root: &Path, test: &str) -> bool {
        let Some(tests) = self.0.get(root) else { return false };
        let is_variant =
            |name: &str| name.strip_prefix(test).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        let mut ends = tests.iter().filter(|(name, _)| is_variant(name)).map(|(_, ended)| *ended).peekable();
        ends.peek().is_some() && ends.all(|ended| ended == Ended::Passed)
    }
}

fn file_name(path: &str) -> String {
    Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// `Running tests/it/main.rs (target/debug/deps/it-0123abcd)`.
fn running_binary(line: &str) -> Option<String> {
    let (_, binary) = line.trim_start().strip_prefix("Running ")?.strip_suffix(')')?.rsplit_once(" (")?;
    Some(file_name(binary))
}

/// `test store::a_row_is_found ... ok`.
fn test_result(line: &str) -> Option<(&str, Ended)> {
    let (test, end) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let test = test.strip_suffix(" - should panic").unwrap_or(test);
    Some((test, if end.trim_end() == "ok" { Ended::Passed } else { Ended::NotPassed }))
}

/// Compares what the tests claim with how they ended.
fn standing(workspace: &Workspace, results: &Results) -> Result<Standing> {
    let mut standing = Standing::default();
    let roots = workspace.with_extension("rs").filter(|file| is_root(&file.path)).map(|file| PathBuf::from(&file.path));
    for root in roots {
        for claim in claims::of_target(workspace, &root)? {
            let passed = results.passed(&root, &claim.test);
            for covered in claim.covered {
                match (passed, covered.part) {
                    (true, false) => standing.whole.insert(covered.id),
                    (true, true) => standing.part.insert(covered.id),
                    (false, _) => standing.unproven.insert(covered.id),
                };
            }
        }
    }
    // A requirement is not covered while any test that claims it is red.
    standing.whole.retain(|id| !standing.unproven.contains(id));
    standing.part.retain(|id| !standing.whole.contains(id) && !standing.unproven.contains(id));
    Ok(standing)
}

/// Whether cargo builds a test binary from this file.
fn is_root(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(parts.as_slice(), [.., "src", "lib.rs" | "main.rs"] | [.., "tests", _] | [.., "tests", _, "main.rs"])
}

fn describe(workspace: &Workspace, standing: &Standing) -> Result<String> {
    let ids = claims::requirement_ids(workspace)?;
    if ids.is_empty() {
        bail!("{} lists no requirement", claims::REQUIREMENTS);
    }
    let in_order = |wanted: &dyn Fn(&String) -> bool| ids.iter().filter(|id| wanted(id)).cloned().collect::<Vec<_>>();
    let claimed =
        |id: &String| [&standing.whole, &standing.part, &standing.unproven].iter().any(|set| set.contains(id));
    let mut text = String::from("\nRequirements, by the tests that ran and passed just now\n");
    for (label, list) in [
        ("covered", in_order(&|id| standing.whole.contains(id))),
        ("in part", in_order(&|id| standing.part.contains(id))),
        ("claimed by a test that did not pass", in_order(&|id| standing.unproven.contains(id))),
        ("no test yet", in_order(&|id| !claimed(id))),
    ] {
        writeln!(text, "  {label} ({} of {}): {}", list.len(), ids.len(), list.join(" "))?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "\
xtask-binary\t/x/target/debug/deps/it-0123\tcrates/a/tests/it/main.rs
     Running tests/it/main.rs (target/debug/deps/it-0123)

running 4 tests
test store::found::sqlite ... ok
test store::found::postgres ... ok
test store::lost ... FAILED
test store::skipped ... ignored
test store::boom - should panic ... ok
   Doc-tests a
test store::doc ... ok
";

    #[test]
    fn only_tests_that_ran_and_passed_count() {
        let results = Results::read(RUN);
        let root = Path::new("crates/a/tests/it/main.rs");
        assert!(results.passed(root, "store::found"), "every variant passed");
        assert!(results.passed(root, "store::boom"));
        for test in ["store::lost", "store::skipped", "store::never_ran", "store::doc", "store::fou"] {
            assert!(!results.passed(root, test), "{test}");
        }
        assert!(!results.passed(Path::new("crates/b/tests/it/main.rs"), "store::found"));
    }

    #[test]
    fn the_beginning_of_a_failed_tests_output_is_told_again() {
        let run = "failures:\n\n---- store::lost stdout ----\n\npanicked at it.rs:7:\nleft: 1\n\n\nfailures:\n    store::lost\n";
        assert_eq!(
            failures(run),
            "\nFailed tests, and how their output begins\n  ---- store::lost stdout ----\n  panicked at it.rs:7:\n  left: 1\n"
        );
        assert!(failures(&format!("---- x stdout ----\n{}", "y\n".repeat(400))).lines().count() < 30);
    }

    #[test]
    fn a_requirement_with_one_red_test_is_not_covered() {
        let tests = "\
/// covers T1.1
#[test] fn found() {}
/// covers T1.1, T1.2
#[test] fn lost() {}
/// covers T1.3 (part)
#[test] fn boom() {}
";
        let workspace =
            Workspace::of(&[("crates/a/tests/it/main.rs", "mod store;"), ("crates/a/tests/it/store.rs", tests)]);
        let standing = standing(&workspace, &Results::read(RUN)).unwrap();
        assert_eq!(standing.whole, BTreeSet::new());
        assert_eq!(standing.part, ["T1.3".to_owned()].into());
        assert_eq!(standing.unproven, ["T1.1".to_owned(), "T1.2".to_owned()].into());
    }
}
