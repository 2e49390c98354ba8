//! What the head of a request shows, judged by the rules of a guarded site.

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};

use palisade_config::{FailedWhen, PathPrefix, Preset, SiteConfig};

use super::{
    command,
    fields::{self, Findings},
};
use crate::{
    calls::{self, Call},
    path::{PathKind, PathReading, RulePath, is_file, reads},
};

/// Headers by which some frameworks take one method for another.
const METHOD_OVERRIDES: [HeaderName; 3] = [
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-method-override"),
];

/// How people sign in at a guarded site.
#[derive(Clone, Debug, Default)]
pub struct WaysIn {
    /// The app is Frappe: a command anywhere in the request can be a way in.
    pub(crate) frappe: bool,
    /// Paths by which people sign in, and all below them.
    pub(crate) paths: Vec<RulePath>,
    /// Paths of files, which do not count against the limit of users.
    pub(crate) files: Vec<String>,
    /// The cookies of its sessions.
    pub(crate) session_cookies: &'static [&'static str],
    /// Which answers tell that somebody was not let in.
    pub(crate) failed_when: FailedWhen,
}

/// What the head of a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) kind: PathKind,
    /// What the query says.
    pub(crate) query: Findings,
    /// What becomes of it where a page elsewhere has led the browser here.
    pub(crate) link: Link,
}

/// What a try to sign in is worth to which a page elsewhere has led the browser, by a link or a window of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// Nobody signs in so: names and passwords stand in forms of the site. It is refused.
    Never,
    /// It ends a sign-in by mail or at somebody else's. The secret in it can't be guessed, so its failure says nothing.
    Uncounted,
    /// It is a try like any other.
    Counted,
}

impl WaysIn {
    /// The preset's, and the site's own.
    #[must_use]
    pub fn of(site: &SiteConfig) -> Self {
        Self {
            frappe: site.preset == Preset::Frappe,
            paths: site
                .all_ways_in()
                .filter_map(|path| PathPrefix::parse(path).ok())
                .map(|path| RulePath::new(&path))
                .collect(),
            files: site.preset.static_paths().iter().map(|path| (*path).to_owned()).collect(),
            session_cookies: session_cookies(site.preset),
            failed_when: site.failed_when(),
        }
    }

    /// What the head alone shows.
    pub(crate) fn judge(&self, parts: &Parts, path: &PathReading) -> Judged {
        let query = fields::in_query(parts.uri.query().unwrap_or_default());
        let reads = reads(&parts.method) && !overrides_method(&parts.headers);
        let api = path.is_api();
        let kind = if self.is_way_in(path, &query, reads) {
            PathKind::SignIn { api }
        } else if api {
            PathKind::Api
        } else if reads && query.commands.is_empty() && is_file(path, &self.files) {
            PathKind::Asset
        } else {
            PathKind::Page
        };
        let link = link(path.lenient(), &query);
        Judged { kind, query: if self.frappe { query } else { query.without_commands() }, link }
    }

    /// Whether fields of the query and the body have a say in it.
    pub(crate) const fn reads_commands(&self) -> bool {
        self.frappe
    }

