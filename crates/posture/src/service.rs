//! Checks look, and what they saw is kept.

use std::{collections::HashMap, sync::Arc, time::Duration};

use palisade_base::{Caller, Category, Error, Instant, Kind, Permit, Resource, Span, TrailEntry};
use palisade_store::Store;
use serde_json::{Value, json};
use tokio::{
    sync::{Mutex, Semaphore},
    task::JoinHandle,
    time::{error::Elapsed, timeout},
};

use crate::{
    About, Check, Entry, Mend, Mender, Plan, Report, Sight, Turn, Verdict,
    policy::{MendPosture, ReadPosture},
    store,
};

/// How long one check may look.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many look at once.
const AT_ONCE: usize = 8;
/// How long a change of a verdict is remembered.
const MEMORY: Span = Span::days(3 * 365);
/// So many changes are named in one entry of the trail.
const NAMED: usize = 50;

/// What looks, and what mends. Asked anew each time: a reload changes both.
pub trait Looks: Send + Sync {
    /// The checks.
    fn checks(&self) -> Vec<Arc<dyn Check>>;

    /// Who can mend something.
    fn menders(&self) -> Vec<Arc<dyn Mender>>;
}

/// What a mender did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// What it was meant for.
    pub plan: Plan,
    /// What was done, a sentence for each step.
    pub done: Vec<String>,
}

/// What is in force. Cheap to clone.
#[derive(Clone)]
pub struct Posture(Arc<Inner>);

struct Inner {
    store: Store,
    looks: Arc<dyn Looks>,
    /// One run after the other: two would each see half of the other's changes.
    running: Mutex<()>,
}

impl Posture {
    /// The posture that these checks see, kept in this database.
    #[must_use]
    pub fn new(store: Store, looks: Arc<dyn Looks>) -> Self {
        Self(Arc::new(Inner { store, looks, running: Mutex::default() }))
    }

    /// What the checks saw when they looked last.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn last(&self, _permit: &Permit<ReadPosture>) -> Result<Report, Error> {
        let mut conn = self.0.store.read().await?;
        let stored = store::all(&mut conn).await?;
        let at = stored.iter().map(|(_, at)| *at).max();
        Ok(Report::new(at, stored.into_iter().map(|(entry, _)| entry).collect()))
    }

    /// The latest changes of verdicts, newest first.
    ///
    /// # Errors
    /// The database can't be read.
    pub async fn turns(&self, _permit: &Permit<ReadPosture>, limit: u16) -> Result<Vec<Turn>, Error> {
        let mut conn = self.0.store.read().await?;
        Ok(store::turns(&mut conn, i64::from(limit)).await?)
    }

    /// Has every check look now, and keeps what they saw, with an entry in the trail.
    ///
    /// # Errors
    /// The database can't be read or written; what was kept before stays.
    pub async fn look(&self, caller: &Caller, _permit: &Permit<ReadPosture>) -> Result<Report, Error> {
        let _one = self.0.running.lock().await;
        let seen = look_all(self.0.looks.checks()).await;
        let now = self.0.store.env().now();
        let mut tx = self.0.store.write().await?;
        let before = store::all(&mut tx).await?.into_iter().map(|(entry, _)| (entry.about.id.clone(), entry));
        let before: HashMap<String, Entry> = before.collect();
        let entries: Vec<Entry> = seen.into_iter().map(|(about, sight)| entry(&before, about, sight, now)).collect();
        let turns: Vec<Turn> = entries.iter().filter_map(|entry| turn(&before, entry, now)).collect();
        for entry in &entries {
            store::put(&mut tx, entry, now).await?;
        }
        for turn in &turns {
            store::add_turn(&mut tx, self.0.store.env().uuid(), turn).await?;
        }
        store::forget(&mut tx, now).await?;
        store::forget_turns(&mut tx, now - MEMORY).await?;
        let report = Report::new(Some(now), entries);
        tx.commit(leaf(caller, &report, &turns)).await?;
        Ok(report)
    }

    /// What each mender would do now; those with nothing to do are left out, those that can't tell are named with why.
    pub async fn plans(&self, _permit: &Permit<ReadPosture>) -> Vec<(String, Result<Plan, Error>)> {
        let mut plans = Vec::new();
        for mender in self.0.looks.menders() {
            let plan = mender.plan().await;
            if !plan.as_ref().is_ok_and(Plan::is_empty) {
                plans.push((mender.name().to_owned(), plan));
            }
        }
        plans
    }

    /// Carries out the plan of one mender, if it is still the one with this digest: what nobody has seen is not done.
    ///
    /// # Errors
    /// There is no such mender, its plan has changed, or a step failed.
    pub async fn apply(
        &self,
        caller: &Caller,
        _permit: &Permit<MendPosture>,
        mender: &str,
        digest: &str,
    ) -> Result<Applied, Error> {
        let _one = self.0.running.lock().await;
        let mender = self.mender(mender)?;
        let plan = mender.plan().await?;
        if plan.digest() != digest {
            let what = format!("The plan of {} is another by now. Look at it again, then apply that.", mender.name());
            return Err(Error::new(Kind::Conflict, what));
        }
        // First that it is about to be done: should the program end in the middle, it is known what may be half done.
        self.0.store.append(&[applied_leaf(caller, &plan, "posture.mend")]).await?;
        let done = mender.apply(&plan).await;
        let entry = applied_leaf(caller, &plan, "posture.mended");
        let entry = match &done {
            Ok(done) => entry.note("done", json!(done)),
            Err(error) => entry.failed("step_failed").note("error", error.message()),
        };
        self.0.store.append(&[entry]).await?;
        done.map(|done| Applied { plan, done })
    }

    /// Makes what one mender has applied for a time stay. Others may look or mend meanwhile: the time is short.
    ///
    /// # Errors
    /// There is no such mender, or nothing of it waits to be confirmed.
    pub async fn confirm(
        &self,
        caller: &Caller,
        _permit: &Permit<MendPosture>,
        mender: &str,
    ) -> Result<Vec<String>, Error> {
        let mender = self.mender(mender)?;
        let done = mender.confirm().await;
        let resource = Resource::new("mender", mender.name());
        let entry = TrailEntry::new(Category::Configuration, caller, "posture.confirm", resource);
        let entry = match &done {
            Ok(done) => entry.note("done", json!(done)),
            Err(error) => entry.failed("not_confirmed").note("error", error.message()),
        };
        self.0.store.append(&[entry]).await?;
        done
    }

    fn mender(&self, name: &str) -> Result<Arc<dyn Mender>, Error> {
        let menders = self.0.looks.menders();
        let names: Vec<String> = menders.iter().map(|mender| mender.name().to_owned()).collect();
        menders.into_iter().find(|mender| mender.name() == name).ok_or_else(|| {
            let what = format!("Nothing called {name} can be mended. There are: {}.", names.join(", "));
            Error::new(Kind::NotFound, what)
        })
    }
}

