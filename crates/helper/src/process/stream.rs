//! Sending log lines on, until the client hangs up.

use std::{io, path::PathBuf, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    task::spawn_blocking,
    time::{sleep, timeout},
};

use crate::{
    config::LogConfig,
    follow::{Follower, Look, Positions},
    protocol::{LogLine, Logs, PIECE, Reply, line_of},
};

/// Between two looks at the files.
const PAUSE: Duration = Duration::from_millis(250);
/// A client that takes nothing for so long has died in a way that the kernel does not tell.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the client was told last, to say only what is new.
#[derive(Default)]
struct Told {
    positions: Option<Positions>,
    problems: Option<Vec<String>>,
}

/// Follows the files of a log and sends what comes. Ends when the client hangs up.
pub(super) async fn send_logs(
    stream: &mut UnixStream,
    log: &LogConfig,
    inside: Vec<PathBuf>,
    positions: Option<Positions>,
) -> io::Result<()> {
    let mut follower = Follower::new(log.paths.clone(), positions).inside(inside);
    let mut told = Told::default();
    loop {
        let look;
        (follower, look) = look_once(follower).await?;
        let is_behind = look.is_behind;
        for logs in told.pieces(look, &follower) {
            send(stream, &Reply::Logs(logs)).await?;
        }
        if !is_behind && has_hung_up(stream).await {
            return Ok(());
        }
    }
}

/// Reading files can take its time; it is done where it holds up nobody.
async fn look_once(mut follower: Follower) -> io::Result<(Follower, Look)> {
    let look = spawn_blocking(move || {
        let look = follower.tick();
        (follower, look)
    });
    look.await.map_err(io::Error::other)
}

async fn send(stream: &mut UnixStream, reply: &Reply) -> io::Result<()> {
    timeout(PATIENCE, stream.write_all(&line_of(reply))).await.map_err(|_| io::ErrorKind::TimedOut)?
}

/// Waits until the next look is due. The client has nothing more to say; a word from it ends the matter too.
async fn has_hung_up(stream: &mut UnixStream) -> bool {
    let mut word = [0];
    tokio::select! {
        _ = stream.read(&mut word) => true,
        () = sleep(PAUSE) => false,
    }
}

impl Told {
    /// What there is to say after a look, in pieces of a bounded size; positions come with the last one.
    fn pieces(&mut self, look: Look, follower: &Follower) -> Vec<Logs> {
        let mut pieces = vec![Logs::default()];
        let mut size = 0;
        for line in look.lines {
            if size > PIECE {
                pieces.push(Logs::default());
                size = 0;
            }
            size += line.text.len() + line.file.as_os_str().len();
            if let Some(piece) = pieces.last_mut() {
                piece.lines.push(LogLine::from(line));
            }
        }
        let (positions, problems) = (Some(follower.positions()), Some(follower.problems().to_vec()));
        if let Some(last) = pieces.last_mut() {
            last.positions = positions.clone().filter(|_| positions != self.positions);
            last.problems = problems.clone().filter(|_| problems != self.problems);
        }
        (self.positions, self.problems) = (positions, problems);
        pieces.retain(|piece| *piece != Logs::default());
        pieces
    }
}
