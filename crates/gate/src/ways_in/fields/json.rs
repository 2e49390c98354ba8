//! JSON: a string, a colon, a value; at whatever depth.

use super::{Field, Findings, Kept, NAME_BYTES, VALUE_BYTES};

/// Where in the text it is.
#[derive(Debug, Default)]
pub(super) struct Json {
    state: State,
    /// The string that is being read, or was read last: between the quotes, escapes and all.
    text: Kept,
    /// The field that the last name and colon announced.
    field: Option<Field>,
    /// How many lists and objects it is in.
    depth: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Outside of a string.
    #[default]
    Outside,
    /// A string has just ended: a colon makes it a name.
    AfterString,
    /// Within a string; behind a backslash or not.
    Inside { escaped: bool },
}

impl Json {
    pub(super) fn feed(&mut self, bytes: &[u8], findings: &mut Findings) {
        for &byte in bytes {
            // No JSON that is read as UTF-8 has one; UTF-16, which Python reads too, has hardly anything else.
            if byte == 0 {
                findings.note_unreadable();
            }
            match self.state {
                State::Inside { escaped: true } => self.take(byte, false),
                State::Inside { escaped: false } => match byte {
                    b'"' => self.end_string(findings),
                    b'\\' => self.take(byte, true),
                    _ => self.take(byte, false),
                },
                State::Outside | State::AfterString => self.between(byte, findings),
            }
        }
    }

    fn take(&mut self, byte: u8, escaped: bool) {
        let most = if self.field.is_some() { VALUE_BYTES } else { NAME_BYTES };
        self.text.push(byte, most);
        self.state = State::Inside { escaped };
    }

    fn end_string(&mut self, findings: &mut Findings) {
        self.state = State::AfterString;
        match self.field.take() {
            Some(Field::Command) if self.text.cut => findings.note_unreadable(),
            Some(field) => findings.note(field, unescaped(&self.text.bytes).as_bytes()),
            None => {}
        }
    }

    /// Fields of the whole, or of a part of it: documents have fields that are called like a session, too.
    fn named(&self) -> Option<Field> {
        let field = if self.text.cut { None } else { Field::named(unescaped(&self.text.bytes).as_bytes()) };
        field.filter(|field| *field != Field::Session || self.depth <= 1)
    }

    fn between(&mut self, byte: u8, findings: &mut Findings) {
        match byte {
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        match byte {
            b'"' => {
                self.text.clear();
                self.state = State::Inside { escaped: false };
            }
            b':' if self.state == State::AfterString => {
                self.field = self.named();
                self.state = State::Outside;
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            // Frappe took the first of a list.
            b'[' => self.state = State::Outside,
            b'{' if self.field.take() == Some(Field::Command) => findings.note_unreadable(),
            _ => {
                self.field = None;
                self.state = State::Outside;
            }
        }
    }
}

/// What the escapes stand for. What they can't stand for becomes the replacement character.
fn unescaped(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('u') => {
                let digits: String = rest.by_ref().take(4).collect();
                let unit = u32::from_str_radix(&digits, 16).ok();
                out.push(unit.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some('b') => out.push('\u{8}'),
            Some('f') => out.push('\u{c}'),
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}
