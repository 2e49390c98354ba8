//! What the gate and the console agree on where a sign-on goes from the console's host to another site.
//!
//! A browser that begins on a site without being signed in there gets a secret of its own (a cookie of that host), and is
//! sent to the console with a *state*: where it wanted to go, sealed to that secret. What comes back with another state, or
//! to another browser, is not taken: so nobody can make somebody's browser sign in as somebody else.

use data_encoding::BASE64URL_NOPAD;
use http::{HeaderMap, HeaderValue, header};
use palisade_base::{Env, Instant, PlainToken, Span};

use crate::{CsrfKey, ReturnPath, cookie};

/// The console's page that a site sends people to: `?site=…&state=…`.
pub const CONSOLE_PATH: &str = "/sign-in/site";
/// The same for who had to sign in first.
pub const CONSOLE_GO_ON_PATH: &str = "/sign-in/site/go-on";
/// Where the console sends them back to, on the site: `?code=…&state=…`.
pub const SITE_PATH: &str = "/.palisade/hand-off";
/// Signing in takes so long at most: with a second factor to set up, and a phone to look for.
const LIVES: Span = Span::minutes(60);
/// The beginning of the names of the cookies that hold a browser's secret. There may be several: tabs that begin at the
/// same moment each get one.
const COOKIE: &str = "__Host-palisade-visit-";
/// What tells them apart: six random bytes.
const MARK: usize = 8;
/// The longest path that is come back to with its query.
const NEXT_MAX: usize = 1_024;
/// Instant, mark, path, and a tag of 32 bytes behind a dot, in base64url.
const STATE_MAX: usize = (8 + MARK + NEXT_MAX) * 4 / 3 + 1 + 1 + 43;

/// A browser's secret on a site, with the cookie that holds it.
pub struct Visit {
    mark: String,
    secret: PlainToken,
}

impl Visit {
    /// The one that the browser has already, or a new one.
    #[must_use]
    pub fn of(headers: &HeaderMap, env: &Env) -> Self {
        let known = marks(headers).find_map(|mark| Self::find(headers, mark));
        known.unwrap_or_else(|| Self {
            mark: BASE64URL_NOPAD.encode(&env.bytes::<6>()),
            secret: PlainToken::generate(env, ""),
        })
    }

    fn find(headers: &HeaderMap, mark: &str) -> Option<Self> {
        let secret = cookie::token(headers, &cookie_name(mark))?;
        Some(Self { mark: mark.to_owned(), secret })
    }

    /// The cookie that keeps it for as long as signing in may take.
    #[must_use]
    pub fn set_cookie(&self) -> HeaderValue {
        cookie::set_token(&cookie_name(&self.mark), &self.secret, Some(LIVES))
    }

    /// The state of a sign-in that begins now, and leads to this path of the site. One that is too long leads to its page
    /// without the query, or to the first page.
    #[must_use]
    pub fn state(&self, key: &CsrfKey, site: &str, next: &ReturnPath, now: Instant) -> String {
        let next = next.as_str();
        let shorter = next.split('?').next().unwrap_or("/");
        let next = [next, shorter].into_iter().find(|path| path.len() <= NEXT_MAX).unwrap_or("/");
        let payload = [&now.as_micros().to_be_bytes(), self.mark.as_bytes(), next.as_bytes()].concat();
        let tag = key.for_hand_off(site, &self.secret, &payload);
        format!("{}.{}", BASE64URL_NOPAD.encode(&payload), tag.reveal())
    }
}

/// Where a browser wanted to go on this site, if the state is one that was made for it, not long ago.
#[must_use]
pub fn open_state(state: &str, key: &CsrfKey, site: &str, headers: &HeaderMap, now: Instant) -> Option<ReturnPath> {
    let (payload, tag) = state.split_once('.').filter(|_| is_state(state))?;
    let payload = BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?;
    let (began, rest) = payload.split_first_chunk::<8>()?;
    let (mark, next) = rest.split_at_checked(MARK)?;
    let visit = Visit::find(headers, std::str::from_utf8(mark).ok()?)?;
    let age = now.since(Instant::from_micros(i64::from_be_bytes(*began)));
    let genuine = key.for_hand_off(site, &visit.secret, &payload).matches(tag);
    let in_time = age >= Span::ZERO && age < LIVES;
    (genuine && in_time).then(|| std::str::from_utf8(next).ok().and_then(ReturnPath::parse))?
}

