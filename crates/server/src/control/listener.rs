//! The server's end of the socket.

use std::{
    fs, io,
    os::unix::{fs::PermissionsExt as _, net::UnixStream as StdStream},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use palisade_base::{Error, Kind};
use thiserror::Error as ThisError;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    net::{UnixListener, UnixStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::timeout,
};

use super::{Control, Request, answer::Answer, peer, protocol::REQUEST_LIMIT};

/// The most commands at one time.
const CONNECTIONS: usize = 16;
/// How long a client may take to say what it wants.
const REQUEST_TIME: Duration = Duration::from_secs(10);

/// Why there is no control socket.
#[derive(Debug, ThisError)]
pub enum SocketError {
    /// Another server answers on it.
    #[error("another Palisade answers on {0}\n  Stop that one first, or give this one a data directory of its own.")]
    InUse(PathBuf),
    /// It can't be made.
    #[error(
        "the control socket {path} can't be made: {error}\n  The data directory must belong to the user that runs Palisade."
    )]
    Unusable {
        /// Where.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// The bound socket; its file goes with it.
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl ControlSocket {
    /// Makes the socket, mode 0600. One that a killed server left behind is replaced.
    ///
    /// # Errors
    /// See [`SocketError`].
    pub fn bind(path: &Path) -> Result<Self, SocketError> {
        if StdStream::connect(path).is_ok() {
            return Err(SocketError::InUse(path.to_owned()));
        }
        let bind = || {
            // Under another name until its mode is right: nobody else ever finds it open.
            let draft = path.with_extension("new");
            let _ = fs::remove_file(&draft);
            let listener = UnixListener::bind(&draft)?;
            fs::set_permissions(&draft, fs::Permissions::from_mode(0o600))?;
            fs::rename(&draft, path)?;
            Ok(listener)
        };
        match bind() {
            Ok(listener) => Ok(Self { listener, path: path.to_owned() }),
            Err(error) => Err(SocketError::Unusable { path: path.to_owned(), error }),
        }
    }

    /// Serves commands until `stop` is ready, then lets those at work finish for five seconds at the most.
    pub async fn serve(self, control: Arc<Control>, stop: impl Future<Output = ()> + Send) {
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        let mut at_work = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        let stopping = watch::Sender::new(false);
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = stop.as_mut() => break,
            };
            while at_work.try_join_next().is_some() {}
            match (accepted, Arc::clone(&room).try_acquire_owned()) {
                (Ok((stream, _)), Ok(place)) => {
                    let (control, stopping) = (Arc::clone(&control), stopping.subscribe());
                    at_work.spawn(async move {
                        serve_one(stream, &control, stopping).await;
                        drop(place);
                    });
                }
                (Ok((mut stream, _)), Err(_)) => {
                    let busy = Error::new(Kind::Unavailable, "Too many commands at one time. Please try again.");
                    let _ = Answer::new(&mut stream, stopping.subscribe()).finish(Err(busy)).await;
                }
                (Err(error), _) => {
                    tracing::warn!(%error, "a command could not be taken");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        stopping.send_replace(true);
        let _ = timeout(Duration::from_secs(5), async { while at_work.join_next().await.is_some() {} }).await;
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

async fn serve_one(mut stream: UnixStream, control: &Control, stopping: watch::Receiver<bool>) {
    let operator = stream.peer_cred().and_then(|peer| peer::operator(&peer));
    let (reader, mut writer) = stream.split();
    let mut answer = Answer::new(&mut writer, stopping);
    let result = match operator {
        Ok(Some(name)) => match read_request(reader).await {
            Ok(request) => control.handle(&name, request, &mut answer).await,
            Err(error) => Err(error),
        },
        Ok(None) => Err(Error::new(Kind::Denied, "Only root and the user that runs Palisade may give commands.")),
        Err(error) => Err(Error::internal(error)),
    };
    // Where the client has gone, there is nobody to tell.
    let _ = answer.finish(result).await;
}

async fn read_request(reader: impl tokio::io::AsyncRead + Unpin) -> Result<Request, Error> {
    let mut line = Vec::new();
    let mut reader = BufReader::new(reader.take(REQUEST_LIMIT));
    let refused = |why: &'static str| Err(Error::new(Kind::Invalid, why));
    match timeout(REQUEST_TIME, reader.read_until(b'\n', &mut line)).await {
        Ok(Ok(_)) if line.ends_with(b"\n") => {}
        Ok(Ok(_)) if line.len() as u64 >= REQUEST_LIMIT => return refused("The request is too long."),
        Ok(Ok(_)) => return refused("The request ended before its line did."),
        Ok(Err(error)) => return Err(Error::internal(error)),
        Err(_) => return refused("The request did not come in time."),
    }
    serde_json::from_slice(&line).map_err(|error| {
        let why = "This server does not know the request. Are the command and the server of the same release?";
        Error::new(Kind::Invalid, why).caused_by(error)
    })
}
