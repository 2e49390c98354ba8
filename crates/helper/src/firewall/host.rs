//! The machine's own rules: set for a time, confirmed, kept over a restart.
//!
//! Who applies rules may shut themselves out by them. So they are tried first: the kernel itself counts the time, and when
//! it is over without a confirmation, packets go by the old rules again, whether or not anybody is alive to say so. The
//! helper tidies up after that; one that starts anew sets the confirmed rules, so a trial does not outlive it either.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{
    nft,
    text::{self, HOST_TABLE, TRIAL},
};
use crate::{
    config::{FirewallConfig, check_owner},
    protocol::{CONFIRM_SECONDS, Failure, FailureKind, FirewallFacts, HostRules},
};

/// The file with the confirmed rules.
const FILE: &str = "firewall.json";
/// A longer one is none.
const MAX_FILE: u64 = 64 << 10;
/// iptables' older kind keeps its tables apart from nftables'.
const LEGACY: [&str; 2] = ["/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"];

/// The machine's rules: those that are confirmed, and those that are tried.
#[derive(Debug)]
pub struct HostFirewall {
    nft: PathBuf,
    file: PathBuf,
    is_allowed: bool,
    confirmed: Option<HostRules>,
    trial: Option<Trial>,
}

#[derive(Debug)]
struct Trial {
    rules: HostRules,
    until: Instant,
}

impl HostFirewall {
    /// As the helper's file says. Nothing is set yet.
    #[must_use]
    pub fn new(config: &FirewallConfig) -> Self {
        Self {
            nft: config.nft.clone(),
            file: config.state.join(FILE),
            is_allowed: config.host_rules,
            confirmed: None,
            trial: None,
        }
    }

    /// Sets the confirmed rules, if there are any; what an earlier helper was only trying goes.
    ///
    /// # Errors
    /// They can't be read, or the kernel refuses.
    pub async fn start(&mut self) -> Result<(), Failure> {
        if !self.is_allowed {
            return Ok(());
        }
        self.confirmed = read(&self.file)?;
        match &self.confirmed {
            Some(rules) => nft::load(&self.nft, &text::replace(rules)).await,
            // A table of this name that was never tried here is somebody's own.
            None if self.is_tried().await => nft::load(&self.nft, &text::remove()).await,
            None => Ok(()),
        }
    }

