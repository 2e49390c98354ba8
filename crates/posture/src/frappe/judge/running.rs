//! Keys about which the running site tells more than its files, or something else.

use palisade_helper::bench::seconds_of;

use super::{Case, Judged};
use crate::{Mend, Sight, frappe::running::Running};

/// What the guide allows in `session_expiry`.
const SIX_HOURS: u64 = 6 * 3_600;

impl<'a> Case<'a> {
    fn running(&self) -> Result<&'a Running, crate::frappe::interface::Unseen> {
        self.facts.running.as_ref().map_err(Clone::clone)
    }
}

/// The files decide, unless it is the development server that answers.
pub(super) fn developer_mode(case: &Case<'_>) -> Judged {
    if case.running().is_ok_and(|running| running.is_development_server) {
        let seen = format!(
            "The site is served by Frappe's development server (Server: Werkzeug), whatever the files say: {}.",
            case.said_by_file()
        );
        let mend =
            Mend::new("Stop `bench start` and have supervisor or systemd run the bench.").by("bench setup production");
        return Ok(Sight::finding(seen, mend).with_evidence(case.evidence()));
    }
    case.by_files()
}

/// The System Settings decide, and an error answer shows it.
pub(super) fn tracebacks(case: &Case<'_>) -> Judged {
    let running = case.running()?;
    let in_settings = case.facts.settings.as_ref().map(|settings| settings.allow_error_traceback);
    let file = case.said_by_file();
    if running.traceback || case.facts.shows_people_tracebacks == Some(true) {
        let whom = if running.traceback { "to strangers" } else { "to people who are signed in" };
        let seen = format!("An error answer shows a traceback {whom}. Frappe does not read the file for this: {file}.");
        return Ok(Sight::finding(
            seen,
            settings_mend("Show Full Error and Allow Reporting of Issues to the Developer"),
        ));
    }
    match in_settings {
        Ok(Some(true)) => {
            let seen = format!(
                "System Settings allow tracebacks in error answers. Frappe does not read the file for this: {file}."
            );
            Ok(Sight::finding(seen, settings_mend("Show Full Error and Allow Reporting of Issues to the Developer")))
        }
        Ok(_) => {
            let seen = format!(
                "Error answers (status {}) show no traceback, and System Settings allow none. Frappe does not read the file for \
                 this: {file}.",
                running.status
            );
            Ok(Sight::in_force(seen).with_evidence(case.evidence()))
        }
        Err(unseen) => {
            let why = format!(
                "Strangers are shown no traceback. Whether people who are signed in are shown one is said by System Settings, not by \
                 the file ({file}). {}",
                unseen.why
            );
            Ok(Sight::unseen(why, unseen.mend.clone()).with_evidence(case.evidence()))
        }
    }
}

fn settings_mend(field: &str) -> Mend {
    Mend::new(format!("In Frappe: System Settings, switch \"{field}\" off."))
}

/// The files or the System Settings: one of them is enough.
pub(super) fn one_session(case: &Case<'_>) -> Judged {
    let by_files = case.by_files()?;
    let in_settings = case.facts.settings.as_ref().is_ok_and(|settings| settings.deny_multiple_sessions == Some(true));
    if by_files.verdict() == crate::Verdict::Finding && in_settings {
        let seen = format!(
            "System Settings allow one session each, although the file does not ask for it: {}.",
            case.said_by_file()
        );
        return Ok(Sight::in_force(seen).with_evidence(case.evidence()));
    }
    Ok(by_files)
}

/// The System Settings decide, and the session's cookie lives as long.
pub(super) fn session_expiry(case: &Case<'_>) -> Judged {
    let cookie = case.running().ok().and_then(|running| running.cookie.as_ref()?.max_age);
    let (seconds, whence) = match (&case.facts.settings, cookie) {
        (Ok(settings), _) if settings.session_expiry.as_deref().and_then(seconds_of).is_some() => {
            (settings.session_expiry.as_deref().and_then(seconds_of).unwrap_or_default(), "System Settings")
        }
        (_, Some(seconds)) => (seconds, "Max-Age of the cookie sid"),
        (Err(unseen), None) => return Err(unseen.clone()),
        (Ok(_), None) => (240 * 3_600, "Frappe's own value, for System Settings have none"),
    };
    let seen = format!(
        "A session ends after {} without use ({whence}). Frappe does not read the file for this: {}.",
        duration(seconds),
        case.said_by_file()
    );
    let is_short = seconds > 0 && seconds <= SIX_HOURS;
    let mend = || Mend::new("In Frappe: System Settings, set Session Expiry to 06:00.");
    let sight = if is_short { Sight::in_force(seen) } else { Sight::finding(seen, mend()) };
    Ok(sight.with_evidence(case.evidence()))
}

