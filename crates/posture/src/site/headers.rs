//! The headers of the guides (TEMS section 1, KPI "HTTPS Configuration"), on every answer.

use http::{HeaderName, header};
use palisade_config::Preset;

use super::{SiteFacts, transport, visit::Visit, wire::Answer};
use crate::{Mend, Sight};

/// A year, as both guides have it.
const YEAR: u64 = 31_536_000;

/// Looks at one header of every answer; `wrong` says what is wrong with a value, if anything.
fn on_every_answer(
    facts: &SiteFacts,
    visit: &Visit,
    name: HeaderName,
    wrong: impl Fn(&str) -> Option<String>,
) -> Sight {
    let answers = match visit.answers() {
        Ok(answers) => answers,
        Err(why) => return transport::not_reached(facts, &why),
    };
    let mut evidence = Vec::new();
    for (place, answer) in answers {
        match judged(answer, &name, &wrong) {
            Ok(value) => evidence.push(format!("{place}: {} {name}: {value}", answer.status.as_u16())),
            Err(what) => return Sight::finding(format!("{place}: {what}."), mend(facts, &name)),
        }
    }
    Sight::in_force("On each answer that was looked at.").with_evidence(evidence)
}

fn judged(answer: &Answer, name: &HeaderName, wrong: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let values: Vec<_> = answer.headers.get_all(name).iter().collect();
    let [value] = values[..] else {
        return Err(if values.is_empty() { format!("{name} is missing") } else { format!("{name} is sent twice") });
    };
    let value = value.to_str().map_err(|_| format!("{name} can't be read"))?;
    wrong(value).map_or_else(|| Ok(value.to_owned()), Err)
}

fn mend(facts: &SiteFacts, name: &HeaderName) -> Mend {
    let what = format!(
        "Give {name} its value in [site.headers] of {}, or leave it to the preset; docs/guarding-a-site.md shows how.",
        facts.name
    );
    Mend::new(what).by("palisade config check")
}

pub(super) fn nosniff(facts: &SiteFacts, visit: &Visit) -> Sight {
    on_every_answer(facts, visit, header::X_CONTENT_TYPE_OPTIONS, |value| {
        (!value.eq_ignore_ascii_case("nosniff")).then(|| format!("it says {value:?} instead of nosniff"))
    })
}

pub(super) fn frames(facts: &SiteFacts, visit: &Visit) -> Sight {
    on_every_answer(facts, visit, header::X_FRAME_OPTIONS, |value| {
        let known = ["SAMEORIGIN", "DENY"].iter().any(|known| value.eq_ignore_ascii_case(known));
        (!known).then(|| format!("browsers do not know {value:?}"))
    })
}

pub(super) fn xss_protection(facts: &SiteFacts, visit: &Visit) -> Sight {
    // `1` without `mode=block` rewrites pages, which was itself used for attacks; `0` switches the filter off for good.
    on_every_answer(facts, visit, header::X_XSS_PROTECTION, |value| {
        let plain: String = value.split_whitespace().collect();
        (!["1;mode=block", "0"].contains(&plain.as_str()))
            .then(|| format!("{value:?} is neither \"1; mode=block\" nor \"0\""))
    })
}

pub(super) fn referrer(facts: &SiteFacts, visit: &Visit) -> Sight {
    // Those that tell other sites no more than the guide's: the origin at the most, and nothing to plain HTTP.
    const STRICT: [&str; 4] = ["strict-origin-when-cross-origin", "strict-origin", "same-origin", "no-referrer"];
    on_every_answer(facts, visit, header::REFERRER_POLICY, |value| {
        (!STRICT.contains(&value)).then(|| format!("{value:?} tells other sites more than the guide's value"))
    })
}

pub(super) fn content_policy(facts: &SiteFacts, visit: &Visit) -> Sight {
    // What the guides' applications can't do without, ours can: their pages have no inline script.
    let inline_scripts = facts.guarded && facts.preset == Preset::Frappe;
    on_every_answer(facts, visit, header::CONTENT_SECURITY_POLICY, |value| {
        let policy = Policy(value);
        let scripts = policy.sources("script-src");
        if scripts.is_none() || policy.sources("default-src").is_none() && !facts.guarded {
            return Some("it does not say where scripts may come from".to_owned());
        }
        let scripts = scripts.unwrap_or_default();
        if scripts.split_whitespace().any(|source| ["*", "http:", "https:", "data:"].contains(&source)) {
            return Some("it lets scripts come from anywhere".to_owned());
        }
        let unsafe_ones = scripts.contains("'unsafe-inline'") || scripts.contains("'unsafe-eval'");
        (unsafe_ones && !inline_scripts).then(|| "it lets inline scripts run".to_owned())
    })
}

/// A policy, as CSP level 3 reads it: the first directive of a name counts.
struct Policy<'a>(&'a str);

impl Policy<'_> {
    /// Where this may come from; what is not said is said by `default-src`.
    fn sources(&self, name: &str) -> Option<&str> {
        let of = |name: &str| {
            let mut directives = self.0.split(';').map(str::trim);
            directives.find_map(|directive| {
                let (key, sources) = directive.split_once(' ').unwrap_or((directive, ""));
                key.eq_ignore_ascii_case(name).then_some(sources)
            })
        };
        of(name).or_else(|| of("default-src"))
    }
}

pub(super) fn hsts(facts: &SiteFacts, visit: &Visit) -> Sight {
    if facts.host.address().is_some() {
        return Sight::not_applicable("Browsers take no Strict-Transport-Security from a bare address.");
    }
    if let Some(Ok(plain)) = &visit.plain
        && plain.headers.contains_key(header::STRICT_TRANSPORT_SECURITY)
    {
        let seen = "Plain HTTP sends Strict-Transport-Security, which it must not (RFC 6797, section 7.2).";
        return Sight::finding(seen, mend(facts, &header::STRICT_TRANSPORT_SECURITY));
    }
    on_every_answer(facts, visit, header::STRICT_TRANSPORT_SECURITY, |value| {
        let parts: Vec<String> = value.split(';').map(|part| part.trim().to_ascii_lowercase()).collect();
        let age = parts.iter().find_map(|part| part.strip_prefix("max-age=")?.trim_matches('"').parse::<u64>().ok());
        match age {
            None => Some("it has no max-age".to_owned()),
            Some(age) if age < YEAR => Some(format!("max-age is {age} seconds, less than a year")),
            Some(_) if !parts.iter().any(|part| part == "includesubdomains") => {
                Some("it does not include the hosts below".to_owned())
            }
            Some(_) => None,
        }
    })
}

pub(super) fn tells_nothing(facts: &SiteFacts, visit: &Visit) -> Sight {
    let answers = match visit.answers() {
        Ok(answers) => answers,
        Err(why) => return transport::not_reached(facts, &why),
    };
    for (place, answer) in answers {
        for name in ["server", "x-powered-by", "x-aspnet-version", "x-runtime"] {
            let told = answer.headers.get(name).and_then(|value| value.to_str().ok());
            if let Some(told) = told.filter(|told| told.contains(|c: char| c.is_ascii_digit())) {
                let mend = Mend::new("Have the application leave it out: it tells strangers which attacks would work.");
                return Sight::finding(format!("{place}: {name}: {told}."), mend);
            }
        }
    }
    Sight::in_force("No answer that was looked at names a version.")
}
