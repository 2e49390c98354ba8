//! Failures of strangers: the first few of each address and minute stand in the trail one by one, the rest as a number.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use palisade_base::{AddressKey, Caller, Category, Error, Instant, Origin, Outcome, Resource, Span, TrailEntry};

use super::Identity;

/// Entries of their own, per address and minute.
const LISTED: u64 = 10;
const WINDOW: Span = Span::minutes(1);
/// Addresses that are told apart; beyond that, strangers share one count.
const ADDRESSES_MAX: usize = 10_000;

#[derive(Default)]
pub(super) struct Flood(Mutex<HashMap<Option<AddressKey>, Window>>);

struct Window {
    began: Instant,
    seen: u64,
    origin: Origin,
}

impl Window {
    fn unlisted(&self) -> u64 {
        self.seen.saturating_sub(LISTED)
    }

    /// What stands for the failures that have no entry of their own.
    fn entry(&self) -> TrailEntry {
        let caller = Caller::anonymous(Origin { address: self.origin.address, ..Origin::default() });
        let mut entry = TrailEntry::new(Category::Security, &caller, "sign_in.count", Resource::whole("sign_in"));
        entry.outcome = Outcome::Failure("many");
        entry.note("failures", self.unlisted()).note("since", self.began.to_string())
    }
}

impl Flood {
    /// Counts a failure. Gives the window before, where it has something to tell, and whether this one is listed.
    fn count(&self, origin: &Origin, now: Instant) -> (Option<Window>, bool) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = origin.address.map(AddressKey::from);
        let key = if windows.len() < ADDRESSES_MAX || windows.contains_key(&key) { key } else { None };
        let fresh = || Window { began: now, seen: 0, origin: origin.clone() };
        let window = windows.entry(key).or_insert_with(fresh);
        let is_over = now.since(window.began) >= WINDOW;
        let before = is_over.then(|| std::mem::replace(window, fresh()));
        window.seen += 1;
        (before.filter(|window| window.unlisted() > 0), window.seen <= LISTED)
    }

    /// Takes out the windows that began before `until`, as entries.
    fn take_until(&self, until: Instant) -> Vec<TrailEntry> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = windows.extract_if(|_, window| window.began <= until).map(|(_, window)| window);
        taken.filter(|window| window.unlisted() > 0).map(|window| window.entry()).collect()
    }
}

impl Identity {
    /// Writes a stranger's failure into the trail, or counts it where there are many.
    ///
    /// # Errors
    /// The trail can't be written.
    pub(super) async fn trace_failure(&self, entry: TrailEntry) -> Result<(), Error> {
        self.trace_failure_and(entry, None).await
    }

    /// The same, with what came of it. Both in one write: how long a failure takes must not tell what came of it.
    ///
    /// # Errors
    /// The trail can't be written.
    pub(super) async fn trace_failure_and(
        &self,
        entry: TrailEntry,
        consequence: Option<TrailEntry>,
    ) -> Result<(), Error> {
        let (before, is_listed) = self.0.flood.count(&entry.origin, self.now());
        let mut entries: Vec<TrailEntry> = before.iter().map(Window::entry).collect();
        if is_listed {
            entries.push(entry);
        }
        entries.extend(consequence);
        if !entries.is_empty() {
            self.0.store.append(&entries).await?;
        }
        Ok(())
    }

    /// Writes that somebody known was refused what their roles do not allow, or what nobody may do.
    ///
    /// # Errors
    /// The trail can't be written.
    pub(super) async fn trace_refusal(
        &self,
        caller: &Caller,
        action: &'static str,
        resource: Resource,
        reason: &'static str,
    ) -> Result<(), Error> {
        let entry = TrailEntry::new(Category::Security, caller, action, resource).failed(reason);
        Ok(self.0.store.append(&[entry]).await?)
    }

    /// Writes how many failures were only counted, for every address whose minute is over. For a job, once a minute.
    ///
    /// # Errors
    /// The trail can't be written.
    pub async fn trace_counted_failures(&self) -> Result<(), Error> {
        self.append_counts(self.now() - WINDOW).await
    }

    /// The same for all addresses, before the program stops.
    ///
    /// # Errors
    /// The trail can't be written.
    pub async fn close(&self) -> Result<(), Error> {
        self.append_counts(self.now()).await
    }

    async fn append_counts(&self, until: Instant) -> Result<(), Error> {
        let entries = self.0.flood.take_until(until);
        if !entries.is_empty() {
            self.0.store.append(&entries).await?;
        }
        Ok(())
    }
}
