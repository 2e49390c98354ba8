//! What a certificate says about itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use data_encoding::HEXLOWER;
use palisade_base::{Instant, Span};
use palisade_config::HostName;
use rustls_pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use x509_parser::{
    certificate::X509Certificate,
    extensions::{GeneralName, ParsedExtension},
    prelude::FromDer as _,
    x509::X509Name,
};

/// What a certificate says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Who issued it.
    pub issuer: String,
    /// It is its own issuer: nobody vouches for it.
    pub self_issued: bool,
    /// The names and addresses that it is good for.
    pub names: Vec<String>,
    /// From when it is good.
    pub not_before: Instant,
    /// Until when it is good.
    pub not_after: Instant,
    /// SHA-256 over the certificate, in hexadecimal.
    pub fingerprint: String,
    /// How the CA names it when asked when to renew: the id of its issuer's key, and its number (RFC 9773).
    pub(crate) renewal_id: Option<(Vec<u8>, Vec<u8>)>,
}

impl Facts {
    /// Reads a certificate.
    pub(crate) fn of(der: &CertificateDer<'_>) -> Result<Self, String> {
        let (_, read) = X509Certificate::from_der(der).map_err(|error| error.to_string())?;
        let instant = |seconds: i64| Instant::from_micros(seconds.saturating_mul(1_000_000));
        let validity = read.validity();
        Ok(Self {
            issuer: text_of(read.issuer()),
            self_issued: read.issuer().as_raw() == read.subject().as_raw(),
            names: names_of(&read),
            not_before: instant(validity.not_before.timestamp()),
            not_after: instant(validity.not_after.timestamp()),
            fingerprint: HEXLOWER.encode(&Sha256::digest(der)),
            renewal_id: renewal_id_of(&read),
        })
    }

    /// How long it is good in all.
    #[must_use]
    pub const fn life(&self) -> Span {
        self.not_after.since(self.not_before)
    }

    /// When one that is renewed by itself is due: after two thirds of its life.
    pub(crate) const fn renew_at(&self) -> Instant {
        Instant::from_micros(self.not_before.as_micros().saturating_add(self.life().as_micros() / 3 * 2))
    }

    /// Whole days until it ends; negative once it has.
    #[must_use]
    pub const fn days_left(&self, now: Instant) -> i64 {
        self.not_after.since(now).as_seconds().div_euclid(86_400)
    }

    /// Whether it is good for this host.
    pub(crate) fn covers(&self, host: &HostName) -> bool {
        let name = match host.address() {
            Some(address) => address.to_string(),
            None => host.to_string(),
        };
        let above = host.address().is_none().then(|| name.split_once('.').map(|(_, above)| format!("*.{above}")));
        let wildcard = above.flatten();
        self.names.iter().any(|of| of.eq_ignore_ascii_case(&name) || Some(of.to_ascii_lowercase()) == wildcard)
    }
}

/// The most telling part of a name, at most 200 characters of it: it is written by whoever made the certificate.
fn text_of(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().next().and_then(|part| part.as_str().ok());
    let organization = name.iter_organization().next().and_then(|part| part.as_str().ok());
    let text = match (common, organization) {
        (Some(common), Some(organization)) if !common.contains(organization) => format!("{common} ({organization})"),
        (Some(one), _) | (None, Some(one)) => one.to_owned(),
        (None, None) => "unnamed".to_owned(),
    };
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn names_of(read: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = read.subject_alternative_name() else { return Vec::new() };
    extension.value.general_names.iter().filter_map(name_of).collect()
}

fn name_of(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address_of(bytes).map(|address| address.to_string()),
        _ => None,
    }
}

fn address_of(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(|octets| IpAddr::V4(Ipv4Addr::from(octets)));
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(|octets| IpAddr::V6(Ipv6Addr::from(octets)))).ok()
}

fn renewal_id_of(read: &X509Certificate<'_>) -> Option<(Vec<u8>, Vec<u8>)> {
    let key = read.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(id) => id.key_identifier.as_ref().map(|id| id.0.to_vec()),
        _ => None,
    })?;
    Some((key, read.tbs_certificate.raw_serial().to_vec()))
}
