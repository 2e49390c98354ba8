//! Cookies on both ways: ours stay with us, and the upstream's become safer.

use http::{HeaderMap, HeaderValue, header};

use crate::settings::CookieRules;

/// How all our cookies begin, in lower case.
const OURS: &[u8] = b"__host-palisade";

/// Takes our cookies out of a request, and makes one line of what is left: HTTP/2 sends each cookie apart, and what an
/// HTTP/1.1 application makes of several lines is anybody's guess (RFC 9113, section 8.2.3).
pub(crate) fn prepare_request(headers: &mut HeaderMap) {
    let mut lines = headers.get_all(header::COOKIE).iter();
    let Some(first) = lines.next() else { return };
    if lines.next().is_none() && !names_ours(first.as_bytes()) {
        return;
    }
    let mut kept: Vec<u8> = Vec::with_capacity(first.len());
    for line in headers.get_all(header::COOKIE) {
        for pair in line.as_bytes().split(|byte| *byte == b';').map(<[u8]>::trim_ascii) {
            if pair.is_empty() || is_ours(pair) {
                continue;
            }
            if !kept.is_empty() {
                kept.extend_from_slice(b"; ");
            }
            kept.extend_from_slice(pair);
        }
    }
    headers.remove(header::COOKIE);
    if let (false, Ok(mut line)) = (kept.is_empty(), HeaderValue::from_maybe_shared(bytes::Bytes::from(kept))) {
        line.set_sensitive(true);
        headers.insert(header::COOKIE, line);
    }
}

/// A first look, without taking anything apart.
fn names_ours(line: &[u8]) -> bool {
    line.windows(OURS.len()).any(|window| window.eq_ignore_ascii_case(OURS))
}

/// Whether a cookie is one of ours, or would come back as one: browsers send a cookie without a name as its bare value,
/// and drop spaces around both.
fn is_ours(pair: &[u8]) -> bool {
    let mut rest = pair.trim_ascii();
    while let Some(stripped) = rest.strip_prefix(b"=") {
        rest = stripped.trim_ascii_start();
    }
    rest.get(..OURS.len()).is_some_and(|start| start.eq_ignore_ascii_case(OURS))
}

/// Tightens the cookies of an answer, and drops those that would be ours.
pub(crate) fn clean_answer(headers: &mut HeaderMap, rules: &CookieRules) {
    headers.remove("set-cookie2");
    let header::Entry::Occupied(entry) = headers.entry(header::SET_COOKIE) else { return };
    let (_, set) = entry.remove_entry_mult();
    let kept: Vec<HeaderValue> = set.filter_map(|cookie| tighten(&cookie, rules)).collect();
    for cookie in kept {
        headers.append(header::SET_COOKIE, cookie);
    }
}

