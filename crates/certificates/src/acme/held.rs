//! A site's ordered certificate, and when the next order is due.

use std::path::PathBuf;

use palisade_base::{Env, Instant, Span};

use super::{
    failure::Failed,
    order::{Issued, Wish},
    record::{self, Record, RecordedError},
    schedule,
};
use crate::{
    CertificateError, Facts, disk, own,
    pair::{self, Pair},
    plan::{Plan, SitePlan},
    status::Trouble,
};

/// How long a CA's wish is believed at least and at most, and how long one without an opinion is left in peace.
const ASK_AGAIN: (Span, Span) = (Span::hours(1), Span::hours(24));

/// A site's ordered certificate.
pub(crate) struct Held {
    dir: PathBuf,
    name: String,
    pub(crate) pair: Option<Pair>,
    record: Record,
    /// An order is under way.
    pub(crate) ordering: bool,
}

impl Held {
    /// What is on disk of this site. What can't be read counts as not there: it is ordered anew.
    pub(crate) fn load(plan: &Plan, site: &SitePlan, now: Instant) -> Self {
        let dir = plan.acme_dir();
        let (hosts, directory) = (own::list_of(&site.hosts), plan.acme.directory.as_str().to_owned());
        let pair = pair::read_bundle(&bundle_path(&dir, &site.name)).ok();
        let pair = pair.filter(|pair| site.hosts.iter().any(|host| pair.facts.covers(host)));
        let kept = Record::read(&record::path_of(&dir, &site.name));
        let kept = kept.filter(|kept| kept.hosts == hosts && kept.directory == directory);
        let record = kept.unwrap_or_else(|| {
            let whole = pair.as_ref().filter(|pair| site.hosts.iter().all(|host| pair.facts.covers(host)));
            Record::new(hosts, directory, whole.map_or(now, |pair| pair.facts.renew_at()))
        });
        let mut held = Self { dir, name: site.name.clone(), pair, record, ordering: false };
        if held.pair.is_none() && held.record.failures == 0 {
            // The file went away, whatever the record says.
            held.record.next = held.record.next.min(now);
        }
        held
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        now >= self.record.next
    }

    /// What the CA is to be asked about: when it would like this certificate to be replaced.
    pub(crate) fn to_ask(&self, now: Instant) -> Option<(Vec<u8>, Vec<u8>)> {
        let due = self.record.ask.is_none_or(|ask| now >= ask);
        let quiet = due && self.record.failures == 0 && !self.is_due(now);
        self.pair.as_ref().filter(|_| quiet)?.facts.renewal_id.clone()
    }

    pub(crate) const fn next(&self) -> Instant {
        self.record.next
    }

    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.record.trouble()
    }

    /// Makes an order due now.
    pub(crate) fn make_due(&mut self, now: Instant) {
        self.record.next = now;
        self.save();
    }

    /// Takes what was issued: on disk first, then in use. Gives what it replaced.
    pub(crate) fn take(&mut self, issued: Issued) -> Result<Option<Facts>, CertificateError> {
        disk::make_dir(&self.dir)?;
        disk::write(&bundle_path(&self.dir, &self.name), issued.bundle.as_bytes(), disk::PRIVATE)?;
        let next = issued.pair.facts.renew_at();
        self.record = Record::new(self.record.hosts.clone(), self.record.directory.clone(), next);
        self.save();
        Ok(self.pair.replace(issued.pair).map(|old| old.facts))
    }

    /// Notes a failure; gives the instant of the next try.
    pub(crate) fn note_failure(&mut self, failed: &Failed, env: &Env) -> Instant {
        let now = env.now();
        self.record.failures = self.record.failures.saturating_add(1);
        self.record.next = now + schedule::rest_after(self.record.failures, failed.rate_limited, env);
        self.record.error = Some(RecordedError { at: now, what: failed.what.clone() });
        self.save();
        self.record.next
    }

    /// Follows the CA's wish, where it has one.
    pub(crate) fn note_wish(&mut self, wish: Option<&Wish>, env: &Env) {
        let again = wish.map_or(ASK_AGAIN.1, |wish| {
            let asked = i64::try_from(wish.ask_again.as_secs()).map_or(ASK_AGAIN.1, Span::seconds);
            asked.clamp(ASK_AGAIN.0, ASK_AGAIN.1)
        });
        self.record.ask = Some(env.now() + again);
        if let (Some(wish), Some(pair)) = (wish, &self.pair) {
            // A point that was chosen within the window stays; otherwise each answer would put it off.
            if !(wish.from..=wish.until).contains(&self.record.next) {
                self.record.next = schedule::within(wish.from, wish.until, &pair.facts, env);
            }
        }
        self.save();
    }

    fn save(&self) {
        if let Err(error) = disk::make_dir(&self.dir) {
            return tracing::error!(%error, "what is known of a site's orders could not be kept");
        }
        self.record.write(&record::path_of(&self.dir, &self.name));
    }
}

fn bundle_path(dir: &std::path::Path, site: &str) -> PathBuf {
    dir.join(format!("site-{site}.pem"))
}
