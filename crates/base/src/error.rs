//! The one error that reaches people: a public message, and a private cause that cannot be printed by accident.

use std::{borrow::Cow, fmt};

/// What kind of thing went wrong; the doors map it to an HTTP status or an exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The input breaks a rule (400 or 422).
    Invalid,
    /// The caller must sign in first (401).
    Unauthenticated,
    /// The caller may not do this (403).
    Denied,
    /// There is no such thing, or the caller may not know of it (404).
    NotFound,
    /// Somebody else changed it meanwhile, or it exists already (409).
    Conflict,
    /// Too much (413).
    TooLarge,
    /// Too many, too soon (429).
    TooMany,
    /// It cannot be done at the moment (503).
    Unavailable,
    /// Our fault (500).
    Internal,
}

/// A field of the input and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name, as in the form or JSON.
    pub field: Cow<'static, str>,
    /// What is wrong and what to do, in plain words.
    pub message: String,
}

/// An error at the boundary. `Debug` shows the public side; the private cause comes out only through [`Error::cause_for_log`].
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    message: Cow<'static, str>,
    fields: Vec<FieldError>,
    cause: Option<String>,
}

impl Error {
    /// An error of this kind; the message is for people.
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), fields: Vec::new(), cause: None }))
    }

    /// The input breaks rules, field by field.
    #[must_use]
    pub fn invalid(fields: Vec<FieldError>) -> Self {
        let mut error = Self::new(Kind::Invalid, "Some answers need another look.");
        error.0.fields = fields;
        error
    }

    /// One field is wrong.
    pub fn field(field: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// The same error, naming fields that it is about.
    #[must_use]
    pub fn about(mut self, fields: Vec<FieldError>) -> Self {
        self.0.fields = fields;
        self
    }

    /// No such thing, or not for this caller: the two are told apart by nobody.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, "There is nothing here, or it is not yours to see.")
    }

    /// The caller is known and may not do this.
    #[must_use]
    pub fn denied() -> Self {
        Self::new(Kind::Denied, "Your role does not allow this.")
    }

    /// Our fault; the cause goes to the log only.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(Kind::Internal, "This did not work, and it is our fault. Nothing was changed.").caused_by(cause)
    }

    /// Attaches a private cause.
    #[must_use]
    pub fn caused_by(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What people are told.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What is wrong field by field.
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        &self.0.fields
    }

    /// The private cause. For the log, at the one place that turns errors into answers.
    #[must_use]
    pub fn cause_for_log(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("fields", &self.0.fields)
            .finish_non_exhaustive()
    }
}
