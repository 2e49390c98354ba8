//! The path that the gate judges and the path that an application sees are one. Where the two could be read in two ways,
//! the request is refused.
//!
//! A path goes to the application byte for byte as it came, while rules and limits are decided by its decoded form. So
//! whatever one program decodes, merges, cuts off or resolves and another does not is no path of a guarded site.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// How an application reads a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AppReads {
    /// Nothing is known: every doubtful path is refused.
    Unknown,
    /// It decodes the whole path before it takes it apart, as every WSGI application does, and takes several slashes for
    /// one: that is how the gate judges, too. Frappe needs it: names of documents have slashes and semicolons.
    Decoding,
}

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// `.` or `..`, in whatever form.
    DotSegment,
    /// `\`, in whatever form: a slash to some.
    Backslash,
    /// A `%` without two hexadecimal digits behind it, or what is decoded is no UTF-8 (overlong forms, for one).
    Encoding,
    /// `%25` with something behind it that would be a slash, a dot, a backslash or a control character once decoded again.
    EncodedTwice,
    /// A control character.
    Control,
    /// `%2f`: a slash to some, a letter to others.
    EncodedSlash,
    /// `//`: one slash to some.
    EmptySegment,
    /// A blank at an end of a segment, or a letter that nobody sees: some cut them off.
    Blank,
    /// `;`: to some the end of a segment.
    Parameter,
}

impl Doubt {
    /// What is the matter with the path, in a word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::DotSegment => "a segment of dots",
            Self::Backslash => "a backslash",
            Self::Encoding => "a broken encoding",
            Self::EncodedTwice => "something encoded twice",
            Self::Control => "a control character",
            Self::EncodedSlash => "an encoded slash",
            Self::EmptySegment => "an empty segment",
            Self::Blank => "a blank at the end of a name",
            Self::Parameter => "a semicolon",
        }
    }
}

/// What speaks against a path, by how the application behind reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Doubts {
    unknown: Option<Doubt>,
    decoding: Option<Doubt>,
}

impl Doubts {
    /// Of a path, and what it is when decoded once; `None` where that is no text.
    pub(super) fn of(path: &str, decoded: Option<&str>) -> Self {
        let both = |doubt| Self { unknown: Some(doubt), decoding: Some(doubt) };
        let Some(decoded) = decoded.filter(|_| escapes_are_whole(path)) else { return both(Doubt::Encoding) };
        let always = always(decoded);
        // Two slashes at the front would be read as a host by whoever builds a link of the path.
        let host_like = decoded.starts_with("//").then_some(Doubt::EmptySegment);
        Self { unknown: always.or_else(|| where_unknown(path, decoded)), decoding: always.or(host_like) }
    }

    pub(super) const fn where_it(self, reads: AppReads) -> Option<Doubt> {
        match reads {
            AppReads::Unknown => self.unknown,
            AppReads::Decoding => self.decoding,
        }
    }
}

fn escapes_are_whole(path: &str) -> bool {
    let mut parts = path.split('%');
    parts.next();
    parts.all(|part| part.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)))
}

fn always(decoded: &str) -> Option<Doubt> {
    if decoded.contains('\\') {
        return Some(Doubt::Backslash);
    }
    if decoded.chars().any(char::is_control) {
        return Some(Doubt::Control);
    }
    // Parameters of a segment are cut off by some before they look for dots: `/..;/`.
    let dots = |segment: &str| matches!(segment.split(';').next().unwrap_or_default().trim(), "." | "..");
    if decoded.split('/').any(dots) {
        return Some(Doubt::DotSegment);
    }
    if decoded.contains('%') && hides_something(decoded) {
        return Some(Doubt::EncodedTwice);
    }
    let blank = |segment: &str| segment.trim() != segment || segment.contains(is_unseen);
    decoded.split('/').any(blank).then_some(Doubt::Blank)
}

/// Letters without width: soft hyphen, joiners, directions, the byte order mark.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Whether decoding once more would bring up what must not be there.
fn hides_something(decoded: &str) -> bool {
    let again: Cow<'_, [u8]> = percent_decode_str(decoded).into();
    let count =
        |bytes: &[u8]| bytes.iter().filter(|byte| matches!(**byte, b'/' | b'\\' | b'.' | 0..=0x1f | 0x7f)).count();
    count(&again) > count(decoded.as_bytes())
}

