//! Figures for operators, in Prometheus' text format. Written by hand: a dozen numbers need no library.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

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
    requests: Mutex<BTreeMap<(String, u16), u64>>,
    /// Refusals by limit, handshakes and connections by what became of them, sign-ins by kind: fixed words only.
    events: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    /// Refusals of limits, by the limit's name.
    limits: Mutex<BTreeMap<String, u64>>,
    buckets: [AtomicU64; BUCKETS.len() + 1],
    duration_us: AtomicU64,
    sources: Mutex<Vec<MetricsSource>>,
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
        let mut requests = self.0.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let class = status.as_u16() / 100;
        match requests.iter_mut().find(|((name, of), _)| name == site && *of == class) {
            Some((_, count)) => *count += 1,
            None => drop(requests.insert((site.to_owned(), class), 1)),
        }
    }

    pub(crate) fn refused(&self, by: &'static str) {
        self.count("refused", by);
    }

    /// A limit's name comes from the configuration; there are few.
    pub(crate) fn refused_by_limit(&self, name: &str) {
        let mut limits = self.0.limits.lock().unwrap_or_else(PoisonError::into_inner);
        match limits.get_mut(name) {
            Some(count) => *count += 1,
            None => drop(limits.insert(name.to_owned(), 1)),
        }
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
        *self.0.events.lock().unwrap_or_else(PoisonError::into_inner).entry((family, what)).or_default() += 1;
    }

    /// All figures as text.
    #[must_use]
    pub(crate) fn render(&self, open_connections: usize) -> String {
        let mut out = String::new();
        self.render_requests(&mut out);
        self.render_durations(&mut out);
        head(&mut out, "palisade_connections_open", "gauge", "Connections that are open.");
        let _ = writeln!(out, "palisade_connections_open {open_connections}");
        self.render_events(&mut out);
        let sources = self.0.sources.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for source in sources {
            source(&mut out);
        }
        out
    }

    fn render_requests(&self, out: &mut String) {
        head(out, "palisade_requests_total", "counter", "Requests answered, by site and class of status.");
        for ((site, class), count) in self.0.requests.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            // A site's name has lower-case letters, digits and hyphens only; no escaping is needed.
            let _ = writeln!(out, "palisade_requests_total{{site=\"{site}\",status=\"{class}xx\"}} {count}");
        }
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
        let events = self.0.events.lock().unwrap_or_else(PoisonError::into_inner);
        for (family, name, label, help) in families {
            head(out, name, "counter", help);
            if family == "refused" {
                for (limit, count) in self.0.limits.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                    // Letters, digits and hyphens only, as the configuration has it.
                    let _ = writeln!(out, "{name}{{{label}=\"{limit}\"}} {count}");
                }
            }
            for ((_, what), count) in events.iter().filter(|((of, _), _)| *of == family) {
                let _ = writeln!(out, "{name}{{{label}=\"{what}\"}} {count}");
            }
        }
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}
