//! Every certificate in use, by what it is for.

use std::{collections::HashMap, sync::Arc};

use palisade_base::{Env, Instant, Span, TrailEntry};
use palisade_config::{CertificateSource, HostName};

use crate::{
    CertificateError, CertificateStatus, Facts,
    acme::Held,
    local_ca::LocalCa,
    pair::Pair,
    plan::{Plan, SitePlan},
    self_signed,
    serving::Table,
    status::Trouble,
    trail,
    watch::{Look, Watched},
};

/// Every certificate in use.
pub(crate) struct State {
    pub(crate) plan: Arc<Plan>,
    /// For whoever has none of their own.
    self_signed: Pair,
    shared: Option<Watched>,
    root_pem: Option<String>,
    pub(crate) sites: Vec<SiteState>,
}

/// A site and its certificate.
pub(crate) struct SiteState {
    pub(crate) plan: SitePlan,
    pub(crate) own: Own,
}

/// Where a site's certificate comes from, and the certificate.
pub(crate) enum Own {
    /// The pair of `[tls]`.
    Shared,
    SelfSigned,
    Files(Watched),
    LocalCa(Pair),
    Acme(Box<Held>),
}

/// What a round of looking after them brought.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) entries: Vec<TrailEntry>,
    /// Other certificates are to be served from now on.
    pub(crate) serve: bool,
}

impl Changes {
    pub(crate) fn replaced(&mut self, action: &'static str, site: Option<&str>, before: Option<&Facts>, after: &Facts) {
        self.entries.push(trail::replaced(trail::entry(&trail::job(), action, site), before, after));
        self.serve = true;
    }
}

impl State {
    /// Loads what the plan names, and makes what is made here.
    pub(crate) fn build(plan: Arc<Plan>, env: &Env) -> Result<(Self, Changes), CertificateError> {
        let mut changes = Changes::default();
        let (self_signed, new) = self_signed::load_or_make(&plan, env)?;
        if new {
            changes.replaced("certificate.make", None, None, &self_signed.facts);
        }
        let shared = plan.shared.clone().map(Watched::load).transpose()?;
        let mut state = Self { self_signed, shared, root_pem: None, sites: Vec::new(), plan: Arc::clone(&plan) };
        for site in &plan.sites {
            let own = state.own_of(site, env, &mut changes)?;
            state.sites.push(SiteState { plan: site.clone(), own });
        }
        Ok((state, changes))
    }

    fn own_of(&mut self, site: &SitePlan, env: &Env, changes: &mut Changes) -> Result<Own, CertificateError> {
        Ok(match (site.source, &site.files) {
            (CertificateSource::Files, Some(files)) => Own::Files(Watched::load(files.clone())?),
            (CertificateSource::Files, None) => Own::Shared,
            (CertificateSource::LocalCa, _) => Own::LocalCa(self.local(site, env, None, changes)?),
            (CertificateSource::SelfSigned, _) => Own::SelfSigned,
            (CertificateSource::Acme, _) => Own::Acme(Box::new(Held::load(&self.plan, site, env.now()))),
        })
    }

    /// The site's certificate by our own CA, made where it is due.
    fn local(
        &mut self,
        site: &SitePlan,
        env: &Env,
        before: Option<&Facts>,
        changes: &mut Changes,
    ) -> Result<Pair, CertificateError> {
        let ca = LocalCa::new(&self.plan, env);
        let (root, new_root) = ca.root()?;
        if new_root {
            changes.replaced("certificate.make_root", None, None, &root.facts);
        }
        let (pair, new) = ca.leaf(&root, site)?;
        if new {
            changes.replaced("certificate.make", Some(&site.name), before, &pair.facts);
        }
        self.root_pem = Some(root.pem);
        Ok(pair)
    }

    /// The root of our own CA, as PEM, where some site has its certificate from it.
    pub(crate) fn root_pem(&self) -> Option<&str> {
        self.root_pem.as_deref()
    }

