//! From failures to bans.

use palisade_base::{AddressKey, Instant, Span};
use palisade_jail::{BanTime, Jail, JailPolicy};

use super::{Bans, Rules};
use crate::{
    Target,
    logs::own::growth,
    model::{Ban, FailedTry, Measure, NEIGHBOURS, SIGN_IN},
};

/// Foreign text in a line of evidence is cut to this.
const SHOWN: usize = 120;

impl Bans {
    /// Counts a failed try to sign in. Never waits; a ban that it leads to is in force when this returns.
    pub fn failed(&self, failed: FailedTry<'_>) {
        let evidence = [evidence_of(&failed)];
        self.note_try(failed.at);
        let due = self.sign_in().record_failure(failed.address, failed.at, failed.at, &evidence);
        if let Some(due) = due {
            let within = self.sign_in().policy().find_time;
            self.ban_due(SIGN_IN, format!("{} failed tries to sign in within {}", due.failures, words(within)), due);
        }
    }

    /// Takes up what a jail asks for: a ban, or slowing where it is a company network, or neither.
    pub(crate) fn ban_due(&self, jail: &str, reason: String, due: palisade_jail::Ban) {
        let target = Target::from(due.client);
        let rules = self.0.rules.load();
        if rules.exemptions.why_never(target).is_some() {
            return;
        }
        let measure = match (due.is_shadow, rules.exemptions.company(target)) {
            (true, _) => Measure::Shadow,
            (false, Some(_)) => Measure::Slow,
            (false, None) => Measure::Ban,
        };
        tracing::info!(client = %target, jail, measure = measure.as_str(), until = ?due.until, "{reason}");
        self.enforce(Ban {
            id: self.0.env.uuid(),
            target,
            measure,
            jail: jail.to_owned(),
            made_by: "job:jails".to_owned(),
            began_at: due.from,
            ends_at: due.until,
            reason,
            evidence: due.evidence,
            failures: due.failures,
            offences: due.count,
            lifted: None,
        });
        if measure == Measure::Ban {
            self.look_at_neighbours(target, due.from);
        }
    }

    /// Bans an IPv6 /48 once enough of its /64 networks are.
    fn look_at_neighbours(&self, banned: Target, now: Instant) {
        let needed = self.needed_neighbours();
        if needed == 0 {
            return;
        }
        let found = self.0.neighbours.note(banned, needed, |part| self.is_banned(part, now));
        let Some((wide, parts)) = found else { return };
        let exemptions = &self.0.rules.load().exemptions;
        if exemptions.why_never(wide).or_else(|| exemptions.company(wide)).is_some() || self.is_banned(wide, now) {
            return;
        }
        // As long as the longest of them.
        let ends = parts.iter().filter_map(|part| self.0.live.get(*part)).map(|facts| facts.until);
        let ends_at = ends.reduce(|one, other| one.zip(other).map(|(one, other)| one.max(other))).flatten();
        let offences = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        self.enforce(Ban {
            id: self.0.env.uuid(),
            target: wide,
            measure: Measure::Ban,
            jail: NEIGHBOURS.to_owned(),
            made_by: "job:jails".to_owned(),
            began_at: now,
            ends_at,
            reason: format!("{} networks of {wide} are banned", parts.len()),
            evidence: parts.iter().take(10).map(|part| format!("{part} is banned")).collect(),
            failures: offences,
            offences: 1,
            lifted: None,
        });
    }

    /// Tells a jail of its bans from before a restart: nobody is banned twice, and the next ban is the next longer one.
    pub(crate) fn restore(&self, name: &str, jail: &mut Jail, bans: Vec<Ban>) {
        let now = self.now();
        tracing::debug!(jail = name, bans = bans.len(), "bans of before the restart are taken up");
        for ban in bans {
            let over = ban.lifted.as_ref().map(|(at, _)| *at);
            if let Some(client) = ban.target.client() {
                jail.restore(client, ban.offences, over.or(ban.ends_at), now);
            }
        }
    }

    /// What led to a ban of this client is forgotten by every jail.
    pub(super) fn forgive(&self, client: AddressKey, now: Instant) {
        self.sign_in().lift(client, now);
        for jail in self.log_jails() {
            jail.lift(client, now);
        }
    }
}

pub(super) fn sign_in_policy(rules: &Rules) -> JailPolicy {
    let config = &rules.config.sign_in;
    JailPolicy {
        max_retry: config.tries,
        find_time: config.find_time(),
        ban_time: BanTime::For(config.ban_time()),
        increment: config.increment.map(growth),
        allowed: rules.exemptions.uncounted().collect(),
        is_shadow: rules.is_shadow(SIGN_IN),
    }
}

impl Rules {
    pub(super) fn is_shadow(&self, jail: &str) -> bool {
        self.config.shadow.iter().any(|name| name == jail)
    }
}

fn evidence_of(failed: &FailedTry<'_>) -> String {
    let account = failed.account.map(|account| format!(" as “{}”", shown(account))).unwrap_or_default();
    let forwarded = if failed.forwarded { " (through a proxy)" } else { "" };
    let FailedTry { at, address, site, status, .. } = failed;
    format!("{at} {address}{forwarded} at {site}: {}{account}, answered {status}", shown(failed.way))
}

/// Foreign text, cut, without control characters.
fn shown(text: &str) -> String {
    text.chars().take(SHOWN).map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}

/// A length of time in the largest whole unit.
pub(super) fn words(span: Span) -> String {
    let seconds = span.as_seconds();
    let (number, unit) = match seconds {
        n if n > 0 && n % 86_400 == 0 => (n / 86_400, "day"),
        n if n > 0 && n % 3_600 == 0 => (n / 3_600, "hour"),
        n if n > 0 && n % 60 == 0 => (n / 60, "minute"),
        n => (n, "second"),
    };
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_in_evidence_is_cut_and_plain() {
        let account = format!("bob\n{}", "x".repeat(500));
        let failed = FailedTry {
            address: "192.0.2.7".parse().unwrap(),
            at: Instant::parse("2026-03-02T09:00:00Z").unwrap(),
            site: "kpi",
            way: "/sign-in",
            account: Some(&account),
            status: 401,
            forwarded: false,
        };
        let line = evidence_of(&failed);
        assert!(line.starts_with("2026-03-02T09:00:00Z 192.0.2.7 at kpi: /sign-in as “bob\u{FFFD}xxx"), "{line}");
        assert!(line.ends_with("x”, answered 401") && line.chars().count() < 200, "{line}");
    }

    #[test]
    fn lengths_are_said_in_the_largest_whole_unit() {
        assert_eq!(
            [600, 3_600, 172_800, 61].map(|s| words(Span::seconds(s))),
            ["10 minutes", "1 hour", "2 days", "61 seconds"]
        );
    }
}
