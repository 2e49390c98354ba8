//! The keys of seals: Ed25519, named and written as C2SP signed-note has them.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest as _, Sha256};
use thiserror::Error as ThisError;

/// Signed-note's number for Ed25519.
const ALGORITHM: u8 = 1;

/// Who can check seals: a name and a public key, written `name+hash+key` ("vkey").
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key: [u8; 32],
}

/// A text is no verifier key.
#[derive(Debug, ThisError, PartialEq, Eq)]
#[error(
    "this is not a verifier key: {0}\n  It looks like palisade/trail/0123456789abcdef+1a2b3c4d+AXl…; the first line of an export has it, and Admin > Trail shows it."
)]
pub struct VerifierKeyError(&'static str);

impl VerifierKey {
    /// Reads `name+hash+key`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, VerifierKeyError> {
        let mut parts = text.trim().splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(VerifierKeyError("it does not have three parts joined by `+`"));
        };
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(VerifierKeyError("its name is empty or has spaces"));
        }
        let key = BASE64.decode(key.as_bytes()).map_err(|_| VerifierKeyError("its last part is not base64"))?;
        let key = match key.split_first() {
            Some((&ALGORITHM, key)) => {
                key.try_into().map_err(|_| VerifierKeyError("its key does not have 32 bytes"))?
            }
            _ => return Err(VerifierKeyError("its key is not an Ed25519 key")),
        };
        let parsed = Self { name: name.to_owned(), key };
        if HEXLOWER.encode(&parsed.hash()) != hash {
            return Err(VerifierKeyError("its middle part does not fit its name and key"));
        }
        Ok(parsed)
    }

    /// The key's name: the origin of the trail that it signs.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The four bytes that name the key in a signature line.
    #[must_use]
    pub fn hash(&self) -> [u8; 4] {
        let digest =
            Sha256::new().chain_update(&self.name).chain_update([b'\n', ALGORITHM]).chain_update(self.key).finalize();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    /// Whether `signature` is this key's over `text`.
    #[must_use]
    pub fn verifies(&self, text: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.key).verify(text.as_bytes(), signature).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64.encode(&[&[ALGORITHM], self.key.as_slice()].concat());
        write!(f, "{}+{}+{key}", self.name, HEXLOWER.encode(&self.hash()))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The key that signs seals. Has no `Debug`.
pub(crate) struct SigningKey {
    pair: Ed25519KeyPair,
    verifier: VerifierKey,
}

impl SigningKey {
    /// From 32 secret bytes; `None` where the library refuses them.
    ///
    /// The name is made from the key itself: a trail keeps it when its host is renamed, and no two trails share one.
    pub(crate) fn from_seed(seed: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        let key: [u8; 32] = pair.public_key().as_ref().try_into().ok()?;
        let name = format!("palisade/trail/{}", HEXLOWER.encode(&Sha256::digest(key)[..8]));
        Some(Self { pair, verifier: VerifierKey { name, key } })
    }

    pub(crate) const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    pub(crate) fn sign(&self, text: &str) -> Vec<u8> {
        self.pair.sign(text.as_bytes()).as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example key of Go's `golang.org/x/mod/sumdb/note`, the reference implementation of signed notes.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn the_reference_key_is_read_and_written_as_it_is() {
        assert_eq!(VerifierKey::parse(PETER).unwrap().to_string(), PETER);
    }

    #[test]
    fn the_reference_signature_verifies() {
        let text =
            "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
        let signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
        let bytes = BASE64.decode(signature.as_bytes()).unwrap();
        let key = VerifierKey::parse(PETER).unwrap();
        assert_eq!(bytes[..4], key.hash());
        assert!(key.verifies(text, &bytes[4..]));
        assert!(!key.verifies(&text.replace("answer", "question"), &bytes[4..]));
    }

    #[test]
    fn what_is_no_key_is_told_why() {
        for (text, why) in [
            ("PeterNeumann", "three parts"),
            (&PETER.replace("c74f20a3", "c74f20a4"), "does not fit"),
            (&PETER.replace("Peter", "Paul"), "does not fit"),
            (&PETER.replace("+AR", "+CR"), "not an Ed25519 key"),
            (&PETER[..PETER.len() - 1], "not base64"),
        ] {
            assert!(VerifierKey::parse(text).unwrap_err().to_string().contains(why), "{text}");
        }
    }
}
