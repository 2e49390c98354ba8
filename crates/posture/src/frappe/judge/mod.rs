//! What a look at a site means for each key of the guide. Facts in, a sight out.

mod running;
#[cfg(test)]
mod tests;

use palisade_helper::bench::{BenchSight, Decides, GuideKey};

use super::{
    facts::Facts,
    files::{Stands, find},
    interface::Unseen,
};
use crate::{Mend, Sight};

/// Judges one key.
pub(super) fn judge(key: &GuideKey, site: &str, facts: &Facts) -> Sight {
    let case = Case { key, site, facts };
    let sight = match (key.name, key.decides) {
        ("developer_mode", _) => running::developer_mode(&case),
        ("allow_error_traceback", _) => running::tracebacks(&case),
        ("deny_multiple_sessions", _) => running::one_session(&case),
        ("session_expiry", _) => running::session_expiry(&case),
        ("session_expiry_mobile", _) => running::mobile_expiry(&case),
        ("rate_limit", _) => running::rate_limit(&case),
        ("logging", _) => running::logging(&case),
        (_, Decides::Code) => running::cookie(&case),
        (_, Decides::BenchCommand | Decides::Nobody | Decides::Settings) => case.without_effect(),
        _ => case.by_files(),
    };
    sight.unwrap_or_else(|unseen| Sight::unseen(unseen.why, unseen.mend))
}

/// One key of one site.
struct Case<'a> {
    key: &'a GuideKey,
    site: &'a str,
    facts: &'a Facts,
}

type Judged = Result<Sight, Unseen>;

impl<'a> Case<'a> {
    fn files(&self) -> Result<&'a BenchSight, Unseen> {
        self.facts.files.as_ref().map_err(Clone::clone)
    }

    /// Where the key stands, what counts first.
    fn stands(&self) -> Result<Vec<Stands<'a>>, Unseen> {
        find(self.files()?, self.key)
    }

    /// As the files have it; where nobody can look at them, nothing.
    fn evidence(&self) -> Vec<String> {
        let stands = self.stands().unwrap_or_default();
        stands.iter().map(|stands| stands.line(self.key)).collect()
    }

    /// What stands in the file that counts, in a few words; for sights that the files do not decide.
    fn said_by_file(&self) -> String {
        match self.stands() {
            Err(_) => "what the files say could not be seen".to_owned(),
            Ok(stands) => match stands.first() {
                None => "the files do not have it".to_owned(),
                Some(first) => format!("{} says {}", first.place(), first.found.text),
            },
        }
    }

    /// The key is heeded in the files, and they decide.
    fn by_files(&self) -> Judged {
        let (key, stands) = (self.key, self.stands()?);
        let Some(first) = stands.first() else {
            return Ok(match key.may_lack {
                true => Sight::in_force(format!("{} is not set, and is in order by itself.", key.name)),
                false => self.finding(format!("{} is not set.", key.name)),
            });
        };
        // Which file counts depends on the release here, so both have to be in order.
        let counts = match key.decides {
            Decides::CommonFile => stands.iter().find(|stands| !stands.is_accepted(key)).unwrap_or(first),
            _ => first,
        };
        let seen = format!("{} is {} ({}).", key.name, counts.found.text, counts.place());
        let sight = if counts.is_accepted(key) { Sight::in_force(seen) } else { self.finding(seen) };
        Ok(sight.with_evidence(self.evidence()))
    }

    /// No running site heeds the key: that is said. What contradicts the guide is a finding all the same.
    fn without_effect(&self) -> Judged {
        let (key, stands) = (self.key, self.stands()?);
        if let Some(wrong) = stands.iter().find(|stands| !stands.is_accepted(key)) {
            let seen = format!("{} is {} ({}). {}", key.name, wrong.found.text, wrong.place(), self.why_idle());
            return Ok(self.finding(seen).with_evidence(self.evidence()));
        }
        let seen = match stands.first() {
            Some(first) => format!("{} is {} ({}), which changes nothing.", key.name, first.found.text, first.place()),
            None => format!("{} is not set, and would change nothing.", key.name),
        };
        Ok(Sight::not_applicable(format!("{seen} {}", self.why_idle())).with_evidence(self.evidence()))
    }

    fn why_idle(&self) -> &'static str {
        match self.key.name {
            "log_queries" => "Frappe 13 to 15 do not read it; what has SQL logged is `logging`.",
            "rate_limit_whitelist" => "Frappe 13 to 15 do not read it: their limit knows no exceptions.",
            "file_watcher_port" => {
                "Only `bench watch` of a development bench could want it; a running site does not read it."
            }
            "background_workers" => {
                "The running site does not read it: `bench setup supervisor` makes so many workers."
            }
            "shallow_clone" => "The running site does not read it: `bench get-app` does.",
            _ => "Frappe 13 to 15 do not read it.",
        }
    }

    /// A finding that `harden` mends, or a person where it must not.
    fn finding(&self, seen: impl Into<String>) -> Sight {
        Sight::finding(seen, self.mend())
    }

    fn mend(&self) -> Mend {
        let key = self.key;
        if key.is_left {
            let what = format!(
                "Have {} listen on this machine only, such as {}, and set it so; the program does not change where a bench finds \
                 its Redis.",
                key.name, key.guide
            );
            return Mend::new(what);
        }
        let file = key.files.iter().map(|file| file.name()).collect::<Vec<_>>().join(" and ");
        let what =
            format!("Set {} to {} in {file}, and restart the bench (frappe.{}).", key.name, key.wanted, self.site);
        Mend::new(what).by("palisade harden plan")
    }
}
