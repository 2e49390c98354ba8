//! `palisade cert …`

use palisade_base::{Caller, Error, Kind};
use palisade_certificates::{CertificateStatus, Facts, ManageCertificates, may_manage_certificates};
use serde_json::{Value, json};

use super::{Answer, Control};

type Permit = palisade_base::Permit<ManageCertificates>;

impl Control {
    pub(super) async fn list_certificates(&self, answer: &mut Answer<'_>) -> Result<Value, Error> {
        let now = self.store.env().now();
        let list = self.certificates.status();
        for status in &list {
            let mut item = status_json(status);
            item["days_left"] = status.days_left(now).into();
            item["problem"] = status.problem(now).into();
            answer.item(item).await?;
        }
        Ok(json!({ "certificates": list.len() }))
    }

    pub(super) fn local_root(&self) -> Result<Value, Error> {
        let missing = "There is no CA of your own: no site has certificate = \"local-ca\".";
        let root = self.certificates.local_root().ok_or_else(|| Error::new(Kind::NotFound, missing))?;
        Ok(json!({ "pem": root }))
    }

    /// Orders what is missing.
    pub(super) async fn issue_certificates(
        &self,
        caller: &Caller,
        site: Option<&str>,
        answer: &mut Answer<'_>,
    ) -> Result<Value, Error> {
        let permit = may_manage_certificates(caller)?;
        let missing = |name: &str| self.certificates.status().iter().any(|of| of.site == name && of.stand_in);
        let sites = match site {
            Some(site) => vec![site.to_owned()],
            None => {
                self.certificates.renewable().into_iter().map(|(name, _)| name).filter(|name| missing(name)).collect()
            }
        };
        self.renew_each(caller, &permit, &sites, answer).await
    }

    /// Orders what is due; a site that is named, whether due or not. A dry run orders all and changes nothing.
    pub(super) async fn renew_certificates(
        &self,
        caller: &Caller,
        site: Option<&str>,
        dry_run: bool,
        answer: &mut Answer<'_>,
    ) -> Result<Value, Error> {
        let permit = may_manage_certificates(caller)?;
        let all = self.certificates.renewable().into_iter().filter(|(_, due)| *due || dry_run);
        let sites = site.map_or_else(|| all.map(|(name, _)| name).collect(), |site| vec![site.to_owned()]);
        if dry_run {
            self.try_each(&permit, &sites, answer).await
        } else {
            self.renew_each(caller, &permit, &sites, answer).await
        }
    }

    async fn renew_each(
        &self,
        caller: &Caller,
        permit: &Permit,
        sites: &[String],
        answer: &mut Answer<'_>,
    ) -> Result<Value, Error> {
        let mut failed = Vec::new();
        for site in sites {
            answer.progress(format!("Ordering the certificate of {site}.")).await?;
            let outcome = answer.during(async { Ok(self.certificates.renew(caller, permit, site).await) }).await?;
            note(site, outcome, answer, &mut failed).await?;
        }
        summary(sites, failed)
    }

    async fn try_each(&self, permit: &Permit, sites: &[String], answer: &mut Answer<'_>) -> Result<Value, Error> {
        let mut failed = Vec::new();
        for site in sites {
            answer.progress(format!("Ordering a certificate for {site} to throw away.")).await?;
            let outcome = answer.during(async { Ok(self.certificates.dry_run(permit, site).await) }).await?;
            note(site, outcome, answer, &mut failed).await?;
        }
        summary(sites, failed)
    }
}

/// One site's failure does not keep the others from their certificates.
async fn note(
    site: &str,
    outcome: Result<Facts, Error>,
    answer: &mut Answer<'_>,
    failed: &mut Vec<(Kind, String)>,
) -> Result<(), Error> {
    match outcome {
        Ok(facts) => {
            let mut item = facts_json(&facts);
            item["site"] = site.into();
            answer.item(item).await
        }
        Err(error) => {
            failed.push((error.kind(), format!("{site}: {}", error.message())));
            Ok(())
        }
    }
}

fn summary(sites: &[String], failed: Vec<(Kind, String)>) -> Result<Value, Error> {
    let Some((kind, _)) = failed.first() else { return Ok(json!({ "issued": sites.len() })) };
    let words: Vec<&str> = failed.iter().map(|(_, what)| what.as_str()).collect();
    Err(Error::new(*kind, words.join("\n  ")))
}

fn facts_json(facts: &Facts) -> Value {
    json!({
        "issuer": facts.issuer,
        "names": facts.names,
        "not_before": facts.not_before.to_string(),
        "not_after": facts.not_after.to_string(),
        "fingerprint": facts.fingerprint,
    })
}

fn status_json(status: &CertificateStatus) -> Value {
    let mut item = facts_json(&status.facts);
    item["host"] = status.host.to_string().into();
    item["site"] = status.site.as_str().into();
    item["source"] = status.source.as_str().into();
    item["stand_in"] = status.stand_in.into();
    item["next_renewal"] = status.next_renewal.map(|next| next.to_string()).into();
    item["last_error"] = status.last_error.as_ref().map(|trouble| trouble.what.clone()).into();
    item
}
