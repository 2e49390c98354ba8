//! Tokens of site sessions: each ends with a mark that only this company's Palisade makes.
//!
//! Whoever makes up a cookie for every request would have the database asked each time whether it is a session. The mark
//! is checked first, and costs a hash. That it is right says nothing about whether the session is there.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use palisade_base::{Error, PlainToken};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::Identity;

/// The vault's name for the key of marks.
const KEY: &str = "site-session-mark";
/// The block of SHA-256: a key of this length is used as it is.
const BLOCK: usize = 64;
/// A mark of 128 bits.
const MARK_BYTES: usize = 16;
/// The same in base64url.
const MARK: usize = 22;

/// Makes marks and knows them again.
#[derive(Clone)]
pub(super) struct SiteMarks(Hmac<Sha256>);

impl SiteMarks {
    fn new(key: &[u8; BLOCK]) -> Self {
        Self(Hmac::new(&(*key).into()))
    }

    fn mark(&self, site: &str, random: &str) -> String {
        // No site has a name with a zero in it, so no two pairs are one text.
        let text = [site.as_bytes(), &[0], random.as_bytes()].concat();
        let whole = self.0.clone().chain_update(text).finalize().into_bytes();
        BASE64URL_NOPAD.encode(whole.get(..MARK_BYTES).unwrap_or_default())
    }

    /// This random token, marked as one of the site's.
    pub(super) fn marked(&self, site: &str, random: &PlainToken) -> Result<PlainToken, Error> {
        let text = format!("{}{}", random.reveal(), self.mark(site, random.reveal()));
        PlainToken::from_client(&text).ok_or_else(|| Error::internal("a token with its mark is too long"))
    }

    /// Whether the token was made here, for this site.
    pub(super) fn knows(&self, site: &str, token: &PlainToken) -> bool {
        // Tokens are ASCII, so any place in one is a place between two characters.
        let parts = token.reveal().len().checked_sub(MARK).and_then(|at| token.reveal().split_at_checked(at));
        parts.is_some_and(|(random, mark)| self.mark(site, random).as_bytes().ct_eq(mark.as_bytes()).into())
    }
}

impl Identity {
    /// The marks of this company. The key is made on first use, and is the same on every node.
    pub(super) async fn site_marks(&self) -> Result<&SiteMarks, Error> {
        let made = self.0.site_marks.get_or_try_init(|| async {
            let secret = self.0.vault.secret(KEY, BLOCK).await.map_err(Error::internal)?;
            let key = secret.expose().as_slice().try_into().map_err(Error::internal)?;
            Ok::<_, Error>(SiteMarks::new(key))
        });
        made.await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> PlainToken {
        PlainToken::from_client(text).unwrap()
    }

    #[test]
    fn a_mark_is_its_keys_its_sites_and_its_tokens() {
        let marks = SiteMarks::new(&[7; BLOCK]);
        let made = marks.marked("tems", &token("random")).unwrap();
        assert!(marks.knows("tems", &made));
        assert_eq!(made.reveal().len(), "random".len() + MARK);
        assert!(!marks.knows("other", &made), "another site's");
        assert!(!SiteMarks::new(&[8; BLOCK]).knows("tems", &made), "another company's");
        for text in ["random", "r", &made.reveal().replace("random", "Random"), &format!("{}A", made.reveal())] {
            assert!(!marks.knows("tems", &token(text)), "{text}");
        }
        assert!(!marks.knows("tems", &token(&"A".repeat(MARK))));
    }
}
