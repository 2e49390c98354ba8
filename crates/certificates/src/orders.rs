//! Ordering certificates: those that are due by themselves, and those that somebody asks for.

use std::sync::Arc;

use palisade_base::{Caller, Error, Instant, Kind, Permit};
use palisade_config::CertificateSource;

use crate::{
    Certificates, Facts, ManageCertificates,
    acme::{Failed, Issued, Office},
    plan::{Plan, SitePlan},
    trail,
};

impl Certificates {
    /// One round: orders what is due, and asks CAs for their wishes.
    pub async fn order_due(&self) {
        for site in self.ordered_sites() {
            let now = self.env().now();
            let due = |this: &Self| this.state().held_mut(&site.name).is_some_and(|held| held.is_due(now));
            if due(self) {
                let _one = self.one_order_at_a_time().await;
                // Somebody may have ordered it meanwhile.
                if due(self) {
                    // A failure is told where it happens.
                    let _ = self.order(&trail::job(), &site).await;
                }
            } else {
                self.ask_for_wish(&site).await;
            }
        }
    }

    /// Orders a site's certificate now, or has our own CA make it, due or not. Gives what is served from now on.
    ///
    /// # Errors
    /// There is no such site, its certificate comes from elsewhere, or the CA refused.
    pub async fn renew(
        &self,
        caller: &Caller,
        permit: &Permit<ManageCertificates>,
        site: &str,
    ) -> Result<Facts, Error> {
        if permit.actor() != &caller.actor {
            return Err(Error::denied());
        }
        let plan = self.site_plan(site)?;
        match plan.source {
            CertificateSource::Acme => {
                let _one = self.one_order_at_a_time().await;
                self.order(caller, &plan).await.map_err(refused)
            }
            CertificateSource::LocalCa => self.remake(caller, site).await,
            CertificateSource::Files | CertificateSource::SelfSigned => Err(not_ours(&plan)),
        }
    }

    /// Asks for an order as soon as the background work comes to it, and does not wait.
    ///
    /// # Errors
    /// There is no such site, or its certificate comes from elsewhere.
    pub async fn request(&self, caller: &Caller, permit: &Permit<ManageCertificates>, site: &str) -> Result<(), Error> {
        let plan = self.site_plan(site)?;
        if plan.source != CertificateSource::Acme {
            return self.renew(caller, permit, site).await.map(drop);
        }
        let now = self.env().now();
        if let Some(held) = self.state().held_mut(site) {
            held.make_due(now);
        }
        self.note(vec![trail::entry(caller, "certificate.request", Some(site))]);
        self.tell().await;
        Ok(())
    }

    /// Has a whole order done for a site's names, and throws the certificate away: shows that a real one would come.
    ///
    /// # Errors
    /// As [`Self::renew`].
    pub async fn dry_run(&self, _permit: &Permit<ManageCertificates>, site: &str) -> Result<Facts, Error> {
        let plan = self.site_plan(site)?;
        if plan.source != CertificateSource::Acme {
            return Err(not_ours(&plan));
        }
        let _one = self.one_order_at_a_time().await;
        let office = self.office().for_dry_runs();
        office.order(&plan.hosts, self.env().now()).await.map(|issued| issued.pair.facts).map_err(refused)
    }

    /// The sites whose certificates are renewed by us, with what is due now marked: for `palisade cert renew`.
    #[must_use]
    pub fn renewable(&self) -> Vec<(String, bool)> {
        let now = self.env().now();
        let state = self.state();
        let sites = state.sites.iter();
        sites.filter_map(|site| site.held().map(|held| (site.plan.name.clone(), held.is_due(now)))).collect()
    }

    async fn order(&self, caller: &Caller, site: &SitePlan) -> Result<Facts, Failed> {
        let _shown = Underway::new(self, &site.name);
        let office = self.office();
        let outcome = office.order(&site.hosts, self.env().now()).await;
        let done = match outcome {
            Ok(issued) => self.take(caller, site, &office, issued),
            Err(failed) => Err(failed),
        };
        if let Err(failed) = &done {
            self.note_failure(caller, site, failed);
        }
        self.tell().await;
        done
    }

