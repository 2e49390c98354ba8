//! The mark of a failed try to sign in.

/// Left in a response's extensions where a try to sign in has failed: a wrong password, code, link or API key. The
/// gate reads it and tells the jails, so that what counts as a failure is decided where it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInFailed {
    /// As whom, where something was named; as it was typed.
    pub account: Option<String>,
}
