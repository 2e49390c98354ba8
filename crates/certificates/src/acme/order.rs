//! One order: from the names to the certificate.

use std::{path::PathBuf, sync::Arc, time::Duration};

use instant_acme::{Account, AuthorizationStatus, Identifier, NewOrder, Order, OrderStatus, RetryPolicy};
use palisade_base::Instant;
use palisade_config::{AcmeConfig, HostName};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{
    account,
    dns::DnsChallenge,
    failure::Failed,
    proof::{Prover, identifier},
};
use crate::{
    challenge::Challenges,
    own,
    pair::{self, Files, Pair},
};

/// How long an order may take in all. The records of dns-01 take their time.
const WHOLE_ORDER: Duration = Duration::from_secs(600);
/// How long the CA may take to look at our proofs, and again to issue.
const DECISION: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(250)).backoff(1.5).timeout(Duration::from_secs(120));

/// What was issued: it can be served, and written to disk as it is.
pub(crate) struct Issued {
    pub(crate) pair: Pair,
    /// Chain and key in one text.
    pub(crate) bundle: Zeroizing<String>,
}

/// Where orders are made: the CA, and what it is shown.
pub(crate) struct Office {
    acme: AcmeConfig,
    directory: String,
    /// Where accounts are kept.
    dir: PathBuf,
    prover: Prover,
}

impl Office {
    pub(crate) fn new(
        acme: &AcmeConfig,
        dir: PathBuf,
        challenges: Arc<Challenges>,
        dns: Option<Arc<dyn DnsChallenge>>,
    ) -> Self {
        let dns = dns.zip(acme.dns_command.clone());
        let prover = Prover { way: acme.challenge, challenges, dns };
        Self { acme: acme.clone(), directory: acme.directory.as_str().to_owned(), dir, prover }
    }

    /// The same, ordering from the directory for trying.
    pub(crate) fn for_dry_runs(mut self) -> Self {
        self.directory = self.acme.directory_for_dry_runs().to_owned();
        self
    }

    pub(crate) fn directory(&self) -> &str {
        &self.directory
    }

    /// Orders a certificate for these hosts.
    pub(crate) async fn order(&self, hosts: &[HostName], now: Instant) -> Result<Issued, Failed> {
        crate::disk::make_dir(&self.dir).map_err(|error| Failed::new(error.to_string()))?;
        match self.order_once(hosts, now).await {
            // A CA that lost its accounts (or was set up anew) gets a new one from us, once.
            Err(failed) if failed.account_unknown => {
                account::forget(&self.directory, &self.dir);
                self.order_once(hosts, now).await
            }
            outcome => outcome,
        }
    }

    async fn order_once(&self, hosts: &[HostName], now: Instant) -> Result<Issued, Failed> {
        let mut proofs = Vec::new();
        let work = async {
            let account = account::open(&self.acme, &self.directory, &self.dir).await?;
            let identifiers: Vec<Identifier> = hosts.iter().map(identifier).collect();
            let new = NewOrder::new(&identifiers);
            let new = match &self.acme.profile {
                Some(profile) => new.profile(offered(&account, profile)?),
                None => new,
            };
            let mut order = account.new_order(&new).await?;
            self.prove(&mut order, &mut proofs).await?;
            issue(&mut order, hosts, now).await
        };
        let outcome = timeout(WHOLE_ORDER, work).await;
        self.prover.take_back(proofs).await;
        outcome.unwrap_or_else(|_| Err(Failed::new("the order was not done in ten minutes and was given up")))
    }

    /// Shows that each name is ours, where the CA does not know it yet.
    async fn prove(&self, order: &mut Order, proofs: &mut Vec<super::proof::Proof>) -> Result<(), Failed> {
        let kind = self.prover.kind();
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            match authorization.status {
                AuthorizationStatus::Valid => continue,
                AuthorizationStatus::Pending => {}
                other => return Err(Failed::new(format!("the CA's authorization is {other:?}").to_lowercase())),
            }
            let Some(mut challenge) = authorization.challenge(kind.clone()) else {
                return Err(Failed::new(format!("the CA does not offer {:?} for this name", self.acme.challenge)));
            };
            proofs.push(self.prover.show(&challenge).await?);
            challenge.set_ready().await?;
        }
        match order.poll_ready(&DECISION).await {
            Ok(OrderStatus::Ready) => Ok(()),
            Ok(_) => Err(why_invalid(order).await.unwrap_or_else(|| Failed::new("the CA refused the order"))),
            Err(error) => Err(why_invalid(order).await.unwrap_or_else(|| Failed::from(error))),
        }
    }
}

