//! Any text as the state of a sign-in that comes back from the console, with any cookies: none is taken but the one that was
//! made for this browser, and it leads to a path of the site only.
#![no_main]

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, header};
use libfuzzer_sys::fuzz_target;
use palisade_base::{Clock, Env, Instant, PlainToken, Rng};
use palisade_web::{
    CsrfKey, ReturnPath,
    hand_off::{Visit, is_state, open_state},
};

const NOW: Instant = Instant::from_micros(1_000_000_000_000);
const SITE: &str = "tems";

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Instant {
        NOW
    }
}

impl Rng for Fixed {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

fuzz_target!(|input: (&str, &str, &[u8], usize, u8)| {
    let (text, path, cookies, place, change) = input;
    let (env, key) = (Env::new(Arc::new(Fixed), Arc::new(Fixed)), CsrfKey::new(&[3; 32]));
    let foreign = HeaderValue::from_bytes(cookies).map_or_else(|_| HeaderMap::new(), in_cookies);
    assert!(open_state(text, &key, SITE, &foreign, NOW).is_none(), "a state that nobody made");
    let _ = Visit::of(&foreign, &env);
    let _ = PlainToken::from_client(text);

    let next = ReturnPath::parse(path).unwrap_or_else(ReturnPath::home);
    assert!(stays_here(next.as_str()), "{:?} leads elsewhere", next.as_str());
    let visit = Visit::of(&HeaderMap::new(), &env);
    let own = in_cookies(as_sent(&visit.set_cookie()));
    let state = visit.state(&key, SITE, &next, NOW);
    assert!(is_state(&state), "{state}");
    let opened = open_state(&state, &key, SITE, &own, NOW).expect("the state that was made for this browser");
    assert!(opened == next || next.as_str().len() > 1_024, "it leads elsewhere: {opened:?}");
    assert!(open_state(&state, &key, "other", &own, NOW).is_none(), "the state of another site");

    let mut changed = state.clone().into_bytes();
    let place = place % changed.len();
    changed[place] = change;
    if let Ok(changed) = String::from_utf8(changed)
        && changed != state
    {
        assert!(open_state(&changed, &key, SITE, &own, NOW).is_none(), "{changed} was taken for {state}");
    }
});

fn in_cookies(value: HeaderValue) -> HeaderMap {
    HeaderMap::from_iter([(header::COOKIE, value)])
}

/// A cookie as a browser sends it back.
fn as_sent(set: &HeaderValue) -> HeaderValue {
    let pair = set.as_bytes().split(|b| *b == b';').next().unwrap_or_default();
    HeaderValue::from_bytes(pair).expect("a part of a header is one")
}

/// As browsers read the address of a redirect.
fn stays_here(path: &str) -> bool {
    path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains('\\')
        && path.bytes().all(|b| b.is_ascii_graphic())
}
