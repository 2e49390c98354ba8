//! Roles, what they allow, and who holds them.

use palisade_base::{
    Authority, Caller, Category, Error, FieldError, Kind, Permission, Permit, Resource, RoleId, Scope, TrailEntry,
    UserId,
};
use palisade_store::{StoreError, WriteTx};
use serde_json::Value;
use std::sync::PoisonError;

use super::{Identity, changed_meanwhile, check_permit, require_host, users::administration};
use crate::{
    model::{FactorRule, Grant, GrantState, NewRole, Role, RoleDetail, RoleTemplate, SiteDeclaration},
    policy::{
        ChangeRoles, GiveRoles, ReadRoles, decide_grant, decide_own_role, decide_role_change, keeps_an_administrator,
    },
    store::{grants, sessions, users},
};

/// Longest name and description of a role, in characters.
const NAME_MAX: usize = 60;
const DESCRIPTION_MAX: usize = 300;

impl Identity {
    /// Takes what the sites declare: permissions for the role pages, and roles that do not exist yet. A permission that is
    /// new in this version of the program is given to the roles whose template names it. Call once at start.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn declare(&self, sites: Vec<SiteDeclaration>) -> Result<(), Error> {
        let caller = Caller::job("identity.declare", Authority::none());
        let mut tx = self.write().await?;
        // Two nodes that start together must not both make a role.
        grants::lock(&mut tx).await?;
        let mut entries = Vec::new();
        for site in &sites {
            self.declare_site(&mut tx, &caller, site, &mut entries).await?;
        }
        if !entries.is_empty() {
            let first = entries.remove(0);
            self.commit(tx, first, entries).await?;
        }
        *self.0.sites.write().unwrap_or_else(PoisonError::into_inner) = sites;
        Ok(())
    }

    async fn declare_site(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        site: &SiteDeclaration,
        entries: &mut Vec<TrailEntry>,
    ) -> Result<(), Error> {
        let mut news = Vec::new();
        for info in &site.permissions {
            if grants::know_permission(tx, &site.site, &info.permission).await? {
                news.push(info.permission.clone());
            }
        }
        for template in &site.roles {
            match grants::find_by_key(tx, &site.site, &template.key).await? {
                None => entries.push(self.adopt_or_make_role(tx, caller, &site.site, template).await?),
                Some(role) => entries.extend(self.widen_role(tx, caller, &role, template, &news).await?),
            }
        }
        // A permission that no role got yet is still known from now on.
        if !news.is_empty() && entries.is_empty() {
            let resource = Resource::new("site", &site.site);
            let entry = TrailEntry::new(Category::Configuration, caller, "permission.declare", resource);
            entries.push(entry.note("permissions", names(news.iter())));
        }
        Ok(())
    }

    /// A role that somebody made on the console before the configuration named it becomes the declared one, with its holders.
    async fn adopt_or_make_role(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        site: &str,
        template: &RoleTemplate,
    ) -> Result<TrailEntry, Error> {
        if grants::adopt(tx, site, &template.key, &template.name).await? {
            let resource = Resource::new("site", site);
            let entry = TrailEntry::new(Category::Configuration, caller, "role.adopt", resource);
            return Ok(entry.note("role", template.key.as_ref()));
        }
        self.make_role(tx, caller, site, template).await
    }

    async fn make_role(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        site: &str,
        template: &RoleTemplate,
    ) -> Result<TrailEntry, Error> {
        let role = Role {
            id: RoleId::new(&self.0.env),
            site: site.to_owned(),
            key: Some(template.key.clone().into_owned()),
            name: template.name.clone().into_owned(),
            description: template.description.clone().into_owned(),
            factor: template.factor,
            version: 1,
        };
        grants::insert(tx, &role, self.now()).await.map_err(|error| match error {
            StoreError::Unique(_) => Error::new(
                Kind::Conflict,
                format!(
                    "Another role of {site} is called {} by now. Rename that one, or name this one otherwise.",
                    role.name
                ),
            ),
            other => other.into(),
        })?;
        grants::set_permissions(tx, role.id, &template.permissions).await?;
        Ok(created(caller, &role, &template.permissions))
    }

    /// Gives a role that exists what is new in this version of the program; what an administrator took away stays away.
    async fn widen_role(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        role: &Role,
        template: &RoleTemplate,
        news: &[Permission],
    ) -> Result<Option<TrailEntry>, Error> {
        let mut entry =
            TrailEntry::new(Category::Administration, caller, "role.update", Resource::new("role", role.id));
        for (permission, scope) in template.permissions.iter().filter(|(permission, _)| news.contains(permission)) {
            grants::add_permission(tx, role.id, permission, *scope).await?;
            entry = entry.changed(permission.name().to_owned(), Value::Null, scope.as_str().into());
        }
        Ok((!entry.changes.is_empty()).then_some(entry))
    }

    /// Every role, by site and name.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn list_roles(&self, _permit: &Permit<ReadRoles>) -> Result<Vec<RoleDetail>, Error> {
        let mut conn = self.read().await?;
        let mut details = Vec::new();
        for role in grants::list(&mut conn).await? {
            let permissions = grants::permissions(&mut conn, role.id).await?;
            let holders = grants::holders(&mut conn, role.id).await?;
            details.push(RoleDetail { role, permissions, holders });
        }
        Ok(details)
    }

    /// One role.
    ///
    /// # Errors
    /// There is no such role.
    pub async fn role_detail(&self, _permit: &Permit<ReadRoles>, role: RoleId) -> Result<RoleDetail, Error> {
        let mut conn = self.read().await?;
        let role = grants::find(&mut conn, role).await?.ok_or_else(Error::not_found)?;
        let permissions = grants::permissions(&mut conn, role.id).await?;
        let holders = grants::holders(&mut conn, role.id).await?;
        Ok(RoleDetail { role, permissions, holders })
    }

    /// The role that a site brought under this key, such as `admin` of `kpi`: for set-up and demo.
    ///
    /// # Errors
    /// There is no such role.
    pub async fn role_by_key(&self, _permit: &Permit<ReadRoles>, site: &str, key: &str) -> Result<Role, Error> {
        grants::find_by_key(&mut *self.read().await?, site, key).await?.ok_or_else(Error::not_found)
    }

    /// Makes a role.
    ///
    /// # Errors
    /// The name is taken (field `name`), a permission is not declared on the site (field `permissions`), or the caller does
    /// not hold what it allows on the console.
    pub async fn create_role(
        &self,
        caller: &Caller,
        permit: &Permit<ChangeRoles>,
        new: NewRole,
    ) -> Result<RoleId, Error> {
        check_permit(caller, permit)?;
        self.check_role(&new)?;
        decide_role_change(caller, &new.site, &new.permissions)?;
        let role = Role {
            id: RoleId::new(&self.0.env),
            site: new.site,
            key: None,
            name: new.name.trim().to_owned(),
            description: new.description.trim().to_owned(),
            factor: new.factor,
            version: 1,
        };
        let mut tx = self.write().await?;
        grants::insert(&mut tx, &role, self.now()).await.map_err(name_taken)?;
        grants::set_permissions(&mut tx, role.id, &new.permissions).await?;
        self.commit(tx, created(caller, &role, &new.permissions), Vec::new()).await?;
        Ok(role.id)
    }

    /// Changes a role: name, description, factor rule, permissions (its site stays). In force within a second; sessions of
    /// its holders get a new token.
    ///
    /// # Errors
    /// As [`Identity::create_role`]; the role was changed meanwhile (`Conflict`); the caller holds the role and it would allow
    /// more (see [`decide_own_role`]); or no administrator would be left.
    pub async fn change_role(
        &self,
        caller: &Caller,
        permit: &Permit<ChangeRoles>,
        role: RoleId,
        version: i64,
        new: NewRole,
    ) -> Result<(), Error> {
        check_permit(caller, permit)?;
        let mut tx = self.write().await?;
        let before = grants::find(&mut tx, role).await?.ok_or_else(Error::not_found)?;
        let new = NewRole { site: before.site.clone(), ..new };
        self.check_role(&new)?;
        let allowed = grants::permissions(&mut tx, role).await?;
        // Neither give what one does not hold, nor take from those who hold more.
        decide_role_change(caller, &before.site, &new.permissions)?;
        decide_role_change(caller, &before.site, &allowed)?;
        if let Some(user) = caller.actor.user()
            && grants::holds(&mut tx, user, role).await?
            && let Err(refused) = decide_own_role(caller, &allowed, &new.permissions)
        {
            drop(tx);
            self.trace_refusal(caller, "role.update", Resource::new("role", role), refused.reason()).await?;
            return Err(refused.into());
        }
        let after = Role {
            name: new.name.trim().to_owned(),
            description: new.description.trim().to_owned(),
            factor: new.factor,
            ..before.clone()
        };
        grants::lock(&mut tx).await?;
        let administrators = grants::administrators(&mut tx).await?;
        if !grants::update(&mut tx, &after, version).await.map_err(name_taken)? {
            return Err(changed_meanwhile());
        }
        grants::set_permissions(&mut tx, role, &new.permissions).await?;
        if !keeps_an_administrator(administrators, grants::administrators(&mut tx).await?) {
            drop(tx);
            return Err(self.refuse_last_administrator(caller, "role.update", Resource::new("role", role)).await?);
        }
        sessions::renew_holders(&mut tx, role).await?;
        self.commit(tx, changed(caller, (&before, &allowed), (&after, &new.permissions)), Vec::new()).await
    }

    /// Archives a custom role that nobody holds.
    ///
    /// # Errors
    /// It came with an app, or somebody holds it.
    pub async fn archive_role(&self, caller: &Caller, permit: &Permit<ChangeRoles>, role: RoleId) -> Result<(), Error> {
        check_permit(caller, permit)?;
        let mut tx = self.write().await?;
        let found = grants::find(&mut tx, role).await?.ok_or_else(Error::not_found)?;
        if found.key.is_some() {
            let message = "This role came with the app. Take its permissions away instead.";
            return Err(Error::new(Kind::Conflict, message));
        }
        let holders = grants::holders(&mut tx, role).await?;
        if holders > 0 {
            let message = format!("{holders} people hold this role. Take it from them first.");
            return Err(Error::new(Kind::Conflict, message));
        }
        let allowed = grants::permissions(&mut tx, role).await?;
        decide_role_change(caller, &found.site, &allowed)?;
        grants::archive(&mut tx, role, self.now()).await?;
        let entry = TrailEntry::new(Category::Administration, caller, "role.archive", Resource::new("role", role));
        self.commit(tx, entry.note("name", found.name), Vec::new()).await
    }

    /// Gives a role to a user. Where the role requires a second factor and the user has none, the grant waits for it.
    ///
    /// # Errors
    /// They hold it already (`Conflict`), or the caller may not give it (see [`decide_grant`]).
    pub async fn grant_role(
        &self,
        caller: &Caller,
        permit: &Permit<GiveRoles>,
        user: UserId,
        role: RoleId,
    ) -> Result<GrantState, Error> {
        check_permit(caller, permit)?;
        self.check_grant(caller, "grant.create", user, role).await?;
        let mut tx = self.write().await?;
        let (grant, entry) = self.insert_grant(&mut tx, caller, user, role).await?;
        self.commit(tx, entry, Vec::new()).await?;
        Ok(grant.state)
    }

    /// Decides before anything is locked, so that a refusal can be traced; the transaction decides again.
    async fn check_grant(
        &self,
        caller: &Caller,
        action: &'static str,
        user: UserId,
        role: RoleId,
    ) -> Result<(), Error> {
        let mut conn = self.read().await?;
        let found = grants::find(&mut conn, role).await?.ok_or_else(Error::not_found)?;
        let allows = grants::permissions(&mut conn, role).await?;
        drop(conn);
        let Err(refused) = decide_grant(caller, &found.site, &allows, user) else { return Ok(()) };
        self.trace_refusal(caller, action, Resource::new("user", user), refused.reason()).await?;
        Err(refused.into())
    }

    /// Stores a grant within a transaction, with its entry.
    pub(super) async fn insert_grant(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        user: UserId,
        role: RoleId,
    ) -> Result<(Grant, TrailEntry), Error> {
        users::find(tx, user).await?.ok_or_else(Error::not_found)?;
        let found = grants::find(tx, role).await?.ok_or_else(Error::not_found)?;
        decide_grant(caller, &found.site, &grants::permissions(tx, role).await?, user)?;
        match grants::grant(tx, user, role, &caller.actor.to_string(), self.now()).await {
            Err(StoreError::Unique(_)) => return Err(Error::new(Kind::Conflict, "They hold this role already.")),
            other => other?,
        }
        sessions::renew_user(tx, user).await?;
        let grants = grants::of_users(tx, &[user]).await?;
        let grant = grants.into_iter().find(|grant| grant.role == role).ok_or_else(Error::not_found)?;
        let state = if grant.state == GrantState::Pending { "waits for a second factor" } else { "in force" };
        let entry = administration(caller, "grant.create", user)
            .changed("role", Value::Null, found.name.into())
            .note("site", found.site)
            .note("state", state);
        Ok((grant, entry))
    }

    /// Takes a role from a user; in force within a second.
    ///
    /// # Errors
    /// They do not hold it, the caller may not take it, or no administrator would be left.
    pub async fn revoke_role(
        &self,
        caller: &Caller,
        permit: &Permit<GiveRoles>,
        user: UserId,
        role: RoleId,
    ) -> Result<(), Error> {
        check_permit(caller, permit)?;
        self.check_grant(caller, "grant.revoke", user, role).await?;
        let mut tx = self.write().await?;
        let found = grants::find(&mut tx, role).await?.ok_or_else(Error::not_found)?;
        decide_grant(caller, &found.site, &grants::permissions(&mut tx, role).await?, user)?;
        grants::lock(&mut tx).await?;
        let administrators = grants::administrators(&mut tx).await?;
        if !grants::revoke(&mut tx, user, role).await? {
            return Err(Error::not_found());
        }
        let after = grants::administrators(&mut tx).await?;
        if require_host(caller).is_err() && !keeps_an_administrator(administrators, after) {
            drop(tx);
            return Err(self.refuse_last_administrator(caller, "grant.revoke", Resource::new("user", user)).await?);
        }
        sessions::renew_user(&mut tx, user).await?;
        let entry = administration(caller, "grant.revoke", user)
            .changed("role", found.name.into(), Value::Null)
            .note("site", found.site);
        self.commit(tx, entry, Vec::new()).await
    }

    fn check_role(&self, new: &NewRole) -> Result<(), Error> {
        let mut problems = Vec::new();
        let mut problem = |field: &'static str, message: String| {
            problems.push(FieldError { field: field.into(), message });
        };
        let name = new.name.trim();
        if !(2..=NAME_MAX).contains(&name.chars().count()) || name.contains(char::is_control) {
            problem("name", format!("Give the role a name of 2 to {NAME_MAX} characters."));
        }
        if new.description.chars().count() > DESCRIPTION_MAX || new.description.contains(char::is_control) {
            problem("description", format!("Use at most {DESCRIPTION_MAX} characters, on one line."));
        }
        let declared = self.permissions_of(&new.site);
        // A guarded site's roles allow nothing here: what they open, the site's own configuration and app decide.
        if !self.sites().iter().any(|(site, _)| *site == new.site) {
            problem("site", "There is no such site.".into());
        }
        for (permission, scope) in &new.permissions {
            match declared.iter().find(|info| info.permission == *permission) {
                None => problem("permissions", format!("{permission} is no permission of this site.")),
                Some(info) if !info.scopes.contains(scope) => {
                    problem("permissions", format!("{} can't be limited to “{}”.", info.label, scope.as_str()));
                }
                Some(_) => {}
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::invalid(problems)) }
    }
}

