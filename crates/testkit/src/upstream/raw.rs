//! A server that follows a script, byte by byte: for answers that no honest server gives.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What the server does next on a connection.
#[derive(Clone, Debug)]
pub enum Step {
    /// Reads until the end of a head; the connection ends if there is none.
    Read,
    /// Writes these bytes.
    Write(Vec<u8>),
    /// Writes these bytes again and again, until the other side has had enough.
    Flood(Vec<u8>),
    /// Ends the connection with a reset.
    Reset,
    /// Does nothing any more, and leaves the connection open.
    Wait,
}

impl Step {
    /// Writes this text.
    #[must_use]
    pub fn write(text: &str) -> Self {
        Self::Write(text.as_bytes().to_vec())
    }
}

/// A server with a script for each connection; the last one is for all further ones. After its script a connection ends.
pub struct RawUpstream {
    /// Where it listens.
    pub address: String,
    connections: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl RawUpstream {
    /// Begins to listen on loopback.
    pub async fn start(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let ended = Arc::<AtomicUsize>::default();
        let (count, over) = (Arc::clone(&connections), Arc::clone(&ended));
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = count.fetch_add(1, Ordering::SeqCst);
                let script = scripts.get(number).or(scripts.last()).cloned().unwrap_or_default();
                let over = Arc::clone(&over);
                tokio::spawn(async move {
                    follow(stream, script).await;
                    over.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, connections, ended, accepting }
    }

    /// One that reads a request, writes this and ends, on each connection.
    pub async fn answering(answer: &str) -> Self {
        Self::start(vec![vec![Step::Read, Step::write(answer)]]).await
    }

    /// Connections that were made to it.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Connections that it has ended.
    #[must_use]
    pub fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }
}

impl Drop for RawUpstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn follow(mut stream: TcpStream, script: Vec<Step>) {
    for step in script {
        match step {
            Step::Read => {
                if !read_head(&mut stream).await {
                    return;
                }
            }
            Step::Write(bytes) => drop(stream.write_all(&bytes).await),
            Step::Flood(bytes) => {
                let many = bytes.repeat(1 + 16_384 / bytes.len().max(1));
                while stream.write_all(&many).await.is_ok() {}
            }
            Step::Reset => {
                // Closing with something unread makes the system send a reset.
                drop(stream.set_zero_linger());
                return;
            }
            Step::Wait => std::future::pending().await,
        }
    }
}

async fn read_head(stream: &mut TcpStream) -> bool {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => read.push(byte),
            Err(_) => return false,
        }
    }
    true
}
