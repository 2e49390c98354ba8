//! Presets: what a kind of application needs, under one name.

use serde::{Deserialize, Serialize};

use crate::{HeaderText, HeadersConfig};

/// A named set of headers, ways in, static files and cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// Whatever is not known better: the headers of `[headers]`, as the built-in pages have them.
    Strict,
    /// A Frappe or ERPNext site, with the TEMS guide's headers.
    Frappe,
    /// The original KPI application, with the KPI guide's headers.
    Kpi,
}

/// Section 1 of the TEMS guide, letter by letter.
const FRAPPE_POLICY: &str = "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; font-src 'self' data:; connect-src 'self' wss:; frame-ancestors 'self';";

/// The KPI guide's, letter by letter.
const KPI_POLICY: &str = "default-src 'self'; script-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self'; connect-src 'self'";

/// Every release of Frappe that is still kept: version 15 also answers under /api/v1 and /api/v2. A login by `cmd=login` in a
/// request to any path is found apart from these.
const FRAPPE_WAYS_IN: [&str; 9] = [
    "/login",
    "/api/method/login",
    "/api/v1/method/login",
    "/api/v2/method/login",
    "/api/method/frappe.www.login.login_via_token",
    "/api/method/frappe.www.login.login_via_key",
    "/api/method/frappe.www.login.send_login_link",
    "/api/method/frappe.core.doctype.user.user.update_password",
    "/api/method/frappe.integrations.oauth2.get_token",
];

/// Where applications of unknown make usually sign people in.
const USUAL_WAYS_IN: [&str; 12] = [
    "/login",
    "/signin",
    "/sign-in",
    "/sign_in",
    "/auth/login",
    "/account/login",
    "/accounts/login",
    "/users/sign_in",
    "/user/login",
    "/api/login",
    "/api/auth",
    "/api/token",
];

impl Preset {
    /// Its headers, where nothing else is configured. `usual` is what `[headers]` says.
    #[must_use]
    pub fn headers(self, usual: &HeadersConfig) -> HeadersConfig {
        match self {
            Self::Strict => usual.clone(),
            Self::Frappe => guides(FRAPPE_POLICY, true),
            Self::Kpi => guides(KPI_POLICY, false),
        }
    }

    /// The paths by which people sign in to such an application.
    #[must_use]
    pub const fn ways_in(self) -> &'static [&'static str] {
        match self {
            Self::Strict | Self::Kpi => &USUAL_WAYS_IN,
            Self::Frappe => &FRAPPE_WAYS_IN,
        }
    }

    /// Paths of files that pages refer to, which do not count against the limit of requests.
    #[must_use]
    pub const fn static_paths(self) -> &'static [&'static str] {
        match self {
            Self::Frappe => &["/assets", "/files", "/favicon.ico"],
            Self::Kpi | Self::Strict => &["/static", "/assets", "/favicon.ico"],
        }
    }

    /// Cookies that the application's own scripts read. None of them lets somebody in: those are hidden from scripts.
    #[must_use]
    pub const fn script_cookies(self) -> &'static [&'static str] {
        match self {
            // Frappe's desk reads who it is from cookies (frappe.get_cookie), its web shop the number of goods.
            Self::Frappe => &[
                "user_id",
                "full_name",
                "user_image",
                "system_user",
                "user_lang",
                "preferred_language",
                "country",
                "cart_count",
            ],
            // Tokens against forged requests, which scripts put into a header: Django, Angular and Laravel, Tornado.
            Self::Kpi | Self::Strict => &["csrftoken", "csrf_token", "XSRF-TOKEN", "_xsrf"],
        }
    }

    /// Paths that its pages ask for on their own, without anybody at the keyboard.
    #[must_use]
    pub const fn background_paths(self) -> &'static [&'static str] {
        match self {
            Self::Frappe => &["/socket.io", "/api/method/ping", "/api/method/frappe.desk.notifications.get_open_count"],
            Self::Kpi | Self::Strict => &[],
        }
    }

    /// As written in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Frappe => "frappe",
            Self::Kpi => "kpi",
        }
    }
}

/// A guide's set of headers and no other. What it does not name is left to the application: Frappe scans codes with the
/// camera, signs in by windows of other sites and has its pictures in mails, so a stricter word would break it.
fn guides(policy: &'static str, preload: bool) -> HeadersConfig {
    HeadersConfig {
        content_security_policy: HeaderText::own(policy),
        cross_origin_opener_policy: HeaderText::own(""),
        cross_origin_resource_policy: HeaderText::own(""),
        permissions_policy: HeaderText::own(""),
        hsts_preload: preload,
        ..HeadersConfig::default()
    }
}
