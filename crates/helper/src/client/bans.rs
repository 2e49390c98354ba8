//! Keeping the kernel's bans as the server wants them, over restarts of either.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError},
    time::Duration,
};

use ipnet::IpNet;
use palisade_base::Instant;
use tokio::time::{Instant as Tick, sleep_until};

use super::{ANSWER_TIME, BackOff, Connection, HelperError, HelperState, Shared, unexpected};
use crate::protocol::{Ban, LEASE_SECONDS, MAX_BANS, Reply, Request, Status};

/// Every ban is said again after so long, three times within its lease.
const RENEW: Duration = Duration::from_secs(LEASE_SECONDS / 3);
/// The helper is asked how it is.
const ASK: Duration = Duration::from_secs(15);
/// With more changes than this, all bans are sent at once.
const MAX_CHANGES: usize = 64;

/// What is to be banned, and what has changed since the helper was told.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    bans: BTreeMap<IpNet, Option<Instant>>,
    changed: BTreeSet<IpNet>,
    is_all_new: bool,
    /// What the helper would not ban, and why.
    refused: BTreeMap<IpNet, String>,
}

impl Wanted {
    pub(super) fn set(&mut self, network: IpNet, until: Option<Instant>) {
        self.bans.insert(network.trunc(), until);
        self.mark(network);
    }

    pub(super) fn lift(&mut self, network: &IpNet) {
        self.bans.remove(&network.trunc());
        self.mark(*network);
    }

    pub(super) fn replace(&mut self, bans: impl IntoIterator<Item = (IpNet, Option<Instant>)>) {
        self.bans = bans.into_iter().map(|(network, until)| (network.trunc(), until)).collect();
        self.is_all_new = true;
    }

    /// What the helper would not ban, and what is too much for it.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> = self.refused.values().take(10).cloned().collect();
        if self.bans.len() > MAX_BANS {
            problems
                .push(format!("{} networks are banned; the kernel drops {MAX_BANS}, the gate all", self.bans.len()));
        }
        problems
    }

    fn mark(&mut self, network: IpNet) {
        self.refused.remove(&network.trunc());
        if self.changed.len() < MAX_CHANGES {
            self.changed.insert(network.trunc());
        } else {
            self.is_all_new = true;
        }
    }

    /// What to ask for, so that the helper knows all that has changed.
    fn take(&mut self, now: Instant) -> Vec<Request> {
        let changed = std::mem::take(&mut self.changed);
        if std::mem::take(&mut self.is_all_new) {
            return vec![self.all(now)];
        }
        let request = |network: &IpNet| match self.bans.get(network).map(|until| ban(*network, *until, now)) {
            Some(Some(ban)) => Request::BanSet(ban),
            // What has run out meanwhile is no more than lifted.
            _ => Request::BanLift { network: *network },
        };
        changed.iter().map(request).collect()
    }

    /// Everything.
    fn all(&mut self, now: Instant) -> Request {
        self.bans.retain(|_, until| until.is_none_or(|until| until > now));
        self.refused.clear();
        let bans = self.bans.iter().filter_map(|(network, until)| ban(*network, *until, now));
        Request::BanReplaceAll { bans: bans.take(MAX_BANS).collect() }
    }
}

/// A ban as the helper takes it; `None` where its time is over.
fn ban(network: IpNet, until: Option<Instant>, now: Instant) -> Option<Ban> {
    match until {
        None => Some(Ban { network, seconds: None }),
        Some(until) => {
            let seconds = u64::try_from(until.since(now).as_seconds_ceil()).ok()?;
            (seconds > 0).then_some(Ban { network, seconds: Some(seconds) })
        }
    }
}

/// Keeps a connection, and the helper up to date. Never ends.
pub(super) async fn keep(shared: Arc<Shared>) {
    let mut back_off = BackOff::new();
    loop {
        let error = match connect(&shared).await {
            Ok((connection, status)) => {
                back_off = BackOff::new();
                tracing::info!(socket = %shared.socket.display(), "the helper answers");
                talk(&shared, connection, status).await
            }
            Err(error) => error,
        };
        let why = error.to_string();
        let state = HelperState::Unreachable(why.clone());
        if *shared.state.lock().unwrap_or_else(PoisonError::into_inner) != state {
            tracing::warn!(why, "the helper can't be used");
            shared.set_state(state);
        }
        back_off.wait().await;
    }
}

