//! When tries are refused, whatever is tried.

use palisade_base::{Instant, Span};

/// So many failures, then nothing is taken for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutRule {
    /// The failures in a row that are looked at.
    pub failures: i64,
    /// How long everything is refused after the last of them.
    pub lasts: Span,
}

/// The tries against one account, by strangers or from one known device, since the last success.
///
/// A try is counted **before** it is looked at, so a hundred at once are not a hundred guesses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// How many there were, refused ones included.
    pub count: i64,
    /// When the last one was made that was looked at.
    pub last_at: Instant,
}

impl LockoutRule {
    /// Whether a try that has just been counted is looked at.
    #[must_use]
    pub const fn permits(&self, counted: &Tries) -> bool {
        counted.count <= self.failures
    }

    /// Until when everything is refused; `None` where it is not.
    #[must_use]
    pub fn locked_until(&self, tries: &Tries, now: Instant) -> Option<Instant> {
        let until = tries.last_at + self.lasts;
        (tries.count >= self.failures && until > now).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: LockoutRule = LockoutRule { failures: 5, lasts: Span::minutes(15) };
    const NOON: Instant = Instant::from_micros(43_200_000_000);

    /// covers K1.1 (part)
    #[test]
    fn the_fifth_failure_locks_for_fifteen_minutes() {
        let tries = |count| Tries { count, last_at: NOON };
        assert_eq!(RULE.locked_until(&tries(4), NOON), None);
        assert_eq!(RULE.locked_until(&tries(5), NOON), Some(NOON + Span::minutes(15)));
        assert_eq!(RULE.locked_until(&tries(5), NOON + Span::minutes(15)), None);
        assert!(RULE.permits(&tries(5)) && !RULE.permits(&tries(6)));
    }
}
