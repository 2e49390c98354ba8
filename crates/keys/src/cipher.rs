//! AES-256-GCM with random nonces: the one way that anything is encrypted here.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use palisade_base::{Env, Secret};

use crate::VaultError;

/// The length of every key, in bytes.
pub(crate) const KEY_LENGTH: usize = 32;

/// A key that encrypts. Has no `Debug`.
pub(crate) struct Cipher(LessSafeKey);

impl Cipher {
    pub(crate) fn new(key: &Secret<[u8; KEY_LENGTH]>) -> Result<Self, VaultError> {
        let key = UnboundKey::new(&AES_256_GCM, key.expose()).map_err(|_| VaultError::Refused)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Appends nonce, ciphertext and tag to `out`. `context` is not stored: who decrypts must know it.
    pub(crate) fn seal_onto(
        &self,
        out: &mut Vec<u8>,
        context: &[u8],
        plain: &[u8],
        env: &Env,
    ) -> Result<(), VaultError> {
        let nonce: [u8; NONCE_LEN] = env.bytes();
        let mut body = Secret::new(plain.to_vec());
        let tag = self
            .0
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), body.expose_mut())
            .map_err(|_| VaultError::Refused)?;
        out.extend_from_slice(&nonce);
        out.extend_from_slice(body.expose());
        out.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// Opens what [`Cipher::seal_onto`] appended; `None` where key, context or a bit of it differ.
    pub(crate) fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Secret<Vec<u8>>> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = Secret::new(body.to_vec());
        let length = self.0.open_in_place(nonce, Aad::from(context), body.expose_mut()).ok()?.len();
        body.expose_mut().truncate(length);
        Some(body)
    }
}