    /// What is served.
    pub(crate) fn table(&self) -> Table {
        let mut by_name = HashMap::new();
        for site in &self.sites {
            let names = site.plan.hosts.iter().filter(|host| host.address().is_none());
            by_name.extend(names.map(|host| (host.to_string(), Arc::clone(&self.shown(site, host).key))));
        }
        Table { by_name, default: Arc::clone(&self.default_pair().key) }
    }

    /// What clients of this host are shown.
    fn shown<'a>(&'a self, site: &'a SiteState, host: &HostName) -> &'a Pair {
        match &site.own {
            Own::Shared => self.shared.as_ref().map_or(&self.self_signed, |shared| &shared.pair),
            Own::SelfSigned => &self.self_signed,
            Own::Files(watched) => &watched.pair,
            Own::LocalCa(pair) => pair,
            Own::Acme(held) => ordered(held, host).unwrap_or(&self.self_signed),
        }
    }

    /// For clients that name no host. Clients that come by an address name none, so a site that has one is meant.
    fn default_pair(&self) -> &Pair {
        let address_of = |site: &'_ SiteState| site.plan.hosts.iter().find(|host| host.address().is_some()).cloned();
        match &self.shared {
            Some(shared) => &shared.pair,
            None => {
                let mut sites = self.sites.iter();
                let by_address = sites.find_map(|site| address_of(site).map(|host| self.shown(site, &host)));
                by_address.unwrap_or(&self.self_signed)
            }
        }
    }

    /// Takes the operator's files anew where they changed.
    pub(crate) fn look_at_files(&mut self, env: &Env, changes: &mut Changes) {
        let all: Vec<_> = self.plan.sites.iter().filter(|site| site.files.is_none()).collect();
        let shared_hosts: Vec<_> = all.into_iter().flat_map(|site| site.hosts.iter().cloned()).collect();
        let shared = self.shared.iter_mut().map(|watched| (None, shared_hosts.as_slice(), watched));
        let own = self.sites.iter_mut().filter_map(|site| match &mut site.own {
            Own::Files(watched) => Some((Some(site.plan.name.as_str()), site.plan.hosts.as_slice(), watched)),
            _ => None,
        });
        for (site, hosts, watched) in shared.chain(own) {
            let before = watched.pair.facts.clone();
            match watched.look(hosts, env.now()) {
                Look::Same => {}
                Look::Replaced => {
                    tracing::info!(site, until = %watched.pair.facts.not_after, "took a new certificate from its files");
                    changes.replaced("certificate.replace", site, Some(&before), &watched.pair.facts);
                }
                Look::Refused(why) => {
                    tracing::error!(site, why, "a new certificate can't be used; the old one stays in use");
                    let entry = trail::entry(&trail::job(), "certificate.replace", site).failed("unusable");
                    changes.entries.push(entry.note("why", why));
                }
            }
        }
    }

    /// Makes anew what is made here and due.
    pub(crate) fn renew_own(&mut self, env: &Env, changes: &mut Changes) {
        if self.self_signed.facts.days_left(env.now()) <= i64::from(self.plan.renew_days) {
            match self_signed::load_or_make(&self.plan, env) {
                Ok((pair, new)) => {
                    let before = std::mem::replace(&mut self.self_signed, pair).facts;
                    if new {
                        changes.replaced("certificate.make", None, Some(&before), &self.self_signed.facts);
                    }
                }
                Err(error) => tracing::error!(%error, "the self-signed certificate could not be made anew"),
            }
        }
        for number in 0..self.sites.len() {
            self.renew_local(number, env, changes);
        }
    }

    fn renew_local(&mut self, number: usize, env: &Env, changes: &mut Changes) {
        let Some(SiteState { plan, own: Own::LocalCa(pair) }) = self.sites.get(number) else { return };
        if env.now() < pair.facts.renew_at() {
            return;
        }
        let (plan, before) = (plan.clone(), pair.facts.clone());
        match self.local(&plan, env, Some(&before), changes) {
            Ok(pair) => self.put_local(number, pair),
            Err(error) => tracing::error!(%error, site = plan.name, "the local CA could not make a certificate"),
        }
    }

