//! Markup that a template made.

use std::fmt;

use askama::{Template, filters::HtmlSafe};

use crate::Failure;

/// Markup that may stand in a page as it is. Only a template makes it, and templates escape what they are given.
#[derive(Clone, Default)]
pub struct Html(String);

impl Html {
    /// Nothing.
    #[must_use]
    pub const fn empty() -> Self {
        Self(String::new())
    }

    /// The rendered template.
    ///
    /// # Errors
    /// A value in it could not be written: a defect of ours.
    pub fn of(template: &impl Template) -> Result<Self, Failure> {
        template.render().map(Self).map_err(|error| Failure::internal(format!("template: {error}")))
    }

    /// A component as markup, to keep it in a field.
    pub fn from_component(component: &impl HtmlSafe) -> Self {
        Self(component.to_string())
    }

    /// Plain text, escaped.
    #[must_use]
    pub fn text(text: &str) -> Self {
        let mut escaped = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '&' => escaped.push_str("&#38;"),
                '<' => escaped.push_str("&#60;"),
                '>' => escaped.push_str("&#62;"),
                '"' => escaped.push_str("&#34;"),
                '\'' => escaped.push_str("&#39;"),
                c => escaped.push(c),
            }
        }
        Self(escaped)
    }

    /// Several pieces after each other.
    #[must_use]
    pub fn concat(parts: impl IntoIterator<Item = Self>) -> Self {
        Self(parts.into_iter().map(|part| part.0).collect())
    }

    /// Whether there is nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The markup.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The markup.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}
