//! A line against the rules of a filter.

use std::{borrow::Cow, net::IpAddr, ops::Range};

use palisade_base::Instant;

use super::{Failure, Host, Judge, Verdict, When, as_evidence, exchange::Part};
use crate::{
    address::Found,
    filter::Filter,
    pattern::{Captures, GaveUp, HostReading, Pattern, Sighted, read_host},
};

/// A pattern that matched, what it matched in, and whom it found there.
struct Match<'a> {
    pattern: &'a Pattern,
    text: &'a str,
    captures: Captures,
    host: Option<HostReading>,
}

impl<'a> Match<'a> {
    /// The pattern on the text; `None` where it does not match.
    fn find(pattern: &'a Pattern, text: &'a str, sighted: &Sighted<'a>) -> Result<Option<Self>, GaveUp> {
        if let Some((host, captures)) = sighted.read_only_host(pattern)? {
            return Ok(Some(Self { pattern, text, captures, host: Some(host) }));
        }
        let Some(captures) = pattern.captures(text)? else { return Ok(None) };
        if !pattern.has_host && !pattern.has_group("dns") {
            return Ok(Some(Self { pattern, text, captures, host: None }));
        }
        let (host, captures) = read_host(pattern, text, captures)?;
        Ok(Some(Self { pattern, text, captures, host: Some(host) }))
    }

    /// What the group of this name captured, if that is anything.
    fn value(&self, name: &str) -> Option<&str> {
        let mut values = self.pattern.ranges(&self.captures, name).map(|range| &self.text[range]);
        values.find(|value| !value.is_empty())
    }

    /// What the rules are to match in the place of the line, with a line feed behind it.
    fn content(&self) -> Option<Cow<'a, str>> {
        let range = self.pattern.ranges(&self.captures, "content").find(|range| !range.is_empty())?;
        match &self.text[range.end..] {
            "\n" => Some(Cow::Borrowed(&self.text[range.start..])),
            _ => Some(Cow::Owned(format!("{}\n", &self.text[range]))),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.pattern.range(&self.captures, name).is_some()
    }

    /// A user's name, under any of the names that filters use for it.
    fn user(&self) -> Option<&str> {
        let alternates = self.pattern.groups.iter().map(|(name, _)| name.as_str());
        let alternates = alternates.filter(|name| name.starts_with("alt_user"));
        self.value("user").or_else(|| alternates.into_iter().find_map(|name| self.value(name)))
    }

    fn ambiguous(&self) -> Option<Vec<IpAddr>> {
        match &self.host {
            Some(HostReading::Ambiguous(found)) => {
                let mut addresses: Vec<IpAddr> = found.iter().map(|found| found.address).collect();
                addresses.sort_unstable();
                addresses.dedup();
                Some(addresses)
            }
            _ => None,
        }
    }

    fn host(&self) -> Option<Host> {
        match self.host.as_ref()? {
            HostReading::Address(found) => Some(self.address(found)),
            HostReading::Name(range) => Some(Host::Name(self.text[range.clone()].to_owned())),
            HostReading::Ambiguous(_) | HostReading::Nothing => None,
        }
    }

    fn address(&self, found: &Found) -> Host {
        let most = if found.address.is_ipv4() { 32 } else { 128 };
        match self.value("cidr").and_then(|length| length.parse().ok()).filter(|&length| length < most) {
            Some(length) => Host::Network(found.address, length),
            None => Host::Address(found.address),
        }
    }
}

impl Filter {
    /// Whether it is worth the while to read the date and to match.
    pub(crate) fn may_match(&self, subject: &str) -> bool {
        match &self.prefix {
            // The linear engine looks by itself whether there is a match before it looks for groups.
            Some(prefix) => !prefix.is_hard() || self.prefix_prefilter.may_match_any(subject),
            None => self.prefilter.may_match_any(subject),
        }
    }
}