    /// What was issued is served from now on, unless the site was taken out of the configuration meanwhile.
    fn take(&self, caller: &Caller, site: &SitePlan, office: &Office, issued: Issued) -> Result<Facts, Failed> {
        let facts = issued.pair.facts.clone();
        let mut state = self.state();
        let still = state.site(&site.name).is_some_and(|now| now.plan.hosts == site.hosts);
        let Some(held) = state.held_mut(&site.name).filter(|_| still) else {
            return Err(Failed::new("the site's configuration changed during the order; it is ordered anew"));
        };
        let before = held.take(issued).map_err(|error| Failed::new(error.to_string()))?;
        self.serve(&state);
        drop(state);
        tracing::info!(site = site.name, issuer = facts.issuer, until = %facts.not_after, "a certificate was issued");
        let entry = trail::entry(caller, "certificate.order", Some(&site.name)).note("directory", office.directory());
        self.note(vec![trail::replaced(entry, before.as_ref(), &facts)]);
        Ok(facts)
    }

    fn note_failure(&self, caller: &Caller, site: &SitePlan, failed: &Failed) {
        let env = self.env();
        let next = self.state().held_mut(&site.name).map(|held| held.note_failure(failed, env));
        let again = next.map_or_else(String::new, |next| next.to_string());
        let alarming =
            self.status().iter().any(|status| status.site == site.name && status.problem(env.now()).is_some());
        if alarming {
            tracing::error!(site = site.name, why = failed.what, again, "no certificate could be ordered");
        } else {
            tracing::warn!(site = site.name, why = failed.what, again, "a certificate could not be renewed yet");
        }
        let entry = trail::entry(caller, "certificate.order", Some(&site.name)).failed("acme");
        self.note(vec![entry.note("why", failed.what.as_str()).note("next_try", again)]);
    }

    async fn ask_for_wish(&self, site: &SitePlan) {
        let env = self.env();
        let Some(id) = self.state().held_mut(&site.name).and_then(|held| held.to_ask(env.now())) else { return };
        let wish = self.office().wish(&id).await;
        if let Err(failed) = &wish {
            tracing::debug!(site = site.name, why = failed.what, "the CA could not be asked when to renew");
        }
        if let Some(held) = self.state().held_mut(&site.name) {
            held.note_wish(wish.ok().flatten().as_ref(), env);
        }
    }

    async fn remake(&self, caller: &Caller, site: &str) -> Result<Facts, Error> {
        let made = self.remake_now(site)?;
        let Some((before, after)) = made else { return Err(unknown(site)) };
        self.note(vec![trail::replaced(trail::entry(caller, "certificate.make", Some(site)), Some(&before), &after)]);
        self.tell().await;
        Ok(after)
    }

    fn remake_now(&self, site: &str) -> Result<Option<(Facts, Facts)>, Error> {
        let mut state = self.state();
        let made = state.remake_local(site, self.env()).map_err(Error::internal)?;
        self.serve(&state);
        Ok(made)
    }

    fn office(&self) -> Office {
        let plan: Arc<Plan> = Arc::clone(&self.state().plan);
        Office::new(&plan.acme, plan.acme_dir(), self.challenges(), self.dns())
    }

    fn ordered_sites(&self) -> Vec<SitePlan> {
        let state = self.state();
        state.sites.iter().filter(|site| site.held().is_some()).map(|site| site.plan.clone()).collect()
    }

    fn site_plan(&self, site: &str) -> Result<SitePlan, Error> {
        self.state().site(site).map(|state| state.plan.clone()).ok_or_else(|| unknown(site))
    }

    fn set_ordering(&self, site: &str, ordering: bool) {
        if let Some(held) = self.state().held_mut(site) {
            held.ordering = ordering;
        }
    }

    /// When the next order is due; for tests and messages.
    #[must_use]
    pub fn next_order(&self, site: &str) -> Option<Instant> {
        self.state().site(site)?.held().map(|held| held.next())
    }
}

/// An order that the page shows as under way until this is dropped, however it ends.
struct Underway<'a> {
    certificates: &'a Certificates,
    site: String,
}

impl<'a> Underway<'a> {
    fn new(certificates: &'a Certificates, site: &str) -> Self {
        certificates.set_ordering(site, true);
        Self { certificates, site: site.to_owned() }
    }
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        self.certificates.set_ordering(&self.site, false);
    }
}

fn refused(failed: Failed) -> Error {
    Error::new(Kind::Unavailable, format!("No certificate was issued: {}.", failed.what.trim_end_matches('.')))
}

fn unknown(site: &str) -> Error {
    Error::new(Kind::NotFound, format!("There is no site {site:?}. `palisade cert list` shows them."))
}

fn not_ours(site: &SitePlan) -> Error {
    let message = match site.source {
        CertificateSource::Files => "Its certificate comes from files: put a new one there, it is taken by itself.",
        _ => {
            "Its certificate is self-signed and made anew by itself. For one that browsers trust, set certificate = \"acme\" or \"local-ca\"."
        }
    };
    Error::new(Kind::Conflict, format!("The site {:?} orders no certificate. {message}", site.name))
}