/// Whether a text from outside could be a state, as far as one sees without its key.
#[must_use]
pub fn is_state(text: &str) -> bool {
    text.len() <= STATE_MAX && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn cookie_name(mark: &str) -> String {
    format!("{COOKIE}{mark}")
}

/// The marks of all such cookies that the browser sent.
fn marks(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let names = lines.flat_map(|line| line.split(';')).filter_map(|pair| Some(pair.trim().split_once('=')?.0));
    names.filter_map(|name| name.strip_prefix(COOKIE)).filter(|mark| mark.len() == MARK && is_state(mark))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use palisade_base::{Clock, Rng};
    use proptest::prelude::*;

    use super::*;

    struct Fixed;

    impl Clock for Fixed {
        fn now(&self) -> Instant {
            START
        }
    }

    /// A counter: no two calls give the same.
    #[derive(Default)]
    struct Counter(std::sync::atomic::AtomicU8);

    impl Rng for Counter {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    const START: Instant = Instant::from_micros(1_000_000_000_000);

    fn env() -> Env {
        Env::new(Arc::new(Fixed), Arc::new(Counter::default()))
    }

    fn key() -> CsrfKey {
        CsrfKey::new(&[3; 32])
    }

    /// What a browser sends back that got these cookies.
    fn browser(visits: &[&Visit]) -> HeaderMap {
        let pairs: Vec<_> =
            visits.iter().map(|visit| format!("{}={}", cookie_name(&visit.mark), visit.secret.reveal())).collect();
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(&pairs.join("; ")).unwrap())])
    }

    fn path(text: &str) -> ReturnPath {
        ReturnPath::parse(text).unwrap()
    }

    fn opened(state: &str, headers: &HeaderMap) -> Option<String> {
        open_state(state, &key(), "tems", headers, START).map(|next| next.as_str().to_owned())
    }

    #[test]
    fn a_state_leads_back_in_its_own_browser_only() {
        let env = env();
        let (mine, theirs) = (Visit::of(&HeaderMap::new(), &env), Visit::of(&HeaderMap::new(), &env));
        let state = mine.state(&key(), "tems", &path("/app/user?x=1"), START);
        assert!(is_state(&state));
        assert_eq!(opened(&state, &browser(&[&mine])), Some("/app/user?x=1".to_owned()));
        assert_eq!(opened(&state, &browser(&[&theirs])), None);
        assert_eq!(opened(&state, &HeaderMap::new()), None);
        // A cookie of that name with another secret, as somebody would plant it.
        let planted = Visit { mark: mine.mark.clone(), secret: theirs.secret.clone() };
        assert_eq!(opened(&state, &browser(&[&planted])), None);
        assert_eq!(opened(&state, &browser(&[&mine, &planted])), None, "twice is not at all");
        assert!(open_state(&state, &key(), "other", &browser(&[&mine]), START).is_none());
        let late = START + Span::minutes(60);
        assert!(open_state(&state, &key(), "tems", &browser(&[&mine]), late).is_none());
    }

    #[test]
    fn tabs_that_begin_at_once_do_not_disturb_each_other() {
        let env = env();
        let (one, two) = (Visit::of(&HeaderMap::new(), &env), Visit::of(&HeaderMap::new(), &env));
        let (first, second) =
            (one.state(&key(), "tems", &path("/one"), START), two.state(&key(), "tems", &path("/two"), START));
        let both = browser(&[&one, &two]);
        assert_eq!((opened(&first, &both), opened(&second, &both)), (Some("/one".into()), Some("/two".into())));
        // Who has a cookie already gets no further one.
        assert_eq!(Visit::of(&both, &env).mark, one.mark);
    }

    #[test]
    fn a_path_that_is_too_long_leads_to_its_page() {
        let visit = Visit::of(&HeaderMap::new(), &env());
        let leads = |text: &str| {
            let state = visit.state(&key(), "tems", &path(text), START);
            assert!(is_state(&state));
            opened(&state, &browser(&[&visit])).unwrap()
        };
        let long = "x".repeat(1_100);
        assert_eq!(leads(&format!("/list?filter={long}")), "/list");
        assert_eq!(leads(&format!("/{long}")), "/");
        let fits = format!("/{}", "x".repeat(1_023));
        assert_eq!(leads(&fits), fits);
    }

    proptest! {
        #[test]
        fn what_somebody_made_up_is_no_state(text in "[A-Za-z0-9_.-]{0,300}|\\PC{0,40}") {
            let visit = Visit::of(&HeaderMap::new(), &env());
            prop_assert_eq!(opened(&text, &browser(&[&visit])), None);
        }
    }
}
