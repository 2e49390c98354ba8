//! A certificate with its chain, and the key that belongs to it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{crypto::aws_lc_rs, sign::CertifiedKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use zeroize::Zeroizing;

use crate::{CertificateError, Facts, disk};

/// A certificate that can be served. It holds a private key, so it has no `Debug`.
pub(crate) struct Pair {
    pub(crate) key: Arc<CertifiedKey>,
    pub(crate) facts: Facts,
}

/// Where a pair lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Files {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// Loads a pair.
pub(crate) fn read(files: &Files) -> Result<Pair, CertificateError> {
    let read = |path: &Path| {
        disk::read(path).map(Zeroizing::new).map_err(|error| {
            let hint = "Check the path, and that Palisade's user may read it.";
            CertificateError::file(path, format!("can't be read: {error}"), hint)
        })
    };
    parse(&read(&files.certificate)?, &read(&files.key)?, files)
}

/// Loads a pair that lies in one file, so that it is replaced in one step.
pub(crate) fn read_bundle(path: &Path) -> Result<Pair, CertificateError> {
    read(&Files { certificate: path.to_owned(), key: path.to_owned() })
}

/// As [`read`], from texts; `files` is what errors name.
pub(crate) fn parse(certificate_pem: &[u8], key_pem: &[u8], files: &Files) -> Result<Pair, CertificateError> {
    let (certificate, key) = (files.certificate.as_path(), files.key.as_path());
    let problem = CertificateError::file;
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate_pem)
        .collect::<Result<_, _>>()
        .map_err(|error| problem(certificate, format!("is no PEM file: {error}"), "Give the certificate as PEM."))?;
    let Some(leaf) = chain.first() else {
        let hint = "A PEM certificate begins with -----BEGIN CERTIFICATE-----; its chain follows in the same file.";
        return Err(problem(certificate, "holds no certificate".to_owned(), hint));
    };
    let facts = Facts::of(leaf).map_err(|why| {
        let hint = "Ask whoever made it for an X.509 certificate that begins the file, with its chain after it.";
        problem(certificate, format!("begins with a certificate that can't be read: {why}"), hint)
    })?;
    let private = PrivateKeyDer::from_pem_slice(key_pem).map_err(|error| {
        let hint = "Give it as PEM, unencrypted: PKCS#8, SEC1 or PKCS#1.";
        problem(key, format!("holds no private key: {error}"), hint)
    })?;
    let signer = aws_lc_rs::sign::any_supported_type(&private).map_err(|error| {
        let hint = "ECDSA (P-256, P-384), Ed25519 and RSA from 2048 bits are taken.";
        problem(key, format!("can't be used: {error}"), hint)
    })?;
    let certified = CertifiedKey::new(chain, signer);
    certified.keys_match().map_err(|_| {
        let what = format!("does not belong to the certificate {}", certificate.display());
        problem(key, what, "Name the pair that belongs together.")
    })?;
    Ok(Pair { key: Arc::new(certified), facts })
}
