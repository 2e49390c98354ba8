//! The own account: password, sessions, devices.

use palisade_base::{
    Caller, Category, Error, Permit, Resource, SecretString, SessionId, TrailEntry,
    auth::{ClientClass, SessionFacts},
};
use uuid::Uuid;

use super::{Identity, check_permit, owner, sessions::ended};
use crate::{
    model::{Device, EndReason, NewSession, SessionRow, UserRow},
    policy::OwnAccount,
    settings::SessionPolicy,
    store::{sessions, users},
};

/// Longest name of a device, in characters.
const DEVICE_NAME_MAX: usize = 60;

impl Identity {
    /// The signed-in user.
    ///
    /// # Errors
    /// Nobody is signed in.
    pub async fn own_user(&self, caller: &Caller) -> Result<UserRow, Error> {
        let user = caller.actor.user().ok_or_else(Error::denied)?;
        let mut conn = self.read().await?;
        let account = users::find(&mut conn, user).await?.ok_or_else(Error::not_found)?;
        self.row(&mut conn, account).await
    }

    /// Changes the own password. Every other session ends; this one gets another token.
    ///
    /// # Errors
    /// The present password is not right (field `present_password`; counted like a failed sign-in), or the new one breaks
    /// the policy (field `new_password`).
    pub async fn change_password(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        permit: &Permit<OwnAccount>,
        present: &SecretString,
        new: &SecretString,
    ) -> Result<NewSession, Error> {
        check_permit(caller, permit)?;
        let (account, record) = self.account_in(session).await?;
        let user = account.user.id;
        self.take_password(caller, &account, "present_password", present, record.device).await?;
        let hash = self.hash_replacement("new_password", &account, new).await?;
        let mut tx = self.write().await?;
        self.store_password(&mut tx, &account, &hash, false).await?;
        sessions::end_others(&mut tx, user, Some(session.id), None, EndReason::PasswordChanged, self.now()).await?;
        let class = record.facts.class;
        let renewed = self.renew_session(&mut tx, record, class).await?;
        let entry = TrailEntry::new(Category::Authentication, caller, "password.change", Resource::new("user", user));
        self.commit(tx, entry.changed_secret("password"), Vec::new()).await?;
        Ok(renewed)
    }

    /// The own live sessions.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn own_sessions(&self, permit: &Permit<OwnAccount>) -> Result<Vec<SessionRow>, Error> {
        self.live_sessions(Some(owner(permit)?), 100).await
    }

    /// Ends one of the own sessions.
    ///
    /// # Errors
    /// It is not one of them.
    pub async fn end_own_session(
        &self,
        caller: &Caller,
        permit: &Permit<OwnAccount>,
        session: SessionId,
    ) -> Result<(), Error> {
        check_permit(caller, permit)?;
        let user = owner(permit)?;
        let mut tx = self.write().await?;
        let is_own = sessions::find(&mut tx, session).await?.is_some_and(|record| record.facts.user == user);
        if !is_own || !sessions::end(&mut tx, session, EndReason::Ended, self.now()).await? {
            return Err(Error::not_found());
        }
        self.commit(tx, ended(caller, Resource::new("session", session)), Vec::new()).await
    }

    /// The devices that the user has signed in from.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn own_devices(&self, permit: &Permit<OwnAccount>) -> Result<Vec<Device>, Error> {
        Ok(sessions::devices(&mut *self.read().await?, owner(permit)?).await?)
    }

    /// Names the device of this session as a mobile device: from now on it gets the mobile class's session times. Only in
    /// a session in which the second factor was given.
    ///
    /// # Errors
    /// No factor was given in this session (`Denied`), or the name does not fit (field `name`).
    pub async fn name_mobile_device(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        permit: &Permit<OwnAccount>,
        name: &str,
    ) -> Result<NewSession, Error> {
        check_permit(caller, permit)?;
        let name = name.trim();
        if name.is_empty() || name.chars().count() > DEVICE_NAME_MAX || name.contains(char::is_control) {
            return Err(Error::field("name", format!("Give the device a name of 1 to {DEVICE_NAME_MAX} characters.")));
        }
        let (account, mut record) = self.account_in(session).await?;
        let has_factor = self.factor_status(account.user.id).await?.totp_since.is_some();
        let (true, true, Some(device)) = (has_factor, record.factor_given, record.device) else {
            let message = "Sign in on this device with a second factor first; then you can name it.";
            return Err(Error::new(palisade_base::Kind::Denied, message));
        };
        let mut tx = self.write().await?;
        if !sessions::name_device(&mut tx, device, account.user.id, name).await? {
            return Err(Error::not_found());
        }
        let policy: SessionPolicy = self.settings_on(&mut tx).await?.value;
        record.times.expires_at = record.times.created_at + policy.mobile.life();
        let renewed = self.renew_session(&mut tx, record, ClientClass::Mobile).await?;
        let entry = TrailEntry::new(Category::Authentication, caller, "device.enrol", Resource::new("device", device));
        self.commit(tx, entry.note("name", name), Vec::new()).await?;
        Ok(renewed)
    }

    /// Forgets a device: it is a stranger's again, and its mobile sessions end.
    ///
    /// # Errors
    /// It is not one of the own devices.
    pub async fn forget_device(&self, caller: &Caller, permit: &Permit<OwnAccount>, device: Uuid) -> Result<(), Error> {
        check_permit(caller, permit)?;
        let keep = caller.origin.session.unwrap_or(SessionId(Uuid::nil()));
        let mut tx = self.write().await?;
        if !sessions::delete_device(&mut tx, device, owner(permit)?, keep, self.now()).await? {
            return Err(Error::not_found());
        }
        let entry = TrailEntry::new(Category::Authentication, caller, "device.forget", Resource::new("device", device));
        self.commit(tx, entry, Vec::new()).await
    }
}
