//! What is done to log files, each by name.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use palisade_helper::follow::{Follower, Line, LogPattern, MAX_LINE, Positions};
use tempfile::TempDir;

/// A folder of logs, and who follows them.
struct Logs {
    folder: TempDir,
    pattern: String,
    follower: Follower,
}

impl Logs {
    /// A follower of `pattern` that has looked once already.
    fn followed(pattern: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let pattern = format!("{}/{pattern}", folder.path().display());
        let mut follower = Follower::new(vec![LogPattern::parse(&pattern).unwrap()], None);
        assert!(follower.tick().lines.is_empty());
        Self { folder, pattern, follower }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn append(&self, name: &str, bytes: impl AsRef<[u8]>) {
        append(&self.path(name), bytes.as_ref());
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn look(&mut self) -> Vec<String> {
        self.lines().into_iter().map(|line| line.text).collect()
    }

    fn lines(&mut self) -> Vec<Line> {
        self.follower.tick().lines
    }

    fn restart(&mut self, remembered: Option<Positions>) {
        self.follower = Follower::new(vec![LogPattern::parse(&self.pattern).unwrap()], remembered);
    }
}

fn append(path: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(bytes).unwrap();
}

#[test]
fn what_was_there_at_the_first_start_is_left_alone() {
    let mut logs = Logs::followed("none.log");
    logs.append("a.log", "old\nhalf a li");
    logs.pattern = logs.pattern.replace("none", "a");
    logs.restart(None);
    assert!(logs.look().is_empty());
    logs.append("a.log", "ne\nnew\n");
    assert_eq!(logs.look(), ["new"], "the half of a line is no line");
}

#[test]
fn a_line_is_read_when_its_end_is_written() {
    let mut logs = Logs::followed("a.log");
    logs.append("a.log", "one\r\ntw");
    assert_eq!(logs.look(), ["one"]);
    assert!(logs.look().is_empty());
    logs.append("a.log", b"o\nf\xfcnf\n");
    assert_eq!(logs.look(), ["two", "f\u{fffd}nf"]);
}

#[test]
fn a_new_file_that_matches_is_read_from_its_beginning() {
    let mut logs = Logs::followed("*error.log");
    logs.append("shop-error.log", "one\n");
    logs.append("access.log", "not asked for\n");
    logs.append(".hidden-error.log", "not asked for\n");
    assert_eq!(logs.look(), ["one"]);
    let file = logs.follower.files().next().unwrap().to_owned();
    assert_eq!(file, logs.path("shop-error.log"));
}

#[test]
fn the_old_file_is_read_to_its_end_before_the_new_one() {
    let mut logs = Logs::followed("a.log");
    logs.append("a.log", "1\n");
    assert_eq!(logs.look(), ["1"]);
    logs.append("a.log", "2\n");
    logs.rename("a.log", "a.log.1");
    logs.append("a.log.1", "3\n");
    logs.append("a.log", "4\n");
    assert_eq!(logs.look(), ["2", "3", "4"]);
    // Its writer has not yet been told.
    logs.append("a.log.1", "5\n");
    logs.append("a.log", "6\n");
    assert_eq!(logs.look(), ["5", "6"]);
}

#[test]
fn a_file_that_was_copied_and_truncated_is_read_from_its_beginning() {
    let mut logs = Logs::followed("a.log");
    logs.append("a.log", "1\n2\n");
    assert_eq!(logs.look(), ["1", "2"]);
    fs::copy(logs.path("a.log"), logs.path("a.log.1")).unwrap();
    fs::write(logs.path("a.log"), "3\n").unwrap();
    assert_eq!(logs.look(), ["3"]);
    // It has grown beyond where reading stood before anybody looked again.
    fs::write(logs.path("a.log"), "4\n5\n6\n").unwrap();
    assert_eq!(logs.look(), ["4", "5", "6"]);
}

#[test]
fn a_copy_that_matches_too_is_not_read_twice() {
    let mut logs = Logs::followed("a.log*");
    logs.append("a.log", "1\n2\n");
    assert_eq!(logs.look(), ["1", "2"]);
    // Written after the last look, and in the copy alone when the next one comes.
    logs.append("a.log", "3\n");
    fs::copy(logs.path("a.log"), logs.path("a.log.1")).unwrap();
    fs::write(logs.path("a.log"), "4\n").unwrap();
    let mut lines = logs.look();
    lines.sort();
    assert_eq!(lines, ["3", "4"]);
}

#[test]
fn a_name_that_matches_after_rotation_too_is_not_read_twice() {
    let mut logs = Logs::followed("a.log*");
    logs.append("a.log", "1\n");
    assert_eq!(logs.look(), ["1"]);
    logs.rename("a.log", "a.log.1");
    logs.append("a.log", "2\n");
    assert_eq!(logs.look(), ["2"]);
}

#[test]
fn a_deleted_file_is_followed_again_when_it_is_made_anew() {
    let mut logs = Logs::followed("a.log");
    logs.append("a.log", "1\n");
    assert_eq!(logs.look(), ["1"]);
    logs.append("a.log", "2\n");
    fs::remove_file(logs.path("a.log")).unwrap();
    assert_eq!(logs.look(), ["2"], "it is still open");
    assert_eq!(logs.follower.problems(), [format!("no file matches {}", logs.pattern)]);
    logs.append("a.log", "3\n");
    assert_eq!(logs.look(), ["3"]);
}

#[test]
fn the_last_line_of_a_file_that_is_gone_counts_without_its_end() {
    let mut logs = Logs::followed("a.log");
    logs.append("a.log", "1\nkilled while wri");
    assert_eq!(logs.look(), ["1"]);
    fs::remove_file(logs.path("a.log")).unwrap();
    let rest: Vec<String> = (0..300).flat_map(|_| logs.look()).collect();
    assert_eq!(rest, ["killed while wri"]);
}

#[test]
fn a_link_is_followed_to_where_it_leads_now() {
    let mut logs = Logs::followed("current.log");
    logs.append("monday", "1\n");
    symlink(logs.path("monday"), logs.path("current.log")).unwrap();
    assert_eq!(logs.look(), ["1"]);
    logs.append("monday", "2\n");
    logs.append("tuesday", "3\n");
    fs::remove_file(logs.path("current.log")).unwrap();
    symlink(logs.path("tuesday"), logs.path("current.log")).unwrap();
    assert_eq!(logs.look(), ["2", "3"]);
}

#[test]
fn a_link_out_of_the_folders_is_refused_where_that_matters() {
    let secret = TempDir::new().unwrap();
    fs::write(secret.path().join("shadow"), "root:secret\n").unwrap();
    let mut logs = Logs::followed("*.log");
    logs.follower = Follower::new(vec![LogPattern::parse(&logs.pattern).unwrap()], Some(logs.follower.positions()))
        .inside(vec![logs.folder.path().canonicalize().unwrap()]);
    symlink(secret.path().join("shadow"), logs.path("a.log")).unwrap();
    logs.append("b.log", "1\n");
    symlink(logs.path("b.log"), logs.path("c.log")).unwrap();
    assert_eq!(logs.look(), ["1"]);
    let problems = logs.follower.problems().join("\n");
    assert!(problems.contains("a.log can't be read: it leads to") && problems.contains("shadow"), "{problems}");
}

#[test]
fn a_pipe_is_no_log_file_and_nothing_waits_for_it() {
    let mut logs = Logs::followed("*.log");
    let made = std::process::Command::new("mkfifo").arg(logs.path("pipe.log")).status().unwrap();
    assert!(made.success());
    assert!(logs.look().is_empty());
}

#[test]
fn a_line_that_is_too_long_is_cut_once_and_the_next_one_is_whole() {
    let mut logs = Logs::followed("a.log");
    logs.append("a.log", "x".repeat(MAX_LINE));
    assert!(logs.look().is_empty(), "its end may still come");
    logs.append("a.log", "\n");
    let whole = logs.lines();
    assert_eq!((whole[0].text.len(), whole[0].is_cut), (MAX_LINE, false));
    // Longer than everything that one look reads.
    logs.append("a.log", "y".repeat(5 << 20));
    logs.append("a.log", "\nnext\n");
    let mut lines = Vec::new();
    loop {
        let look = logs.follower.tick();
        lines.extend(look.lines);
        if !look.is_behind {
            break;
        }
    }
    let described: Vec<_> = lines.iter().map(|line| (line.text.len(), line.is_cut)).collect();
    assert_eq!(described, [(MAX_LINE, true), (4, false)]);
}

#[test]
fn a_hole_that_truncation_left_is_no_line() {
    let mut logs = Logs::followed("a.log");
    logs.append("a.log", "1\n");
    assert_eq!(logs.look(), ["1"]);
    let mut bytes = vec![0; 100_000];
    bytes.extend_from_slice(b"2\n");
    fs::write(logs.path("a.log"), bytes).unwrap();
    assert_eq!(logs.look(), ["2"]);
}

#[test]
fn a_restart_goes_on_where_reading_stood_and_tells_what_is_old() {
    let mut logs = Logs::followed("a.log");
    logs.append("a.log", "1\nha");
    assert_eq!(logs.look(), ["1"]);
    let remembered = serde_json::to_string(&logs.follower.positions()).unwrap();
    // While nobody looked: a line, a rotation, a new file.
    logs.append("a.log", "lf\n");
    logs.rename("a.log", "a.log.1");
    logs.append("a.log", "2\n");
    logs.restart(Some(serde_json::from_str(&remembered).unwrap()));
    let lines = logs.lines();
    let said: Vec<_> = lines.iter().map(|line| (line.text.as_str(), line.is_backlog)).collect();
    assert_eq!(said, [("half", true), ("2", true)]);
    logs.append("a.log", "3\n");
    let now = logs.lines();
    assert_eq!((now[0].text.as_str(), now[0].is_backlog), ("3", false));
}

#[test]
fn a_pattern_that_is_new_to_the_follower_begins_at_the_end() {
    let mut logs = Logs::followed("a.log");
    let remembered = logs.follower.positions();
    logs.append("b.log", "old\n");
    logs.pattern = logs.pattern.replace("a.log", "b.log");
    logs.restart(Some(remembered));
    assert!(logs.look().is_empty());
    logs.append("b.log", "new\n");
    assert_eq!(logs.look(), ["new"]);
}

#[test]
fn a_flood_is_read_in_bounded_pieces_and_wholly() {
    let mut logs = Logs::followed("*.log");
    let line = format!("{}\n", "z".repeat(999));
    logs.append("flood.log", line.repeat(10_000));
    logs.append("quiet.log", "one\n");
    let first = logs.follower.tick();
    assert!(first.is_behind && first.lines.len() < 5_000, "{}", first.lines.len());
    assert!(first.lines.iter().any(|line| line.text == "one"), "the quiet one has its share");
    let mut read = first.lines.len();
    while read < 10_001 {
        let look = logs.follower.tick();
        assert!(!look.lines.is_empty(), "{read} of 10001");
        read += look.lines.len();
    }
    assert!(logs.look().is_empty());
}