    fn put_local(&mut self, number: usize, pair: Pair) {
        if let Some(site) = self.sites.get_mut(number) {
            site.own = Own::LocalCa(pair);
        }
    }

    /// Makes a site's certificate by our own CA anew, due or not; gives what it replaced and what it is.
    pub(crate) fn remake_local(&mut self, site: &str, env: &Env) -> Result<Option<(Facts, Facts)>, CertificateError> {
        let Some(number) = self.sites.iter().position(|state| state.plan.name == site) else { return Ok(None) };
        let Some(SiteState { plan, own: Own::LocalCa(old) }) = self.sites.get(number) else { return Ok(None) };
        let ca = LocalCa::new(&self.plan, env);
        let (root, _) = ca.root()?;
        let new = ca.make_leaf(&root, plan)?;
        let facts = (old.facts.clone(), new.facts.clone());
        self.put_local(number, new);
        Ok(Some(facts))
    }

    pub(crate) fn site(&self, name: &str) -> Option<&SiteState> {
        self.sites.iter().find(|site| site.plan.name == name)
    }

    pub(crate) fn held_mut(&mut self, name: &str) -> Option<&mut Held> {
        self.sites.iter_mut().find(|site| site.plan.name == name)?.held_mut()
    }

    /// How the certificate of each host stands.
    pub(crate) fn status(&self) -> Vec<CertificateStatus> {
        let of_site = |site| SiteState::hosts(site).map(move |host| self.status_of(site, host));
        self.sites.iter().flat_map(of_site).collect()
    }

    fn status_of(&self, site: &SiteState, host: &HostName) -> CertificateStatus {
        let facts = self.shown(site, host).facts.clone();
        let held = site.held();
        CertificateStatus {
            host: host.clone(),
            site: site.plan.name.clone(),
            source: site.plan.source,
            stand_in: held.is_some_and(|held| ordered(held, host).is_none()),
            next_renewal: self.next_renewal(site, &facts),
            ordering: held.is_some_and(|held| held.ordering),
            last_error: self.trouble(site),
            alert_days: self.plan.acme.alert_days,
            facts,
        }
    }

    fn next_renewal(&self, site: &SiteState, facts: &Facts) -> Option<Instant> {
        match &site.own {
            Own::Shared | Own::Files(_) => None,
            Own::SelfSigned => Some(facts.not_after - Span::days(i64::from(self.plan.renew_days))),
            Own::LocalCa(_) => Some(facts.renew_at()),
            Own::Acme(held) => Some(held.next()),
        }
    }

    fn trouble(&self, site: &SiteState) -> Option<Trouble> {
        match &site.own {
            Own::Shared => self.shared.as_ref().and_then(|shared| shared.trouble.clone()),
            Own::Files(watched) => watched.trouble.clone(),
            Own::Acme(held) => held.trouble(),
            Own::SelfSigned | Own::LocalCa(_) => None,
        }
    }
}

impl SiteState {
    fn hosts(&self) -> impl Iterator<Item = &HostName> {
        self.plan.hosts.iter()
    }

    pub(crate) const fn held(&self) -> Option<&Held> {
        match &self.own {
            Own::Acme(held) => Some(held),
            _ => None,
        }
    }

    pub(crate) const fn held_mut(&mut self) -> Option<&mut Held> {
        match &mut self.own {
            Own::Acme(held) => Some(held),
            _ => None,
        }
    }
}

/// The ordered certificate, where there is one that is good for this host.
fn ordered<'a>(held: &'a Held, host: &HostName) -> Option<&'a Pair> {
    held.pair.as_ref().filter(|pair| pair.facts.covers(host))
}
