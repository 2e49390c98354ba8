//! What other nodes on the same database have banned and lifted.

use std::{collections::BTreeSet, sync::Arc};

use palisade_base::{Error, Instant};
use palisade_store::Conn;

use super::Bans;
use crate::{
    Target,
    live::Live,
    model::{Ban, BanFacts, Measure, SIGN_IN},
    store,
};

/// So many changes are read at once: each may be of as many bans as are written together.
const AT_ONCE: i64 = 64;

/// How far this node knows of all nodes' changes.
#[derive(Default)]
pub(super) struct Seen {
    /// The newest change that was taken up.
    pub(super) change: i64,
    /// The last look failed, and that was said.
    is_stuck: bool,
}

impl Bans {
    /// Takes up what other nodes have changed since this was last called, so that a ban of one holds on all. To be called a
    /// few times a second where several nodes share the database; where nothing has changed it reads one row.
    ///
    /// What can't be read now is read the next time: until then the bans that are known hold.
    pub async fn catch_up(&self) {
        let mut seen = self.0.seen.lock().await;
        let taken_up = self.take_up_after(&mut seen.change).await;
        if let (Err(error), false) = (&taken_up, seen.is_stuck) {
            tracing::warn!(cause = error.cause_for_log(), "bans of other nodes can't be read at the moment");
        }
        seen.is_stuck = taken_up.is_err();
    }

    async fn take_up_after(&self, seen: &mut i64) -> Result<(), Error> {
        let newest = store::newest_change(&mut *self.0.store.read().await?).await?;
        if newest == *seen {
            return Ok(());
        }
        // What this node has decided and not written yet is not to be taken for lifted.
        self.flush().await;
        let (mut conn, now) = (self.0.store.read().await?, self.now());
        while *seen < newest {
            let up_to = newest.min(*seen + AT_ONCE);
            let changed = store::changed(&mut conn, *seen, up_to).await?;
            changed.iter().for_each(|ban| self.tell_jail(ban, now));
            for target in changed.iter().map(|ban| ban.target).collect::<BTreeSet<_>>() {
                self.take_up_anew(&mut conn, target, now).await?;
            }
            *seen = up_to;
        }
        Ok(())
    }

    /// Puts into force what the database has against this target, whoever made it.
    async fn take_up_anew(&self, conn: &mut Conn, target: Target, now: Instant) -> Result<(), Error> {
        let bans = store::live_of(conn, target, now).await?;
        let longest = |measure: Measure| {
            let of_measure = bans.iter().filter(|ban| ban.measure == measure).map(Ban::facts);
            of_measure.max_by_key(|facts| facts.until.unwrap_or(Instant::from_micros(i64::MAX)))
        };
        let banned = longest(Measure::Ban).filter(|facts| self.is_meant(facts));
        if banned.is_some() && self.needed_neighbours() > 0 {
            self.0.neighbours.note(target, usize::MAX, |part| self.is_banned(part, now));
        }
        hold(&self.0.live, target, banned, now);
        hold(&self.0.slowed, target, longest(Measure::Slow), now);
        if let (true, Some(client)) = (bans.is_empty(), target.client()) {
            self.forgive(client, now);
        }
        Ok(())
    }

    /// Whoever was banned by another node's jail is banned for longer by this node's the next time, too.
    fn tell_jail(&self, ban: &Ban, now: Instant) {
        let Some(client) = ban.target.client() else { return };
        let until = ban.lifted.as_ref().map(|(at, _)| *at).or(ban.ends_at);
        if ban.jail == SIGN_IN {
            self.sign_in().restore(client, ban.offences, until, now);
        }
        for jail in self.log_jails().iter().filter(|jail| jail.name() == ban.jail) {
            jail.with_counting(|counting| counting.restore(client, ban.offences, until, now));
        }
    }
}

/// Has exactly this hold against the target.
fn hold(live: &Live, target: Target, wanted: Option<Arc<BanFacts>>, now: Instant) {
    let held = live.get(target).filter(|facts| facts.holds_at(now));
    match wanted {
        Some(wanted) if held.as_ref() != Some(&wanted) => drop(live.set(wanted)),
        None if held.is_some() => drop(live.remove(target)),
        Some(_) | None => {}
    }
}
