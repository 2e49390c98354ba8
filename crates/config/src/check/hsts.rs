//! Strict-Transport-Security that reaches further than the site: browsers remember it, so it is better known before.

use super::Checker;
use crate::{HostName, SiteConfig};

/// Domains that browsers' list can't hold and that no other company has names in.
const PRIVATE: [&str; 7] = ["localhost", "local", "internal", "test", "lan", "invalid", "arpa"];
/// What stands before a country's letters where names are given out below it: example.co.uk.
const SECOND_LEVEL: [&str; 9] = ["co", "com", "org", "net", "ac", "gov", "edu", "or", "ne"];

/// Warns where names beside the site's own are bound to HTTPS.
pub(super) fn warn(checker: &mut Checker<'_>, at: &str, site: &SiteConfig) {
    let headers = checker.config.headers_of(site);
    if !headers.hsts || !headers.hsts_include_subdomains {
        return;
    }
    for (number, host) in site.hosts.iter().enumerate() {
        let Some(domain) = domain_of(host) else { continue };
        let (at, days) = (format!("{at}.hosts.{number}"), headers.hsts_max_age / 86_400);
        if domain == host.to_string() {
            let what = format!(
                "Strict-Transport-Security of {domain} holds for every name below it too: browsers refuse plain HTTP to mail.{domain} and the like for {days} days"
            );
            let hint = "See that all of them speak HTTPS, or write headers = { hsts_include_subdomains = false, hsts_preload = false } at the site.";
            checker.warn(&at, what, hint);
        } else if headers.hsts_preload {
            let what = format!(
                "Strict-Transport-Security of {host} says preload, and browsers' list takes whole domains only: once {domain} is in it, every name below {domain} is bound to HTTPS"
            );
            let hint = "See that all of them speak HTTPS before you enter the domain, or write headers = { hsts_preload = false } at the site.";
            checker.warn(&at, what, hint);
        }
    }
}

/// The domain that the company owns, as far as the name itself shows; `None` for addresses and private names.
fn domain_of(host: &HostName) -> Option<String> {
    if host.address().is_some() {
        return None;
    }
    let name = host.to_string();
    let labels: Vec<&str> = name.split('.').collect();
    let (last, second) = (labels.last()?, labels.get(labels.len().checked_sub(2)?)?);
    if PRIVATE.contains(last) {
        return None;
    }
    let own = if last.len() == 2 && SECOND_LEVEL.contains(second) { 3 } else { 2 };
    let start = labels.len().checked_sub(own)?;
    Some(labels[start..].join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_companys_domain_is_told_from_the_sites_name() {
        let domain = |host: &str| domain_of(&HostName::parse(host).unwrap());
        assert_eq!(domain("tems.example.com").as_deref(), Some("example.com"));
        assert_eq!(domain("a.b.example.co.uk").as_deref(), Some("example.co.uk"));
        assert_eq!(domain("example.de").as_deref(), Some("example.de"));
        for private in ["tems.local", "localhost", "192.0.2.7", "intranet", "co.uk"] {
            assert_eq!(domain(private), None, "{private}");
        }
    }
}
