//! What each command does, by the services that the pages use too.

mod bans;
mod certificates;
mod keys;
mod posture;
mod sessions;
mod sites;
mod status;
mod trail;
mod users;

pub use sites::findings_as_json;
pub(crate) use trail::verify_options;

use std::sync::Arc;

use palisade_bans::Bans;
use palisade_base::{Authority, Caller, Error, Instant, Kind, Scope};
use palisade_certificates::Certificates;
use palisade_helper::client::HelperClient;
use palisade_identity::{Identity, model::OneTimeLink, permissions::operator_authority};
use palisade_keys::{MANAGE_KEYS, Vault};
use palisade_posture::Posture;
use palisade_store::Store;
use palisade_trail::Trail;
use serde_json::{Value, json};

use super::{Request, answer::Answer};
use crate::{KeyDir, Live, reload::Reloader};

/// The running server, as commands see it.
pub struct Control {
    /// The database.
    pub store: Store,
    /// Users, sessions, roles.
    pub identity: Identity,
    /// Keys.
    pub vault: Vault,
    /// Who is shut out, and the jails.
    pub bans: Bans,
    /// Where the key file lies.
    pub key_dir: KeyDir,
    /// The trail.
    pub trail: Trail,
    /// The way to the helper, where there is one.
    pub helper: Option<HelperClient>,
    /// What is in force at the moment.
    pub live: Arc<Live>,
    /// Reads the configuration again.
    pub(crate) reloader: Arc<Reloader>,
    /// The certificates of the sites.
    pub certificates: Certificates,
    /// What is in force.
    pub posture: Posture,
    /// When the server started.
    pub started_at: Instant,
}

impl Control {
    /// Does what is asked, in the operator's name.
    pub(crate) async fn handle(
        &self,
        operator: &str,
        request: Request,
        answer: &mut Answer<'_>,
    ) -> Result<Value, Error> {
        let caller = Caller::operator(operator, authority());
        match request {
            Request::Status => self.status().await,
            Request::Reload => self.reload(&caller).await,
            Request::SiteList => self.list_sites(answer).await,
            Request::SetUpLink => {
                self.needs_console()?;
                let link = self.identity.issue_set_up_link(&caller).await?;
                Ok(self.link("/set-up/", &link))
            }
            Request::UserList { search, disabled } => self.list_users(&caller, search, disabled, answer).await,
            Request::UserAdd { user_name, given_name, family_name, email, roles } => {
                let new = users::NewUserText { user_name, given_name, family_name, email };
                self.add_user(&caller, &new, &roles).await
            }
            Request::UserUnlock { login } => self.unlock_user(&caller, &login).await,
            Request::UserDisable { login } => self.disable_user(&caller, &login).await,
            Request::UserEnable { login } => self.enable_user(&caller, &login).await,
            Request::UserResetPassword { login } => self.reset_password(&caller, &login).await,
            Request::UserResetAllPasswords => self.reset_all_passwords(&caller).await,
            Request::UserResetFactor { login } => self.reset_factor(&caller, &login).await,
            Request::SessionList => self.list_sessions(&caller, answer).await,
            Request::SessionRevoke(revoke) => self.revoke_sessions(&caller, &revoke).await,
            Request::BanList { live, network, jail } => {
                self.list_bans(&caller, live, network.as_deref(), jail, answer).await
            }
            Request::BanAdd { network, length, reason } => {
                self.add_ban(&caller, &network, length.as_deref(), reason).await
            }
            Request::BanRemove { network } => self.remove_ban(&caller, &network).await,
            Request::JailStatus { name } => self.jail_status(&caller, name.as_deref(), answer).await,
            Request::TrailTail { filter, lines, follow } => {
                self.tail_trail(&caller, filter, lines, follow, answer).await
            }
            Request::TrailSearch { filter, limit } => self.search_trail(&caller, filter, limit, answer).await,
            Request::TrailExport => self.export_trail(&caller, answer).await,
            Request::TrailVerify { against, key } => self.verify_trail(&caller, &against, key.as_deref(), answer).await,
            Request::KeyStatus => self.key_status(),
            Request::KeyRotate => self.rotate_key(&caller, answer).await,
            Request::KeyRewrap => self.rewrap_keys(&caller).await,
            Request::Verify => self.verify(&caller, answer).await,
            Request::HardenPlan => self.harden_plan(&caller, answer).await,
            Request::HardenApply { mender, plan } => self.harden_apply(&caller, &mender, &plan, answer).await,
            Request::HardenConfirm { mender } => self.harden_confirm(&caller, &mender, answer).await,
            Request::CertList => self.list_certificates(answer).await,
            Request::CertRoot => self.local_root(),
            Request::CertIssue { site } => self.issue_certificates(&caller, site.as_deref(), answer).await,
            Request::CertRenew { site, dry_run } => {
                self.renew_certificates(&caller, site.as_deref(), dry_run, answer).await
            }
        }
    }

    /// Refuses what would give a link that leads nowhere.
    fn needs_console(&self) -> Result<(), Error> {
        if self.console().is_empty() {
            let why = "No console is served, so there is nowhere to sign in. Give it a host: [console] host = \"guard.example.com\".";
            return Err(Error::new(Kind::Conflict, why));
        }
        Ok(())
    }

    /// A one-time link as the command shows it: the only place where its token stands in clear.
    fn link(&self, path: &str, link: &OneTimeLink) -> Value {
        json!({
            "link": format!("{}{path}{}", self.console(), link.token.reveal()),
            "expires_at": link.expires_at.to_string(),
        })
    }
}

/// What the operator may do: all of the console, and the keys.
fn authority() -> Authority {
    let mut authority = operator_authority();
    authority.allow(MANAGE_KEYS, Scope::All);
    authority
}
