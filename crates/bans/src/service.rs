//! What happens: failures are counted, bans made, found, listed and lifted.

mod elsewhere;
mod follow;
mod jails;
mod manual;

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use palisade_base::{Env, Error, Instant, Span};
use palisade_config::{Config, JailsConfig};
use palisade_helper::client::HelperClient;
use palisade_jail::Jail;
use palisade_store::{Housekeeping, Store};
use tokio::sync::{Mutex as AsyncMutex, Semaphore};

use crate::{
    Enforcer,
    ledger::Ledger,
    live::Live,
    logs::Watched,
    model::{Ban, BanFacts, Measure, Pace, SIGN_IN, WaitPermit},
    neighbours::Neighbours,
    policy::Exemptions,
    store,
};

/// So many tries to sign in wait at once; each holds a request and little else.
const WAITING_TRIES: usize = 256;
/// So many bans are taken up after a restart: as many as there is room for.
const TAKEN_UP: i64 = 1 << 20;
/// How long the last bans may take to be written when the program ends.
const CLOSING: Duration = Duration::from_secs(10);
/// How long a list waits for bans that are about to be written.
const FLUSHING: Duration = Duration::from_secs(5);

/// Who is shut out, and the jails that decide it. Cheap to clone.
#[derive(Clone)]
pub struct Bans(Arc<Inner>);

struct Inner {
    store: Store,
    env: Env,
    /// Where this runs: log files belong to a host, the database may serve several.
    host: String,
    rules: ArcSwap<Rules>,
    /// Who is shut out.
    live: Live,
    /// Who is slowed.
    slowed: Live,
    sign_in: Mutex<Jail>,
    neighbours: Neighbours,
    waiting: Arc<Semaphore>,
    ledger: Ledger,
    /// How far the changes of all nodes were taken up.
    seen: AsyncMutex<elsewhere::Seen>,
    /// The jails that read log files.
    logs: Mutex<follow::LogJails>,
    /// The figures of the jail of tries to sign in.
    tries: Mutex<crate::model::JailFigures>,
    /// Who reads the log files that the server may not.
    helper: OnceLock<HelperClient>,
}

/// What the configuration says.
struct Rules {
    exemptions: Exemptions,
    config: JailsConfig,
}

impl Rules {
    fn of(config: &Config) -> Self {
        Self { exemptions: Exemptions::of(config), config: config.jails.clone() }
    }
}

