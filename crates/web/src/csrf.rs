//! Proof that a form came from a page of ours: a token bound to the session, or before sign-in to the visit.

use std::fmt;

use askama::filters::HtmlSafe;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use palisade_base::{PlainToken, SessionId};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// The server's key for form tokens. Every node of a site has the same one; changing it makes open forms stale, no more.
#[derive(Clone)]
pub struct CsrfKey(Hmac<Sha256>);

/// The form field that carries the token.
pub(crate) const FIELD: &str = "_csrf";

/// The header that carries it where a script of a page of ours sends JSON.
pub(crate) const HEADER: &str = "x-csrf-token";

/// The token that this visitor's forms carry. Shown in a template, it is the hidden form field.
#[derive(Clone)]
pub struct CsrfToken(String);

impl CsrfKey {
    /// The key of these bytes, from the vault.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        // HMAC pads a short key with zeros to its block: doing it here makes the constructor infallible.
        let mut block = [0; 64];
        block[..32].copy_from_slice(bytes);
        Self(Hmac::new(&block.into()))
    }

    /// The token for the forms of a session.
    #[must_use]
    pub fn for_session(&self, session: SessionId) -> CsrfToken {
        self.sign("session", session.0.as_bytes())
    }

    /// The token for the forms of a visit that has no session: anchored in the visit's cookie.
    #[must_use]
    pub fn for_visit(&self, visit: &PlainToken) -> CsrfToken {
        self.sign("visit", visit.reveal().as_bytes())
    }

    /// The tag of a sign-in's state, bound to the site and to the browser's secret there.
    #[must_use]
    pub(crate) fn for_hand_off(&self, site: &str, visit: &PlainToken, payload: &[u8]) -> CsrfToken {
        // Neither a site's name nor a token has a zero byte.
        self.sign("hand-off", &[site.as_bytes(), &[0], visit.reveal().as_bytes(), &[0], payload].concat())
    }

    fn sign(&self, kind: &str, anchor: &[u8]) -> CsrfToken {
        let mut mac = self.0.clone();
        mac.update(kind.as_bytes());
        mac.update(b":");
        mac.update(anchor);
        CsrfToken(BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
    }
}

impl CsrfToken {
    /// Whether a form's token is this one. Takes the same time wherever they differ.
    #[must_use]
    pub fn matches(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }

    /// The text, for a header or a test.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CsrfToken {
    /// The hidden form field.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"<input type="hidden" name="{FIELD}" value="{}">"#, self.0)
    }
}

/// Base64url has no character that markup gives a meaning to.
impl HtmlSafe for CsrfToken {}
