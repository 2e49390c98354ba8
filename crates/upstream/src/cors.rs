//! Whose pages may read answers in their readers' name.

use http::{HeaderMap, header};
use palisade_config::WebOrigin;

/// Takes back what lets pages of other sites read an answer that was made for the person in front of them, where the
/// site's configuration does not name that origin: applications that repeat whatever origin asked let in everybody. An
/// answer that is open to all without credentials (`*`) stays so.
pub(crate) fn clean_answer(headers: &mut HeaderMap, allowed: &[WebOrigin]) {
    if !headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS) {
        return;
    }
    let mut origins = headers.get_all(header::ACCESS_CONTROL_ALLOW_ORIGIN).iter();
    let only = origins.next().filter(|_| origins.next().is_none());
    let is = |text: &str| only.is_some_and(|origin| origin.as_bytes() == text.as_bytes());
    if allowed.iter().any(|origin| is(origin.as_str())) {
        return;
    }
    let open_to_all = is("*");
    headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
    if !open_to_all {
        headers.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn left(pairs: &[(&'static str, &'static str)]) -> Vec<String> {
        let allowed =
            ["https://shop.example.com", "https://shop.example.com:8443"].map(|text| WebOrigin::parse(text).unwrap());
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        clean_answer(&mut headers, &allowed);
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
    }

    const ORIGIN: &str = "access-control-allow-origin";
    const CREDENTIALS: &str = "access-control-allow-credentials";

    #[test]
    fn nobody_who_is_not_named_reads_in_anothers_name() {
        for origin in [
            "https://evil.example",
            "null",
            "http://shop.example.com",
            "https://shop.example.com.evil.example",
            "https://shop.example.com, https://evil.example",
            "https://SHOP.example.com",
            "",
        ] {
            assert!(left(&[(ORIGIN, origin), (CREDENTIALS, "true")]).is_empty(), "{origin}");
        }
        let twice = [(ORIGIN, "https://shop.example.com"), (ORIGIN, "https://evil.example"), (CREDENTIALS, "true")];
        assert!(left(&twice).is_empty());
        assert!(left(&[(CREDENTIALS, "true")]).is_empty());
    }

    #[test]
    fn what_is_open_to_all_stays_so_without_credentials() {
        for open in [&[(ORIGIN, "*"), (CREDENTIALS, "true")][..], &[(ORIGIN, "*")]] {
            assert_eq!(left(open), [format!("{ORIGIN}: *")]);
        }
        assert_eq!(left(&[(ORIGIN, "https://other.example")]), [format!("{ORIGIN}: https://other.example")]);
    }

    #[test]
    fn a_named_origin_reads_in_its_readers_name() {
        for origin in ["https://shop.example.com", "https://shop.example.com:8443"] {
            assert_eq!(left(&[(ORIGIN, origin), (CREDENTIALS, "true")]).len(), 2, "{origin}");
        }
    }
}
