//! API keys: what signs programs in.

use palisade_base::{
    ApiKeyId, Authority, Caller, Category, Error, FieldError, Permit, PlainToken, Resource, Span, TrailEntry, UserId,
};
use serde_json::Value;

use super::{Identity, authenticate::held, check_permit, owner};
use crate::{
    model::{ApiKey, NewApiKey},
    policy::{ChangeUsers, OwnAccount},
    store::keys,
};

/// In front of every key, so that a leaked one is known for what it is.
const PREFIX: &str = "plk_";
const NAME_MAX: usize = 80;
const VALID_DAYS_MAX: i64 = 365;

impl Identity {
    /// The own keys, newest first.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn own_keys(&self, permit: &Permit<OwnAccount>) -> Result<Vec<ApiKey>, Error> {
        Ok(keys::of_user(&mut *self.read().await?, owner(permit)?).await?)
    }

    /// What the user may do on any site: what a key of theirs can be made for.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn own_authority(&self, permit: &Permit<OwnAccount>) -> Result<Authority, Error> {
        self.authority_anywhere(owner(permit)?).await
    }

    async fn authority_anywhere(&self, user: UserId) -> Result<Authority, Error> {
        let held = held(&mut *self.read().await?, user).await?;
        let console_on = &self.0.config.console_on;
        let sites = held.allowed.iter().map(|allowed| allowed.site.as_str());
        Ok(sites.flat_map(|site| all_of(&held.authority_on(site, console_on))).collect())
    }

    /// Makes a key. The token that comes back is shown once.
    ///
    /// # Errors
    /// The name is empty (field `name`), the life is out of bounds (field `valid_days`), or it would allow what its owner may
    /// not do (field `permissions`).
    pub async fn create_key(
        &self,
        caller: &Caller,
        permit: &Permit<OwnAccount>,
        new: NewApiKey,
    ) -> Result<(ApiKey, PlainToken), Error> {
        check_permit(caller, permit)?;
        let user = owner(permit)?;
        check_key(&new, &self.authority_anywhere(user).await?)?;
        let now = self.now();
        let key = ApiKey {
            id: ApiKeyId::new(&self.0.env),
            owner: user,
            name: new.name.trim().to_owned(),
            permissions: new.permissions,
            created_at: now,
            expires_at: now + Span::days(new.valid_days),
            revoked_at: None,
            last_used_at: None,
        };
        let token = PlainToken::generate(&self.0.env, PREFIX);
        let mut tx = self.write().await?;
        keys::insert(&mut tx, &key, &token.hashed()).await?;
        let permissions = key.permissions.iter().map(|(name, scope)| format!("{name}:{}", scope.as_str()));
        let entry =
            TrailEntry::new(Category::Administration, caller, "api_key.create", Resource::new("api_key", key.id))
                .note("name", key.name.as_str())
                .note("permissions", permissions.map(Value::from).collect::<Value>())
                .note("expires_at", key.expires_at.to_string());
        self.commit(tx, entry, Vec::new()).await?;
        Ok((key, token))
    }

    /// Revokes one of the own keys; in force within a second.
    ///
    /// # Errors
    /// It is not one of them.
    pub async fn revoke_key(&self, caller: &Caller, permit: &Permit<OwnAccount>, key: ApiKeyId) -> Result<(), Error> {
        check_permit(caller, permit)?;
        self.revoke(caller, key, Some(owner(permit)?)).await
    }

    /// Revokes anybody's key.
    ///
    /// # Errors
    /// There is no such key.
    pub async fn revoke_key_of(
        &self,
        caller: &Caller,
        permit: &Permit<ChangeUsers>,
        key: ApiKeyId,
    ) -> Result<(), Error> {
        check_permit(caller, permit)?;
        self.revoke(caller, key, None).await
    }

    async fn revoke(&self, caller: &Caller, key: ApiKeyId, of: Option<UserId>) -> Result<(), Error> {
        let mut tx = self.write().await?;
        let found = keys::find(&mut tx, key).await?;
        let is_theirs = found.is_some_and(|found| of.is_none_or(|user| found.key.owner == user));
        if !is_theirs || !keys::revoke(&mut tx, key, self.now()).await? {
            return Err(Error::not_found());
        }
        let entry = TrailEntry::new(Category::Administration, caller, "api_key.revoke", Resource::new("api_key", key));
        self.commit(tx, entry, Vec::new()).await
    }
}

fn all_of(authority: &Authority) -> Vec<(palisade_base::Permission, palisade_base::Scope)> {
    authority.iter().map(|(permission, scope)| (permission.clone(), scope)).collect()
}

fn check_key(new: &NewApiKey, owner: &Authority) -> Result<(), Error> {
    let mut problems = Vec::new();
    let mut problem = |field: &'static str, message: String| {
        problems.push(FieldError { field: field.into(), message });
    };
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.contains(char::is_control) {
        problem("name", format!("Give the key a name of 1 to {NAME_MAX} characters that tells what it is for."));
    }
    if !(1..=VALID_DAYS_MAX).contains(&new.valid_days) {
        problem("valid_days", format!("Choose 1 to {VALID_DAYS_MAX} days."));
    }
    if new.permissions.is_empty() {
        problem("permissions", "Choose at least one thing that the key may do.".into());
    }
    for (permission, scope) in &new.permissions {
        if !owner.allows(permission, *scope) {
            problem("permissions", format!("You may not do this yourself: {permission}, {}.", scope.as_str()));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
}