fn where_unknown(path: &str, decoded: &str) -> Option<Doubt> {
    if decoded.matches('/').count() > path.matches('/').count() {
        Some(Doubt::EncodedSlash)
    } else if decoded.contains("//") {
        Some(Doubt::EmptySegment)
    } else if decoded.contains(';') {
        Some(Doubt::Parameter)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn doubts(path: &str) -> Doubts {
        Doubts::of(path, percent_decode_str(path).decode_utf8().ok().as_deref())
    }

    fn unknown(path: &str) -> Option<Doubt> {
        doubts(path).unknown
    }

    fn decoding(path: &str) -> Option<Doubt> {
        doubts(path).decoding
    }

    /// covers T1.8 (part)
    #[test]
    fn plain_paths_pass() {
        for path in
            ["/", "/app/user", "/app/", "/a.b/c..d/.well-known", "/a%20b", "/%C3%A9", "/100%25", "/a:b@c!$&'()*+,=~"]
        {
            assert_eq!((unknown(path), decoding(path)), (None, None), "{path}");
        }
    }

    /// covers T1.8 (part)
    #[test]
    fn what_two_programs_could_read_in_two_ways_is_refused() {
        use Doubt::*;
        for (path, why) in [
            ("/public/../app/user", DotSegment),
            ("/public/%2e%2e/app/user", DotSegment),
            ("/public/.%2E/app", DotSegment),
            ("/./app", DotSegment),
            ("/app/..", DotSegment),
            ("/public/..%2fapp", DotSegment),
            ("/public/..;/app", DotSegment),
            ("/public/..;x=y/app", DotSegment),
            ("/public/..%3b/app", DotSegment),
            ("/public/..%20/app", DotSegment),
            ("/public\\..\\app", Backslash),
            ("/public%5capp", Backslash),
            ("/app%00.css", Control),
            ("/app%0d%0aSet-Cookie:x", Control),
            ("/app%7f", Control),
            ("/app%", Encoding),
            ("/app%2", Encoding),
            ("/app%zz", Encoding),
            ("/app%u002e", Encoding),
            ("/%c0%ae%c0%ae/app", Encoding),
            ("/%c0%afapp", Encoding),
            ("/%e0%80%af", Encoding),
            ("/%ff", Encoding),
            ("/public/%252e%252e/app", EncodedTwice),
            ("/public%252fapp", EncodedTwice),
            ("/app%255cuser", EncodedTwice),
            ("/app%2500", EncodedTwice),
            ("/%20app/user", Blank),
            ("/app%20", Blank),
            ("/app%c2%a0/user", Blank),
            ("/app%e2%80%8b", Blank),
        ] {
            assert_eq!((unknown(path), decoding(path)), (Some(why), Some(why)), "{path}");
        }
    }

    #[test]
    fn where_the_application_is_known_to_decode_first_names_may_have_slashes_and_semicolons() {
        for (path, why) in [
            ("/app/customer/A%2FB", Doubt::EncodedSlash),
            ("/app//user", Doubt::EmptySegment),
            ("/app/user;x", Doubt::Parameter),
            ("/app/user%3Bx", Doubt::Parameter),
        ] {
            assert_eq!((unknown(path), decoding(path)), (Some(why), None), "{path}");
        }
        for path in ["//evil.example/app", "/%2fevil.example", "///app"] {
            assert!(unknown(path).is_some() && decoding(path).is_some(), "{path}");
        }
    }

    proptest! {
        /// Decoding, dropping parameters, merging slashes and resolving dots, in whatever order, leads nowhere else.
        #[test]
        fn what_passes_is_one_path_to_everybody(path in "(/|%2[fFeE]|\\.|%25|;|a|%5c|\\\\|%61|b){0,14}") {
            let path = format!("/{path}");
            if unknown(&path).is_none() {
                let decoded = percent_decode_str(&path).decode_utf8().unwrap().into_owned();
                let again = percent_decode_str(&decoded).decode_utf8_lossy().into_owned();
                for reading in [&path, &decoded, &again] {
                    let segments: Vec<&str> = reading.split('/').collect();
                    prop_assert!(!segments.iter().any(|s| matches!(*s, "." | "..")));
                    prop_assert_eq!(segments.len(), path.split('/').count());
                    prop_assert!(!reading.contains([';', '\\']));
                }
            }
        }
    }
}
