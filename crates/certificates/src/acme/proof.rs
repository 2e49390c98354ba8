//! What a CA is shown as proof, in each of the three ways.

use std::{net::IpAddr, sync::Arc};

use instant_acme::{ChallengeHandle, ChallengeType, Identifier};
use palisade_config::{AcmeChallenge, HostName};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::{crypto::aws_lc_rs, sign::CertifiedKey};
use rustls_pki_types::PrivateKeyDer;

use super::{dns::DnsChallenge, failure::Failed};
use crate::{
    challenge::{Challenges, Pending},
    own,
};

/// A proof that is shown; [`Proof::take_back`] ends it.
pub(super) enum Proof {
    /// By us, until it is dropped.
    Here { _shown: Pending },
    /// In the DNS.
    Dns { record: String, value: String },
}

/// Who shows proofs.
#[derive(Clone)]
pub(super) struct Prover {
    pub(super) way: AcmeChallenge,
    pub(super) challenges: Arc<Challenges>,
    pub(super) dns: Option<(Arc<dyn DnsChallenge>, String)>,
}

impl Prover {
    pub(super) const fn kind(&self) -> ChallengeType {
        match self.way {
            AcmeChallenge::Http01 => ChallengeType::Http01,
            AcmeChallenge::TlsAlpn01 => ChallengeType::TlsAlpn01,
            AcmeChallenge::Dns01 => ChallengeType::Dns01,
        }
    }

    /// Shows what this challenge asks for.
    pub(super) async fn show(&self, challenge: &ChallengeHandle<'_>) -> Result<Proof, Failed> {
        let answer = challenge.key_authorization();
        let host = host_of(challenge.identifier().identifier)?;
        match self.way {
            AcmeChallenge::Http01 => {
                Ok(Proof::Here { _shown: self.challenges.show_http(&challenge.token, answer.as_str()) })
            }
            AcmeChallenge::TlsAlpn01 => {
                let proof = certificate_of_proof(&host, answer.digest().as_ref())?;
                Ok(Proof::Here { _shown: self.challenges.show_tls(&server_name(&host), &proof) })
            }
            AcmeChallenge::Dns01 => self.set_record(&host, answer.dns_value()).await,
        }
    }

    async fn set_record(&self, host: &HostName, value: String) -> Result<Proof, Failed> {
        let Some((dns, command)) = &self.dns else {
            return Err(Failed::new("dns-01 needs the helper, and none is configured: see [helper] and dns_command"));
        };
        let record = format!("_acme-challenge.{host}");
        dns.set(command, &record, &value)
            .await
            .map_err(|why| Failed::new(format!("the command {command:?} could not set the record {record}: {why}")))?;
        Ok(Proof::Dns { record, value })
    }

    /// Ends what was shown. A record that can't be removed does no harm; somebody should know all the same.
    pub(super) async fn take_back(&self, proofs: Vec<Proof>) {
        for proof in proofs {
            let (Proof::Dns { record, value }, Some((dns, command))) = (proof, &self.dns) else { continue };
            if let Err(why) = dns.remove(command, &record, &value).await {
                tracing::warn!(record, command, why, "a record for a CA could not be removed");
            }
        }
    }
}

pub(super) fn identifier(host: &HostName) -> Identifier {
    match host.address() {
        Some(address) => Identifier::Ip(address),
        None => Identifier::Dns(host.to_string()),
    }
}

fn host_of(identifier: &Identifier) -> Result<HostName, Failed> {
    let text = match identifier {
        Identifier::Dns(name) => name.clone(),
        Identifier::Ip(address) => address.to_string(),
        _ => String::new(),
    };
    HostName::parse(&text).map_err(|_| Failed::new("the CA asks about something that is neither name nor address"))
}

/// The name that a CA asks for in its handshake. An address has none, so its reverse name is used (RFC 8738).
fn server_name(host: &HostName) -> String {
    match host.address() {
        None => host.to_string(),
        Some(IpAddr::V4(v4)) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        Some(IpAddr::V6(v6)) => {
            let nibbles = v6.octets().into_iter().rev().flat_map(|octet| [octet & 0x0f, octet >> 4]);
            nibbles.map(|nibble| format!("{nibble:x}.")).collect::<String>() + "ip6.arpa"
        }
    }
}

/// A certificate that says nothing but what the CA wants to read (RFC 8737).
fn certificate_of_proof(host: &HostName, digest: &[u8]) -> Result<Arc<CertifiedKey>, Failed> {
    let broken = |why: String| Failed::new(format!("the certificate of proof could not be made: {why}"));
    if digest.len() != 32 {
        return Err(broken("the digest has a wrong length".to_owned()));
    }
    let mut params = CertificateParams::default();
    params.subject_alt_names.push(own::alternative_name(host).map_err(|error| broken(error.to_string()))?);
    params.custom_extensions.push(CustomExtension::new_acme_identifier(digest));
    let key = KeyPair::generate().map_err(|error| broken(error.to_string()))?;
    let certificate = params.self_signed(&key).map_err(|error| broken(error.to_string()))?;
    let private = PrivateKeyDer::try_from(key.serialize_der()).map_err(|error| broken(error.to_owned()))?;
    let signer = aws_lc_rs::sign::any_supported_type(&private).map_err(|error| broken(error.to_string()))?;
    Ok(Arc::new(CertifiedKey::new(vec![certificate.der().clone()], signer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_asked_for_by_its_reverse_name() {
        let name = |text: &str| server_name(&HostName::parse(text).unwrap());
        assert_eq!(name("9.8.7.6"), "6.7.8.9.in-addr.arpa");
        assert_eq!(name("2001:db8::1"), "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
        assert_eq!(name("a.example.com"), "a.example.com");
    }
}
