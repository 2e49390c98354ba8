//! When the next order is due.

use palisade_base::{Env, Instant, Span};

use crate::Facts;

/// The rest after a first failure. With the doubling that follows, four tries fall into the first hour: CAs allow five.
const FIRST_REST: Span = Span::minutes(5);
/// The longest rest.
const LONGEST_REST: Span = Span::hours(12);
/// The least rest after the CA said that it has had enough.
const LIMITED_REST: Span = Span::hours(3);

/// A random point within what the CA wishes, so that not everybody comes at once; at once where it has passed. The
/// wish never puts it off until the certificate is about to end.
pub(crate) fn within(from: Instant, until: Instant, facts: &Facts, env: &Env) -> Instant {
    let length = until.since(from).as_micros().max(0);
    let point = from + Span::micros(part_of(length, env));
    let last = facts.not_before + Span::micros(facts.life().as_micros() / 10 * 9);
    point.min(last).max(facts.not_before)
}

/// How long to rest after so many failures in a row: doubling, with a quarter more or less by chance.
pub(crate) fn rest_after(failures: u32, rate_limited: bool, env: &Env) -> Span {
    let doubled = FIRST_REST.as_micros().saturating_mul(1 << failures.saturating_sub(1).min(16));
    let least = if rate_limited { LIMITED_REST.as_micros() } else { 0 };
    let rest = doubled.min(LONGEST_REST.as_micros()).max(least);
    Span::micros(rest / 4 * 3 + part_of(rest / 2, env))
}

/// A random number from 0 up to `most`.
fn part_of(most: i64, env: &Env) -> i64 {
    let chance = i64::from(u32::from_le_bytes(env.bytes::<4>()));
    i64::try_from(i128::from(most) * i128::from(chance) / i128::from(u32::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use palisade_testkit::TestEnv;

    use super::*;

    fn facts(from: &str, until: &str) -> Facts {
        Facts {
            issuer: String::new(),
            self_issued: false,
            names: Vec::new(),
            not_before: Instant::parse(from).unwrap(),
            not_after: Instant::parse(until).unwrap(),
            fingerprint: String::new(),
            renewal_id: None,
        }
    }

    #[test]
    fn a_certificate_of_ninety_days_is_renewed_after_sixty() {
        let facts = facts("2026-03-01T00:00:00Z", "2026-05-30T00:00:00Z");
        assert_eq!(facts.renew_at().to_string(), "2026-04-30T00:00:00Z");
    }

    #[test]
    fn rests_double_up_to_half_a_day_and_differ_by_a_quarter() {
        let env = TestEnv::default().env;
        for (failures, minutes) in [(1, 5), (2, 10), (3, 20), (4, 40), (9, 720), (40, 720), (u32::MAX, 720)] {
            for _ in 0..50 {
                let rest = rest_after(failures, false, &env).as_seconds();
                assert!((minutes * 45..=minutes * 75).contains(&rest), "{failures}: {rest}");
            }
        }
        let rests: Vec<i64> = (0..8).map(|_| rest_after(1, false, &env).as_seconds()).collect();
        assert!(rests.iter().any(|rest| *rest != rests[0]), "{rests:?}");
        assert!(rest_after(1, true, &env) >= Span::minutes(135));
    }

    #[test]
    fn the_cas_wish_is_followed_within_the_certificates_life() {
        let env = TestEnv::default().env;
        let facts = facts("2026-03-01T00:00:00Z", "2026-03-11T00:00:00Z");
        let at = |text: &str| Instant::parse(text).unwrap();
        for _ in 0..50 {
            let point = within(at("2026-03-05T00:00:00Z"), at("2026-03-06T00:00:00Z"), &facts, &env);
            assert!(point >= at("2026-03-05T00:00:00Z") && point <= at("2026-03-06T00:00:00Z"), "{point}");
        }
        let late = within(at("2027-01-01T00:00:00Z"), at("2027-01-02T00:00:00Z"), &facts, &env);
        assert_eq!(late, at("2026-03-10T00:00:00Z"));
        let turned = within(at("2026-03-06T00:00:00Z"), at("2026-03-05T00:00:00Z"), &facts, &env);
        assert_eq!(turned, at("2026-03-06T00:00:00Z"));
    }
}
