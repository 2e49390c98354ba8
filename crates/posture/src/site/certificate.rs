//! Whether browsers trust the certificate, and for how long.

use palisade_base::Instant;
use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, UnixTime, pem::PemObject as _};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{SiteFacts, transport, visit::Visit, wire};
use crate::{Mend, Sight};

/// So many days before its end a certificate should have been renewed.
const RENEWED_BEFORE: u64 = 14;
const DAY: u64 = 86_400;

pub(super) fn trusted(facts: &SiteFacts, visit: &Visit) -> Sight {
    match &visit.front {
        Err(why) => transport::not_reached(facts, why),
        Ok((handshake, _)) => judge(facts, &handshake.chain, unix(visit.at)),
    }
}

fn judge(facts: &SiteFacts, chain: &[CertificateDer<'static>], now: UnixTime) -> Sight {
    let Some(end) = chain.first().and_then(end_of) else {
        return Sight::finding("What was shown can't be read as a certificate.", renew(facts));
    };
    let days = end.saturating_sub(now.as_secs()) / DAY;
    let public = wire::verify(facts, chain, roots_of_system(), now);
    let own = || wire::verify(facts, chain, own_root(facts), now);
    let by = match (public, facts.own_root.as_ref().map(|_| own())) {
        (Ok(()), _) => "a public CA",
        (_, Some(Ok(()))) => "your own CA, whose root devices have to know",
        (Err(why), _) => {
            let what = "Give the site certificate = \"acme\" (a public name) or \"local-ca\" (a name of your own network), or the files of a certificate that you have.";
            return Sight::finding(format!("Browsers warn of it: {why}."), Mend::new(what).by("palisade cert list"));
        }
    };
    if days < RENEWED_BEFORE {
        return Sight::finding(format!("It is by {by}, and ends in {days} days."), renew(facts));
    }
    Sight::in_force(format!("It is for {}, by {by}, and good for {days} more days.", facts.host))
}

fn renew(facts: &SiteFacts) -> Mend {
    Mend::new("Find out why it was not renewed: the log and the certificate's page say so.")
        .by(format!("palisade cert renew {}", facts.name))
}

fn end_of(certificate: &CertificateDer<'_>) -> Option<u64> {
    let (_, read) = X509Certificate::from_der(certificate).ok()?;
    u64::try_from(read.validity().not_after.timestamp()).ok()
}

fn roots_of_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // What can't be read is trusted by nobody.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn own_root(facts: &SiteFacts) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let pem = facts.own_root.as_deref().unwrap_or_default();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(pem.as_bytes()).flatten());
    roots
}

fn unix(at: Instant) -> UnixTime {
    UnixTime::since_unix_epoch(at.since(Instant::from_micros(0)).to_std())
}
