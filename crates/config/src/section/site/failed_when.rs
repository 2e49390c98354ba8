//! `failed_when`: which answers of a guarded application on a way in tell that somebody was not let in.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::preset::Preset;
use crate::text::checked_text;

/// As written at a site; what is left out is the preset's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct FailedWhenConfig {
    /// These statuses tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statuses: Option<Vec<AnswerStatus>>,
    /// A redirect to what begins like this tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<RedirectPrefix>,
    /// An HTML page with status 200 tells it: the form again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form_again: Option<bool>,
}

/// Which answers tell it, all told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailedWhen {
    /// These statuses.
    pub statuses: Vec<u16>,
    /// A redirect to what begins like this.
    pub location: Option<RedirectPrefix>,
    /// An HTML page with status 200.
    pub form_again: bool,
}

impl FailedWhen {
    pub(super) fn of(config: Option<&FailedWhenConfig>, preset: Preset) -> Self {
        let own = config.cloned().unwrap_or_default();
        let statuses = own.statuses.map(|statuses| statuses.into_iter().map(|status| status.0).collect());
        Self {
            statuses: statuses.unwrap_or_else(|| vec![401, 403]),
            location: own.location,
            // So it is with Flask's forms: who is let in is sent elsewhere. Frappe says 401.
            form_again: own.form_again.unwrap_or(preset == Preset::Kpi),
        }
    }
}

/// A status of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct AnswerStatus(u16);

impl TryFrom<u16> for AnswerStatus {
    type Error = String;

    fn try_from(status: u16) -> Result<Self, String> {
        if (200..=599).contains(&status) {
            return Ok(Self(status));
        }
        Err(format!("{status} is no status of an answer\n  Write those that tell a failure, such as [401, 403]."))
    }
}

impl From<AnswerStatus> for u16 {
    fn from(status: AnswerStatus) -> Self {
        status.0
    }
}

/// How the address of a redirect begins: its path, and its query if need be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectPrefix(String);

impl RedirectPrefix {
    /// Whether a redirect that answers a request for `path` leads to such an address. `location` is written as HTTP
    /// lets it be: whole, without host, or relative to the request's path.
    #[must_use]
    pub fn fits(&self, location: &str, path: &str) -> bool {
        let location = without_origin(location);
        let whole: Cow<'_, str> = match location.chars().next() {
            Some('/') => location.into(),
            None | Some('?' | '#') => format!("{path}{location}").into(),
            Some(_) => format!("{}{location}", &path[..path.rfind('/').map_or(0, |slash| slash + 1)]).into(),
        };
        whole.starts_with(&self.0)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let hint = "Write how the address begins that a failed try is sent to: \"/login?error\".";
        if !text.starts_with('/') || text.starts_with("//") || text.contains(|c: char| c.is_control() || c == ' ') {
            return Err(format!("{text:?} is no path of a site\n  {hint}"));
        }
        if text == "/" {
            return Err(format!("every redirect begins with \"/\", that of a sign-in too\n  {hint}"));
        }
        Ok(Self(text.to_owned()))
    }
}

checked_text!(RedirectPrefix, String, |prefix| prefix.0);

/// What follows the host, where there is one.
fn without_origin(location: &str) -> &str {
    let scheme = location.find("://").filter(|at| location[..*at].bytes().all(|b| b.is_ascii_alphanumeric()));
    let authority = match scheme {
        Some(at) => &location[at + 3..],
        None => match location.strip_prefix("//") {
            Some(rest) => rest,
            None => return location,
        },
    };
    authority.find(['/', '?', '#']).map_or("/", |at| &authority[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_known_however_it_is_written() {
        let prefix = RedirectPrefix::try_from("/app/login?error".to_owned()).unwrap();
        for location in [
            "/app/login?error=1",
            "/app/login?error",
            "https://tems.example/app/login?error=1",
            "//tems.example:8443/app/login?error=1",
            "login?error=1",
            "?error=1",
        ] {
            assert!(prefix.fits(location, "/app/login"), "{location}");
        }
        for location in ["/app", "/", "", "https://tems.example", "/app/login", "home", "/x?to=/app/login?error", "é"]
        {
            assert!(!prefix.fits(location, "/app/login"), "{location}");
        }
    }

    #[test]
    fn what_every_redirect_begins_with_is_refused() {
        for text in ["", "/", "login", "//evil.example/login", "https://tems.example/login", "/log in", "/a\nb"] {
            assert!(RedirectPrefix::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
