//! Which certificate a handshake gets.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use palisade_base::Env;
use palisade_config::{Config, ConfigError, Finding, HostName};
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::{TlsError, files, self_signed};

/// The certificates in use. Handshakes read it, and whoever gets a new certificate exchanges it: connections that are
/// open keep theirs, new ones get the new.
pub(crate) struct CertificateStore(RwLock<Arc<Certificates>>);

/// A set of certificates.
pub(crate) struct Certificates {
    by_host: HashMap<HostName, Arc<CertifiedKey>>,
    /// For clients that name no host, or none of ours: they are told so by HTTP (421), not by a broken handshake.
    default: Arc<CertifiedKey>,
}

impl CertificateStore {
    pub(crate) fn new(certificates: Certificates) -> Self {
        Self(RwLock::new(Arc::new(certificates)))
    }

    /// Puts other certificates in the place of these.
    pub(crate) fn exchange(&self, certificates: Certificates) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certificates);
    }

    fn current(&self) -> Arc<Certificates> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for CertificateStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CertificateStore")
    }
}

impl ResolvesServerCert for CertificateStore {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let certificates = self.current();
        let host = hello.server_name().and_then(|name| HostName::parse(name).ok());
        let own = host.and_then(|host| certificates.by_host.get(&host).cloned());
        Some(own.unwrap_or_else(|| Arc::clone(&certificates.default)))
    }
}

/// Looks at the certificate files that the configuration names, without serving or making any: each is PEM, and each
/// key belongs to its certificate.
///
/// # Errors
/// All that is wrong, as the configuration's own check says it.
pub fn check_certificates(config: &Config) -> Result<(), ConfigError> {
    let own = config.sites.iter().filter_map(|site| site.tls.as_ref()).map(|tls| (&tls.certificate, &tls.key));
    let pairs = config.tls.certificate.iter().zip(&config.tls.key).chain(own);
    let wrong = pairs.filter_map(|(certificate, key)| files::load(certificate, key).err());
    let findings: Vec<Finding> = wrong.map(|error| finding_of(&error)).collect();
    let path = config.path().to_owned();
    if findings.is_empty() { Ok(()) } else { Err(ConfigError { path, findings }) }
}

fn finding_of(error: &TlsError) -> Finding {
    match error {
        TlsError::File { path, problem, hint } => Finding::error(None, format!("{} {problem}", path.display()), *hint),
        other => Finding::error(None, other.to_string(), ""),
    }
}

/// Loads what the configuration names; makes a self-signed certificate for the hosts for which it names none.
pub(crate) fn load(config: &Config, env: &Env) -> Result<Certificates, TlsError> {
    let default = match (&config.tls.certificate, &config.tls.key) {
        (Some(certificate), Some(key)) => files::load(certificate, key)?,
        _ => self_signed::load_or_make(config, env)?,
    };
    let mut by_host = HashMap::new();
    for site in &config.sites {
        let own = site.tls.as_ref().map(|tls| files::load(&tls.certificate, &tls.key)).transpose()?;
        let key = own.unwrap_or_else(|| Arc::clone(&default));
        by_host.extend(site.hosts.iter().map(|host| (host.clone(), Arc::clone(&key))));
    }
    Ok(Certificates { by_host, default })
}
