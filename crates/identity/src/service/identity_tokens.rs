//! Tokens that tell the app of a guarded site who is there: JWTs, signed with Ed25519, good for a minute.
//!
//! A key is published an hour before it signs, and for an hour after the next one has taken over: whoever keeps the
//! published keys for less than that never meets a token that it can't verify.

use std::sync::{Arc, PoisonError};

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{AlgorithmParameters, Jwk},
};
use palisade_base::{
    Authority, Caller, Category, Error, Instant, Resource, Secret, Span, TrailEntry, auth::IdentityFor, auth::SiteUser,
};
use palisade_keys::Place;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Identity;
use crate::store::{
    grants,
    identity_keys::{self, StoredKey},
};

/// How long a token counts.
const TOKEN_LIVES: Span = Span::seconds(60);
/// How long a key signs.
const KEY_SIGNS: Span = Span::days(30);
/// How long a key is published before it signs, and after.
const OVERLAP: Span = Span::hours(1);
/// How long a node works with what it has read: less than the overlap, so that it knows every key that another uses.
const KEYS_FRESH: Span = Span::minutes(5);
/// An Ed25519 private key in PKCS #8 (RFC 8410) is this and the seed.
const PKCS8_HEAD: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
const SEED_BYTES: usize = 32;

/// The keys as they were read a moment ago.
pub(super) struct Keyring {
    read_at: Instant,
    kid: String,
    signing: EncodingKey,
    published: Value,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: String,
    name: &'a str,
    preferred_username: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    roles: &'a [String],
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
}

impl Identity {
    /// A token that says who this is.
    ///
    /// # Errors
    /// The keys can't be read.
    pub(super) async fn sign_identity(&self, user: &SiteUser, parties: IdentityFor<'_>) -> Result<Arc<str>, Error> {
        let ring = self.keyring().await?;
        let now = self.now().as_micros().div_euclid(1_000_000);
        let claims = Claims {
            iss: parties.issuer,
            aud: parties.audience,
            sub: user.id.to_string(),
            name: &user.name,
            preferred_username: &user.login,
            email: user.email.as_deref(),
            roles: &user.roles,
            iat: now,
            nbf: now,
            exp: now + TOKEN_LIVES.as_seconds(),
            jti: self.0.env.uuid().to_string(),
        };
        let header = Header { kid: Some(ring.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        Ok(jsonwebtoken::encode(&header, &claims, &ring.signing).map_err(Error::internal)?.into())
    }

    /// The public keys, as a JSON Web Key Set (RFC 7517).
    ///
    /// # Errors
    /// The keys can't be read.
    pub async fn identity_keys(&self) -> Result<Value, Error> {
        Ok(self.keyring().await?.published.clone())
    }

    /// Makes the next key where it is due, and deletes those that nobody needs any more. For a job, hourly.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn rotate_identity_keys(&self) -> Result<(), Error> {
        let now = self.now();
        let keys = identity_keys::list(&mut *self.read().await?).await?;
        if next_signs_from(&keys, now).is_none() && outdated(&keys, now).next().is_none() {
            return Ok(());
        }
        let mut tx = self.write().await?;
        // Two nodes that find the same must not both make a key.
        grants::lock(&mut tx).await?;
        let keys = identity_keys::list(&mut tx).await?;
        let mut entry = TrailEntry::new(
            Category::Configuration,
            &Caller::job("identity.keys", Authority::none()),
            "identity_key.rotate",
            Resource::whole("identity_key"),
        );
        for key in outdated(&keys, now) {
            identity_keys::delete(&mut tx, key.id).await?;
            entry = entry.note("deleted", key.id.to_string());
        }
        if let Some(signs_from) = next_signs_from(&keys, now) {
            let (id, seed) = (self.0.env.uuid(), Secret::new(self.0.env.bytes::<SEED_BYTES>()));
            let seed = self.0.vault.encrypt(&place(id), seed.expose())?;
            identity_keys::insert(&mut tx, StoredKey { id, seed, signs_from }).await?;
            entry = entry.note("made", id.to_string()).note("signs_from", signs_from.to_string());
        }
        tx.commit(entry).await?;
        self.0.keyring.write().unwrap_or_else(PoisonError::into_inner).take();
        Ok(())
    }

    async fn keyring(&self) -> Result<Arc<Keyring>, Error> {
        let now = self.now();
        let fresh = |ring: &&Arc<Keyring>| now.since(ring.read_at) < KEYS_FRESH && now >= ring.read_at;
        if let Some(ring) = self.0.keyring.read().unwrap_or_else(PoisonError::into_inner).as_ref().filter(fresh) {
            return Ok(Arc::clone(ring));
        }
        self.rotate_identity_keys().await?;
        // Read with a clock of its own: a key that was made just now signs from an instant later than this function began.
        let ring = Arc::new(self.read_keyring(self.now()).await?);
        *self.0.keyring.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&ring));
        Ok(ring)
    }

    async fn read_keyring(&self, now: Instant) -> Result<Keyring, Error> {
        let keys = identity_keys::list(&mut *self.read().await?).await?;
        let mut published = Vec::new();
        for key in &keys {
            published.push(public_key(&self.private_key(key).await?, &kid(key.id))?);
        }
        // Where another node's clock is ahead, the first key of all may have a time that has not come here yet.
        let due = keys.iter().find(|key| key.signs_from <= now).or_else(|| keys.last());
        let due = due.ok_or_else(|| Error::internal("no key for identity tokens"))?;
        let (kid, signing) = (kid(due.id), self.private_key(due).await?);
        Ok(Keyring { read_at: now, kid, signing, published: json!({ "keys": published }) })
    }

    async fn private_key(&self, key: &StoredKey) -> Result<EncodingKey, Error> {
        let seed = self.0.vault.decrypt(&place(key.id), &key.seed).await?;
        let der = Secret::new([PKCS8_HEAD.as_slice(), seed.expose()].concat());
        Ok(EncodingKey::from_ed_der(der.expose()))
    }
}