/// Has them look, a few at once. What ends badly is unseen: it never counts as in force, and stops no other.
async fn look_all(checks: Vec<Arc<dyn Check>>) -> Vec<(About, Sight)> {
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let looking: Vec<_> = checks.into_iter().map(|check| (check.about().clone(), start(check, &room))).collect();
    let mut seen = Vec::with_capacity(looking.len());
    for (about, look) in looking {
        let sight = match look.await {
            Ok(Ok(sight)) => sight,
            Ok(Err(_)) => gave_up(),
            Err(error) => broke_down(&about.id, &error),
        };
        seen.push((about, sight));
    }
    seen
}

/// Each looks in a task of its own, so that one that breaks down takes nobody with it.
fn start(check: Arc<dyn Check>, room: &Arc<Semaphore>) -> JoinHandle<Result<Sight, Elapsed>> {
    let room = Arc::clone(room);
    tokio::spawn(async move {
        let _place = room.acquire().await;
        timeout(PATIENCE, check.look()).await
    })
}

fn gave_up() -> Sight {
    let mend = Mend::new("Look at what it asks: something there does not answer. Then have it looked at again.");
    Sight::unseen(format!("It took longer than {} seconds and was given up.", PATIENCE.as_secs()), mend.by(AGAIN))
}

fn broke_down(check: &str, error: &tokio::task::JoinError) -> Sight {
    tracing::error!(check, %error, "a check of the posture broke down");
    let mend = Mend::new("This is a fault of the program. The log says more: please report it.");
    Sight::unseen("The check broke down.", mend)
}

/// The command that looks again.
const AGAIN: &str = "palisade verify";

fn entry(before: &HashMap<String, Entry>, about: About, sight: Sight, now: Instant) -> Entry {
    let same = before.get(&about.id).filter(|entry| entry.sight.verdict() == sight.verdict());
    Entry { since: same.map_or(now, |entry| entry.since), about, sight }
}

fn turn(before: &HashMap<String, Entry>, entry: &Entry, now: Instant) -> Option<Turn> {
    let was = before.get(&entry.about.id).map(|entry| entry.sight.verdict());
    let is = entry.sight.verdict();
    (was != Some(is)).then(|| Turn {
        check: entry.about.id.clone(),
        title: entry.about.title.clone(),
        at: now,
        before: was,
        after: is,
        seen: entry.sight.seen().to_owned(),
    })
}

fn leaf(caller: &Caller, report: &Report, turns: &[Turn]) -> TrailEntry {
    let counts = report.counts();
    let changes: Vec<Value> = turns.iter().filter(|turn| turn.before.is_some()).take(NAMED).map(turn_json).collect();
    TrailEntry::new(Category::Security, caller, "posture.verify", Resource::whole("posture"))
        .note("in_force", counts.in_force)
        .note("findings", counts.findings)
        .note("unseen", counts.unseen)
        .note("changes", changes)
}

fn turn_json(turn: &Turn) -> Value {
    json!({ "check": turn.check, "before": turn.before.map(Verdict::as_str), "after": turn.after.as_str() })
}

fn applied_leaf(caller: &Caller, plan: &Plan, action: &'static str) -> TrailEntry {
    let steps: Vec<&str> = plan.steps.iter().take(NAMED).map(|step| step.what.as_str()).collect();
    TrailEntry::new(Category::Configuration, caller, action, Resource::new("mender", &plan.mender))
        .note("plan", plan.digest())
        .note("steps", json!(steps))
}
