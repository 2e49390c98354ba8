//! `multipart/form-data`, read by its lines alone. Where a part begins depends on a boundary that two readers may read
//! in two ways; that a field is announced by a line `Content-Disposition` does not.

use super::{Field, Findings, Kept, percent_decoded};

/// How much of a line, or of a header over several lines, is kept. Browsers' need a tenth.
const LINE_BYTES: usize = 4_096;

/// Where in the text it is.
#[derive(Debug, Default)]
pub(super) struct Multipart {
    line: Kept,
    /// The last byte was a CR: an LF would belong to it.
    after_cr: bool,
    /// A header, with the lines that continue it.
    header: Kept,
    part: Part,
    /// The next line is the value of this field.
    value_of: Option<Part>,
}

/// What the headers since the last blank line say.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    field: Option<Field>,
    /// The value is not written as it is.
    encoded: bool,
}

impl Multipart {
    pub(super) fn feed(&mut self, mut bytes: &[u8], findings: &mut Findings) {
        while let Some(&first) = bytes.first() {
            let belongs = std::mem::take(&mut self.after_cr) && first == b'\n';
            bytes = &bytes[usize::from(belongs)..];
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let (line, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            self.line.extend(line, LINE_BYTES);
            bytes = rest.get(1..).unwrap_or_default();
            if let Some(&broken_by) = rest.first() {
                self.after_cr = broken_by == b'\r';
                self.end_line(findings);
            }
        }
    }

    /// As if the text ended here.
    pub(super) fn peek_end(&self, findings: &mut Findings) {
        if let Some(part) = self.value_of {
            note_value(part, &self.line, findings);
        }
    }

    fn end_line(&mut self, findings: &mut Findings) {
        if let Some(part) = self.value_of.take() {
            note_value(part, &self.line, findings);
        } else if self.line.bytes.is_empty() {
            self.end_header();
            let part = std::mem::take(&mut self.part);
            self.value_of = part.field.map(|_| part);
        } else {
            if !matches!(self.line.bytes.first(), Some(b' ' | b'\t')) {
                self.end_header();
            }
            self.continue_header();
        }
        self.line.clear();
    }

    fn continue_header(&mut self) {
        self.header.extend(&self.line.bytes, LINE_BYTES);
        self.header.cut |= self.line.cut;
    }

    fn end_header(&mut self) {
        // Most lines are a file's.
        if !self.header.bytes.trim_ascii_start().first().is_some_and(|byte| byte.eq_ignore_ascii_case(&b'c')) {
            return self.header.clear();
        }
        let text = String::from_utf8_lossy(&self.header.bytes).to_ascii_lowercase();
        let text = text.trim_start();
        if let Some(value) = header_value(text, "content-disposition") {
            let field = if self.header.cut { Some(Field::Command) } else { field_in(value) };
            self.part.field = self.part.field.max(field);
        } else if let Some(value) = header_value(text, "content-transfer-encoding") {
            self.part.encoded |= !matches!(value.trim(), "7bit" | "8bit" | "binary");
        }
        self.header.clear();
    }
}

fn note_value(part: Part, line: &Kept, findings: &mut Findings) {
    match part.field {
        Some(Field::Command) if line.cut || part.encoded => findings.note_unreadable(),
        Some(field) => findings.note(field, &line.bytes),
        None => {}
    }
}

fn header_value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.strip_prefix(name)?.trim_start().strip_prefix(':')
}

/// The field that a disposition names: by every `name` in it, for readers differ on which one counts.
fn field_in(disposition: &str) -> Option<Field> {
    let mut found = None;
    for (at, word) in disposition.match_indices("name") {
        let is_whole = !disposition[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        let rest = disposition[at + word.len()..].trim_start();
        // `name*=utf-8''%63md` and `name*0="c"`: nobody writes a form's field so who has nothing to hide.
        if is_whole && rest.starts_with('*') {
            return Some(Field::Command);
        }
        let Some(value) = rest.strip_prefix('=').filter(|_| is_whole) else { continue };
        found = found.max(Field::named(&name_of(value.trim_start())));
    }
    found
}

/// The name, in quotes or not.
fn name_of(value: &str) -> Vec<u8> {
    let text = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => value.split([';', ' ', '\t', ',']).next(),
    };
    let plain: Vec<u8> = text.unwrap_or_default().bytes().filter(|byte| *byte != b'\\').collect();
    percent_decoded(plain.trim_ascii())
}
