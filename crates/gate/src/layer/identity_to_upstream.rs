//! Tells the application of a guarded site who is there: by a signed token, in plain headers, or not at all.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use palisade_base::auth::{OnSite, SiteUser};
use palisade_config::IdentityForm;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::{
    pipeline::{self, Next},
    request::{LayerFuture, Passage},
    shared::Shared,
};

/// The signed token.
const IDENTITY: HeaderName = HeaderName::from_static("x-palisade-identity");
const USER: HeaderName = HeaderName::from_static("x-palisade-user");
const EMAIL: HeaderName = HeaderName::from_static("x-palisade-email");
const NAME: HeaderName = HeaderName::from_static("x-palisade-name");
const ROLES: HeaderName = HeaderName::from_static("x-palisade-roles");

/// What is percent-encoded in plain headers, beside all that is not ASCII: `%` itself, and what separates roles.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%').add(b',').add(b'"').add(b'\\');

pub(crate) fn pass(_shared: Arc<Shared>, mut passage: Passage, next: Next) -> LayerFuture {
    let site = passage.facts.site().cloned();
    if let Some(access) = site.as_ref().and_then(|site| site.access.as_ref())
        && let Some(there) = passage.request.extensions_mut().remove::<OnSite>()
    {
        let headers = passage.request.headers_mut();
        if access.tells(IdentityForm::Jwt) {
            set(headers, IDENTITY, there.token.as_deref().unwrap_or_default());
        }
        if access.tells(IdentityForm::Headers) {
            tell_plainly(headers, &there.user);
        }
    }
    pipeline::run(next, passage)
}

fn tell_plainly(headers: &mut HeaderMap, user: &SiteUser) {
    let roles: Vec<String> = user.roles.iter().map(|role| encoded(role)).collect();
    set(headers, USER, &encoded(&user.login));
    set(headers, EMAIL, &user.email.as_deref().map(encoded).unwrap_or_default());
    set(headers, NAME, &encoded(&user.name));
    set(headers, ROLES, &roles.join(","));
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Nothing to say is no header. What is set is ASCII without control characters, so it always fits.
fn set(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Some(value) = HeaderValue::from_str(text).ok().filter(|value| !value.is_empty()) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use palisade_base::UserId;
    use proptest::prelude::*;

    use super::*;

    fn told(name: &str, roles: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let user = SiteUser {
            id: UserId(uuid::Uuid::nil()),
            login: "ada".to_owned(),
            name: name.to_owned(),
            email: None,
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        tell_plainly(&mut headers, &user);
        headers
    }

    #[test]
    fn names_and_roles_are_written_so_that_nothing_can_be_slipped_in() {
        let headers = told("Zoë\r\nX-Palisade-Roles: Admin", &["Head, of depot", "Staff"]);
        assert_eq!(headers["x-palisade-name"], "Zo%C3%AB%0D%0AX-Palisade-Roles: Admin");
        assert_eq!(headers["x-palisade-roles"], "Head%2C of depot,Staff");
        assert_eq!(
            (&headers["x-palisade-user"], headers.contains_key("x-palisade-email")),
            (&"ada".parse().unwrap(), false)
        );
    }

    proptest! {
        #[test]
        fn every_name_comes_through_and_back(name in "\\PC{1,40}|[\\x00-\\x7f]{1,40}") {
            let headers = told(&name, &[]);
            let text = headers["x-palisade-name"].to_str().unwrap();
            prop_assert_eq!(percent_encoding::percent_decode_str(text).decode_utf8().unwrap(), name);
        }
    }
}