fn names<'a>(permissions: impl Iterator<Item = &'a Permission>) -> Value {
    permissions.map(|permission| Value::from(permission.name())).collect()
}

fn created(caller: &Caller, role: &Role, permissions: &[(Permission, Scope)]) -> TrailEntry {
    let mut entry = TrailEntry::new(Category::Administration, caller, "role.create", Resource::new("role", role.id))
        .changed("name", Value::Null, role.name.as_str().into())
        .changed("factor_rule", Value::Null, role.factor.as_str().into())
        .note("site", role.site.as_str());
    for (permission, scope) in permissions {
        entry = entry.changed(permission.name().to_owned(), Value::Null, scope.as_str().into());
    }
    entry
}

type WithPermissions<'a> = (&'a Role, &'a [(Permission, Scope)]);

/// Each field and each permission before and after; what stayed is left out.
fn changed(caller: &Caller, before: WithPermissions<'_>, after: WithPermissions<'_>) -> TrailEntry {
    let (old, new) = (before.0, after.0);
    let rule = |rule: FactorRule| Value::from(rule.as_str());
    let mut entry = TrailEntry::new(Category::Administration, caller, "role.update", Resource::new("role", new.id))
        .changed("name", old.name.as_str().into(), new.name.as_str().into())
        .changed("description", old.description.as_str().into(), new.description.as_str().into())
        .changed("factor_rule", rule(old.factor), rule(new.factor));
    let mut all: Vec<&Permission> = before.1.iter().chain(after.1).map(|(permission, _)| permission).collect();
    all.sort();
    all.dedup();
    let scope = |list: &[(Permission, Scope)], wanted: &Permission| {
        let found = list.iter().find(|(permission, _)| permission == wanted);
        found.map_or(Value::Null, |(_, scope)| Value::from(scope.as_str()))
    };
    for permission in all {
        entry = entry.changed(permission.name().to_owned(), scope(before.1, permission), scope(after.1, permission));
    }
    entry
}

fn name_taken(error: StoreError) -> Error {
    match &error {
        StoreError::Unique(_) => Error::field("name", "Another role of this site has this name."),
        _ => error.into(),
    }
}