/// The same cookie for this host alone, sent over TLS alone, kept from scripts, and not sent along from other sites.
fn tighten(cookie: &HeaderValue, rules: &CookieRules) -> Option<HeaderValue> {
    let mut parts = cookie.as_bytes().split(|byte| *byte == b';');
    let pair = parts.next().unwrap_or_default().trim_ascii();
    if pair.is_empty() || is_ours(pair) {
        return None;
    }
    let mut line = pair.to_vec();
    let mut same_site = false;
    for attribute in parts.map(<[u8]>::trim_ascii) {
        let name = attribute.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        if name.is_empty() || is("domain") || is("secure") || is("httponly") {
            continue;
        }
        if is("samesite") {
            if same_site || !is_same_site_word(attribute) {
                continue;
            }
            same_site = true;
        }
        line.extend_from_slice(b"; ");
        line.extend_from_slice(attribute);
    }
    line.extend_from_slice(b"; Secure");
    if !is_for_scripts(pair, cookie.as_bytes(), rules) {
        line.extend_from_slice(b"; HttpOnly");
    }
    if !same_site {
        line.extend_from_slice(b"; SameSite=Lax");
    }
    let mut value = HeaderValue::from_maybe_shared(bytes::Bytes::from(line)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn is_same_site_word(attribute: &[u8]) -> bool {
    let word = attribute.splitn(2, |byte| *byte == b'=').nth(1).unwrap_or_default().trim_ascii();
    [&b"strict"[..], b"lax", b"none"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// A name that scripts read, and that the application itself left to them.
fn is_for_scripts(pair: &[u8], whole: &[u8], rules: &CookieRules) -> bool {
    let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
    let kept_from_scripts = whole.split(|byte| *byte == b';').skip(1).any(|part| {
        let name = part.split(|byte| *byte == b'=').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(b"httponly")
    });
    !kept_from_scripts && rules.for_scripts.iter().any(|known| known.as_bytes() == name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sent_up(lines: &[&str]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_str(line).unwrap());
        }
        prepare_request(&mut headers);
        headers.get_all(header::COOKIE).iter().map(|line| line.to_str().unwrap().to_owned()).collect()
    }

    fn tightened(cookie: &str) -> Option<String> {
        let value = HeaderValue::from_bytes(cookie.as_bytes()).unwrap();
        tighten(&value, &CookieRules { for_scripts: vec!["full_name".to_owned()] })
            .map(|value| String::from_utf8(value.as_bytes().to_vec()).unwrap())
    }

    /// covers T1.8 (part)
    #[test]
    fn our_cookies_never_go_up() {
        assert_eq!(sent_up(&["sid=abc; theme=dark"]), ["sid=abc; theme=dark"]);
        assert_eq!(sent_up(&["__Host-palisade=secret"]), Vec::<String>::new());
        assert_eq!(sent_up(&["sid=a; __Host-palisade=secret; b=c"]), ["sid=a; b=c"]);
        assert_eq!(sent_up(&["sid=a;__host-PALISADE-tems=secret"]), ["sid=a"]);
        assert_eq!(sent_up(&["=__Host-palisade=secret; = = __Host-palisade=x; sid=a"]), ["sid=a"]);
        assert_eq!(sent_up(&["a=__Host-palisade"]), ["a=__Host-palisade"]);
    }

    #[test]
    fn cookies_in_several_lines_become_one() {
        assert_eq!(sent_up(&["sid=a", "__Host-palisade=secret", "b=c; d"]), ["sid=a; b=c; d"]);
    }

    #[test]
    fn an_upstream_cannot_set_our_cookies() {
        for cookie in [
            "__Host-palisade=x; Path=/; Secure",
            " __Host-palisade=x",
            "\t__Host-palisade =x",
            "__HOST-Palisade-device=x",
            "=__Host-palisade=x",
            " = __Host-palisade=x",
            "__Host-palisade",
            "",
            " ; Path=/",
        ] {
            assert_eq!(tightened(cookie), None, "{cookie:?}");
        }
        assert!(tightened("mine__Host-palisade=x").is_some());
    }

    /// covers T8.1 (part)
    #[test]
    fn an_upstreams_cookies_become_safer() {
        assert_eq!(tightened("sid=abc; Path=/").unwrap(), "sid=abc; Path=/; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(tightened("full_name=Anna; Path=/").unwrap(), "full_name=Anna; Path=/; Secure; SameSite=Lax");
        assert_eq!(tightened("full_name=Anna; httponly").unwrap(), "full_name=Anna; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(
            tightened("a=b; Domain=.example.com; domain=evil.example; SameSite=Strict; Max-Age=5; secure").unwrap(),
            "a=b; SameSite=Strict; Max-Age=5; Secure; HttpOnly"
        );
        assert_eq!(tightened("a=b; SameSite=None; SameSite=Lax").unwrap(), "a=b; SameSite=None; Secure; HttpOnly");
        assert_eq!(tightened("a=b; SameSite=sometimes").unwrap(), "a=b; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(
            tightened("a=\"x y\"; Expires=Wed, 21 Oct 2026 07:28:00 GMT;").unwrap(),
            "a=\"x y\"; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Secure; HttpOnly; SameSite=Lax"
        );
    }

    proptest! {
        /// However a cookie is written, what goes out is Secure, has no Domain, and is not ours.
        #[test]
        fn no_spelling_gets_around_it(cookie in "[ \t=;a]{0,4}(__Host-palisade|sid|a)[ \t=;A-Za-z]{0,40}(; ?(Domain|SECURE|SameSite) ?=?[a-z.]{0,9}){0,3}") {
            if let Some(line) = tightened(&cookie) {
                let name = line.split(';').next().unwrap().trim_start_matches([' ', '\t', '=']);
                prop_assert!(!name.to_ascii_lowercase().starts_with("__host-palisade"));
                let attributes: Vec<String> = line.split(';').skip(1).map(|a| a.trim().to_ascii_lowercase()).collect();
                prop_assert!(attributes.iter().all(|a| a.split('=').next().unwrap().trim() != "domain"));
                prop_assert_eq!(attributes.iter().filter(|a| *a == "secure").count(), 1);
            }
        }

        #[test]
        fn no_cookie_of_ours_goes_up(line in "([ =;]{0,3}(__Host-palisade|__HOST-PALISADE-x|sid)[ =;a]{0,5}){0,5}") {
            for kept in sent_up(&[&line]) {
                let ours = |pair: &str| pair.trim_start_matches([' ', '=']).to_ascii_lowercase().starts_with("__host-palisade");
                prop_assert!(!kept.split(';').any(ours), "{kept}");
            }
        }
    }
}
