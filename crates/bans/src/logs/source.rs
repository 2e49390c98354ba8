//! Where a jail's lines come from: the files themselves, or the helper where the server may not read them.

use std::{sync::Arc, time::Duration};

use palisade_base::Instant;
use palisade_helper::{
    client::{HelperClient, HelperState, LogEvent, LogEvents},
    follow::{Follower, Positions},
};
use palisade_jail::Ban;
use tokio::time::{sleep, timeout};

use super::{Watched, jail::LogLine, lock};

/// Between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How long at most until a jail notices that it has been taken down.
const LISTEN: Duration = Duration::from_secs(5);

/// What a jail's task works for. `None` when that is gone.
pub(crate) trait Home: Send + Sync + 'static {
    /// The present, and the helper where there is one.
    fn present(&self) -> Option<(Instant, Option<HelperClient>)>;
    /// Somebody is to be banned.
    fn ban_due(&self, jail: &Watched, ban: Ban);
}

/// Follows a jail's files for as long as there is somebody to tell. It begins where reading stood, if that is known.
pub(crate) async fn follow(watched: Arc<Watched>, home: impl Home) {
    let home = Arc::new(home);
    let mut follower = Follower::new(watched.patterns.clone(), watched.positions());
    while let Some((now, helper)) = home.present() {
        if let Some(helper) = helper.filter(|helper| is_needed(&watched, helper)) {
            let events = helper.follow(watched.name(), watched.positions());
            return follow_by_helper(&watched, &*home, events).await;
        }
        let Some((next, is_behind)) = look(follower, Arc::clone(&watched), Arc::clone(&home), now).await else {
            return;
        };
        follower = next;
        if is_behind {
            tokio::task::yield_now().await;
        } else {
            sleep(LOOK_EVERY).await;
        }
    }
}

/// Reads and judges what is new, away from the threads that answer requests. `None` once another jail took this one's place.
async fn look(
    mut follower: Follower,
    watched: Arc<Watched>,
    home: Arc<impl Home>,
    now: Instant,
) -> Option<(Follower, bool)> {
    let work = tokio::task::spawn_blocking(move || {
        let is_retired = lock(&watched.is_retired);
        if *is_retired {
            return None;
        }
        let look = follower.tick();
        let lines = look.lines.iter();
        let lines = lines.map(|line| LogLine { file: &line.file, text: &line.text, is_backlog: line.is_backlog });
        take(&watched, &*home, lines, Some(follower.positions()), now);
        *watched.problems() = follower.problems().to_vec();
        Some((follower, look.is_behind))
    });
    work.await.inspect_err(|error| tracing::error!(%error, "a jail has stopped")).ok().flatten()
}

/// Judges lines and has bans made. Where reading stands is noted after that: whatever ends the program in between, its
/// lines are read again rather than lost.
fn take<'a>(
    watched: &Watched,
    home: &impl Home,
    lines: impl Iterator<Item = LogLine<'a>>,
    positions: Option<Positions>,
    now: Instant,
) {
    for line in lines {
        // Locked for one line at a time, so that whoever lifts a ban or looks at the page need not wait for a long file.
        let due = watched.state().take(&line, now);
        if let Some(ban) = due {
            home.ban_due(watched, ban);
        }
    }
    if let Some(positions) = positions {
        watched.note(positions);
    }
}

/// Whether the files can't be read here, and the helper has a log of the jail's name.
fn is_needed(watched: &Watched, helper: &HelperClient) -> bool {
    let is_blocked = !watched.problems().is_empty();
    is_blocked
        && matches!(helper.state(), HelperState::Connected(status) if status.logs.iter().any(|log| log == watched.name()))
}

async fn follow_by_helper(watched: &Watched, home: &impl Home, mut events: LogEvents) {
    watched.problems().clear();
    while let Some((now, _)) = home.present() {
        match timeout(LISTEN, events.recv()).await {
            Err(_) => {}
            Ok(None) => return,
            Ok(Some(LogEvent::Interrupted(error))) => *watched.problems() = vec![error.to_string()],
            Ok(Some(LogEvent::Logs(logs))) => {
                let is_retired = lock(&watched.is_retired);
                if *is_retired {
                    return;
                }
                let lines = logs.lines.iter();
                let lines =
                    lines.map(|line| LogLine { file: &line.file, text: &line.text, is_backlog: line.is_backlog });
                take(watched, home, lines, logs.positions, now);
                if let Some(problems) = logs.problems {
                    *watched.problems() = problems;
                }
            }
        }
    }
}
