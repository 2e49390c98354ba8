//! One reading of a request's path, made once, which everybody asks who judges paths.
//!
//! A path goes to the application byte for byte as it came. It is judged in two forms: **exact**, as everybody reads it,
//! and **lenient**, as the most lenient application could. What opens something asks the exact one, what closes or counts
//! something asks the lenient one. Most paths are written so that both are the path itself; then nothing is copied.

use std::{borrow::Cow, sync::Arc};

use http::{Uri, uri::PathAndQuery};
use palisade_config::PathPrefix;
use percent_encoding::percent_decode_str;

use super::{
    doubt::{AppReads, Doubt, Doubts},
    rule::{is_under, may_be_under},
};

/// A path as it was written, with its forms.
#[derive(Clone, Debug)]
pub(crate) struct PathReading {
    /// The bytes of the request itself: those that an application gets.
    target: PathAndQuery,
    /// Where they are not what is written.
    forms: Option<Arc<Forms>>,
}

#[derive(Debug)]
struct Forms {
    exact: String,
    lenient: String,
    doubts: Doubts,
}

impl PathReading {
    /// Reads the path of a request. One for a host alone, without a path, is handed on as one for `/`.
    pub(crate) fn of(uri: &Uri) -> Self {
        Self::new(uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")))
    }

    /// Reads a path that is written somewhere else; `None` where no request could have it.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::new)
    }

    fn new(target: PathAndQuery) -> Self {
        let forms = (!is_plain(target.path())).then(|| Arc::new(Forms::of(target.path())));
        Self { target, forms }
    }

    /// As the client wrote it.
    pub(crate) fn as_written(&self) -> &str {
        self.target.path()
    }

    /// Decoded once, and several slashes taken for one.
    pub(crate) fn exact(&self) -> &str {
        self.forms.as_ref().map_or_else(|| self.target.path(), |forms| &forms.exact)
    }

    /// As [`lenient`] makes it.
    pub(crate) fn lenient(&self) -> &str {
        self.forms.as_ref().map_or_else(|| self.target.path(), |forms| &forms.lenient)
    }

    /// Whether it is the path, or below it, to whoever reads it as it is written.
    pub(crate) fn is_under(&self, path: &PathPrefix) -> bool {
        !self.exact().contains(';') && path.covers(self.exact())
    }

    /// Whether some application could take it for this path or for one below it. `path` is in its lenient form.
    pub(crate) fn may_be_under(&self, path: &str) -> bool {
        may_be_under(self.lenient(), path)
    }

    /// Whether it counts as a call to an API.
    pub(crate) fn is_api(&self) -> bool {
        is_under(self.lenient(), "/api")
    }

    /// What speaks against handing it to an application that reads paths in this way.
    pub(crate) fn doubt(&self, reads: AppReads) -> Option<Doubt> {
        self.forms.as_ref().and_then(|forms| forms.doubts.where_it(reads))
    }

    /// Whether it is no path at all, but `*`: the server itself is meant.
    pub(crate) fn is_asterisk(&self) -> bool {
        self.target.path() == "*"
    }
}

impl Forms {
    fn of(path: &str) -> Self {
        let decoded = percent_decode_str(path).decode_utf8();
        let doubts = Doubts::of(path, decoded.as_deref().ok());
        let decoded = decoded.unwrap_or_else(|_| percent_decode_str(path).decode_utf8_lossy());
        Self { exact: merged(&decoded), lenient: lenient(&decoded), doubts }
    }
}

/// Whether a path is the same in every form, and nothing speaks against it: small letters, and nothing to decode, to cut
/// off, to merge or to resolve.
fn is_plain(path: &str) -> bool {
    let mut before = b'/';
    for (at, &byte) in path.as_bytes().iter().enumerate() {
        let differs = match byte {
            b'/' => at > 0 && matches!(before, b'/' | b'.'),
            b'%' | b';' | b'\\' | b'A'..=b'Z' => true,
            _ => !byte.is_ascii_graphic(),
        };
        if differs {
            return false;
        }
        before = byte;
    }
    path.starts_with('/') && before != b'.'
}

/// With several slashes as one.
fn merged(decoded: &str) -> String {
    let mut plain = String::with_capacity(decoded.len());
    for letter in decoded.chars() {
        if !(letter == '/' && plain.ends_with('/')) {
            plain.push(letter);
        }
    }
    plain
}

/// The path as the most lenient application would read it: decoded until nothing is left to decode, backslashes and
/// repeated slashes as one slash, without parameters behind `;`, without dots that lead elsewhere or end a name, in small
/// letters.
pub(super) fn lenient(path: &str) -> String {
    let decoded = decoded(path);
    let mut plain = String::with_capacity(decoded.len() + 1);
    for segment in decoded.split(['/', '\\']) {
        let name = segment.split(';').next().unwrap_or_default().trim();
        match name.trim_end_matches(['.', ' ']) {
            "" if name == ".." => plain.truncate(plain.rfind('/').unwrap_or(0)),
            "" => {}
            name => {
                plain.push('/');
                plain.extend(name.chars().flat_map(char::to_lowercase));
            }
        }
    }
    if plain.is_empty() || decoded.ends_with('/') {
        plain.push('/');
    }
    plain
}

