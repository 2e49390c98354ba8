//! Users: making, changing, disabling, helping.

use palisade_base::{Caller, Category, Error, FieldError, Kind, Permit, Resource, SecretString, TrailEntry, UserId};
use palisade_records::directory::{self, Person};
use palisade_store::{Conn, StoreError, WriteTx};
use serde_json::Value;

use super::{Identity, changed_meanwhile, check_permit, counted, passwords::Names, refuse_oneself, require_host};
use crate::{
    model::{
        EmailAddress, EndReason, InitialPassword, NewUser, PersonOf, User, UserDetail, UserFilter, UserName, UserRow,
        UserStatus,
    },
    policy::{ChangeUsers, CreateUsers, ReadUsers, decide_account_change, keeps_an_administrator},
    store::{
        factors, grants, keys, sessions, tries,
        users::{self, Account},
    },
};

impl Identity {
    /// Users in the order of their names, and how many the filter finds in all.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn list_users(
        &self,
        _permit: &Permit<ReadUsers>,
        filter: &UserFilter,
    ) -> Result<(Vec<UserRow>, i64), Error> {
        let mut conn = self.read().await?;
        let accounts = users::list(&mut conn, filter).await?;
        let total = users::count(&mut conn, filter).await?;
        Ok((self.rows(&mut conn, accounts).await?, total))
    }

    /// Everything about one user.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn user_detail(&self, _permit: &Permit<ReadUsers>, user: UserId) -> Result<UserDetail, Error> {
        let mut conn = self.read().await?;
        let account = users::find(&mut conn, user).await?.ok_or_else(Error::not_found)?;
        let person = directory::find_person(&mut conn, account.user.person).await?.ok_or_else(Error::not_found)?;
        Ok(UserDetail {
            row: self.row(&mut conn, account).await?,
            person,
            factor: factors::status(&mut conn, user).await?,
            sessions: sessions::list(&mut conn, Some(user), self.now(), 100).await?,
            keys: keys::of_user(&mut conn, user).await?,
        })
    }

    /// The user of that name or mail address, for commands.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn find_user(&self, _permit: &Permit<ReadUsers>, login: &str) -> Result<User, Error> {
        let login = crate::model::LoginName::parse(login);
        let account = users::find_by_login(&mut *self.read().await?, login.as_str()).await?;
        account.map(|account| account.user).ok_or_else(|| Error::new(Kind::NotFound, "There is no such user."))
    }

    pub(super) async fn row(&self, conn: &mut Conn, account: Account) -> Result<UserRow, Error> {
        self.rows(conn, vec![account]).await?.pop().ok_or_else(Error::not_found)
    }

    async fn rows(&self, conn: &mut Conn, accounts: Vec<Account>) -> Result<Vec<UserRow>, Error> {
        let ids: Vec<UserId> = accounts.iter().map(|account| account.user.id).collect();
        let grants = grants::of_users(conn, &ids).await?;
        let with_factor = grants::with_factor(conn, &ids).await?;
        let tries = tries::by_strangers(conn, &ids).await?;
        let (rule, now) = (self.password_lockout().await?, self.now());
        let row = |account: Account| {
            let id = account.user.id;
            let tried = tries.iter().find(|(user, _)| *user == id);
            UserRow {
                display_name: account.display_name(),
                grants: grants.iter().filter(|grant| grant.user == id).cloned().collect(),
                has_factor: with_factor.contains(&id),
                locked_until: tried.and_then(|(_, tries)| rule.locked_until(tries, now)),
                user: account.user,
            }
        };
        Ok(accounts.into_iter().map(row).collect())
    }

    /// Makes a user, and the person too where they are new.
    ///
    /// # Errors
    /// A name is taken (fields `user_name`, `email`), the person has a user already (field `person`), or the password
    /// breaks the policy (field `password`).
    pub async fn create_user(
        &self,
        caller: &Caller,
        permit: &Permit<CreateUsers>,
        new: NewUser,
    ) -> Result<User, Error> {
        check_permit(caller, permit)?;
        let (hash, must_change) = self.initial_hash(&new).await?;
        let mut tx = self.write().await?;
        let (account, mut entries) = self.insert_user(&mut tx, caller, new, hash, must_change).await?;
        let first = entries.remove(0);
        self.commit(tx, first, entries).await?;
        Ok(account.user)
    }

    async fn initial_hash(&self, new: &NewUser) -> Result<(Option<String>, bool), Error> {
        let (password, must_change) = match &new.password {
            InitialPassword::None => return Ok((None, false)),
            InitialPassword::Temporary(password) => (password, true),
            InitialPassword::Own(password) => (password, false),
        };
        let person = match &new.person {
            PersonOf::New(person) => person.name(),
            PersonOf::Existing(id) => {
                let person = directory::find_person(&mut *self.read().await?, *id).await?;
                person.map(|person| person.name()).unwrap_or_default()
            }
        };
        let email = new.email.as_ref().map_or("", |email| email.as_str());
        let names = Names { user_name: new.user_name.as_str(), email, person: &person };
        Ok((Some(self.hash_new("password", &names, password).await?), must_change))
    }

    /// Stores a new user within a transaction, with the entries that belong to it.
    pub(super) async fn insert_user(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        new: NewUser,
        hash: Option<String>,
        must_change: bool,
    ) -> Result<(Account, Vec<TrailEntry>), Error> {
        let now = self.now();
        let (person, person_entry) = self.person_of(tx, caller, new.person).await?;
        let user = User {
            id: UserId::new(&self.0.env),
            person: person.id,
            user_name: new.user_name,
            email: new.email,
            status: UserStatus::Active,
            must_change_password: must_change,
            password_changed_at: hash.is_some().then_some(now),
            created_at: now,
            last_sign_in_at: None,
            version: 1,
        };
        users::insert(tx, &user, hash.clone()).await.map_err(taken)?;
        let entry = TrailEntry::new(Category::Administration, caller, "user.create", Resource::new("user", user.id))
            .changed("person", Value::Null, Value::from(person.id.to_string()))
            .changed("user_name", Value::Null, Value::from(user.user_name.as_str()))
            .changed("email", Value::Null, email_value(user.email.as_ref()));
        let entries = std::iter::once(entry).chain(person_entry).collect();
        let (given_name, family_name) = (person.given_name, person.family_name);
        Ok((Account { user, password_hash: hash, given_name, family_name }, entries))
    }

    async fn person_of(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        person: PersonOf,
    ) -> Result<(Person, Option<TrailEntry>), Error> {
        match person {
            PersonOf::Existing(id) => {
                let found = directory::find_person(tx, id).await?.filter(|person| person.archived_at.is_none());
                let missing = || Error::field("person", "Choose somebody who is in the directory and not archived.");
                Ok((found.ok_or_else(missing)?, None))
            }
            PersonOf::New(new) => {
                let person = directory::create_person(tx, new, &self.0.env).await?;
                let resource = Resource::new("person", person.id);
                let entry = TrailEntry::new(Category::Change, caller, "person.create", resource)
                    .changed("given_name", Value::Null, Value::from(person.given_name.as_str()))
                    .changed("family_name", Value::Null, Value::from(person.family_name.as_str()));
                Ok((person, Some(entry)))
            }
        }
    }

    /// Decides before anything is locked, so that a refusal can be traced; the transaction decides again.
    ///
    /// # Errors
    /// As [`Identity::changeable`].
    pub(super) async fn check_changeable(
        &self,
        caller: &Caller,
        action: &'static str,
        user: UserId,
    ) -> Result<(), Error> {
        let holds = grants::allowed(&mut *self.read().await?, user).await?;
        let Err(refused) = decide_account_change(caller, user, &holds) else { return Ok(()) };
        self.trace_refusal(caller, action, Resource::new("user", user), refused.reason()).await?;
        Err(refused.into())
    }

    /// The account of a user whom the caller wants to change.
    ///
    /// # Errors
    /// There is no such user, or they may do more on the console than the caller.
    pub(super) async fn changeable(&self, conn: &mut Conn, caller: &Caller, user: UserId) -> Result<Account, Error> {
        let account = users::find(conn, user).await?.ok_or_else(Error::not_found)?;
        decide_account_change(caller, user, &grants::allowed(conn, user).await?)?;
        Ok(account)
    }

    /// Changes the names to sign in with.
    ///
    /// # Errors
    /// A name is taken, or the user was changed meanwhile (`Conflict`).
    pub async fn rename_user(
        &self,
        caller: &Caller,
        permit: &Permit<ChangeUsers>,
        user: UserId,
        version: i64,
        user_name: UserName,
        email: Option<EmailAddress>,
    ) -> Result<(), Error> {
        check_permit(caller, permit)?;
        self.check_changeable(caller, "user.update", user).await?;
        let mut tx = self.write().await?;
        let before = self.changeable(&mut tx, caller, user).await?.user;
        if !users::rename(&mut tx, user, version, &user_name, email.as_ref()).await.map_err(taken)? {
            return Err(changed_meanwhile());
        }
        let entry = administration(caller, "user.update", user)
            .changed("user_name", before.user_name.as_str().into(), user_name.as_str().into())
            .changed("email", email_value(before.email.as_ref()), email_value(email.as_ref()));
        self.commit(tx, entry, Vec::new()).await
    }

    /// Disables a user: every session ends, every key stops, within a second.
    ///
    /// # Errors
    /// It is the last administrator, or the caller themselves.
    pub async fn disable_user(&self, caller: &Caller, permit: &Permit<ChangeUsers>, user: UserId) -> Result<(), Error> {
        check_permit(caller, permit)?;
        refuse_oneself(caller, user, "You can't disable yourself. Ask another administrator.")?;
        self.check_changeable(caller, "user.disable", user).await?;
        let mut tx = self.write().await?;
        grants::lock(&mut tx).await?;
        let before = grants::administrators(&mut tx).await?;
        if !self.set_status(&mut tx, caller, user, UserStatus::Disabled).await? {
            return Ok(());
        }
        if !keeps_an_administrator(before, grants::administrators(&mut tx).await?) {
            drop(tx);
            return Err(self.refuse_last_administrator(caller, "user.disable", Resource::new("user", user)).await?);
        }
        let ended = sessions::end_others(&mut tx, user, None, None, EndReason::Disabled, self.now()).await?;
        let entry = administration(caller, "user.disable", user)
            .changed("status", UserStatus::Active.as_str().into(), UserStatus::Disabled.as_str().into())
            .note("ended", counted(ended));
        self.commit(tx, entry, Vec::new()).await
    }

    /// Lets a disabled user in again.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn enable_user(&self, caller: &Caller, permit: &Permit<ChangeUsers>, user: UserId) -> Result<(), Error> {
        check_permit(caller, permit)?;
        self.check_changeable(caller, "user.enable", user).await?;
        let mut tx = self.write().await?;
        if !self.set_status(&mut tx, caller, user, UserStatus::Active).await? {
            return Ok(());
        }
        let entry = administration(caller, "user.enable", user).changed(
            "status",
            UserStatus::Disabled.as_str().into(),
            UserStatus::Active.as_str().into(),
        );
        self.commit(tx, entry, Vec::new()).await
    }

    /// `false` where the user has that status already.
    async fn set_status(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        user: UserId,
        status: UserStatus,
    ) -> Result<bool, Error> {
        let account = self.changeable(tx, caller, user).await?;
        if account.user.status == status {
            return Ok(false);
        }
        users::set_status(tx, user, status).await?;
        Ok(true)
    }

    /// Forgets failed tries, of passwords and of codes.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn unlock_user(&self, caller: &Caller, permit: &Permit<ChangeUsers>, user: UserId) -> Result<(), Error> {
        check_permit(caller, permit)?;
        self.check_changeable(caller, "user.unlock", user).await?;
        let mut tx = self.write().await?;
        self.changeable(&mut tx, caller, user).await?;
        tries::clear_all(&mut tx, user).await?;
        self.commit(tx, administration(caller, "user.unlock", user), Vec::new()).await
    }

    /// Removes the user's second factor and recovery codes; their sessions end. Grants of privileged roles wait again.
    ///
    /// # Errors
    /// It is the last administrator (at the host it is allowed), or the caller themselves.
    pub async fn reset_factor(&self, caller: &Caller, permit: &Permit<ChangeUsers>, user: UserId) -> Result<(), Error> {
        check_permit(caller, permit)?;
        refuse_oneself(caller, user, "Replace your own second factor on the account page.")?;
        self.check_changeable(caller, "factor.reset", user).await?;
        let mut tx = self.write().await?;
        self.changeable(&mut tx, caller, user).await?;
        grants::lock(&mut tx).await?;
        let before = grants::administrators(&mut tx).await?;
        factors::delete_all(&mut tx, user).await?;
        let after = grants::administrators(&mut tx).await?;
        if require_host(caller).is_err() && !keeps_an_administrator(before, after) {
            drop(tx);
            return Err(self.refuse_last_administrator(caller, "factor.reset", Resource::new("user", user)).await?);
        }
        tries::clear_all(&mut tx, user).await?;
        // What was known on a device was known with the factor that is gone.
        sessions::delete_devices(&mut tx, user).await?;
        let ended = sessions::end_others(&mut tx, user, None, None, EndReason::FactorChanged, self.now()).await?;
        let entry = administration(caller, "factor.reset", user).note("ended", counted(ended));
        self.commit(tx, entry, Vec::new()).await
    }

    /// Sets a temporary password, which must be changed at the next sign-in; sessions end. It does not stand for the
    /// second factor.
    ///
    /// # Errors
    /// The password breaks the policy (field `password`), or there is no such user.
    pub async fn set_temporary_password(
        &self,
        caller: &Caller,
        permit: &Permit<ChangeUsers>,
        user: UserId,
        password: &SecretString,
    ) -> Result<(), Error> {
        check_permit(caller, permit)?;
        self.check_changeable(caller, "password.reset", user).await?;
        let account = self.changeable(&mut *self.read().await?, caller, user).await?;
        let hash = self.hash_replacement("password", &account, password).await?;
        let mut tx = self.write().await?;
        self.store_password(&mut tx, &account, &hash, true).await?;
        sessions::end_others(&mut tx, user, None, None, EndReason::PasswordChanged, self.now()).await?;
        let entry = administration(caller, "password.reset", user).changed_secret("password");
        self.commit(tx, entry, Vec::new()).await
    }

    /// The error for what would leave no administrator, with its trail entry. No transaction may be open any more.
    pub(super) async fn refuse_last_administrator(
        &self,
        caller: &Caller,
        action: &'static str,
        resource: Resource,
    ) -> Result<Error, Error> {
        self.trace_refusal(caller, action, resource, "last_administrator").await?;
        let message = "This would leave nobody who can give roles. Make somebody else System administrator first, \
                       with a second factor.";
        Ok(Error::new(Kind::Conflict, message))
    }

    /// Makes the user choose a new password at the next sign-in; their sessions end.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn require_password_change(
        &self,
        caller: &Caller,
        permit: &Permit<ChangeUsers>,
        user: UserId,
    ) -> Result<(), Error> {
        check_permit(caller, permit)?;
        self.check_changeable(caller, "password.require_change", user).await?;
        let mut tx = self.write().await?;
        let before = self.changeable(&mut tx, caller, user).await?.user.must_change_password;
        users::require_change(&mut tx, user).await?;
        let ended = sessions::end_others(&mut tx, user, None, None, EndReason::PasswordChanged, self.now()).await?;
        let entry = administration(caller, "password.require_change", user)
            .changed("must_change_password", before.into(), true.into())
            .note("ended", counted(ended));
        self.commit(tx, entry, Vec::new()).await
    }

    /// The same for everybody, the caller included; gives how many.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn require_password_change_of_all(
        &self,
        caller: &Caller,
        permit: &Permit<ChangeUsers>,
    ) -> Result<i64, Error> {
        check_permit(caller, permit)?;
        let mut tx = self.write().await?;
        let users = counted(users::require_change_of_all(&mut tx).await?);
        let ended = counted(sessions::end_all(&mut tx, EndReason::PasswordChanged, self.now()).await?);
        let resource = Resource::whole("user");
        let entry = TrailEntry::new(Category::Administration, caller, "password.require_change", resource);
        self.commit(tx, entry.note("users", users).note("ended", ended), Vec::new()).await?;
        Ok(users)
    }
}

pub(super) fn administration(caller: &Caller, action: &'static str, user: UserId) -> TrailEntry {
    TrailEntry::new(Category::Administration, caller, action, Resource::new("user", user))
}

fn email_value(email: Option<&EmailAddress>) -> Value {
    email.map_or(Value::Null, |email| Value::from(email.as_str()))
}

/// A name that somebody else has, as an error beside its field.
fn taken(error: StoreError) -> Error {
    let StoreError::Unique(violation) = &error else { return error.into() };
    let fields = [
        ("user_name", "user_name", "Somebody has this user name already."),
        ("email", "email", "Somebody signs in with this mail address already."),
        ("person_id", "person", "This person has a user already."),
    ];
    let field = fields.into_iter().find(|(column, ..)| violation.is_on("app_user", column));
    match field {
        Some((_, field, message)) => Error::invalid(vec![FieldError { field: field.into(), message: message.into() }]),
        None => error.into(),
    }
}
