//! One connection to the helper.

use std::{io, path::Path, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::UnixStream,
    time::timeout,
};

use super::HelperError;
use crate::protocol::{REPLY_LIMIT, Reply, Request, line_of};

/// How long an answer may take where the work is the kernel's.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(45);

/// An open connection.
pub(super) struct Connection {
    stream: BufReader<UnixStream>,
}

impl Connection {
    pub(super) async fn open(socket: &Path) -> Result<Self, HelperError> {
        let stream = UnixStream::connect(socket).await.map_err(|error| {
            let hint = match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => "Start it: palisade helper (as root).",
                io::ErrorKind::PermissionDenied => "Its file names another user than the one that serves.",
                _ => "Look at its log.",
            };
            HelperError::Unreachable(format!("no helper answers on {}: {error}\n  {hint}", socket.display()))
        })?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask(&mut self, request: &Request, time: Duration) -> Result<Reply, HelperError> {
        self.send(request).await?;
        match timeout(time, self.receive()).await {
            Ok(reply) => reply,
            Err(_) => Err(HelperError::Unreachable("the helper does not answer".to_owned())),
        }
    }

    pub(super) async fn send(&mut self, request: &Request) -> Result<(), HelperError> {
        match timeout(ANSWER_TIME, self.stream.write_all(&line_of(request))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(broken(&error)),
            Err(_) => Err(HelperError::Unreachable("the helper takes no requests".to_owned())),
        }
    }

    pub(super) async fn receive(&mut self) -> Result<Reply, HelperError> {
        let mut line = Vec::new();
        let mut bounded = (&mut self.stream).take(REPLY_LIMIT as u64);
        bounded.read_until(b'\n', &mut line).await.map_err(|error| broken(&error))?;
        if !line.ends_with(b"\n") {
            return Err(HelperError::Unreachable("the helper has hung up".to_owned()));
        }
        serde_json::from_slice(&line).map_err(|error| {
            let why = format!("the helper's answer is not known: {error}\n  Are both of one release?");
            HelperError::Unreachable(why)
        })
    }
}

fn broken(error: &io::Error) -> HelperError {
    HelperError::Unreachable(format!("the connection to the helper broke: {error}"))
}
