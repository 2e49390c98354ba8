//! A browser without a screen: it keeps cookies, and sends forms with what the page put into them.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use axum::{Router, body::Body, extract::Request};
use data_encoding::BASE32_NOPAD;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use palisade_base::Instant;
use palisade_web::SignInFailed;
use tower::ServiceExt as _;

pub(crate) struct Browser {
    router: Router,
    pub(crate) cookies: BTreeMap<String, String>,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// The mark of a failed try to sign in, and as whom it was.
    pub(crate) failed_as: Option<Option<String>>,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers.get("location").map_or("", |value| value.to_str().unwrap())
    }

    /// Fails unless the page says this.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        assert!(self.body.contains(words), "{} does not say {words:?}: {}", self.status, self.body);
        self
    }

    #[track_caller]
    pub(crate) fn is_silent_about(&self, words: &str) -> &Self {
        assert!(!self.body.contains(words), "says {words:?}: {}", self.body);
        self
    }

    /// The value of a hidden or text field of the page.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let tag =
            self.body.split('<').find(|tag| tag.contains(&format!("name=\"{name}\"")) && tag.contains("value="))?;
        tag.split("value=\"").nth(1)?.split('"').next()
    }

    /// The text of the element with this id.
    pub(crate) fn text_of(&self, id: &str) -> String {
        let after = self.body.split(&format!("id=\"{id}\"")).nth(1).unwrap_or_else(|| panic!("no {id}: {}", self.body));
        after.split_once('>').unwrap().1.split('<').next().unwrap().to_owned()
    }
}

impl Browser {
    pub(crate) fn new(router: Router) -> Self {
        Self { router, cookies: BTreeMap::new() }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), Body::empty()).await
    }

    /// Opens a page and sends the form to the same path.
    pub(crate) async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.submit_to(path, path, fields).await
    }

    /// Opens a page and sends its form, with the token and version that the page has, to another path.
    pub(crate) async fn submit_to(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(page).await;
        let mut all: Vec<(&str, &str)> = Vec::new();
        for hidden in ["_csrf", "version", "site"] {
            let given = fields.iter().any(|(name, _)| *name == hidden);
            all.extend(page.field(hidden).filter(|_| !given).map(|value| (hidden, value)));
        }
        all.extend_from_slice(fields);
        self.post(action, &all).await
    }

    /// Sends a form as it is.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header("origin", "https://acme.example")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        self.send(request, Body::from(body)).await
    }

    pub(crate) async fn sign_in(&mut self, login: &str, password: &str) -> Answer {
        self.submit("/sign-in", &[("login", login), ("password", password)]).await
    }

    async fn send(&mut self, request: http::request::Builder, body: Body) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request
            .header("host", "acme.example")
            .header("accept", "text/html")
            .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0")
            .header("cookie", cookies.join("; "));
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all("set-cookie") {
            self.keep(cookie.to_str().unwrap());
        }
        let failed_as = parts.extensions.get::<SignInFailed>().map(|mark| mark.account.clone());
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body, failed_as }
    }

    fn keep(&mut self, cookie: &str) {
        assert!(cookie.contains("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{cookie}");
        let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
        assert!(name.starts_with("__Host-"), "{cookie}");
        if cookie.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// RFC 6238 with SHA-1, six digits, 30 seconds: written here by hand, so that the pages are checked against the standard.
pub(crate) fn totp(seed: &str, now: Instant) -> String {
    let seed = BASE32_NOPAD.decode(seed.replace(' ', "").as_bytes()).unwrap();
    let step = u64::try_from(now.as_micros() / 30_000_000).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &seed);
    let digest = hmac::sign(&key, &step.to_be_bytes());
    let bytes = digest.as_ref();
    let at = usize::from(bytes[19] & 0x0f);
    let number = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}