impl Judge {
    pub(super) fn match_rules(
        &mut self,
        filter: &Filter,
        subject: &str,
        line: &str,
        when: When,
    ) -> Result<Verdict, GaveUp> {
        // As fail2ban: asked first where there are clearly fewer of them than rules.
        if filter.ignored.len() + 2 < filter.rules.len() && is_ignored(filter, subject)? {
            return Ok(Verdict::Ignored);
        }
        let Some(prefix) = match_prefix(filter, subject)? else { return Ok(Verdict::Pass) };
        if let Some(addresses) = prefix.as_ref().and_then(Match::ambiguous) {
            return Ok(Verdict::Ambiguous { rule: None, addresses });
        }
        let content = prefix.as_ref().and_then(Match::content);
        let text = content.as_deref().unwrap_or(subject);
        let sighted = Sighted::new(text);
        let mut verdict = Verdict::Pass;
        for rule in filter.prefilter.candidates(text) {
            let pattern = &filter.rules[rule].pattern;
            let Some(found) = Match::find(pattern, text, &sighted)? else { continue };
            if is_ignored(filter, self.matched_lines(text, &found.captures))? {
                self.consume(&found.captures, pattern);
                return Ok(Verdict::Ignored);
            }
            if let Some(addresses) = found.ambiguous() {
                return Ok(Verdict::Ambiguous { rule: Some(rule), addresses });
            }
            let at = self.instant(when, line);
            match self.conclude(rule, &found, prefix.as_ref(), line, at) {
                Verdict::NoAddress { rule } => verdict = Verdict::NoAddress { rule },
                concluded => {
                    self.consume(&found.captures, pattern);
                    return Ok(concluded);
                }
            }
        }
        Ok(verdict)
    }

    /// What follows from the match of one rule.
    fn conclude(
        &mut self,
        rule: usize,
        found: &Match<'_>,
        prefix: Option<&Match<'_>>,
        line: &str,
        at: Instant,
    ) -> Verdict {
        let both = || std::iter::once(found).chain(prefix);
        let id = both().find_map(|part| part.value("fid"));
        let read = if found.host.is_some() { found.host() } else { prefix.and_then(Match::host) };
        let host = read.or_else(|| id.map(as_host));
        let user = both().find_map(Match::user).map(str::to_owned);
        let has = |name: &str| both().any(|part| part.has(name));
        let evidence = self.evidence(found, line);
        let Some(exchange) = both().find_map(|part| part.value("mlfid")) else {
            let failure = |host| Verdict::Failure(Failure { host, at, rule, user, evidence });
            return host.map_or(Verdict::NoAddress { rule }, failure);
        };
        if found.host.is_some() && host.is_none() {
            return Verdict::NoAddress { rule };
        }
        let part = Part {
            host,
            user,
            is_harmless: has("nofail"),
            is_gained: has("mlfgained"),
            is_last: has("mlfforget"),
            evidence: evidence.join("\n"),
        };
        match self.exchanges.add(exchange, part, at) {
            None => Verdict::Pending,
            Some(outcome) => {
                let evidence = outcome.evidence;
                Verdict::Failure(Failure { host: outcome.host, at, rule, user: outcome.user, evidence })
            }
        }
    }

    fn evidence(&self, found: &Match<'_>, line: &str) -> Vec<String> {
        if self.held.is_empty() {
            return vec![as_evidence(line)];
        }
        self.matched_lines(found.text, &found.captures).lines().map(as_evidence).collect()
    }

    /// The whole lines that a match over several lines touches.
    fn matched_lines<'t>(&self, text: &'t str, captures: &Captures) -> &'t str {
        if self.held.is_empty() {
            return text;
        }
        &text[whole_lines(text, &captures.whole())]
    }

    /// Lines that a match used are not used again, except those that it skipped.
    fn consume(&mut self, captures: &Captures, pattern: &Pattern) {
        if self.held.is_empty() {
            return;
        }
        let text: String = self.held.iter().map(String::as_str).collect();
        let used = whole_lines(&text, &captures.whole());
        let skipped: Vec<Range<usize>> = pattern
            .groups
            .iter()
            .filter(|(name, _)| name.starts_with("skiplines"))
            .filter_map(|(_, group)| captures.ranges.get(*group).cloned().flatten())
            .collect();
        let mut start = 0;
        self.held.retain(|line| {
            let at = start;
            start += line.len();
            !used.contains(&at) || skipped.iter().any(|skipped| skipped.contains(&at))
        });
    }
}

fn whole_lines(text: &str, range: &Range<usize>) -> Range<usize> {
    let start = text[..range.start].rfind('\n').map_or(0, |feed| feed + 1);
    let end = range.end.max(start + 1).min(text.len());
    let end = text.as_bytes()[end - 1..].iter().position(|&byte| byte == b'\n').map_or(text.len(), |feed| end + feed);
    start..end
}

fn as_host(id: &str) -> Host {
    let bare = id.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().map_or_else(|_| Host::Id(id.to_owned()), |address| Host::Address(address.to_canonical()))
}

fn is_ignored(filter: &Filter, text: &str) -> Result<bool, GaveUp> {
    for pattern in &filter.ignored {
        if pattern.captures(text)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `None` where there is a prefix and it does not match.
fn match_prefix<'a>(filter: &'a Filter, subject: &'a str) -> Result<Option<Option<Match<'a>>>, GaveUp> {
    let Some(pattern) = &filter.prefix else { return Ok(Some(None)) };
    Ok(Match::find(pattern, subject, &Sighted::new(subject))?.map(Some))
}
