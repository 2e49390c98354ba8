//! Lines of logs that only the helper may read.

use std::sync::Arc;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::{BackOff, Connection, HelperError, Shared, unexpected};
use crate::{
    follow::Positions,
    protocol::{Logs, Reply, Request},
};

/// So many pieces wait for who reads them; then the helper waits, and the files keep the rest.
const WAITING: usize = 8;

/// What happens while a log is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogEvent {
    /// New lines, and where reading stands after them.
    Logs(Logs),
    /// The helper is gone, or refuses; it is tried again.
    Interrupted(HelperError),
}

/// Where the events come out.
pub type LogEvents = Receiver<LogEvent>;

pub(super) fn follow(shared: Arc<Shared>, log: String, positions: Option<Positions>) -> LogEvents {
    let (sender, receiver) = channel(WAITING);
    tokio::spawn(async move {
        let (mut positions, mut back_off) = (positions, BackOff::new());
        // Ends when nobody listens any more.
        while let Some(error) = follow_once(&shared, &log, &mut positions, &mut back_off, &sender).await {
            if sender.send(LogEvent::Interrupted(error)).await.is_err() {
                return;
            }
            back_off.wait().await;
        }
    });
    receiver
}

/// Follows as long as the connection holds; why it broke, or `None` where nobody listens any more.
async fn follow_once(
    shared: &Shared,
    log: &str,
    positions: &mut Option<Positions>,
    back_off: &mut BackOff,
    sender: &Sender<LogEvent>,
) -> Option<HelperError> {
    let request = Request::FollowLogs { log: log.to_owned(), positions: positions.clone() };
    let opened = async {
        let mut connection = Connection::open(&shared.socket).await?;
        connection.send(&request).await.map(|()| connection)
    };
    let mut connection = match opened.await {
        Ok(connection) => connection,
        Err(error) => return Some(error),
    };
    let mut is_told = false;
    loop {
        let received = tokio::select! {
            received = connection.receive() => received,
            () = sender.closed() => return None,
        };
        let outcome = received.and_then(|reply| match reply {
            Reply::Logs(logs) => Ok(logs),
            other => Err(unexpected(other)),
        });
        if !std::mem::replace(&mut is_told, true) {
            shared.tell(&request, outcome.as_ref().map(|_| ()).map_err(Clone::clone));
        }
        let logs = match outcome {
            Ok(logs) => logs,
            Err(error) => return Some(error),
        };
        *back_off = BackOff::new();
        if let Some(now) = &logs.positions {
            *positions = Some(now.clone());
        }
        sender.send(LogEvent::Logs(logs)).await.ok()?;
    }
}
