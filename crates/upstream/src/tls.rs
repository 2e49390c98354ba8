//! TLS to an upstream: its certificate is verified, always.

use std::{path::Path, sync::Arc};

use palisade_config::{HostName, read_file};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};

use crate::{error::SetupError, settings::UpstreamSettings};

/// How TLS connections to the upstream are made.
pub(crate) fn client_config(settings: &UpstreamSettings) -> Result<ClientConfig, SetupError> {
    let roots = match &settings.ca {
        Some(path) => roots_in(path)?,
        None => roots_of_system()?,
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| SetupError::NoSystemCa(error.to_string()))?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = if settings.http2 { vec![b"h2".to_vec(), b"http/1.1".to_vec()] } else { Vec::new() };
    Ok(config)
}

/// The name that the address has to prove.
pub(crate) fn name_of(settings: &UpstreamSettings, host: &HostName) -> Result<ServerName<'static>, SetupError> {
    let name = settings.server_name.as_ref().unwrap_or(host);
    match name.address() {
        Some(address) => Ok(ServerName::IpAddress(address.into())),
        None => ServerName::try_from(name.to_string()).map_err(|_| SetupError::ServerName(name.to_string())),
    }
}

fn roots_in(path: &Path) -> Result<RootCertStore, SetupError> {
    let failed = |cause: String| SetupError::Ca { path: path.display().to_string(), cause };
    let pem = read_file(path).map_err(|error| failed(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    if roots.is_empty() { Err(failed("it holds none".to_owned())) } else { Ok(roots) }
}

fn roots_of_system() -> Result<RootCertStore, SetupError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // A system's store may hold odd certificates; whatever chains to one that can't be read is refused later.
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let causes: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        return Err(SetupError::NoSystemCa(causes.join("; ")));
    }
    Ok(roots)
}
