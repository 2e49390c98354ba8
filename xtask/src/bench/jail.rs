//! `cargo xtask bench jail`: log lines judged in a second of processor time, beside fail2ban on the same file.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, ensure};

use super::{Figure, build_release, median};
use crate::{setup::FAIL2BAN, workspace::Workspace};

/// Lines of each log. fail2ban takes seconds for so many.
const LINES: u32 = 100_000;
/// How often each of the two judges the file, one after the other in turn; the median counts.
const ROUNDS: usize = 3;
/// The kernel counts processor time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

pub(super) fn measure(workspace: &Workspace) -> Result<Vec<Figure>> {
    build_release(workspace, &["build", "--package", "palisade-jail", "--example", "judge"])?;
    let folder = workspace.root.join("target/xtask/bench-jail");
    std::fs::create_dir_all(&folder)?;
    let guide = workspace.root.join("examples/fail2ban");
    let stock = workspace.root.join(FAIL2BAN).join("etc/fail2ban");
    ensure!(stock.is_dir(), "{} is not there: run `cargo xtask setup`", stock.display());
    let mut figures = Vec::new();
    for (name, config, what, line) in [
        ("frappe", guide, "the guide's two expressions", frappe_line as fn(u32) -> String),
        ("sshd", stock, "fail2ban's sshd filter", sshd_line),
    ] {
        let log = folder.join(format!("{name}.log"));
        std::fs::write(&log, (0..LINES).map(line).collect::<String>())?;
        figures.push(compare(&workspace.root, &config, name, what, &log)?);
    }
    Ok(figures)
}

fn compare(root: &Path, config: &Path, filter: &str, what: &str, log: &Path) -> Result<Figure> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut judge = Command::new(root.join("target/release/examples/judge"));
        ours.push(lines_per_second(judge.arg(config).arg(filter).arg(log))?);
        theirs.push(lines_per_second(&mut fail2ban(root, config, filter, log))?);
    }
    let (ours, theirs) = (median(ours).context("no round")?, median(theirs).context("no round")?);
    Ok(Figure {
        what: format!("{what}: lines judged per second of processor time, start included (median of {ROUNDS})"),
        value: format!("{ours:.0}, fail2ban-regex {theirs:.0}: {:.0} ×", ours / theirs),
        bar: "≥ 20 ×",
    })
}

/// fail2ban's own program for this, told to stop at the first expression that matches, as its server does.
fn fail2ban(root: &Path, config: &Path, filter: &str, log: &Path) -> Command {
    let package: PathBuf = root.join(FAIL2BAN);
    let mut command = Command::new("python3");
    command.arg(package.join("usr/bin/fail2ban-regex")).args([
        "--raw",
        "--no-check-all",
        "--print-no-missed",
        "--print-no-ignored",
    ]);
    command.arg("--config").arg(config).arg(log).arg(filter);
    command.env("PYTHONPATH", package.join("usr/lib/python3/dist-packages"));
    command
}

fn lines_per_second(command: &mut Command) -> Result<f64> {
    let before = children_ticks()?;
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    ensure!(status.success(), "{} failed", command.get_program().display());
    Ok(f64::from(LINES) * TICKS_PER_SECOND / (children_ticks()? - before).max(1.0))
}

/// Processor time of all finished children: the 16th and 17th fields of `/proc/self/stat`.
fn children_ticks() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The second field is the program's name in parentheses, and may hold spaces.
    let (_, fields) = stat.rsplit_once(')').context("/proc/self/stat is not understood")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |index: usize| -> Result<f64> { Ok(fields.get(index).context("a field is missing")?.parse()?) };
    Ok(ticks(13)? + ticks(14)?)
}

/// Two of a hundred lines are failures, as on a site that is tried now and then.
fn frappe_line(number: u32) -> String {
    let mut line = format!(
        "2026-11-21 {:02}:{:02}:{:02},{:03} ",
        8 + number / 36_000,
        number / 600 % 60,
        number / 10 % 60,
        number % 1_000
    );
    let client = number % 250 + 1;
    let _ = match number % 50 {
        0 => writeln!(line, "WARNING frappe.auth Login failed for user{number}@example.com from 203.0.113.{client}"),
        1..=24 => writeln!(
            line,
            "INFO frappe.app GET /api/method/frappe.desk.form.load.getdoc?doctype=Invoice&name=INV-{number} 200 203.0.113.{client}"
        ),
        _ => writeln!(
            line,
            "DEBUG frappe.rq Job frappe.utils.background_jobs.execute_job finished for site1 in 0.{client}s"
        ),
    };
    line
}

/// The lines of a server's auth.log: one in twenty a failure, most of sshd's own, some of others.
fn sshd_line(number: u32) -> String {
    let mut line = format!("Nov 20 {:02}:{:02}:{:02} web1 ", 8 + number / 36_000, number / 600 % 60, number / 10 % 60);
    let (process, client) = (number % 90_000 + 100, number % 250 + 1);
    let _ = match number % 20 {
        0 => writeln!(
            line,
            "sshd[{process}]: Failed password for invalid user u{number} from 203.0.113.{client} port 4711 ssh2"
        ),
        1 | 2 => writeln!(
            line,
            "sshd[{process}]: Accepted publickey for deploy from 203.0.113.{client} port 4711 ssh2: ED25519 SHA256:x"
        ),
        3..=6 => writeln!(
            line,
            "sshd[{process}]: pam_unix(sshd:session): session opened for user deploy(uid=1000) by (uid=0)"
        ),
        7..=9 => writeln!(
            line,
            "sshd[{process}]: Received disconnect from 203.0.113.{client} port 4711:11: disconnected by user"
        ),
        10..=15 => writeln!(line, "CRON[{process}]: pam_unix(cron:session): session closed for user root"),
        _ => writeln!(line, "systemd-logind[{process}]: New session {number} of user deploy."),
    };
    line
}