async fn connect(shared: &Shared) -> Result<(Connection, Status), HelperError> {
    let mut connection = Connection::open(&shared.socket).await?;
    let status = ask_status(&mut connection).await?;
    Ok((connection, status))
}

async fn ask_status(connection: &mut Connection) -> Result<Status, HelperError> {
    match connection.ask(&Request::Status, ANSWER_TIME).await? {
        Reply::Status(status) => Ok(status),
        other => Err(unexpected(other)),
    }
}

/// Serves one connection until it breaks; gives why.
async fn talk(shared: &Shared, mut connection: Connection, status: Status) -> HelperError {
    let has_firewall = !status.ports.is_empty();
    shared.set_state(HelperState::Connected(status));
    // The helper may be a new one, which knows of no ban.
    let mut renew = Tick::now();
    loop {
        let ask = Tick::now() + ASK;
        tokio::select! {
            () = shared.changed.notified(), if has_firewall => {}
            () = sleep_until(renew), if has_firewall => {
                shared.wanted.lock().unwrap_or_else(PoisonError::into_inner).is_all_new = true;
                renew = Tick::now() + RENEW;
            }
            () = sleep_until(ask) => {}
        }
        let told = async {
            if has_firewall {
                tell(shared, &mut connection).await?;
            }
            ask_status(&mut connection).await
        };
        match told.await {
            Ok(status) => shared.set_state(HelperState::Connected(status)),
            Err(error) => return error,
        }
    }
}

/// Tells the helper what has changed.
async fn tell(shared: &Shared, connection: &mut Connection) -> Result<(), HelperError> {
    let requests = shared.wanted.lock().unwrap_or_else(PoisonError::into_inner).take(shared.env.now());
    for request in requests {
        let outcome = match connection.ask(&request, ANSWER_TIME).await {
            Ok(Reply::Done) => Ok(()),
            Ok(other) => Err(unexpected(other)),
            Err(error) => Err(error),
        };
        shared.tell(&request, outcome.clone());
        match outcome {
            Err(error @ HelperError::Unreachable(_)) => return Err(error),
            Err(HelperError::Failed(failure)) => {
                tracing::warn!(operation = request.name(), subject = request.subject(), %failure, "the helper refuses");
                if let Request::BanSet(ban) = &request {
                    let mut wanted = shared.wanted.lock().unwrap_or_else(PoisonError::into_inner);
                    wanted.refused.insert(ban.network, failure.message);
                }
            }
            Ok(()) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    #[test]
    fn only_what_has_changed_is_told_and_what_has_run_out_is_lifted() {
        let (mut wanted, now) = (Wanted::default(), Instant::from_micros(1_000_000_000));
        let after = |seconds: i64| Some(Instant::from_micros(now.as_micros() + seconds * 1_000_000));
        wanted.set(network("203.0.113.7/32"), after(60));
        wanted.set(network("203.0.113.8/32"), None);
        wanted.set(network("203.0.113.9/32"), after(-1));
        let told = wanted.take(now);
        assert_eq!(
            told,
            [
                Request::BanSet(Ban { network: network("203.0.113.7/32"), seconds: Some(60) }),
                Request::BanSet(Ban { network: network("203.0.113.8/32"), seconds: None }),
                Request::BanLift { network: network("203.0.113.9/32") },
            ]
        );
        assert!(wanted.take(now).is_empty());
        wanted.lift(&network("203.0.113.8/32"));
        assert_eq!(wanted.take(now), [Request::BanLift { network: network("203.0.113.8/32") }]);
    }

    #[test]
    fn many_changes_are_told_as_all_bans_at_once() {
        let (mut wanted, now) = (Wanted::default(), Instant::from_micros(0));
        for number in 0..100 {
            wanted.set(network(&format!("203.0.113.{number}/32")), None);
        }
        let told = wanted.take(now);
        assert!(matches!(&told[..], [Request::BanReplaceAll { bans }] if bans.len() == 100), "{told:?}");
        wanted.replace([(network("203.0.113.1/32"), None)]);
        assert!(matches!(&wanted.take(now)[..], [Request::BanReplaceAll { bans }] if bans.len() == 1));
    }
}
