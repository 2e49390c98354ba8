//! What belongs to a user's account: factor, devices, keys, links.

use std::net::IpAddr;

use palisade_base::{ApiKeyId, Instant, Permission, PlainToken, Scope, SecretString, UserId};
use uuid::Uuid;

/// The state of a user's second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FactorStatus {
    /// Since when an authenticator app is enrolled.
    pub totp_since: Option<Instant>,
    /// How many recovery codes are left.
    pub recovery_codes_left: i64,
}

/// A second factor that waits for its first code. Everything in it is secret; it is shown on one page only.
pub struct TotpEnrolment {
    /// The seed in base32, to type in by hand.
    pub secret: SecretString,
    /// The `otpauth://` address that the picture holds.
    pub uri: SecretString,
    /// The picture as SVG.
    pub qr_svg: String,
}

/// A device that somebody has signed in from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: Uuid,
    /// The owner's name for it, where it is enrolled as a mobile device.
    pub name: Option<String>,
    /// The user agent that was last seen on it.
    pub agent: Option<String>,
    /// Since when it is known.
    pub created_at: Instant,
    /// The last sign-in from it.
    pub last_seen_at: Instant,
}

/// An API key, without the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Whose it is; it never allows more than they may.
    pub owner: UserId,
    /// The owner's name for it.
    pub name: String,
    /// What it may be used for.
    pub permissions: Vec<(Permission, Scope)>,
    /// When it was made.
    pub created_at: Instant,
    /// Until when it is valid.
    pub expires_at: Instant,
    /// Since when it is not, where it was revoked.
    pub revoked_at: Option<Instant>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Instant>,
}

/// An API key to be made.
#[derive(Clone, Debug)]
pub struct NewApiKey {
    /// A name that tells its owner what it is for; 1 to 80 characters.
    pub name: String,
    /// What it may be used for: a part of what its owner may do.
    pub permissions: Vec<(Permission, Scope)>,
    /// How long it is valid; 1 to 365 days.
    pub valid_days: i64,
}

/// A one-time link's secret part: the token that ends its address.
pub struct OneTimeLink {
    /// The token.
    pub token: PlainToken,
    /// Until when it works.
    pub expires_at: Instant,
}

/// An address as the database has it.
pub(crate) fn stored_address(address: Option<IpAddr>) -> Option<String> {
    address.map(|address| address.to_canonical().to_string())
}
