//! Whose word something is.

/// Whose word a current rating is, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Their own; no manager has rated it yet, so it is unverified.
    SelfRated,
    /// A manager's, not reviewed yet.
    Manager,
    /// A manager's, reviewed by somebody else.
    Reviewed,
}