    /// Whether an answer of the app to a try at `path` says that somebody was not let in.
    pub(crate) fn is_failure(&self, status: StatusCode, headers: &HeaderMap, path: &str) -> bool {
        let text = |name| headers.get(name).map(|value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()));
        let html = || text(header::CONTENT_TYPE).is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"));
        let led_back = || {
            let prefix = self.failed_when.location.as_ref();
            prefix.zip(text(header::LOCATION)).is_some_and(|(prefix, location)| prefix.fits(&location, path))
        };
        self.is_failed_status(status)
            || (status.is_redirection() && led_back())
            || (self.failed_when.form_again && status == StatusCode::OK && html())
    }

    /// Whether the status alone says so.
    pub(crate) fn is_failed_status(&self, status: StatusCode) -> bool {
        self.failed_when.statuses.contains(&status.as_u16())
    }

    fn is_way_in(&self, path: &PathReading, query: &Findings, reads: bool) -> bool {
        // Looking at a sign-in page is no try. Frappe takes one by any method.
        let by_path = !reads && self.paths.iter().any(|way| way.counts(path));
        by_path || self.gives_way_in(query) || (self.frappe && self.calls_way_in(path.lenient()))
    }

    /// Whether a command in these fields is a way in: by its name, or because the site says so of the method's path.
    pub(crate) fn gives_way_in(&self, found: &Findings) -> bool {
        self.frappe && (found.way_in || self.paths.iter().any(|way| way.is_called_by(&found.commands)))
    }

    fn calls_way_in(&self, lenient: &str) -> bool {
        let is_named = calls::method_in(lenient).is_some_and(command::names_way_in);
        is_named || Call::in_path(lenient).is_some_and(|call| self.paths.iter().any(|way| way.covers(call)))
    }
}

/// The usual names: Flask's, Django's, Express', PHP's, Java's, Laravel's.
const fn session_cookies(preset: Preset) -> &'static [&'static str] {
    match preset {
        Preset::Frappe => &["sid"],
        Preset::Kpi => &["session"],
        Preset::Strict => &["session", "sessionid", "connect.sid", "PHPSESSID", "JSESSIONID", "laravel_session"],
    }
}

fn link(lenient: &str, query: &Findings) -> Link {
    let method = calls::method_in(lenient).unwrap_or_default();
    if !query.commands.is_empty() || query.account.is_some() || method.split('/').next() == Some("login") {
        Link::Never
    } else if method.contains("login_via_") || method.contains("oauth2_logins") {
        Link::Uncounted
    } else {
        Link::Counted
    }
}

fn overrides_method(headers: &HeaderMap) -> bool {
    METHOD_OVERRIDES.iter().any(|name| headers.contains_key(name))
}

