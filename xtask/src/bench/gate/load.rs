//! The load: wrk, h2load and `openssl s_time`, and how their words are read.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::{
    peer::{LOAD_CORE, Peer, Stage, pinned},
    process,
};

/// How long each run takes.
const SECONDS: &str = "3";
/// How many programs make full handshakes at once.
const HANDSHAKERS: usize = 8;

/// A kind of load.
pub(super) enum Test {
    Http1 { path: &'static str },
    Http2 { path: &'static str },
    FullHandshakes,
    ResumedHandshakes,
    FixedRate,
}

/// What one run came to.
pub(super) struct Run {
    /// Processor time of the program for each request.
    pub(super) cpu_micros: f64,
    /// Requests a second.
    pub(super) rate: f64,
    /// The 99th percentile, where it is asked for; else 0.
    pub(super) p99_micros: f64,
}

impl Test {
    pub(super) fn run(&self, stage: &Stage, peer: &Peer) -> Result<Run> {
        let (began, before) = (Instant::now(), process::cpu_micros(peer.process())?);
        let (requests, p99_micros) = self.load(stage, peer)?;
        let cpu = process::cpu_micros(peer.process())? - before;
        ensure!(requests > 0.0, "not one request was answered");
        Ok(Run { cpu_micros: cpu / requests, rate: requests / began.elapsed().as_secs_f64(), p99_micros })
    }

    /// Gives the number of good answers, and the 99th percentile where it is asked for.
    fn load(&self, stage: &Stage, peer: &Peer) -> Result<(f64, f64)> {
        let url = |path: &str| format!("https://localhost:{}{path}", peer.port);
        let wrk = |more: &[&str], path: &str| {
            let url = url(path);
            let args = [&["-t1", "-c64", "-d", SECONDS], more, &[url.as_str()]].concat();
            Ok((answers_of_wrk(&output("wrk", &args)?)?, 0.0))
        };
        match self {
            Self::Http1 { path } => wrk(&[], path),
            Self::ResumedHandshakes => wrk(&["-H", "Connection: close"], "/1k"),
            Self::Http2 { path } => {
                let text = output("h2load", &["-t1", "-c8", "-m32", "-D", SECONDS, &url(path)])?;
                Ok((answers_of_h2load(&text)?, 0.0))
            }
            Self::FullHandshakes => Ok((full_handshakes(peer)?, 0.0)),
            Self::FixedRate => {
                let log = stage.folder.join("times.tsv");
                let _ = fs::remove_file(&log);
                let file = format!("--log-file={}", log.display());
                let rate = ["--h1", "-t1", "-c20", "--rps", "50", "-D", SECONDS, &file, &url("/1k")];
                let text = output("h2load", &rate)?;
                Ok((answers_of_h2load(&text)?, percentile(&fs::read_to_string(&log)?, 99)?))
            }
        }
    }
}

fn output(program: &str, args: &[&str]) -> Result<String> {
    let mut command = pinned(LOAD_CORE, Path::new(program));
    let output =
        command.args(args).stdin(Stdio::null()).output().with_context(|| format!("{program} could not be run"))?;
    ensure!(output.status.success(), "{program} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// wrk counts all answers, and says how many of them were no good.
fn answers_of_wrk(text: &str) -> Result<f64> {
    ensure!(!text.contains("Non-2xx"), "wrk had bad answers: {text}");
    let line = text.lines().find(|line| line.contains(" requests in ")).context("wrk counted no requests")?;
    number_before(line, " requests in ")
}

fn answers_of_h2load(text: &str) -> Result<f64> {
    let line = text.lines().find(|line| line.starts_with("status codes:")).context("h2load counted no answers")?;
    let bad = [" 3xx", " 4xx", " 5xx"].iter().map(|kind| number_before(line, kind)).sum::<Result<f64>>()?;
    ensure!(bad == 0.0, "h2load had bad answers: {line}");
    number_before(line, " 2xx")
}

/// The number that stands right before these words.
fn number_before(line: &str, words: &str) -> Result<f64> {
    let (head, _) = line.split_once(words).with_context(|| format!("`{words}` is not in: {line}"))?;
    Ok(head.split([' ', ',']).next_back().unwrap_or_default().parse()?)
}

/// Each line of the log is: when it began, the status, and how long it took in microseconds.
fn percentile(log: &str, percent: usize) -> Result<f64> {
    let times = log.lines().filter_map(|line| line.split('\t').nth(2));
    let mut times = times.map(str::parse::<u64>).collect::<Result<Vec<_>, _>>()?;
    times.sort_unstable();
    let at = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    Ok(*times.get(at).context("h2load logged nothing")? as f64)
}

fn full_handshakes(peer: &Peer) -> Result<f64> {
    let to = format!("localhost:{}", peer.port);
    let start = || {
        let mut command = pinned(LOAD_CORE, Path::new("openssl"));
        command.args(["s_time", "-connect", &to, "-new", "-www", "/1k", "-time", SECONDS]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()
    };
    let started = (0..HANDSHAKERS).map(|_| start()).collect::<Result<Vec<_>, _>>()?;
    let mut sum = 0.0;
    for child in started {
        let text = String::from_utf8(child.wait_with_output()?.stdout)?;
        let line = text.lines().find(|line| line.contains(" connections in ") && line.contains("real seconds"));
        sum += number_before(line.with_context(|| format!("openssl s_time said: {text}"))?, " connections in ")?;
    }
    Ok(sum)
}

/// Connections that rest; they are closed when this goes.
pub(super) struct Resting(Child);

impl Drop for Resting {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Python has TLS at hand and no opinion on when to speak. One request on each connection, then nothing.
const REST: &str = r#"
import socket, ssl, sys
port, number = int(sys.argv[1]), int(sys.argv[2])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
context.set_alpn_protocols(["http/1.1"])
resting = []
for _ in range(number):
    plain = socket.create_connection(("127.0.0.1", port), 10)
    connection = context.wrap_socket(plain, server_hostname="localhost")
    connection.sendall(b"GET /1k HTTP/1.1\r\nHost: localhost\r\n\r\n")
    answer = b""
    while b"\r\n\r\n" not in answer or len(answer) < answer.index(b"\r\n\r\n") + 4 + 1024:
        answer += connection.recv(65536) or sys.exit("it was closed early")
    assert answer.startswith(b"HTTP/1.1 200"), answer[:80]
    resting.append(connection)
print("resting", flush=True)
sys.stdin.read()
"#;

/// Opens so many connections, has one request answered on each, and lets them rest.
pub(super) fn rest(stage: &Stage, peer: &Peer, number: u64) -> Result<Resting> {
    let script = stage.folder.join("rest.py");
    fs::write(&script, REST)?;
    let mut command = pinned(LOAD_CORE, Path::new("python3"));
    command.arg(script).arg(peer.port.to_string()).arg(number.to_string());
    let mut resting = Resting(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?);
    let mut line = String::new();
    BufReader::new(resting.0.stdout.take().context("no output")?).read_line(&mut line)?;
    if line.trim() != "resting" {
        bail!("the connections could not be opened");
    }
    // What was used while they were opened may be given back.
    thread::sleep(Duration::from_secs(1));
    Ok(resting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_tools_are_read() {
        let wrk = "Running 3s test\n  12345 requests in 3.00s, 15.10MB read\nRequests/sec:   4115.0\n";
        assert_eq!(answers_of_wrk(wrk).unwrap(), 12_345.0);
        assert!(answers_of_wrk(&format!("{wrk}  Non-2xx or 3xx responses: 3\n")).is_err());
        let h2load = "status codes: 999 2xx, 0 3xx, 0 4xx, 0 5xx\n";
        assert_eq!(answers_of_h2load(h2load).unwrap(), 999.0);
        assert!(answers_of_h2load("status codes: 999 2xx, 0 3xx, 0 4xx, 1 5xx\n").is_err());
    }

    #[test]
    fn the_percentile_is_that_of_the_third_column() {
        let log: String = (1..=200).map(|n| format!("9\t200\t{n}\n")).collect();
        assert_eq!(percentile(&log, 99).unwrap(), 199.0);
        assert!(percentile("", 99).is_err());
    }
}
