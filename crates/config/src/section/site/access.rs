//! `[site.access]` and `[[site.rule]]`: who gets to a guarded site.

use serde::{Deserialize, Serialize};

use super::path::PathPrefix;
use crate::{Network, reference::section};

section! {
    /// Who gets to a guarded site. `open`: the application does its own sign-in, and the gate watches. `required`: people sign in at the console first.
    "[site.access]" AccessConfig {
        /// `open` or `required`.
        sign_in: SignIn = SignIn::Open,
        /// The roles of this site. With `required`, who holds none of them gets no further.
        roles: Vec<String> = vec!["User".to_owned()],
        /// What the application is told about who is signed in: `jwt` (a signed token), `headers` (plain). Not set: `["jwt"]` with `required`, nothing with `open`.
        identity: Option<Vec<IdentityForm>> = None,
        /// Paths whose requests may come with the application's own token (an Authorization header) in place of a sign-in.
        api_paths: Vec<PathPrefix> = Vec::new(),
        /// Further paths that the application's pages ask for on their own, beside the preset's: such requests keep no idle sign-in alive.
        background_paths: Vec<PathPrefix> = Vec::new(),
    }
}

section! {
    /// A rule for a path of a guarded site and all below it, as the application sees the path. The first rule that fits decides. Write one block per rule, below its site.
    "[[site.rule]]" RuleConfig {
        /// The path: `/app/user`.
        path: PathPrefix = PathPrefix::everything(),
        /// Only requests from these networks get there; others get 403. Empty: from everywhere.
        networks: Vec<Network> = Vec::new(),
        /// Only holders of one of these roles get there. Empty: as the site says.
        roles: Vec<String> = Vec::new(),
        /// `open` (for webhooks) or `required`, whatever the site says.
        sign_in: Option<SignIn> = None,
    }
}

/// Whether people sign in before they get to a guarded site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignIn {
    /// The application does its own sign-in.
    Open,
    /// At the console, first.
    Required,
}

impl SignIn {
    /// As written in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Required => "required",
        }
    }
}

/// How the application is told who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityForm {
    /// A signed, short-lived token.
    Jwt,
    /// Plain headers.
    Headers,
}

impl AccessConfig {
    /// What the application is told, with the default in place.
    #[must_use]
    pub fn identity_forms(&self) -> &[IdentityForm] {
        match (&self.identity, self.sign_in) {
            (Some(own), _) => own,
            (None, SignIn::Required) => &[IdentityForm::Jwt],
            (None, SignIn::Open) => &[],
        }
    }
}