impl Bans {
    /// Takes up the bans of before a restart, and starts writing down those to come. Needs a Tokio runtime.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn open(store: Store, config: &Config) -> Result<Self, Error> {
        let (env, rules) = (store.env().clone(), Rules::of(config));
        let sign_in = Jail::new(jails::sign_in_policy(&rules));
        let bans = Self(Arc::new(Inner {
            ledger: Ledger::start(store.clone()),
            store,
            env,
            host: host_name(),
            rules: ArcSwap::from_pointee(rules),
            live: Live::new(),
            slowed: Live::new(),
            sign_in: Mutex::new(sign_in),
            neighbours: Neighbours::default(),
            waiting: Arc::new(Semaphore::new(WAITING_TRIES)),
            seen: AsyncMutex::default(),
            logs: Mutex::default(),
            tries: Mutex::default(),
            helper: OnceLock::new(),
        }));
        bans.take_up().await?;
        bans.start_jails(config);
        Ok(bans)
    }

    async fn take_up(&self) -> Result<(), Error> {
        let now = self.now();
        let mut conn = self.0.store.read().await?;
        // Before the bans are read: what changes meanwhile is looked at once more.
        self.0.seen.lock().await.change = store::newest_change(&mut conn).await?;
        let needed = self.needed_neighbours();
        for ban in store::live(&mut conn, now, TAKEN_UP).await? {
            match ban.measure {
                Measure::Ban => drop(self.0.live.put(ban.facts())),
                Measure::Slow => drop(self.0.slowed.put(ban.facts())),
                Measure::Shadow => {}
            }
            if ban.measure == Measure::Ban && needed > 0 {
                self.0.neighbours.note(ban.target, usize::MAX, |part| self.is_banned(part, now));
            }
        }
        let recent = store::recent(&mut conn, SIGN_IN, now - MEMORY, TAKEN_UP).await?;
        self.restore(SIGN_IN, &mut self.sign_in(), recent);
        Ok(())
    }

    /// Has every ban carried out elsewhere too, before it reaches the gate. To be called once.
    pub fn enforce_with(&self, enforcer: Arc<dyn Enforcer>) {
        self.0.live.enforce_with(enforcer, |facts| self.is_meant(facts));
    }

    /// Who carries bans out beside the gate, if anybody does.
    #[must_use]
    pub fn enforcer(&self) -> Option<&dyn Enforcer> {
        self.0.live.enforcer()
    }

    /// Whether a ban is to hold under the present configuration.
    fn is_meant(&self, facts: &BanFacts) -> bool {
        let exemptions = &self.0.rules.load().exemptions;
        let exempt = exemptions.why_never(facts.target).or_else(|| exemptions.company(facts.target));
        facts.holds_at(self.now()) && exempt.is_none()
    }

    /// The ban that holds for this address. Takes no lock; asked on every request.
    #[must_use]
    pub fn find(&self, address: IpAddr, now: Instant) -> Option<Arc<BanFacts>> {
        let found = self.0.live.find(address, now)?;
        // The configuration may have changed since.
        (!self.0.rules.load().exemptions.protects(address)).then_some(found)
    }

    /// Whether a try to sign in from here goes on at once.
    #[must_use]
    pub fn pace(&self, address: IpAddr, now: Instant) -> Pace {
        if self.0.slowed.find(address, now).is_none() {
            return Pace::Free;
        }
        let wait = Span::millis(i64::try_from(self.0.rules.load().config.company_wait_ms).unwrap_or(i64::MAX));
        match Arc::clone(&self.0.waiting).try_acquire_owned() {
            Ok(permit) => Pace::Wait(wait, WaitPermit(permit)),
            Err(_) => Pace::Full(wait),
        }
    }

    /// Takes up a changed configuration. Bans that are in force stay, but for those who are exempt now; what has been
    /// counted stays, too. Needs a Tokio runtime.
    pub fn reload(&self, config: &Config) {
        let rules = Rules::of(config);
        self.sign_in().set_policy(jails::sign_in_policy(&rules));
        self.0.rules.store(Arc::new(rules));
        self.0.live.enforce_anew(|facts| self.is_meant(facts));
        self.start_jails(config);
    }

    /// Has log files that the server may not read followed by the helper: those of its logs that are named like a jail.
    /// To be called once.
    pub fn read_logs_with(&self, helper: HelperClient) {
        let _ = self.0.helper.set(helper);
    }

    /// Lets go of what has run out, in memory. To be called every minute or so.
    pub fn tidy(&self) {
        let now = self.now();
        self.0.live.tidy(now);
        self.0.slowed.tidy(now);
        self.0.neighbours.tidy(|part| self.is_banned(part, now));
        self.sign_in().tidy(now);
        for jail in self.log_jails() {
            jail.tidy(now);
        }
    }

    /// Forgets bans that have been over for longer than they are kept. To be called every hour or so.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn clean_up(&self) -> Result<(), Error> {
        let kept = Span::days(i64::from(self.0.rules.load().config.history_days));
        let mut tx = self.0.store.write().await?;
        store::forget(&mut tx, self.now() - kept).await?;
        store::forget_positions(&mut tx, self.now() - kept).await?;
        Ok(tx.commit_housekeeping(Housekeeping::Expiry).await?)
    }

    /// Writes down how far these jails have read their log files, where that is new.
    async fn keep_positions_of(&self, jails: &[Arc<Watched>]) -> Result<(), Error> {
        let new: Vec<_> = jails.iter().filter_map(|jail| Some((jail, jail.unkept()?))).collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut tx = self.0.store.write().await?;
        for (jail, positions) in &new {
            // Numbers and texts: nothing that JSON has no form for.
            let text = serde_json::to_string(positions).unwrap_or_default();
            store::keep_position(&mut tx, &self.0.host, jail.name(), &text, self.now()).await?;
        }
        tx.commit_housekeeping(Housekeeping::Position).await?;
        for (jail, positions) in new {
            jail.keep(positions);
        }
        Ok(())
    }

    /// Writes down what is not yet written. To be called before the store is closed.
    pub async fn close(&self) {
        self.close_jails().await;
        self.0.ledger.close(CLOSING).await;
    }

    /// How many bans there are in memory, those that ran out within the last minute too.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.live.len()
    }

    fn now(&self) -> Instant {
        self.0.env.now()
    }

    fn is_banned(&self, target: crate::Target, now: Instant) -> bool {
        self.0.live.get(target).is_some_and(|facts| facts.holds_at(now))
    }

    fn needed_neighbours(&self) -> usize {
        self.0.rules.load().config.ipv6_escalation as usize
    }

    fn sign_in(&self) -> MutexGuard<'_, Jail> {
        // A panic while counting leaves the counts usable.
        self.0.sign_in.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for what is about to be written, so that a list has it. A database that does not answer shows at the next step.
    async fn flush(&self) {
        let _ = tokio::time::timeout(FLUSHING, self.0.ledger.flush()).await;
    }

    /// Puts a jail's measure into force and has it written down.
    fn enforce(&self, ban: Ban) {
        let put = match ban.measure {
            Measure::Ban => self.0.live.put(ban.facts()),
            Measure::Slow => self.0.slowed.put(ban.facts()),
            Measure::Shadow => crate::live::Put::Done,
        };
        match put {
            crate::live::Put::Done => {}
            crate::live::Put::Replaced(other) => {
                tracing::warn!(%other, "a million bans are in force; the one that would have ended first is not any more");
            }
            crate::live::Put::Full => tracing::error!(target = %ban.target, "too many networks are banned already"),
        }
        self.0.ledger.note(ban);
    }
}

/// The name that this host has for itself. One that can't be read is as good as any: it is only told apart from others.
fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned()).unwrap_or_default()
}

/// How long a jail remembers that a client was banned, after the ban is over.
const MEMORY: Span = Span::days(1);
