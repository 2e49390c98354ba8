//! Bearer tokens: the plain one is shown once, the hashed one is stored.

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{Env, Secret};

/// A bearer token as its holder has it: 256 bits of randomness in base64url, with an optional prefix that names its kind.
///
/// It cannot be printed or compared; [`PlainToken::hashed`] is the only way to what is stored.
#[derive(Clone)]
pub struct PlainToken(Secret<String>);

/// A token as the database has it: SHA-256 of the plain one. A fast hash is enough, because the token has full entropy.
#[derive(Clone, Copy)]
pub struct HashedToken([u8; 32]);

impl PlainToken {
    /// The longest text that is looked at; anything longer is not one of our tokens.
    pub const MAX_LENGTH: usize = 128;

    /// A new random token, `prefix` in front.
    #[must_use]
    pub fn generate(env: &Env, prefix: &str) -> Self {
        let body = BASE64URL_NOPAD.encode(&env.bytes::<32>());
        Self(Secret::new(format!("{prefix}{body}")))
    }

    /// A token that a client sent. `None` where it can't be one of ours: empty, too long, or of foreign characters.
    #[must_use]
    pub fn from_client(text: &str) -> Option<Self> {
        let fits = !text.is_empty()
            && text.len() <= Self::MAX_LENGTH
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        fits.then(|| Self(Secret::new(text.to_owned())))
    }

    /// What is stored.
    #[must_use]
    pub fn hashed(&self) -> HashedToken {
        HashedToken(Sha256::digest(self.0.expose().as_bytes()).into())
    }

    /// The text for its holder: into a cookie, a link, or a page that shows it once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose()
    }
}

impl HashedToken {
    /// The stored bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From stored bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl PartialEq for HashedToken {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for HashedToken {}
