//! Figures for operators, in Prometheus' text format. Written by hand: a dozen numbers need no library.

use std::{
    fmt::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
use http::StatusCode;
use palisade_base::Actor;

/// Upper bounds of the duration's buckets, in microseconds and as their label.
const BUCKETS: [(u64, &str); 10] = [
    (1_000, "0.001"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (1_000_000, "1"),
    (5_000_000, "5"),
    (30_000_000, "30"),
];

/// Writes more figures: whole lines of the text format, with their HELP and TYPE.
pub type MetricsSource = Arc<dyn Fn(&mut String) + Send + Sync>;

/// The figures. Cheap to clone.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Figures>);

#[derive(Default)]
struct Figures {
    /// By site and class of status (2 for 2xx). Sites are few and configured, so this is bounded.
    requests: Counts<(String, u16)>,
    /// Refusals by limit, handshakes and connections by what became of them, sign-ins by kind: fixed words only.
    events: Counts<(&'static str, &'static str)>,
    /// Refusals of limits, by the limit's name.
    limits: Counts<String>,
    buckets: [AtomicU64; BUCKETS.len() + 1],
    duration_us: AtomicU64,
    resting: AtomicU64,
    sources: Mutex<Vec<MetricsSource>>,
}

/// Counts a connection among those that rest, until it goes.
pub(crate) struct Resting<'a>(&'a AtomicU64);

impl Drop for Resting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counters of a few things, in their order. Every request counts, so counting takes no lock; a new thing is rare, and makes
/// the list anew.
struct Counts<T>(ArcSwap<Vec<(T, Arc<AtomicU64>)>>);

impl<T> Default for Counts<T> {
    fn default() -> Self {
        Self(ArcSwap::default())
    }
}

impl<T: Clone + Ord> Counts<T> {
    /// Counts the thing that `is` finds; `thing` makes it, where it was never counted before.
    fn count(&self, is: impl Fn(&T) -> bool, thing: impl Fn() -> T) {
        if let Some((_, count)) = self.0.load().iter().find(|(thing, _)| is(thing)) {
            count.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let thing = thing();
        self.0.rcu(|list| {
            let mut list = Vec::clone(list);
            if let Err(at) = list.binary_search_by(|(known, _)| known.cmp(&thing)) {
                list.insert(at, (thing.clone(), Arc::default()));
            }
            list
        });
        // It is there now, whoever put it there.
        if let Some((_, count)) = self.0.load().iter().find(|(known, _)| *known == thing) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn for_each(&self, mut tell: impl FnMut(&T, u64)) {
        for (thing, count) in self.0.load().iter() {
            tell(thing, count.load(Ordering::Relaxed));
        }
    }
}

impl Metrics {
    /// Adds a source, which is asked whenever the figures are.
    pub fn add_source(&self, source: MetricsSource) {
        self.0.sources.lock().unwrap_or_else(PoisonError::into_inner).push(source);
    }

    pub(crate) fn answered(&self, site: &str, status: StatusCode, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS.iter().position(|(most, _)| micros <= *most).unwrap_or(BUCKETS.len());
        if let Some(bucket) = self.0.buckets.get(bucket) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.0.duration_us.fetch_add(micros, Ordering::Relaxed);
        let class = status.as_u16() / 100;
        self.0.requests.count(|(name, of)| name == site && *of == class, || (site.to_owned(), class));
    }

    pub(crate) fn refused(&self, by: &'static str) {
        self.count("refused", by);
    }

    /// A limit's name comes from the configuration; there are few.
    pub(crate) fn refused_by_limit(&self, name: &str) {
        self.0.limits.count(|limit| limit == name, || name.to_owned());
    }

    pub(crate) fn sign_in_failed(&self) {
        self.count("sign_ins", "failed");
    }

    pub(crate) fn connection(&self, what: &'static str) {
        self.count("connections", what);
    }

    pub(crate) fn connection_failed(&self) {
        self.count("connections", "broken");
    }

    /// A connection rests, for as long as the answer is kept.
    pub(crate) fn rests(&self) -> Resting<'_> {
        self.0.resting.fetch_add(1, Ordering::Relaxed);
        Resting(&self.0.resting)
    }

    pub(crate) fn authenticated(&self, actor: &Actor) {
        let who = match actor {
            Actor::Anonymous => "anonymous",
            Actor::User(_) => "session",
            Actor::ApiClient { .. } => "api_key",
            Actor::Job(_) | Actor::Operator(_) => "other",
        };
        self.count("authentications", who);
    }

    pub(crate) fn authentication_failed(&self, unknown: bool) {
        self.count("authentications", if unknown { "refused" } else { "unavailable" });
    }

    fn count(&self, family: &'static str, what: &'static str) {
        self.0.events.count(|event| *event == (family, what), || (family, what));
    }

    /// All figures as text.
    #[must_use]
    pub(crate) fn render(&self, open_connections: usize) -> String {
        let mut out = String::new();
        self.render_requests(&mut out);
        self.render_durations(&mut out);
        head(&mut out, "palisade_connections_open", "gauge", "Connections that are open.");
        let _ = writeln!(out, "palisade_connections_open {open_connections}");
        let resting = self.0.resting.load(Ordering::Relaxed);
        head(&mut out, "palisade_connections_resting", "gauge", "Of these, HTTP/1.1 without a request for a while.");
        let _ = writeln!(out, "palisade_connections_resting {resting}");
        self.render_events(&mut out);
        let sources = self.0.sources.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for source in sources {
            source(&mut out);
        }
        out
    }

    fn render_requests(&self, out: &mut String) {
        head(out, "palisade_requests_total", "counter", "Requests answered, by site and class of status.");
        self.0.requests.for_each(|(site, class), count| {
            // A site's name has lower-case letters, digits and hyphens only; no escaping is needed.
            let _ = writeln!(out, "palisade_requests_total{{site=\"{site}\",status=\"{class}xx\"}} {count}");
        });
    }

    fn render_durations(&self, out: &mut String) {
        let name = "palisade_request_duration_seconds";
        head(out, name, "histogram", "From a request's head until its answer began.");
        let mut total = 0;
        let labels = BUCKETS.iter().map(|(_, label)| *label).chain(["+Inf"]);
        for (bucket, label) in self.0.buckets.iter().zip(labels) {
            total += bucket.load(Ordering::Relaxed);
            let _ = writeln!(out, "{name}_bucket{{le=\"{label}\"}} {total}");
        }
        let micros = self.0.duration_us.load(Ordering::Relaxed);
        let _ = writeln!(out, "{name}_sum {}.{:06}\n{name}_count {total}", micros / 1_000_000, micros % 1_000_000);
    }

    fn render_events(&self, out: &mut String) {
        let families = [
            ("connections", "palisade_connections_total", "what", "Connections, by what became of them."),
            ("refused", "palisade_refused_total", "by", "Requests refused, by the limit that did it."),
            ("sign_ins", "palisade_sign_ins_total", "end", "Tries to sign in to guarded sites, by how they ended."),
            ("authentications", "palisade_authentications_total", "as", "Requests, by whom they were made."),
        ];
        for (family, name, label, help) in families {
            head(out, name, "counter", help);
            if family == "refused" {
                // Letters, digits and hyphens only, as the configuration has it.
                self.0.limits.for_each(|limit, count| {
                    let _ = writeln!(out, "{name}{{{label}=\"{limit}\"}} {count}");
                });
            }
            self.0.events.for_each(|(of, what), count| {
                if *of == family {
                    let _ = writeln!(out, "{name}{{{label}=\"{what}\"}} {count}");
                }
            });
        }
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_counts_first_at_the_same_moment_nothing_is_lost() {
        let counts = Counts::<u32>::default();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..1_000).for_each(|n: u32| counts.count(|thing| *thing == n % 7, || n % 7)));
            }
        });
        let mut told = Vec::new();
        counts.for_each(|thing, count| told.push((*thing, count)));
        // 0 to 5 come once more than 6 in a thousand.
        assert_eq!(told, [(0, 1_144), (1, 1_144), (2, 1_144), (3, 1_144), (4, 1_144), (5, 1_144), (6, 1_136)]);
    }
}
