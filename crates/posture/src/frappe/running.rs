//! What the running site shows to whoever asks.

use http::header;
use serde_json::Value;

use super::interface::Answer;

/// A method that no application has: the answer is an error, as any other error would be.
pub(super) const MISSING: &str = "/api/method/palisade.verify.no_such_method";

/// What an error answer showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Running {
    /// Its status.
    pub(super) status: u16,
    /// A trace of the program's calls stands in it.
    pub(super) traceback: bool,
    /// Messages for developers stand in it: SQL statements, most likely.
    pub(super) debugging: bool,
    /// The session's cookie, `sid`: strangers get one, too.
    pub(super) cookie: Option<Cookie>,
    /// Seconds of work that Frappe's own limit allows, by its header.
    pub(super) limit: Option<u64>,
    /// The development server answers.
    pub(super) is_development_server: bool,
}

/// What is said about a cookie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cookie {
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: Option<String>,
    /// How long it lives, in seconds.
    pub(super) max_age: Option<u64>,
}

/// Reads the answer to [`MISSING`].
///
/// # Errors
/// Frappe does not answer so.
pub(super) fn read(answer: &Answer) -> Result<Running, String> {
    let body: Value = serde_json::from_slice(&answer.body).map_err(|_| {
        format!("its answer to a method that is not there is no JSON (status {}), as Frappe's would be", answer.status)
    })?;
    if answer.status < 400 {
        return Err(format!("it answers {} to a method that is not there", answer.status));
    }
    Ok(Running {
        status: answer.status,
        traceback: shows_traceback(&answer.body, &body),
        debugging: has_content(&body, "_debug_messages") || has_content(&body, "debug"),
        cookie: answer.headers.get_all(header::SET_COOKIE).iter().find_map(|line| sid(line.to_str().ok()?)),
        limit: limit(answer),
        is_development_server: answer
            .headers
            .get(header::SERVER)
            .is_some_and(|server| server.as_bytes().starts_with(b"Werkzeug")),
    })
}

/// Version 1 of the API has it under `exc`, version 2 among its errors; a page of an error has it in its text.
pub(super) fn shows_traceback(bytes: &[u8], body: &Value) -> bool {
    const WORDS: &[u8] = b"Traceback (most recent call last)";
    has_content(body, "exc") || bytes.windows(WORDS.len()).any(|part| part == WORDS)
}

fn has_content(body: &Value, key: &str) -> bool {
    match body.get(key) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !matches!(text.trim(), "" | "[]"),
        Some(Value::Array(list)) => !list.is_empty(),
        Some(_) => true,
    }
}

/// Frappe counts in microseconds.
fn limit(answer: &Answer) -> Option<u64> {
    let value = answer.headers.get("x-ratelimit-limit")?.to_str().ok()?;
    Some(value.trim().parse::<u64>().ok()? / 1_000_000)
}

fn sid(line: &str) -> Option<Cookie> {
    let mut parts = line.split(';').map(str::trim);
    let (name, _) = parts.next()?.split_once('=')?;
    if name != "sid" {
        return None;
    }
    let mut cookie = Cookie::default();
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match key.to_ascii_lowercase().as_str() {
            "secure" => cookie.secure = true,
            "httponly" => cookie.http_only = true,
            "samesite" => cookie.same_site = Some(value.to_owned()),
            "max-age" => cookie.max_age = value.parse().ok(),
            _ => {}
        }
    }
    Some(cookie)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Answer {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers.iter().map(header) {
            map.append(name, value);
        }
        Answer { status, headers: map, body: body.as_bytes().to_vec() }
    }

    /// As Frappe 15 answers behind gunicorn, with and without its System Settings' "show full error".
    #[test]
    fn an_answer_of_frappe_is_read() {
        let quiet = r#"{"exception":"","exc_type":"ValidationError","_server_messages":"[\"{}\"]"}"#;
        let headers = [
            ("set-cookie", "full_name=Guest; Path=/; SameSite=Lax"),
            (
                "set-cookie",
                "sid=Guest; Expires=Sun, 22 Nov 2026 14:00:00 GMT; Max-Age=21600; Secure; HttpOnly; Path=/; SameSite=Lax",
            ),
            ("x-ratelimit-limit", "100000000"),
            ("server", "gunicorn"),
        ];
        let cookie = Cookie { secure: true, http_only: true, same_site: Some("Lax".into()), max_age: Some(21_600) };
        let expected = Running { status: 417, cookie: Some(cookie), limit: Some(100), ..Running::default() };
        assert_eq!(read(&answer(417, &headers, quiet)), Ok(expected));

        let loud =
            r#"{"exc":"[\"Traceback (most recent call last):\\n  File ...\"]","_debug_messages":"[\"<<<< query\"]"}"#;
        let seen = read(&answer(417, &[("server", "Werkzeug/2.3.8 Python/3.11.6")], loud)).unwrap();
        assert!(seen.traceback && seen.debugging && seen.is_development_server && seen.cookie.is_none());
        let second =
            r#"{"errors":[{"type":"X","exception":"Traceback (most recent call last):\n"}],"debug":[{"message":"q"}]}"#;
        let seen = read(&answer(404, &[], second)).unwrap();
        assert!(seen.traceback && seen.debugging);
    }

    #[test]
    fn what_is_no_answer_of_frappes_is_not_taken_for_one() {
        assert!(read(&answer(404, &[], "<html>Not Found</html>")).unwrap_err().contains("no JSON (status 404)"));
        assert!(read(&answer(200, &[], "{}")).unwrap_err().contains("answers 200"));
    }

    #[test]
    fn empty_lists_of_errors_are_no_trace() {
        let seen = read(&answer(417, &[], r#"{"exc":"[]","_debug_messages":"[]","debug":[]}"#)).unwrap();
        assert!(!seen.traceback && !seen.debugging);
    }
}
