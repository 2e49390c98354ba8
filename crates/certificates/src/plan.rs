//! What the configuration says about certificates, in one place.

use std::path::PathBuf;

use palisade_config::{AcmeConfig, CertificateSource, Config, HostName, SiteConfig, SiteTlsConfig};

use crate::pair::Files;

/// What is wanted.
pub(crate) struct Plan {
    /// Where certificates that are made or ordered are kept.
    pub(crate) dir: PathBuf,
    pub(crate) company: String,
    /// A self-signed certificate is made anew so many days before its end.
    pub(crate) renew_days: u16,
    /// The pair of `[tls]`.
    pub(crate) shared: Option<Files>,
    pub(crate) sites: Vec<SitePlan>,
    pub(crate) acme: AcmeConfig,
}

/// What is wanted for a site.
#[derive(Clone)]
pub(crate) struct SitePlan {
    pub(crate) name: String,
    pub(crate) hosts: Vec<HostName>,
    pub(crate) source: CertificateSource,
    /// Its own files.
    pub(crate) files: Option<Files>,
}

impl Plan {
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            dir: config.data_dir.join("tls"),
            company: config.company.name.clone(),
            renew_days: config.tls.renew_days,
            shared: shared_files(config),
            sites: config.sites.iter().map(|site| SitePlan::of(config, site)).collect(),
            acme: config.acme.clone(),
        }
    }

    /// Where accounts and ordered certificates are kept.
    pub(crate) fn acme_dir(&self) -> PathBuf {
        self.dir.join("acme")
    }

    /// The hosts of all sites.
    pub(crate) fn all_hosts(&self) -> Vec<HostName> {
        self.sites.iter().flat_map(|site| site.hosts.iter().cloned()).collect()
    }

    /// The hosts whose certificates our own CA makes.
    pub(crate) fn local_hosts(&self) -> Vec<HostName> {
        let local = self.sites.iter().filter(|site| site.source == CertificateSource::LocalCa);
        local.flat_map(|site| site.hosts.iter().cloned()).collect()
    }
}

impl SitePlan {
    fn of(config: &Config, site: &SiteConfig) -> Self {
        Self {
            name: site.name.clone(),
            hosts: site.hosts.clone(),
            source: site.certificate_source(&config.tls),
            files: site.tls.as_ref().map(own_files),
        }
    }
}

/// Every pair of files that the configuration names.
pub(crate) fn named_files(config: &Config) -> Vec<Files> {
    let own = config.sites.iter().filter_map(|site| site.tls.as_ref()).map(own_files);
    shared_files(config).into_iter().chain(own).collect()
}

fn shared_files(config: &Config) -> Option<Files> {
    let (certificate, key) = config.tls.certificate.as_ref().zip(config.tls.key.as_ref())?;
    Some(Files { certificate: certificate.clone(), key: key.clone() })
}

fn own_files(tls: &SiteTlsConfig) -> Files {
    Files { certificate: tls.certificate.clone(), key: tls.key.clone() }
}
