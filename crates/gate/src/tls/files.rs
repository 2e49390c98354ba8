//! Certificates and keys out of PEM files.

use std::{path::Path, sync::Arc};

use rustls::{crypto::aws_lc_rs, sign::CertifiedKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

use super::TlsError;

/// Loads a certificate with its chain, and the key that belongs to it.
pub(super) fn load(certificate: &Path, key: &Path) -> Result<Arc<CertifiedKey>, TlsError> {
    let read = |path: &Path| {
        std::fs::read(path).map_err(|error| {
            problem(path, format!("can't be read: {error}"), "Check the path, and that Palisade's user may read it.")
        })
    };
    certified(&read(certificate)?, certificate, &read(key)?, key)
}

pub(super) fn certified(
    certificate_pem: &[u8],
    certificate: &Path,
    key_pem: &[u8],
    key: &Path,
) -> Result<Arc<CertifiedKey>, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate_pem)
        .collect::<Result<_, _>>()
        .map_err(|error| problem(certificate, format!("is no PEM file: {error}"), "Give the certificate as PEM."))?;
    if chain.is_empty() {
        let hint = "A PEM certificate begins with -----BEGIN CERTIFICATE-----; its chain follows in the same file.";
        return Err(problem(certificate, "holds no certificate".to_owned(), hint));
    }
    let private = PrivateKeyDer::from_pem_slice(key_pem).map_err(|error| {
        problem(key, format!("holds no private key: {error}"), "Give it as PEM, unencrypted: PKCS#8, SEC1 or PKCS#1.")
    })?;
    let signer = aws_lc_rs::sign::any_supported_type(&private).map_err(|error| {
        problem(
            key,
            format!("can't be used: {error}"),
            "ECDSA (P-256, P-384), Ed25519 and RSA from 2048 bits are taken.",
        )
    })?;
    let certified = CertifiedKey::new(chain, signer);
    certified.keys_match().map_err(|_| {
        problem(
            key,
            format!("does not belong to the certificate {}", certificate.display()),
            "Name the pair that belongs together.",
        )
    })?;
    Ok(Arc::new(certified))
}

fn problem(path: &Path, problem: String, hint: &'static str) -> TlsError {
    TlsError::File { path: path.to_owned(), problem, hint }
}
