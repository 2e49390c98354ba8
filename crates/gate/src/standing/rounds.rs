//! The rounds: every exchange that stays open is asked, again and again, whether it may.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use palisade_base::{Error, auth::HeldOnSite};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::{HeldSession, Lease, Over, Standing, Verdict, exchange::Exchange};
use crate::{
    connection::Connection,
    request::Facts,
    shared::{Current, Shared},
};

/// The time between two rounds. What is open ends within one of them, or two where it has just begun.
const EVERY: Duration = Duration::from_millis(400);
/// How long the database may take to say which sessions are there: a ban does not wait for it any longer.
const ANSWER: Duration = Duration::from_millis(500);
/// Requests are refused at once where nobody can be looked up. What is open goes on for so long, since a database that
/// starts anew would otherwise cut every WebSocket at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// The connections that have exchanges with guarded applications.
#[derive(Default)]
pub(crate) struct Rounds(Mutex<Vec<Weak<Connection>>>);

impl Rounds {
    /// Begins an exchange, which was just judged.
    pub(crate) fn begin(&self, facts: &Facts) -> Lease {
        let exchanges = &facts.connection.exchanges;
        let lease = exchanges.begin(Standing::of(facts), facts.id);
        if exchanges.is_new() {
            self.connections().push(Arc::downgrade(&facts.connection));
        }
        lease
    }

    /// The exchanges that stay open. Connections that are gone are forgotten.
    fn staying(&self) -> Vec<Arc<Exchange>> {
        let mut found = Vec::new();
        // Connections that begin their first exchange do not wait for the look at all others.
        let mut connections = mem::take(&mut *self.connections());
        connections.retain(|connection| match connection.upgrade() {
            Some(connection) => {
                connection.exchanges.staying(&mut found);
                true
            }
            None => false,
        });
        let mut new = self.connections();
        connections.append(&mut new);
        *new = connections;
        found
    }

    fn connections(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Connection>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Goes round for as long as the gate serves.
pub(crate) async fn go_round(current: &Current) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut unsure_since = None;
    loop {
        ticks.tick().await;
        round(&current.load_full(), &mut unsure_since).await;
    }
}

async fn round(shared: &Shared, unsure_since: &mut Option<Instant>) {
    let (open, now) = (shared.rounds.staying(), shared.env.now());
    let mut held = Vec::new();
    for exchange in &open {
        match exchange.standing.judge(shared, now) {
            Verdict::Holds => {}
            Verdict::AsLongAs(session) => held.push((exchange, session)),
            Verdict::Over(over) => end(shared, exchange, over),
        }
    }
    if held.is_empty() {
        *unsure_since = None;
        return;
    }
    match ask(shared, &held).await {
        Ok(there) => {
            *unsure_since = None;
            let gone = held.iter().zip(there).filter(|(_, is_there)| !is_there);
            gone.for_each(|((exchange, _), _)| end(shared, exchange, Over::SignedOut));
        }
        Err(error) => {
            let since = *unsure_since.get_or_insert_with(|| {
                let cause = error.cause_for_log();
                tracing::warn!(cause, open = held.len(), "sessions of what is open can't be looked up");
                Instant::now()
            });
            if since.elapsed() >= PATIENCE {
                held.iter().for_each(|(exchange, _)| end(shared, exchange, Over::Unsure));
            }
        }
    }
}

async fn ask(shared: &Shared, held: &[(&Arc<Exchange>, &HeldSession)]) -> Result<Vec<bool>, Error> {
    let asked: Vec<HeldOnSite<'_>> = held
        .iter()
        .map(|(exchange, session)| HeldOnSite { site: &exchange.standing.site, token: session.token })
        .collect();
    let answer = timeout(ANSWER, shared.site_sessions.still_on_site(&asked)).await;
    answer.unwrap_or_else(|_| Err(Error::internal("no answer in time")))
}

fn end(shared: &Shared, exchange: &Exchange, over: Over) {
    shared.metrics.refused("standing");
    exchange.end(over);
}
