//! What a limiter answers.

use palisade_base::Span;

/// Whether a request passes, and the figures that its answer's headers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it passes.
    pub allowed: bool,
    /// How many may come at once, from a fresh start.
    pub limit: u32,
    /// How many more would pass right now.
    pub remaining: u32,
    /// How long it takes until a limit that is used up is there again as a whole.
    pub window: Span,
    /// Until the whole limit is there again, if nothing more comes.
    pub reset: Span,
    /// Until the next one passes; nothing where it would pass now.
    pub retry_after: Span,
}
