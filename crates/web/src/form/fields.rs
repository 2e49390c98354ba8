//! Fields as they were sent: names and texts.

use std::fmt;

use palisade_base::{Error, FieldError};
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use super::MAX_FIELDS;

/// The longest name of a field, in bytes.
const MAX_NAME_BYTES: usize = 120;

/// Names and texts in the order in which they were sent. Texts have their line breaks as `\n`.
#[derive(Clone, Default)]
pub struct Fields(Vec<(String, Vec<String>)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Error> {
        let mut fields = Self::default();
        for (count, (name, value)) in form_urlencoded::parse(body).enumerate() {
            if count >= MAX_FIELDS {
                return Err(Error::field("form", format!("A form has at most {MAX_FIELDS} fields.")));
            }
            fields.push(&name, &value)?;
        }
        Ok(fields)
    }

    /// Adds a value under a name.
    pub(crate) fn push(&mut self, name: &str, value: &str) -> Result<(), Error> {
        if name.len() > MAX_NAME_BYTES {
            return Err(Error::field("form", "A field's name is too long to be one of ours."));
        }
        // PostgreSQL takes no NUL in text, and no keyboard makes one.
        if value.contains('\0') || name.contains('\0') {
            let field = name.replace('\0', "");
            return Err(Error::field(field, "This has a character that can't be stored. Type it again."));
        }
        let value = value.replace("\r\n", "\n");
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value),
            None => self.0.push((name.to_owned(), vec![value])),
        }
        Ok(())
    }

    /// A field's text, trimmed; `None` where it is missing. Of a repeated field it is the first.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.all(name).first().map(|text| text.trim())
    }

    /// All texts of a name, as typed.
    #[must_use]
    pub fn all(&self, name: &str) -> &[String] {
        self.0.iter().find(|(known, _)| known == name).map_or(&[], |(_, values)| values.as_slice())
    }

    /// Whether a checkbox of that name is ticked.
    #[must_use]
    pub fn is_ticked(&self, name: &str) -> bool {
        !self.all(name).is_empty()
    }

    /// Names with their texts.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0.iter().map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// Refuses names that are not in `known`, and names given more than once that are not in `repeatable`.
    ///
    /// # Errors
    /// One field error for each.
    pub fn expect_only(&self, known: &[&str], repeatable: &[&str]) -> Result<(), Error> {
        let mut errors = Vec::new();
        for (name, values) in self.iter() {
            if repeatable.contains(&name) {
                continue;
            }
            if !known.contains(&name) {
                errors.push(FieldError { field: name.to_owned().into(), message: UNKNOWN.to_owned() });
            } else if values.len() > 1 {
                errors.push(FieldError { field: name.to_owned().into(), message: REPEATED.to_owned() });
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::invalid(errors)) }
    }

    pub(super) fn take(&mut self, name: &str) -> Vec<String> {
        match self.0.iter().position(|(known, _)| known == name) {
            Some(at) => self.0.remove(at).1,
            None => Vec::new(),
        }
    }
}

pub(super) const UNKNOWN: &str = "This form has no such field.";
pub(super) const REPEATED: &str = "This was given more than once.";

impl fmt::Debug for Fields {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl<'de> Deserialize<'de> for Fields {
    /// From the form decoder, so that `ProtectedForm<Fields>` gives them all.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AllFields;

        impl<'de> Visitor<'de> for AllFields {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("fields")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some(entry) = map.next_entry()? {
                    fields.0.push(entry);
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(AllFields)
    }
}