/// From when the next key is to sign, where it is time to make it. `keys` stand with the newest first.
fn next_signs_from(keys: &[StoredKey], now: Instant) -> Option<Instant> {
    match keys.first() {
        None => Some(now),
        Some(newest) if newest.signs_from + KEY_SIGNS - OVERLAP <= now => Some(now + OVERLAP),
        Some(_) => None,
    }
}

/// Keys whose successor has signed for so long that no token of theirs counts, and nobody looks for them.
fn outdated(keys: &[StoredKey], now: Instant) -> impl Iterator<Item = &StoredKey> {
    let replaced = move |pair: &&[StoredKey]| pair[0].signs_from + OVERLAP <= now;
    keys.windows(2).filter(replaced).map(|pair| &pair[1])
}

fn public_key(private: &EncodingKey, kid: &str) -> Result<Value, Error> {
    let jwk = Jwk::from_encoding_key(private, Algorithm::EdDSA).map_err(Error::internal)?;
    let AlgorithmParameters::OctetKeyPair(pair) = jwk.algorithm else {
        return Err(Error::internal("a key for identity tokens is of another kind"));
    };
    Ok(json!({ "kty": "OKP", "crv": "Ed25519", "x": pair.x, "use": "sig", "alg": "EdDSA", "kid": kid }))
}

fn kid(id: Uuid) -> String {
    BASE64URL_NOPAD.encode(id.as_bytes())
}

fn place(key: Uuid) -> Place {
    Place::new("identity_key", "seed", key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant::from_micros(1_000_000_000_000);

    fn key(number: u128, signs_from: Instant) -> StoredKey {
        StoredKey { id: Uuid::from_u128(number), seed: Vec::new(), signs_from }
    }

    #[test]
    fn a_key_is_known_an_hour_before_it_signs_and_an_hour_after() {
        assert_eq!(next_signs_from(&[], START), Some(START));
        let first = [key(1, START)];
        assert_eq!(next_signs_from(&first, START + Span::days(30) - Span::minutes(61)), None);
        let made_at = START + Span::days(30) - Span::hours(1);
        assert_eq!(next_signs_from(&first, made_at), Some(START + Span::days(30)));
        let both = [key(2, START + Span::days(30)), key(1, START)];
        let after = |minutes| outdated(&both, START + Span::days(30) + Span::minutes(minutes)).count();
        assert_eq!((after(0), after(59), after(60)), (0, 0, 1));
    }

    #[test]
    fn a_key_that_was_asleep_for_long_still_hands_over_with_notice() {
        let late = START + Span::days(90);
        assert_eq!(next_signs_from(&[key(1, START)], late), Some(late + OVERLAP));
    }
}
