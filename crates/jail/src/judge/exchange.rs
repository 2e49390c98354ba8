//! Failures that stretch over several lines of one connection, told apart by `<F-MLFID>`.

use std::collections::{BTreeSet, HashMap};

use palisade_base::{Instant, Span};

use super::verdict::Host;

/// How many exchanges are remembered, for how long, and how much of each.
const MAX_EXCHANGES: usize = 1_000;
const MAX_AGE: Span = Span::minutes(5);
const MAX_USERS: usize = 16;
const MAX_EVIDENCE: usize = 10;

/// What one line of an exchange says.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) host: Option<Host>,
    pub(super) user: Option<String>,
    /// The line is no failure (`<F-NOFAIL>`).
    pub(super) is_harmless: bool,
    /// Access was gained (`<F-MLFGAINED>`): what failed before is forgiven.
    pub(super) is_gained: bool,
    /// The exchange ends (`<F-MLFFORGET>`).
    pub(super) is_last: bool,
    pub(super) evidence: String,
}

/// What is known of one exchange.
#[derive(Debug, Default)]
struct Exchange {
    host: Option<Host>,
    users: BTreeSet<String>,
    user: Option<String>,
    /// The last line was harmless.
    was_harmless: bool,
    /// A failure was seen before anybody knew whose it is.
    is_pending: bool,
    evidence: Vec<String>,
    seen: Option<Instant>,
}

/// A failure that an exchange comes to.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) host: Host,
    pub(super) user: Option<String>,
    pub(super) evidence: Vec<String>,
}

/// The exchanges of one log file.
#[derive(Debug, Default)]
pub(super) struct Exchanges(HashMap<String, Exchange>);

impl Exchanges {
    /// Adds a line to its exchange. A failure, where the line makes one and it is known whose.
    pub(super) fn add(&mut self, id: &str, part: Part, at: Instant) -> Option<Outcome> {
        let is_last = part.is_last;
        let known = self.0.remove(id).filter(|exchange| exchange.seen.is_some_and(|seen| at.since(seen) < MAX_AGE));
        let is_new = known.is_none();
        let mut exchange = known.unwrap_or_default();
        let outcome = exchange.add(part, is_new);
        exchange.seen = Some(at);
        if !is_last {
            self.make_room(at);
            self.0.insert(id.to_owned(), exchange);
        }
        outcome
    }

    /// The oldest goes, and whatever has grown old with it.
    fn make_room(&mut self, now: Instant) {
        if self.0.len() < MAX_EXCHANGES {
            return;
        }
        self.0.retain(|_, exchange| exchange.seen.is_some_and(|seen| now.since(seen) < MAX_AGE));
        if self.0.len() >= MAX_EXCHANGES {
            let oldest = self.0.iter().min_by_key(|(_, exchange)| exchange.seen).map(|(id, _)| id.clone());
            oldest.map(|id| self.0.remove(&id));
        }
    }
}

impl Exchange {
    fn add(&mut self, part: Part, is_new: bool) -> Option<Outcome> {
        let mut is_harmless = part.is_harmless || part.is_gained;
        if !(is_new && part.is_last) {
            self.note_user(part.user.as_deref());
        }
        if part.is_gained {
            self.is_pending = false;
        }
        // What was evidence of a failure that is told already is none of the next.
        if !is_new && !self.was_harmless && !self.is_pending {
            self.evidence.clear();
        }
        self.host = part.host.or(self.host.take());
        self.user = part.user.or(self.user.take());
        // A failure whose author is only known now, or a second name tried: no harmless line makes that undone.
        if std::mem::take(&mut self.is_pending) || self.users.len() > 1 {
            is_harmless = false;
        }
        self.was_harmless = is_harmless;
        if self.evidence.len() < MAX_EVIDENCE && !(is_harmless && part.is_last) {
            self.evidence.push(part.evidence);
        }
        if is_harmless {
            return None;
        }
        let Some(host) = self.host.clone() else {
            self.is_pending = true;
            return None;
        };
        Some(Outcome { host, user: self.user.clone(), evidence: self.evidence.clone() })
    }

    fn note_user(&mut self, user: Option<&str>) {
        if let Some(user) = user.filter(|user| !user.is_empty())
            && self.users.len() < MAX_USERS
        {
            self.users.insert(user.to_owned());
        }
    }
}