    /// Takes the rules away for good.
    ///
    /// # Errors
    /// The kernel refuses, or the file stays.
    pub async fn remove(&mut self) -> Result<(), Failure> {
        self.trial = None;
        self.confirmed = None;
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(self.cant_be_kept(&error)),
            _ => {}
        }
        nft::load(&self.nft, &text::remove()).await
    }

    /// Sets rules for so many seconds.
    ///
    /// # Errors
    /// They must not be set here, could not be kept, or the kernel refuses; then the old ones stand.
    pub async fn attempt(&mut self, rules: &HostRules, seconds: u64, now: Instant) -> Result<(), Failure> {
        self.refuse_unless_allowed()?;
        rules.check()?;
        if !(1..=CONFIRM_SECONDS).contains(&seconds) {
            let why = format!("rules wait 1 to {CONFIRM_SECONDS} seconds to be confirmed, not {seconds}");
            return Err(Failure::new(FailureKind::Invalid, why));
        }
        // Better said now than when they are confirmed.
        self.write(self.confirmed.as_ref()).map_err(|error| self.cant_be_kept(&error))?;
        nft::load(&self.nft, &text::attempt(rules, self.confirmed.as_ref(), seconds)).await?;
        self.trial = Some(Trial { rules: rules.clone(), until: now + Duration::from_secs(seconds) });
        Ok(())
    }

    /// The rules that are tried stay, over a restart of the machine too.
    ///
    /// # Errors
    /// Nothing is tried (any more), or they can't be kept; then the old ones come back.
    pub async fn confirm(&mut self, now: Instant) -> Result<(), Failure> {
        self.refuse_unless_allowed()?;
        self.tidy(now).await?;
        let Some(trial) = &self.trial else {
            let why = "no rules wait to be confirmed: either none were applied, or their time was over and the old ones \
                       are back\n  Apply them again: palisade harden apply firewall";
            return Err(Failure::new(FailureKind::Refused, why));
        };
        let rules = trial.rules.clone();
        // First the file: who confirmed them finds them after a crash, too.
        self.write(Some(&rules)).map_err(|error| self.cant_be_kept(&error))?;
        if let Err(failure) = nft::load(&self.nft, &text::replace(&rules)).await {
            self.write(self.confirmed.as_ref()).map_err(|error| self.cant_be_kept(&error))?;
            return Err(failure);
        }
        (self.confirmed, self.trial) = (Some(rules), None);
        Ok(())
    }

    /// Puts the table in order when the time to confirm is over: the kernel has changed over by itself.
    ///
    /// # Errors
    /// The kernel refuses.
    pub async fn tidy(&mut self, now: Instant) -> Result<(), Failure> {
        if self.trial.as_ref().is_none_or(|trial| trial.until > now) {
            return Ok(());
        }
        tracing::warn!("the new firewall rules were not confirmed in time: the old ones are back");
        let rules = self.confirmed.as_ref().map_or_else(text::remove, text::replace);
        nft::load(&self.nft, &rules).await?;
        self.trial = None;
        Ok(())
    }

    /// What firewall stands on this machine, whoever made it.
    ///
    /// # Errors
    /// The kernel's rules can't be read.
    pub async fn facts(&self, now: Instant) -> Result<FirewallFacts, Failure> {
        let rules = nft::list(&self.nft).await?;
        let judgement = super::judge::judge(&rules).ok_or_else(|| {
            Failure::new(
                FailureKind::Failed,
                format!("{} lists the rules in a form that is not known", self.nft.display()),
            )
        })?;
        let own = format!("inet {HOST_TABLE} ");
        let stands = judgement.chains.iter().any(|chain| chain.starts_with(&own));
        Ok(FirewallFacts {
            drops_ipv4: judgement.drops_ipv4,
            drops_ipv6: judgement.drops_ipv6,
            chains: judgement.chains,
            rules: self.confirmed.clone().filter(|_| stands),
            waits_seconds: self.trial.as_ref().map(|trial| trial.until.saturating_duration_since(now).as_secs()),
            has_legacy: LEGACY.iter().any(|file| fs::read(file).is_ok_and(|text| !text.is_empty())),
        })
    }

    fn refuse_unless_allowed(&self) -> Result<(), Failure> {
        if self.is_allowed {
            return Ok(());
        }
        let why = "the helper's file does not allow the machine's rules to be set\n  Write host_rules = true below its \
                   [firewall], and restart the helper.";
        Err(Failure::new(FailureKind::Refused, why))
    }

    /// Whether the table in the kernel is one that is only tried.
    async fn is_tried(&self) -> bool {
        nft::has_set(&self.nft, HOST_TABLE, TRIAL).await
    }

    fn cant_be_kept(&self, error: &io::Error) -> Failure {
        let folder = self.file.parent().unwrap_or(&self.file).display();
        let why = format!(
            "the rules can't be kept in {}: {error}\n  Make the folder as root (install -d -m 0700 {folder}) and restart the helper.",
            self.file.display()
        );
        Failure::new(FailureKind::Failed, why)
    }

    /// Writes the file anew, whole or not at all.
    fn write(&self, rules: Option<&HostRules>) -> io::Result<()> {
        let draft = self.file.with_extension("new");
        let mut file = File::create(&draft)?;
        serde_json::to_writer(&mut file, &rules)?;
        file.flush()?;
        file.sync_all()?;
        fs::rename(&draft, &self.file)?;
        self.file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }
}

/// The confirmed rules; `None` where there are none.
fn read(path: &Path) -> Result<Option<HostRules>, Failure> {
    let failed = |why: String| Failure::new(FailureKind::Failed, why);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(format!("{} can't be read: {error}", path.display()))),
    };
    check_owner(path).map_err(|error| failed(error.to_string()))?;
    let mut text = String::new();
    let read = file.take(MAX_FILE).read_to_string(&mut text);
    read.map_err(|error| failed(format!("{} can't be read: {error}", path.display())))?;
    let rules: Option<HostRules> = serde_json::from_str(&text).map_err(|error| {
        failed(format!("{} is damaged: {error}\n  Delete it and apply the rules again.", path.display()))
    })?;
    rules.iter().try_for_each(HostRules::check)?;
    Ok(rules)
}
