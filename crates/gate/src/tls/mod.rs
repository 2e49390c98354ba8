//! TLS: versions, suites, protocols. The certificates are palisade-certificates' business.

use std::sync::Arc;

use palisade_certificates::{ACME_TLS_ALPN, CertificateError};

use rustls::{
    ServerConfig, SupportedCipherSuite,
    crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs},
    server::ResolvesServerCert,
    version::{TLS12, TLS13},
};
use thiserror::Error as ThisError;

/// TLS can't be set up. Says what is wrong, and what to do.
#[derive(Debug, ThisError)]
pub enum TlsError {
    /// A certificate can't be had.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
    /// The cryptographic library refuses.
    #[error(
        "TLS can't be set up: {0}\n  This is a fault of the program or of the system's random numbers, not of the configuration."
    )]
    Library(#[from] rustls::Error),
}

/// Suites with forward secrecy and authenticated encryption, in the order in which the server prefers them.
static SUITES: [SupportedCipherSuite; 9] = [
    aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256,
    aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384,
    aws_lc_rs::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    aws_lc_rs::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    aws_lc_rs::cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    aws_lc_rs::cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    aws_lc_rs::cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    aws_lc_rs::cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    aws_lc_rs::cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];

/// Key exchange: safe against tomorrow's quantum computers first, where the client can.
static GROUPS: [&dyn SupportedKxGroup; 4] = [
    aws_lc_rs::kx_group::X25519MLKEM768,
    aws_lc_rs::kx_group::X25519,
    aws_lc_rs::kx_group::SECP256R1,
    aws_lc_rs::kx_group::SECP384R1,
];

/// TLS 1.2 and 1.3, the server's order, HTTP/2 and HTTP/1.1, session tickets. A CA's protocol stands last: it is chosen
/// only by who offers nothing else, and then only while a challenge is pending does the resolver have a certificate.
pub(crate) fn server_config(certificates: Arc<dyn ResolvesServerCert>) -> Result<ServerConfig, TlsError> {
    let provider =
        CryptoProvider { cipher_suites: SUITES.to_vec(), kx_groups: GROUPS.to_vec(), ..aws_lc_rs::default_provider() };
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.ignore_client_order = true;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec(), ACME_TLS_ALPN.to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    // Early data can be replayed by anybody who saw it; 0 is rustls's default and a decision here.
    config.max_early_data_size = 0;
    Ok(config)
}
