//! The commands' end of the socket.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use thiserror::Error as ThisError;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
    time::timeout,
};

use super::protocol::{Failure, REPLY_LIMIT, Reply, Request};

/// How long a server may be silent: long work sends a line every few seconds.
const SILENCE_LIMIT: Duration = Duration::from_secs(60);

/// Why a command got no result.
#[derive(Debug, ThisError)]
pub enum ClientError {
    /// Nobody listens.
    #[error(
        "no server answers on {0}\n  Start it with `palisade serve`, or name its configuration with --config (its data directory holds the socket)."
    )]
    NotRunning(PathBuf),
    /// This user may not.
    #[error(
        "the control socket {0} can't be opened by this user\n  Run the command as root, or as the user that runs Palisade."
    )]
    Forbidden(PathBuf),
    /// The connection broke.
    #[error("the server broke off: {0}\n  Look into its log for why; what was asked may have been done.")]
    Broken(String),
    /// The server said no.
    #[error("{}", .0.message)]
    Refused(Failure),
}

/// Asks the server whose socket this is; gives its result. Progress and items go to `on_reply` as they come.
///
/// # Errors
/// See [`ClientError`].
pub async fn call(path: &Path, request: &Request, mut on_reply: impl FnMut(Reply)) -> Result<Value, ClientError> {
    let mut stream = UnixStream::connect(path).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ClientError::NotRunning(path.to_owned()),
        io::ErrorKind::PermissionDenied => ClientError::Forbidden(path.to_owned()),
        _ => broken(error),
    })?;
    let mut line = serde_json::to_vec(request).map_err(broken)?;
    line.push(b'\n');
    // A server that is too busy answers before it has read what is asked, and closes: its answer still counts.
    let sent = stream.write_all(&line).await;
    let mut reader = BufReader::new(stream);
    loop {
        let reply = read_reply(&mut reader).await;
        match reply.map_err(|error| sent.as_ref().err().map_or(error, broken))? {
            Reply::Done(value) => return Ok(value),
            Reply::Failed(failure) => return Err(ClientError::Refused(failure)),
            Reply::Waiting => {}
            reply => on_reply(reply),
        }
    }
}

async fn read_reply(reader: &mut BufReader<UnixStream>) -> Result<Reply, ClientError> {
    let mut line = Vec::new();
    let read = timeout(SILENCE_LIMIT, reader.take(REPLY_LIMIT).read_until(b'\n', &mut line)).await;
    read.map_err(|_| broken("it did not answer for a minute"))?.map_err(broken)?;
    if line.is_empty() {
        return Err(broken("it closed the connection"));
    }
    serde_json::from_slice(&line).map_err(broken)
}

fn broken(why: impl std::fmt::Display) -> ClientError {
    ClientError::Broken(why.to_string())
}