/// Some decode twice. Whoever writes it three times over is not asking for a page.
fn decoded(path: &str) -> Cow<'_, str> {
    let mut plain = Cow::Borrowed(path);
    for _ in 0..3 {
        if !plain.contains('%') {
            break;
        }
        plain = Cow::Owned(percent_decode_str(&plain).decode_utf8_lossy().into_owned());
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(path: &str) -> PathReading {
        PathReading::of_text(path).unwrap_or_else(|| panic!("{path} is a path"))
    }

    /// What it costs: nothing is copied for most paths.
    #[test]
    fn a_path_that_is_written_plainly_is_every_form_of_itself() {
        for path in ["/", "/app/user", "/app/", "/a.b/c..d/.well-known", "/a:b@c!$&'()*+,=~", "/x.y/z?A=%2e%2e//"] {
            let reading = read(path);
            assert!(reading.forms.is_none(), "{path}");
            let written = path.split('?').next().unwrap();
            assert_eq!((reading.exact(), reading.lenient()), (written, written));
        }
        assert_eq!(PathReading::of(&Uri::from_static("kpi.example")).exact(), "/");
    }

    #[test]
    fn every_form_of_a_path_that_is_not() {
        for (path, exact, lenient) in [
            ("/App/User", "/App/User", "/app/user"),
            ("/%61pp/%75ser", "/app/user", "/app/user"),
            ("/%2561pp/user", "/%61pp/user", "/app/user"),
            ("/%252561pp", "/%2561pp", "/app"),
            ("//app///user", "/app/user", "/app/user"),
            ("/app%2Fuser", "/app/user", "/app/user"),
            ("/app;x=1/user;y", "/app;x=1/user;y", "/app/user"),
            ("/app\\user", "/app\\user", "/app/user"),
            ("/x/../app/./user", "/x/../app/./user", "/app/user"),
            ("/x/%2e%2e/app", "/x/../app", "/app"),
            ("/x/..;/app", "/x/..;/app", "/app"),
            ("/app./user.", "/app./user.", "/app/user"),
            ("/app%20/user%20.", "/app /user .", "/app/user"),
            ("/app/user/.", "/app/user/.", "/app/user"),
            ("/APP/", "/APP/", "/app/"),
            ("/%C3%84rger", "/Ärger", "/ärger"),
            ("/%ff", "/\u{fffd}", "/\u{fffd}"),
            ("/../..", "/../..", "/"),
            ("*", "*", "/*"),
        ] {
            let reading = read(path);
            assert_eq!((reading.exact(), reading.lenient()), (exact, lenient), "{path}");
        }
    }

    #[test]
    fn what_opens_reads_a_path_as_it_is_written() {
        let hook = PathPrefix::parse("/hook").unwrap();
        for path in ["/hook", "/hook/", "/hook/a", "/%68ook", "//hook"] {
            assert!(read(path).is_under(&hook), "{path}");
        }
        for path in ["/Hook", "/hook;x", "/hook%3bx", "/hooks", "/x/../hook", "/%2568ook", "/hook."] {
            assert!(!read(path).is_under(&hook), "{path}");
        }
    }

    proptest! {
        /// The short way, which copies nothing, and the long one agree; and what the long one makes stays as it is.
        #[test]
        fn both_ways_lead_to_the_same_forms(path in "/([ -~]|/|\\.|%2[eEfF]|%25|;|[a-c]){0,24}") {
            let forms = Forms::of(&path);
            if is_plain(&path) {
                prop_assert_eq!((&forms.exact, &forms.lenient), (&path, &path));
                prop_assert!([AppReads::Unknown, AppReads::Decoding].iter().all(|how| forms.doubts.where_it(*how).is_none()));
            }
            prop_assert!(forms.lenient.contains('%') || lenient(&forms.lenient) == forms.lenient);
        }

        /// What the most lenient application reads, no further decoding, cutting or merging changes.
        #[test]
        fn no_spelling_of_a_path_has_another_lenient_form(
            spelled in proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(2), Just(3)], 9),
        ) {
            let spell = |(letter, how): (char, &u8)| match how {
                0 => letter.to_string(),
                1 => letter.to_ascii_uppercase().to_string(),
                2 => format!("%{:02x}", u32::from(letter)),
                _ => format!("%25{:02X}", u32::from(letter)),
            };
            let path: String = "app/users".chars().zip(&spelled).map(spell).collect();
            prop_assert_eq!(read(&format!("/{path}")).lenient().to_owned(), "/app/users");
        }
    }
}
