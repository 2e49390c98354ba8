//! Sessions of guarded apps, as far as the limit of users needs to tell them apart.
//!
//! A cookie proves nothing: whoever writes a new one into every request would have a new count for each. So a session
//! counts by itself only once its app has vouched for it: by setting the cookie in the answer to a sign-in (which the
//! login limit bounds), by exchanging one that it had vouched for, or, on Frappe, by setting the same one again (which it
//! does for its own, and for no other). Who comes with anything else counts by address.

use std::{collections::hash_map::RandomState, hash::BuildHasher};

use http::{HeaderMap, header};
use palisade_base::{Instant, Span};
use palisade_counters::{LimitKey, Remembered};

/// How long a session is remembered that nobody uses.
const LIFE: Span = Span::days(7);
/// What Frappe gives to everybody who is nobody.
const NOBODY: &str = "Guest";

/// Which sessions are known. Cookies are kept as hashes, under a seed of this run of the program.
pub(crate) struct AppSessions {
    seed: RandomState,
    /// What counts as one, by the cookie.
    known: Remembered<u64, u64>,
}

/// The session that a request shows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown {
    cookie: u64,
    counts_as: Option<u64>,
}

impl Shown {
    /// The key that it counts as, if its app has vouched for it.
    pub(crate) fn key(self) -> Option<LimitKey> {
        self.counts_as.map(LimitKey::Session)
    }
}

/// What an answer of the app is, as far as sessions go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswerTo {
    /// A try to sign in that did not fail.
    pub(crate) sign_in: bool,
    /// The app sets the cookie of a session again, and only of one that there is.
    pub(crate) confirms: bool,
}

impl AppSessions {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { seed: RandomState::new(), known: Remembered::new(LIFE, capacity) }
    }

    /// The session of a request: of one cookie with one of these names, sent once.
    pub(crate) fn shown(&self, site: &str, names: &[&str], headers: &HeaderMap, now: Instant) -> Option<Shown> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut found = pairs.filter(|(name, _)| names.contains(name));
        let (name, value) = found.next().filter(|(_, value)| is_session(value))?;
        if found.next().is_some() {
            return None;
        }
        let cookie = self.seed.hash_one((site, name, value));
        Some(Shown { cookie, counts_as: self.known.get(&cookie, now) })
    }

    /// Learns from an answer of the app.
    pub(crate) fn learn(
        &self,
        site: &str,
        names: &[&str],
        headers: &HeaderMap,
        shown: Option<Shown>,
        answer: AnswerTo,
        now: Instant,
    ) {
        for value in headers.get_all(header::SET_COOKIE) {
            let pair = value.to_str().ok().and_then(|line| line.split(';').next()?.trim().split_once('='));
            let Some((name, value)) = pair.filter(|(name, value)| names.contains(name) && is_session(value)) else {
                continue;
            };
            let cookie = self.seed.hash_one((site, name, value));
            let before = shown.and_then(|shown| shown.counts_as);
            let same = shown.is_some_and(|shown| shown.cookie == cookie);
            let vouched = answer.sign_in || (answer.confirms && same);
            if let Some(counts_as) = before.or(vouched.then_some(cookie)) {
                self.known.change(&cookie, now, || counts_as, |_| ());
            }
        }
    }
}

fn is_session(value: &str) -> bool {
    !value.is_empty() && value != NOBODY
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const NAMES: [&str; 1] = ["sid"];
    const PAGE: AnswerTo = AnswerTo { sign_in: false, confirms: false };
    const SIGN_IN: AnswerTo = AnswerTo { sign_in: true, confirms: false };
    const FRAPPE: AnswerTo = AnswerTo { sign_in: false, confirms: true };

    fn at(seconds: i64) -> Instant {
        Instant::from_micros(1_000_000_000_000_000 + seconds * 1_000_000)
    }

    fn asks(sessions: &AppSessions, cookies: &str) -> Option<Shown> {
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookies).unwrap())]);
        sessions.shown("tems", &NAMES, &headers, at(0))
    }

    fn answers(sessions: &AppSessions, shown: Option<Shown>, set_cookie: &str, answer: AnswerTo) {
        let headers = HeaderMap::from_iter([(header::SET_COOKIE, HeaderValue::from_str(set_cookie).unwrap())]);
        sessions.learn("tems", &NAMES, &headers, shown, answer, at(0));
    }

    fn key(sessions: &AppSessions, cookies: &str) -> Option<LimitKey> {
        asks(sessions, cookies).and_then(Shown::key)
    }

    /// covers T4.1 (part)
    #[test]
    fn a_cookie_that_nobody_vouched_for_is_nothing() {
        let sessions = AppSessions::new(1_000);
        assert_eq!(key(&sessions, "sid=made-up"), None);
        answers(&sessions, asks(&sessions, "sid=made-up"), "sid=other; Path=/", PAGE);
        answers(&sessions, asks(&sessions, "sid=made-up"), "sid=Guest; Path=/", FRAPPE);
        answers(&sessions, asks(&sessions, "sid=made-up"), "sid=Guest; Path=/", SIGN_IN);
        answers(&sessions, None, "theme=dark", SIGN_IN);
        for cookies in ["sid=made-up", "sid=other", "sid=Guest", "theme=dark", "sid="] {
            assert_eq!(key(&sessions, cookies), None, "{cookies}");
        }
    }

    /// covers T4.1 (part)
    #[test]
    fn a_session_that_began_with_a_sign_in_counts_as_one_whatever_its_cookie_becomes() {
        let sessions = AppSessions::new(1_000);
        answers(&sessions, None, "sid=first; HttpOnly", SIGN_IN);
        let first = key(&sessions, "theme=dark; sid=first").expect("known");
        answers(&sessions, asks(&sessions, "sid=first"), "sid=second", PAGE);
        assert_eq!(key(&sessions, "sid=second"), Some(first));
        answers(&sessions, None, "sid=else", SIGN_IN);
        assert_ne!(key(&sessions, "sid=else"), Some(first));
        // Two of them: an app may read either.
        assert_eq!(key(&sessions, "sid=first; sid=made-up"), None);
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static("sid=first"))]);
        assert!(sessions.shown("other", &NAMES, &headers, at(0)).unwrap().key().is_none(), "another site's");
    }

    #[test]
    fn frappe_vouches_for_its_own_on_every_answer() {
        let sessions = AppSessions::new(1_000);
        answers(&sessions, asks(&sessions, "sid=real"), "sid=real; Path=/", FRAPPE);
        assert!(key(&sessions, "sid=real").is_some());
    }
}
