//! Why an order failed, in words that say what to do.

use instant_acme::{Error, Problem};

/// An order failed.
#[derive(Debug)]
pub(crate) struct Failed {
    /// What, and what to do.
    pub(crate) what: String,
    /// The CA has had enough of us for some time.
    pub(crate) rate_limited: bool,
    /// The CA does not know our account.
    pub(crate) account_unknown: bool,
}

impl Failed {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: bounded(what.into()), rate_limited: false, account_unknown: false }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(problem) => Self::from(&problem),
            Error::Timeout(_) => Self::new("the CA did not decide in time"),
            other => Self::new(with_causes(&other)),
        }
    }
}

impl From<&Problem> for Failed {
    fn from(problem: &Problem) -> Self {
        let kind = problem.r#type.as_deref().unwrap_or_default().rsplit(':').next().unwrap_or_default();
        let detail = problem.detail.as_deref().unwrap_or("it gave no reason");
        let mut what = format!("the CA says: {detail}");
        for part in problem.subproblems.iter().filter_map(|part| part.detail.as_deref()).take(4) {
            what.push_str(&format!("; {part}"));
        }
        if let Some(hint) = hint_of(kind) {
            what.push_str(&format!(" ({hint})"));
        }
        Self { rate_limited: kind == "rateLimited", account_unknown: kind == "accountDoesNotExist", ..Self::new(what) }
    }
}

/// What to do about the kinds of problem of RFC 8555, 6.7, that somebody can do something about.
fn hint_of(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "connection" => {
            "the CA could not connect: see that the name's address in the DNS is this host's, and that port 80 for http-01 or 443 for tls-alpn-01 is reached from the internet"
        }
        "dns" => "see that the name has an A or AAAA record in the public DNS, and that its servers answer",
        "unauthorized" | "incorrectResponse" => {
            "another program or proxy may have answered in our place, or the account was closed"
        }
        "caa" => "a CAA record of the domain forbids this CA: add it there",
        "rejectedIdentifier" | "unsupportedIdentifier" => "the CA does not certify this name",
        "rateLimited" => "it is tried again later; every further try would count",
        "externalAccountRequired" => "this CA asks for external_account under [acme]",
        "userActionRequired" => "the CA changed its terms of service: read them and agree to them anew",
        "invalidProfile" => "the CA does not know the profile that [acme] names",
        _ => return None,
    })
}

/// An error with the reasons below it, each once.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(below) = cause {
        let words = below.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        cause = below.source();
    }
    text
}

/// What comes from a CA is shown on pages and in logs: one line, and not without end.
fn bounded(what: String) -> String {
    what.chars().map(|c| if c.is_control() { ' ' } else { c }).take(1_000).collect()
}