/// Whether somebody shows the name and password, or the key and secret, of an app's own account: a refusal of those
/// is a failed try wherever it happens. A bearer token runs out by itself, and says nothing.
pub(crate) fn shows_credentials(headers: &HeaderMap, method: &Method) -> bool {
    let scheme = |value: &HeaderValue| {
        let word = value.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
        word.eq_ignore_ascii_case(b"basic") || word.eq_ignore_ascii_case(b"token")
    };
    *method != Method::OPTIONS && headers.get_all(header::AUTHORIZATION).iter().any(scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frappe() -> WaysIn {
        WaysIn::of(&SiteConfig { preset: Preset::Frappe, ..SiteConfig::default() })
    }

    fn kpi() -> WaysIn {
        let ways_in = vec![PathPrefix::parse("/My-Login").unwrap()];
        WaysIn::of(&SiteConfig { preset: Preset::Kpi, ways_in, ..SiteConfig::default() })
    }

    fn kind(ways: &WaysIn, request: http::request::Builder) -> PathKind {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        ways.judge(&parts, &PathReading::of(&parts.uri)).kind
    }

    fn judge(ways: &WaysIn, line: &str) -> PathKind {
        let (method, uri) = line.split_once(' ').unwrap();
        kind(ways, http::Request::builder().method(method).uri(uri))
    }

    /// covers T4.3 (part)
    #[test]
    fn every_way_in_of_frappe_that_the_head_shows_is_found() {
        for line in [
            "POST /api/method/login",
            "GET /api/method/login?usr=a&pwd=b",
            "PUT /api/v1/method/login",
            "POST /api/v2/method/login",
            "POST /api/v2/method/User/update_password",
            "POST //api/method/login",
            "POST /api//method/./login",
            "POST /API/Method/Login",
            "POST /api/method/%6c%6Fgin",
            "POST /api/method/%256cogin",
            "POST /api/method/login/",
            "POST /api/method/login/anything",
            "POST /x/../api/method/login",
            "GET /api/method/frappe.www.login.login_via_key?key=abc",
            "GET /api/method/frappe.integrations.oauth2_logins.login_via_google?code=1&state=2",
        ] {
            assert_eq!(judge(&frappe(), line), PathKind::SignIn { api: true }, "{line}");
        }
        for line in [
            "POST /login",
            "POST /?cmd=login",
            "GET /?cmd=login&usr=a&pwd=b",
            "GET /app/home?x=1&%63m%64=l%6Fgin",
            "GET /?cmd=ping&cmd=login",
            "GET /?cmd=login&cmd=ping",
            "GET /?cmd=LOGIN",
            "GET /?a=b;cmd=login",
            "GET /assets/a.js?cmd=login",
            "POST /?cmd=frappe.core.doctype.user.user.reset_password&user=a",
        ] {
            assert_eq!(judge(&frappe(), line), PathKind::SignIn { api: false }, "{line}");
        }
    }

    /// covers T4.3 (part)
    #[test]
    fn a_method_that_the_site_calls_a_way_in_is_one_by_every_door() {
        let ways_in = vec![PathPrefix::parse("/api/method/tems.api.enter").unwrap()];
        let ways = WaysIn::of(&SiteConfig { preset: Preset::Frappe, ways_in, ..SiteConfig::default() });
        for line in [
            "POST /api/method/tems.api.enter",
            "GET /api/v2/method/tems.api.enter",
            "POST /api/v1/method/Tems.Api.Enter/x",
        ] {
            assert_eq!(judge(&ways, line), PathKind::SignIn { api: true }, "{line}");
        }
        assert_eq!(judge(&ways, "GET /app?cmd=tems.api.enter"), PathKind::SignIn { api: false });
        assert_eq!(judge(&ways, "POST /api/v2/method/tems.api.entry"), PathKind::Api);
        assert_eq!(judge(&ways, "GET /app?cmd=tems.api.entry"), PathKind::Page);
    }

    /// covers T4.1 (part), T4.2 (part)
    #[test]
    fn the_rest_of_frappe_is_calls_files_and_pages() {
        for (line, kind) in [
            ("GET /login", PathKind::Page),
            ("GET /login?redirect-to=/app", PathKind::Page),
            ("GET /app/login-settings", PathKind::Page),
            ("GET /?xcmd=login", PathKind::Page),
            ("GET /api/method/frappe.auth.get_logged_user", PathKind::Api),
            ("POST /api/method/logout", PathKind::Api),
            ("GET /API/resource/User", PathKind::Api),
            ("GET /%61pi/resource/User", PathKind::Api),
            ("GET //api/resource/User", PathKind::Api),
            ("GET /assets/frappe/desk.bundle.js?v=7", PathKind::Asset),
            ("HEAD /files/logo.png", PathKind::Asset),
            ("GET /files/logo.png?cmd=frappe.client.get_list", PathKind::Page),
            ("GET /assets/../app", PathKind::Page),
            ("GET /assets/%2e%2e/app", PathKind::Page),
            ("POST /files/logo.png", PathKind::Page),
            ("GET /private/files/payroll.pdf", PathKind::Page),
        ] {
            assert_eq!(judge(&frappe(), line), kind, "{line}");
        }
    }

    /// covers T4.3 (part)
    #[test]
    fn a_try_at_another_app_is_a_request_that_changes_something() {
        for line in ["POST /login", "PUT /Login/", "POST /login;jsessionid=1", "POST /lo%67in", "POST /my-login"] {
            assert_eq!(judge(&kpi(), line), PathKind::SignIn { api: false }, "{line}");
        }
        assert_eq!(judge(&kpi(), "POST /api/auth/token"), PathKind::SignIn { api: true });
        assert_eq!(judge(&kpi(), "GET /api/auth/me"), PathKind::Api);
        assert_eq!(judge(&kpi(), "GET /login"), PathKind::Page);
        assert_eq!(judge(&kpi(), "GET /?cmd=login"), PathKind::Page);
        assert_eq!(judge(&kpi(), "GET /static/app.css"), PathKind::Asset);
        let request = http::Request::get("/login").header("X-HTTP-Method-Override", "POST");
        assert_eq!(kind(&kpi(), request), PathKind::SignIn { api: false });
    }

    /// covers T5.2 (part)
    #[test]
    fn an_answer_tells_that_somebody_was_not_let_in() {
        let html = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("Text/HTML; charset=utf-8"))]);
        let json = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        for (ways, status, headers, failed) in [
            (frappe(), 401, &json, true),
            (frappe(), 403, &html, true),
            (frappe(), 200, &json, false),
            (frappe(), 200, &html, false),
            (frappe(), 302, &html, false),
            (frappe(), 429, &json, false),
            (frappe(), 500, &json, false),
            (kpi(), 200, &html, true),
            (kpi(), 302, &html, false),
            (kpi(), 200, &json, false),
            (kpi(), 401, &json, true),
        ] {
            assert_eq!(ways.is_failure(StatusCode::from_u16(status).unwrap(), headers, "/login"), failed, "{status}");
        }
    }

    #[test]
    fn a_site_says_itself_which_answers_are_failures() {
        let ways = |text: &str| {
            let text = format!(
                "[[site]]\nname = \"a\"\nhosts = [\"a.example\"]\nupstream = \"http://127.0.0.1:8000\"\n{text}"
            );
            WaysIn::of(&palisade_config::Config::parse(std::path::Path::new("palisade.toml"), &text).unwrap().sites[0])
        };
        let to = |location| HeaderMap::from_iter([(header::LOCATION, HeaderValue::from_static(location))]);
        let html = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("text/html"))]);
        let redirect = ways("failed_when = { location = \"/login?error\" }");
        let only_422 = ways("failed_when = { statuses = [422] }");
        let form = ways("failed_when = { form_again = true }");
        let none = ways("preset = \"kpi\"\nfailed_when = { statuses = [], form_again = false }");
        for (ways, status, headers, failed) in [
            (&redirect, 302, &to("/login?error=1"), true),
            (&redirect, 303, &to("https://a.example/login?error"), true),
            (&redirect, 302, &to("/"), false),
            (&redirect, 200, &to("/login?error"), false),
            (&redirect, 302, &html, false),
            (&redirect, 401, &html, true),
            (&only_422, 422, &html, true),
            (&only_422, 401, &html, false),
            (&form, 200, &html, true),
            (&none, 200, &html, false),
            (&none, 401, &html, false),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(ways.is_failure(status, headers, "/login"), failed, "{status} {headers:?}");
        }
    }

    #[test]
    fn a_link_from_elsewhere_ends_a_sign_in_and_begins_none() {
        for (uri, expected) in [
            ("/api/method/login?usr=a&pwd=b", Link::Never),
            ("/api/method/login?otp=123456", Link::Never),
            ("/?cmd=login&otp=123456", Link::Never),
            ("/api/method/frappe.www.login.login_via_key?key=a&cmd=login", Link::Never),
            ("/api/method/frappe.www.login.login_via_key?key=a", Link::Uncounted),
            ("/api/method/frappe.integrations.oauth2_logins.login_via_google?code=1&state=2", Link::Uncounted),
            ("/api/v2/method/frappe.integrations.oauth2_logins.custom/corp?code=1", Link::Uncounted),
            ("/api/method/tems.api.verify_otp?otp=123456", Link::Counted),
        ] {
            let (parts, ()) = http::Request::get(uri).body(()).unwrap().into_parts();
            assert_eq!(frappe().judge(&parts, &PathReading::of(&parts.uri)).link, expected, "{uri}");
        }
    }

    #[test]
    fn a_password_in_a_header_is_a_try_and_a_token_that_runs_out_is_none() {
        for (value, expected) in
            [("Basic YTpi", true), ("basic YTpi", true), ("token key:secret", true), ("Bearer abc", false)]
        {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static(value))]);
            assert_eq!(shows_credentials(&headers, &Method::GET), expected, "{value}");
        }
    }
}
