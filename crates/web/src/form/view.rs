//! A form as it is shown: what was typed is kept, what is wrong stands beside its field.

use palisade_base::{Error, FieldError};

use super::Fields;
use crate::component::{ErrorSummary, Field};

/// The values and errors that a form is filled with.
///
/// ```
/// use palisade_web::{FormView, component::Field};
///
/// let view = FormView::new().value("name", "Lena");
/// let field = view.fill(Field::text("name", "First name").required());
/// assert!(field.to_string().contains(r#"value="Lena""#));
/// ```
#[derive(Clone, Debug, Default)]
pub struct FormView {
    values: Vec<(String, Vec<String>)>,
    errors: Vec<FieldError>,
    message: Option<String>,
    was_sent: bool,
}

impl FormView {
    /// An empty form.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value.
    #[must_use]
    pub fn value(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.push((name.into(), vec![value.into()]));
        self
    }

    /// Keeps what was sent.
    #[must_use]
    pub fn kept(fields: &Fields) -> Self {
        let values = fields.iter().map(|(name, values)| (name.to_owned(), values.to_vec())).collect();
        Self { values, was_sent: true, ..Self::default() }
    }

    /// Adds what is wrong.
    #[must_use]
    pub fn failed(mut self, error: &Error) -> Self {
        self.errors.extend_from_slice(error.fields());
        self.message = Some(error.message().to_owned());
        self
    }

    /// The field with its value and error. Passwords and files are never filled.
    #[must_use]
    pub fn fill(&self, field: Field) -> Field {
        let values = self.values.iter().find(|(name, _)| name == field.name());
        let error = self.errors.iter().find(|error| error.field == field.name());
        // A box that was not ticked was not sent at all.
        let values = values.map(|(_, values)| values.as_slice()).or(self.was_sent.then_some(&[]));
        field.filled(values, error.map(|error| error.message.as_str()))
    }

    /// What is wrong, for the top of the page; shows nothing where nothing is.
    #[must_use]
    pub fn summary(&self) -> ErrorSummary {
        match &self.message {
            Some(message) => ErrorSummary::new(message, &self.errors),
            None => ErrorSummary::none(),
        }
    }

    /// Whether something is wrong.
    #[must_use]
    pub const fn has_errors(&self) -> bool {
        self.message.is_some()
    }
}