/// The profile, where the CA has it. One that knows nothing of profiles would pass over the wish in silence.
fn offered<'a>(account: &Account, wanted: &'a str) -> Result<&'a str, Failed> {
    let mut names: Vec<&str> = account.profiles().map(|profile| profile.name).collect();
    if names.contains(&wanted) {
        return Ok(wanted);
    }
    names.sort_unstable();
    let has = if names.is_empty() { "has no profiles".to_owned() } else { format!("has {}", names.join(", ")) };
    Err(Failed::new(format!("the CA {has}, and [acme] asks for profile = {wanted:?}")))
}

/// Asks for the certificate, with a key that was never used before.
async fn issue(order: &mut Order, hosts: &[HostName], now: Instant) -> Result<Issued, Failed> {
    let made = |error: rcgen::Error| Failed::new(format!("the request could not be made: {error}"));
    let key = KeyPair::generate().map_err(made)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    for host in hosts {
        params.subject_alt_names.push(own::alternative_name(host).map_err(|error| Failed::new(error.to_string()))?);
    }
    order.finalize_csr(params.serialize_request(&key).map_err(made)?.der()).await?;
    let chain = order.poll_certificate(&DECISION).await?;
    let key_pem = Zeroizing::new(key.serialize_pem());
    let bundle = Zeroizing::new(format!("{}\n{}", chain.trim_end(), key_pem.as_str()));
    checked(bundle, hosts, now)
}

/// What comes from a CA is looked at before it is served.
fn checked(bundle: Zeroizing<String>, hosts: &[HostName], now: Instant) -> Result<Issued, Failed> {
    let name = PathBuf::from("the CA's certificate");
    let files = Files { certificate: name.clone(), key: name };
    let pair =
        pair::parse(bundle.as_bytes(), bundle.as_bytes(), &files).map_err(|error| Failed::new(error.to_string()))?;
    if let Some(host) = hosts.iter().find(|host| !pair.facts.covers(host)) {
        return Err(Failed::new(format!("the CA's certificate is not good for {host}")));
    }
    if pair.facts.not_after <= now {
        return Err(Failed::new("the CA's certificate has ended already: is this host's clock right?"));
    }
    Ok(Issued { pair, bundle })
}

/// What the CA found when it looked: the order itself often says only that it is invalid.
async fn why_invalid(order: &mut Order) -> Option<Failed> {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let name = authorization.identifier().to_string();
        let Ok(state) = authorization.refresh().await else { continue };
        let problem = state.challenges.iter().find_map(|challenge| challenge.error.as_ref());
        if let Some(problem) = problem {
            let failed = Failed::from(problem);
            return Some(Failed { what: format!("{name}: {}", failed.what), ..failed });
        }
    }
    None
}

/// When the CA would like this certificate to be replaced (RFC 9773): from, until, and how long this holds.
pub(crate) struct Wish {
    pub(crate) from: Instant,
    pub(crate) until: Instant,
    pub(crate) ask_again: Duration,
}

impl Office {
    /// Asks the CA when it would like to see the certificate replaced; `None` where it has no opinion.
    pub(crate) async fn wish(&self, renewal_id: &(Vec<u8>, Vec<u8>)) -> Result<Option<Wish>, Failed> {
        let account: Account = account::open(&self.acme, &self.directory, &self.dir).await?;
        let (key, number) = (renewal_id.0.as_slice().into(), renewal_id.1.as_slice().into());
        match account.renewal_info(&instant_acme::CertificateIdentifier::new(key, number)).await {
            Ok((info, ask_again)) => {
                let instant =
                    |at: time::OffsetDateTime| Instant::from_micros(at.unix_timestamp().saturating_mul(1_000_000));
                let window = info.suggested_window;
                Ok(Some(Wish { from: instant(window.start), until: instant(window.end), ask_again }))
            }
            Err(instant_acme::Error::Unsupported(_)) => Ok(None),
            Err(error) => Err(Failed::from(error)),
        }
    }
}