/// Frappe had a time of its own for mobile devices up to release 14.
pub(super) fn mobile_expiry(case: &Case<'_>) -> Judged {
    let file = case.said_by_file();
    let cookie = case.running().ok().and_then(|running| running.cookie.as_ref()?.max_age);
    let in_settings = match &case.facts.settings {
        Ok(settings) => settings.session_expiry_mobile.as_deref().map(|text| (text, seconds_of(text))),
        // A Max-Age says that it is release 15.
        Err(unseen) if cookie.is_none() => return Err(unseen.clone()),
        Err(_) => None,
    };
    let Some((text, seconds)) = in_settings else {
        let seen = format!(
            "This release of Frappe has one session time for all devices (session_expiry), so the key changes nothing: {file}."
        );
        return Ok(Sight::not_applicable(seen).with_evidence(case.evidence()));
    };
    let seen =
        format!("System Settings let a mobile session last {text}. Frappe does not read the file for this: {file}.");
    let is_short = seconds.is_some_and(|seconds| seconds > 0 && seconds <= 168 * 3_600);
    let mend = || Mend::new("In Frappe: System Settings, set Session Expiry Mobile to 168:00.");
    let sight = if is_short { Sight::in_force(seen) } else { Sight::finding(seen, mend()) };
    Ok(sight.with_evidence(case.evidence()))
}

/// The file sets it; the running site says by a header whether it keeps to it.
pub(super) fn rate_limit(case: &Case<'_>) -> Judged {
    let by_files = case.by_files()?;
    let Ok(running) = case.running() else { return Ok(by_files) };
    let stands = case.stands()?;
    let Some(first) = stands.first().filter(|first| first.is_accepted(case.key)) else { return Ok(by_files) };
    let wanted = serde_json::from_str::<serde_json::Value>(&first.found.text).ok();
    let wanted = wanted.and_then(|value| value.get("limit")?.as_f64());
    match running.limit {
        Some(limit) if wanted.is_none_or(|wanted| limit as f64 <= wanted) => {
            let seen = format!(
                "rate_limit is {} ({}), and the running site keeps to it. It is seconds of work in a window for the whole site, not \
                 requests of a user, as the guide says: those are counted by the gate ([limits]).",
                first.found.text,
                first.place()
            );
            Ok(Sight::in_force(seen).with_evidence(case.evidence()))
        }
        told => {
            let told = told.map_or_else(|| "shows no limit".to_owned(), |limit| format!("shows a limit of {limit}"));
            let seen = format!("rate_limit is {} ({}), but the running site {told}.", first.found.text, first.place());
            let mend = Mend::new("Restart the bench, so that it reads its files.").by("bench restart");
            Ok(Sight::finding(seen, mend).with_evidence(case.evidence()))
        }
    }
}

/// The guide's 2 is no level: it has every SQL statement put into the answers. See [`palisade_helper::bench::GUIDE`].
pub(super) fn logging(case: &Case<'_>) -> Judged {
    const WHY: &str = "The guide's 2 is no level of detail: with it Frappe puts every SQL statement into its answers, for whoever asks";
    if case.running().is_ok_and(|running| running.debugging) {
        let seen = format!(
            "An answer to a stranger holds messages for developers (_debug_messages); {}. {WHY}.",
            case.said_by_file()
        );
        return Ok(case.finding(seen).with_evidence(case.evidence()));
    }
    let stands = case.stands()?;
    let seen = match stands.first() {
        Some(first) => format!("logging is {} ({}). {WHY}; so it should be off.", first.found.text, first.place()),
        None => format!("logging is not set, which is off. {WHY}; so it is left off."),
    };
    let is_off = stands.first().is_none_or(|first| first.is_accepted(case.key));
    let sight = if is_off { Sight::in_force(seen) } else { case.finding(seen) };
    Ok(sight.with_evidence(case.evidence()))
}

/// Frappe's code decides about its cookies, and the gate adds what is missing: what a browser gets is what counts.
pub(super) fn cookie(case: &Case<'_>) -> Judged {
    let running = case.running()?;
    let Some(cookie) = &running.cookie else {
        let mend = Mend::new("See whether the upstream is a Frappe site: one gives everybody a cookie sid.");
        return Err(crate::frappe::interface::Unseen::new("The running site gave no cookie sid.", mend));
    };
    let same_site = cookie.same_site.as_deref().unwrap_or_default();
    let (is_so, word) = match case.key.name {
        "cookie_secure" => (cookie.secure, "Secure".to_owned()),
        "cookie_httponly" => (cookie.http_only, "HttpOnly".to_owned()),
        _ => (["lax", "strict"].contains(&same_site.to_ascii_lowercase().as_str()), format!("SameSite={same_site}")),
    };
    let file = case.said_by_file();
    let sight = if is_so {
        Sight::in_force(format!(
            "The cookie sid has {word} when it leaves the gate. Frappe does not read {}: {file}.",
            case.key.name
        ))
    } else {
        let word = word.trim_end_matches('=');
        let seen = format!(
            "The cookie sid is without {word}, or has a weak one. Frappe does not read {}: {file}.",
            case.key.name
        );
        let what = "Let people reach the site through the gate alone, over HTTPS, and take sid out of script_cookies: the gate adds \
                    what is missing.";
        Sight::finding(seen, Mend::new(what))
    };
    Ok(sight.with_evidence(case.evidence()))
}

fn duration(seconds: u64) -> String {
    format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
