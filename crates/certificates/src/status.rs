//! How certificates stand.

use palisade_base::Instant;
use palisade_config::{CertificateSource, HostName};

use crate::Facts;

/// How the certificate of a host stands.
#[derive(Clone, Debug)]
pub struct CertificateStatus {
    /// The host.
    pub host: HostName,
    /// Its site.
    pub site: String,
    /// Where its certificate comes from.
    pub source: CertificateSource,
    /// What is shown to clients.
    pub facts: Facts,
    /// A self-signed one is shown until the real one is there.
    pub stand_in: bool,
    /// When the next one is made, ordered, or tried again; `None` where nobody but the operator can.
    pub next_renewal: Option<Instant>,
    /// It is being ordered just now.
    pub ordering: bool,
    /// What went wrong last, if nothing went right since.
    pub last_error: Option<Trouble>,
    pub(crate) alert_days: u16,
}

/// Something went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// When.
    pub at: Instant,
    /// What, and what to do.
    pub what: String,
}

impl CertificateStatus {
    /// Whole days until it ends; negative once it has.
    #[must_use]
    pub const fn days_left(&self, now: Instant) -> i64 {
        self.facts.days_left(now)
    }

    /// Whether it is good for the host at all.
    #[must_use]
    pub fn covers_host(&self) -> bool {
        self.facts.covers(&self.host)
    }

    /// What somebody has to look at; `None` while all is well or will be by itself.
    #[must_use]
    pub fn problem(&self, now: Instant) -> Option<String> {
        let host = &self.host;
        if self.facts.not_after <= now {
            return Some(format!("the certificate of {host} has expired ({}){}", self.facts.not_after, self.because()));
        }
        if self.stand_in {
            let failed = self.last_error.as_ref()?;
            return Some(format!("{host} shows a self-signed certificate; none could be ordered: {}", failed.what));
        }
        if !self.covers_host() {
            return Some(format!("the certificate of {host} is for other names: {}", self.facts.names.join(", ")));
        }
        let left = self.days_left(now);
        let ends = match left {
            0 => "within a day".to_owned(),
            1 => "in 1 day".to_owned(),
            days => format!("in {days} days"),
        };
        (left <= self.alert_from()).then(|| format!("the certificate of {host} ends {ends}{}", self.because()))
    }

    /// A short-lived certificate is renewed a third of its life before its end; a warning at that time would be normal.
    fn alert_from(&self) -> i64 {
        i64::from(self.alert_days).min(self.facts.life().as_seconds() / 86_400 / 4)
    }

    fn because(&self) -> String {
        match &self.last_error {
            Some(trouble) => format!("; the last try to replace it failed: {}", trouble.what),
            None if self.source == CertificateSource::Files => {
                "; put a new one into the files, it is taken by itself".to_owned()
            }
            None => String::new(),
        }
    }
}
