//! Where certificates come from: whether each site's can be had at all.

use super::Checker;
use crate::{AcmeChallenge, CertificateSource, SiteConfig};

/// What to do with a name that no public CA certifies.
const WAYS_OUT: &str = "Write certificate = \"local-ca\" in this site: Palisade then makes the certificate, and \
                        `palisade cert root` gives the root to install on your devices. Or give files of your own \
                        (tls = { certificate = \"…\", key = \"…\" }), or order from a CA of your own ([acme] directory \
                        and ca), or use a name that is yours in the public DNS.";

pub(super) fn check(checker: &mut Checker<'_>) {
    let config = checker.config;
    let source_of = |site: &SiteConfig| site.certificate_source(&config.tls);
    for (number, site) in config.sites.iter().enumerate() {
        let at = format!("site.{number}");
        match source_of(site) {
            CertificateSource::Files => check_files_named(checker, &at, site),
            CertificateSource::Acme => check_names(checker, &at, site),
            CertificateSource::SelfSigned | CertificateSource::LocalCa => check_no_files(checker, &at, site),
        }
    }
    if config.sites.iter().any(|site| source_of(site) == CertificateSource::Acme) {
        check_acme(checker);
    }
}

fn check_files_named(checker: &mut Checker<'_>, at: &str, site: &SiteConfig) {
    let tls = &checker.config.tls;
    if site.tls.is_none() && tls.certificate.is_none() && tls.key.is_none() {
        let what = format!("the site {:?} takes its certificate from files, and none are named", site.name);
        let hint = "Write tls = { certificate = \"…\", key = \"…\" }, or name them under [tls].";
        checker.report(&format!("{at}.certificate"), what, hint);
    }
}

fn check_no_files(checker: &mut Checker<'_>, at: &str, site: &SiteConfig) {
    if let (Some(_), Some(source)) = (&site.tls, site.certificate) {
        let what = format!("the site {:?} names files and certificate = \"{source}\"", site.name);
        let hint = "Keep one of the two: take tls out, or write certificate = \"files\".";
        checker.report(&format!("{at}.certificate"), what, hint);
    }
}

fn check_names(checker: &mut Checker<'_>, at: &str, site: &SiteConfig) {
    check_no_files(checker, at, site);
    if !checker.config.acme.is_public() {
        return;
    }
    for (place, host) in site.hosts.iter().enumerate() {
        if let Some(why) = host.why_not_public() {
            let what = format!("no public CA gives a certificate for {host}: {why}");
            checker.report(&format!("{at}.hosts.{place}"), what, WAYS_OUT);
        }
    }
}

fn check_acme(checker: &mut Checker<'_>) {
    let config = checker.config;
    let acme = &config.acme;
    if !acme.agree_to_terms {
        let what = format!("nothing is ordered from {} without agreeing to its terms", acme.directory.as_str());
        let hint = "Read the CA's terms of service (https://letsencrypt.org/repository/ for Let's Encrypt), then write agree_to_terms = true under [acme].";
        checker.report("acme.agree_to_terms", what, hint);
    }
    match acme.challenge {
        AcmeChallenge::Http01 if config.listen.http.is_empty() => {
            let hint = "Write http = [\"[::]:80\"] under [listen], or challenge = \"tls-alpn-01\" under [acme].";
            checker.report("listen.http", "http-01 needs a listener for plain HTTP", hint);
        }
        AcmeChallenge::Dns01 if acme.dns_command.is_none() => {
            let hint = "Write dns_command = \"…\": the command's name in the helper's configuration.";
            checker.report("acme.challenge", "dns-01 needs a command that sets the record", hint);
        }
        _ => {}
    }
}
