//! The server's side of one answer.

use std::{pin::pin, time::Duration};

use palisade_base::{Error, Kind};
use serde_json::Value;
use tokio::{
    io::{AsyncWrite, AsyncWriteExt as _},
    sync::watch,
    time::{Instant, timeout},
};

use super::protocol::{Failure, Reply};

/// How long a client may leave a line unread.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// How often long work shows that it goes on; well below what a client waits for a line.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// Writes replies, line by line.
pub(crate) struct Answer<'a> {
    writer: &'a mut (dyn AsyncWrite + Send + Unpin),
    stop: watch::Receiver<bool>,
}

impl<'a> Answer<'a> {
    /// `stop` turns true when the server is about to end.
    pub(crate) fn new(writer: &'a mut (dyn AsyncWrite + Send + Unpin), stop: watch::Receiver<bool>) -> Self {
        Self { writer, stop }
    }

    /// Done when the server is about to end: for what would go on for ever.
    pub(crate) fn server_stops(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stop = self.stop.clone();
        async move {
            // Who holds the other end is gone only with the server.
            let _ = stop.wait_for(|stop| *stop).await;
        }
    }

    /// Says what is being done.
    pub(crate) async fn progress(&mut self, text: impl Into<String>) -> Result<(), Error> {
        self.send(&Reply::Progress(text.into())).await
    }

    /// Finds out whether the client is still there.
    pub(crate) async fn waiting(&mut self) -> Result<(), Error> {
        self.send(&Reply::Waiting).await
    }

    /// Waits for work that may take long, and says now and then that it goes on. A client that went away ends it.
    pub(crate) async fn during<T>(&mut self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let mut work = pin!(work);
        let started = Instant::now();
        loop {
            match timeout(SIGN_OF_LIFE, work.as_mut()).await {
                Ok(done) => return done,
                Err(_) => self.progress(format!("Still at work after {} s.", started.elapsed().as_secs())).await?,
            }
        }
    }

    /// Sends one of many results.
    pub(crate) async fn item(&mut self, value: Value) -> Result<(), Error> {
        self.send(&Reply::Item(value)).await
    }

    /// Sends the end.
    pub(crate) async fn finish(&mut self, result: Result<Value, Error>) -> Result<(), Error> {
        match result {
            Ok(value) => self.send(&Reply::Done(value)).await,
            Err(error) => {
                if let Some(cause) = error.cause_for_log() {
                    tracing::error!(cause, "a command failed");
                }
                self.send(&Reply::Failed(Failure::from(&error))).await
            }
        }
    }

    async fn send(&mut self, reply: &Reply) -> Result<(), Error> {
        let mut line = serde_json::to_vec(reply).map_err(Error::internal)?;
        line.push(b'\n');
        let written = timeout(READ_LIMIT, async {
            self.writer.write_all(&line).await?;
            self.writer.flush().await
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(gone(error)),
            Err(_) => Err(gone("it did not read")),
        }
    }
}

/// The client went away: nobody is told, and what runs for it ends.
fn gone(why: impl std::fmt::Display) -> Error {
    Error::new(Kind::Unavailable, "The command went away.").caused_by(why)
}
