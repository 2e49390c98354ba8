//! Looks for a few fields in the body of a request while it passes: which command it gives, and for which account.
//!
//! Not a parser of forms: it finds a field wherever any app could find it, and rather one too many than one too few.
//! It works through a body of any size piece by piece, and keeps a few KiB at the most.

mod json;
mod multipart;
#[cfg(test)]
mod tests;
mod urlencoded;

use std::borrow::Cow;

use http::{HeaderMap, header};
use percent_encoding::percent_decode;

use self::{json::Json, multipart::Multipart, urlencoded::UrlEncoded};
use super::command;
use crate::calls::Calls;

/// The longest name that is worth reading: `cmd` with every letter escaped needs 18 bytes.
const NAME_BYTES: usize = 128;
/// The longest value that is read; the rest of a longer one is not needed to judge it.
const VALUE_BYTES: usize = 1_024;
/// How much of an account's name is kept as evidence.
const ACCOUNT_CHARS: usize = 100;

/// Names of the field that says who wants to sign in. Never the password's.
const ACCOUNT_NAMES: [&[u8]; 7] = [b"usr", b"username", b"user_name", b"user", b"email", b"login", b"user_id"];

/// A field that somebody looks for. Where one could be several, the last of these counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Account,
    Session,
    Command,
}

impl Field {
    fn named(name: &[u8]) -> Option<Self> {
        if name.eq_ignore_ascii_case(b"cmd") {
            return Some(Self::Command);
        }
        if name.eq_ignore_ascii_case(b"sid") {
            return Some(Self::Session);
        }
        ACCOUNT_NAMES.iter().any(|known| name.eq_ignore_ascii_case(known)).then_some(Self::Account)
    }
}

/// What has been found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// A command by which people sign in, or one that can't be judged.
    pub(crate) way_in: bool,
    /// What is commanded.
    pub(crate) commands: Calls,
    /// A session: Frappe takes one from wherever it takes commands.
    pub(crate) session: bool,
    /// The account that was named first.
    pub(crate) account: Option<String>,
}

impl Findings {
    fn note(&mut self, field: Field, value: &[u8]) {
        match field {
            Field::Command => {
                self.commands.note(value);
                self.way_in |= command::is_way_in(value);
            }
            Field::Session => self.session = true,
            Field::Account => {
                let plain = |text: Cow<'_, str>| text.chars().filter(|c| !c.is_control()).take(ACCOUNT_CHARS).collect();
                let name: String = plain(String::from_utf8_lossy(value));
                self.account = self.account.take().or((!name.is_empty()).then_some(name));
            }
        }
    }

    /// What can't be read may be anything.
    fn note_unreadable(&mut self) {
        self.commands.note_unreadable();
        (self.way_in, self.session) = (true, true);
    }

    /// The same, of an application that reads no commands from fields.
    pub(crate) fn without_commands(self) -> Self {
        Self { session: self.session, account: self.account, ..Self::default() }
    }

    /// Adds what has been found in another part of the request.
    pub(crate) fn add(&mut self, other: Self) {
        self.commands.add(&other.commands);
        self.way_in |= other.way_in;
        self.session |= other.session;
        self.account = other.account.or(self.account.take());
    }

    /// Whether the other says more than who is named.
    fn is_outdone_by(&self, other: &Self) -> bool {
        (self.way_in, self.session, &self.commands) != (other.way_in, other.session, &other.commands)
    }
}

/// Reads a body in pieces.
#[derive(Debug, Default)]
pub(crate) struct FieldScanner {
    findings: Findings,
    urlencoded: Option<UrlEncoded>,
    multipart: Option<Multipart>,
    json: Option<Json>,
}

impl FieldScanner {
    /// A scanner for a body of this type; `None` where no app would find fields in it.
    ///
    /// The words are looked for anywhere in the header, and in every line of it: what one app takes for the type,
    /// another takes for a parameter.
    #[must_use]
    pub(crate) fn for_body(headers: &HeaderMap) -> Option<Self> {
        let mut types = String::new();
        for value in headers.get_all(header::CONTENT_TYPE) {
            types.push_str(&String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase());
            types.push(',');
        }
        let has = |word: &str| types.contains(word);
        let mut scanner = Self {
            findings: Findings::default(),
            urlencoded: (has("urlencoded") || has("url-encoded")).then(UrlEncoded::default),
            multipart: has("multipart").then(Multipart::default),
            json: has("json").then(Json::default),
        };
        let some = scanner.urlencoded.is_some() || scanner.multipart.is_some() || scanner.json.is_some();
        if some && (!charset_is_plain(&types) || is_packed(headers)) {
            scanner.findings.note_unreadable();
        }
        some.then_some(scanner)
    }

    /// Reads on.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        let findings = &mut self.findings;
        self.urlencoded.iter_mut().for_each(|scanner| scanner.feed(bytes, findings));
        self.multipart.iter_mut().for_each(|scanner| scanner.feed(bytes, findings));
        self.json.iter_mut().for_each(|scanner| scanner.feed(bytes, findings));
    }

    /// What has been read to its end.
    pub(super) const fn complete(&self) -> &Findings {
        &self.findings
    }

    /// Whether what was read last decides something as it stands, and may go on: `cmd=logi`.
    pub(super) fn is_undecided(&self) -> bool {
        self.findings.is_outdone_by(&self.findings())
    }

    /// What there would be if the body ended here. A value may be cut off: `log` of `login` is none of our commands,
    /// but a cut that leaves one counts.
    #[must_use]
    pub(crate) fn findings(&self) -> Findings {
        let mut findings = self.findings.clone();
        self.urlencoded.iter().for_each(|scanner| scanner.peek_end(&mut findings));
        self.multipart.iter().for_each(|scanner| scanner.peek_end(&mut findings));
        findings
    }
}

/// What there is in a query.
#[must_use]
pub(super) fn in_query(query: &str) -> Findings {
    if query.is_empty() {
        return Findings::default();
    }
    let mut scanner = FieldScanner { urlencoded: Some(UrlEncoded::default()), ..FieldScanner::default() };
    scanner.feed(query.as_bytes());
    scanner.findings()
}

/// Whether letters are their ASCII bytes. UTF-7, UTF-16 or EBCDIC would hide any word.
fn charset_is_plain(types: &str) -> bool {
    types.match_indices("charset").all(|(at, word)| {
        let rest = types[at + word.len()..].trim_start_matches([' ', '\t', '=', '"', '\'', '*', '0']);
        let name = rest.split([';', ',', '"', '\'', ' ', '\t']).next().unwrap_or_default();
        matches!(name, "" | "utf-8" | "utf8" | "ascii" | "us-ascii" | "iso-8859-1" | "latin1" | "windows-1252")
    })
}

/// Whether the body is compressed.
fn is_packed(headers: &HeaderMap) -> bool {
    headers.get_all(header::CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// A few bytes that are kept, and whether there were more.
#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    cut: bool,
}

impl Kept {
    fn push(&mut self, byte: u8, most: usize) {
        if self.bytes.len() < most {
            self.bytes.push(byte);
        } else {
            self.cut = true;
        }
    }

    fn extend(&mut self, bytes: &[u8], most: usize) {
        let taken = bytes.len().min(most.saturating_sub(self.bytes.len()));
        self.bytes.extend_from_slice(&bytes[..taken]);
        self.cut |= taken < bytes.len();
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.cut = false;
    }
}

fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    percent_decode(bytes).collect()
}
