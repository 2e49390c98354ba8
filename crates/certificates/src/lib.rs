#![doc = include_str!("../README.md")]

mod acme;
mod certificates;
mod challenge;
mod disk;
mod error;
mod facts;
mod label;
mod local_ca;
mod orders;
mod own;
mod pair;
mod plan;
mod policy;
mod self_signed;
mod serving;
mod state;
mod status;
mod trail;
mod upkeep;
mod watch;

pub use acme::DnsChallenge;
pub use certificates::Certificates;
pub use error::{CertificateError, check_certificates};
pub use facts::Facts;
pub use palisade_config::CertificateSource;
pub use policy::{MANAGE_CERTIFICATES, ManageCertificates, READ_CERTIFICATES, may_manage_certificates};
pub use serving::ACME_TLS_ALPN;
pub use status::{CertificateStatus, Trouble};
pub use trail::CertificateTrail;
pub use upkeep::Upkeep;
