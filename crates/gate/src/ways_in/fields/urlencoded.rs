//! `name=value&name=value`: a query, or a form's body.

use super::{Field, Findings, Kept, NAME_BYTES, VALUE_BYTES, percent_decoded};

/// Where in the text it is.
#[derive(Debug, Default)]
pub(super) struct UrlEncoded {
    name: Kept,
    /// The field whose value is being read.
    field: Option<Field>,
    value: Kept,
    in_value: bool,
}

impl UrlEncoded {
    pub(super) fn feed(&mut self, bytes: &[u8], findings: &mut Findings) {
        for &byte in bytes {
            match byte {
                // Python took `;` for a separator until 2021.
                b'&' | b';' => self.end_pair(findings),
                b'=' if !self.in_value => self.begin_value(),
                _ if !self.in_value => self.name.push(byte, NAME_BYTES),
                _ if self.field.is_some() => self.value.push(byte, VALUE_BYTES),
                _ => {}
            }
        }
    }

    /// As if the text ended here.
    pub(super) fn peek_end(&self, findings: &mut Findings) {
        match self.field {
            Some(Field::Command) if self.value.cut => findings.note_unreadable(),
            Some(field) => findings.note(field, &decoded(&self.value.bytes)),
            None => {}
        }
    }

    fn begin_value(&mut self) {
        self.in_value = true;
        self.field = if self.name.cut { None } else { Field::named(&decoded(&self.name.bytes)) };
    }

    fn end_pair(&mut self, findings: &mut Findings) {
        self.peek_end(findings);
        self.name.clear();
        self.value.clear();
        (self.field, self.in_value) = (None, false);
    }
}

fn decoded(bytes: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = bytes.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    percent_decoded(&spaced)
}
