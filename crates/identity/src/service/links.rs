//! One-time links: set-up, sign-in, choosing a password.

use palisade_base::{
    Caller, Category, Error, Kind, Origin, Permit, PlainToken, Resource, SecretString, Span, TrailEntry, UserId,
};
use palisade_store::{Conn, WriteTx};

use super::{
    Identity, check_permit,
    entry::{Door, as_user},
    flow::Proven,
    passwords::Names,
    require_host,
    users::administration,
};
use crate::{
    model::{
        EndReason, InitialPassword, NewAdministrator, NewSession, NewUser, OneTimeLink, PersonOf, UserName, UserStatus,
    },
    permissions::{CONSOLE, SYSTEM_ADMINISTRATOR},
    policy::ChangeUsers,
    store::{
        grants,
        links::{self, LinkKind, LiveLink},
        sessions, tries,
        users::{self, Account},
    },
};

const LIVES: Span = Span::hours(24);

/// Proof that a one-time link was taken, and was the first to be.
pub(super) struct LinkTaken {
    /// A sign-in link stands for the second factor too; a set-up link does not.
    pub(super) stands_for_factor: bool,
}

impl Identity {
    /// A link to make the first administrator with; only while there is none. For the host's command line: valid for 24
    /// hours, once; a new one ends the older ones.
    ///
    /// # Errors
    /// There is an administrator already (`Conflict`), or the caller does not stand at the host.
    pub async fn issue_set_up_link(&self, caller: &Caller) -> Result<OneTimeLink, Error> {
        require_host(caller)?;
        let mut tx = self.write().await?;
        refuse_where_administered(&mut tx).await?;
        let link = self.insert_link(&mut tx, LinkKind::SetUp, None).await?;
        let entry = TrailEntry::new(Category::Administration, caller, "set_up_link.issue", Resource::whole("console"));
        self.commit(tx, entry, Vec::new()).await?;
        Ok(link)
    }

    /// Whether a set-up link still works; for the page that it opens.
    ///
    /// # Errors
    /// It does not (`NotFound`).
    pub async fn check_set_up_link(&self, token: &PlainToken) -> Result<(), Error> {
        self.find_link(&mut *self.read().await?, LinkKind::SetUp, token).await.map(drop)
    }

    /// Makes the first administrator and signs them in; the session owes the enrolment of a factor. They get the roles of
    /// [`IdentityConfig::first_administrator_gets`](super::IdentityConfig) besides.
    ///
    /// # Errors
    /// The link does not work any more (`NotFound`), or fields are wrong; then the link still works.
    pub async fn complete_set_up(
        &self,
        token: &PlainToken,
        new: NewAdministrator,
        origin: Origin,
    ) -> Result<NewSession, Error> {
        self.require_link(LinkKind::SetUp, token, &origin).await?;
        let person = new.person.name();
        let email = new.email.as_ref().map_or("", |email| email.as_str());
        let names = Names { user_name: new.user_name.as_str(), email, person: &person };
        let hash = self.hash_new("password", &names, &new.password).await?;
        let caller = Caller { origin, ..Caller::job("identity.set-up", palisade_base::Authority::none()) };

        let mut tx = self.write().await?;
        grants::lock(&mut tx).await?;
        refuse_where_administered(&mut tx).await?;
        let link = self.find_link(&mut tx, LinkKind::SetUp, token).await?;
        let taken = self.take_link(&mut tx, &link, LinkKind::SetUp).await?;
        let user = NewUser {
            person: PersonOf::New(new.person),
            user_name: new.user_name,
            email: new.email,
            password: InitialPassword::None,
        };
        let (account, mut entries) = self.insert_user(&mut tx, &caller, user, Some(hash), false).await?;
        for (site, key) in [(CONSOLE, SYSTEM_ADMINISTRATOR)].iter().chain(&self.0.config.first_administrator_gets) {
            let role = grants::find_by_key(&mut tx, site, key).await?;
            let role = role.ok_or_else(|| Error::internal(format!("the role {key} of {site} was not declared")))?;
            entries.push(self.insert_grant(&mut tx, &caller, account.user.id, role.id).await?.1);
        }
        let door = Door { origin: &caller.origin, device: None };
        let (session, entry) = self.open_session(&mut tx, Proven::by_link(account, &taken), &door).await?;
        entries.push(entry);
        let first = entries.remove(0);
        self.commit(tx, first, entries).await?;
        Ok(session)
    }

    /// A link whose opening signs the user in at once, factor included. Only at the host: the demo prints them.
    ///
    /// # Errors
    /// The caller does not stand at the host, or there is no such user.
    pub async fn issue_sign_in_link(&self, caller: &Caller, user: UserId) -> Result<OneTimeLink, Error> {
        require_host(caller)?;
        let mut tx = self.write().await?;
        users::find(&mut tx, user).await?.ok_or_else(Error::not_found)?;
        let link = self.insert_link(&mut tx, LinkKind::SignIn, Some(user)).await?;
        self.commit(tx, administration(caller, "sign_in_link.issue", user), Vec::new()).await?;
        Ok(link)
    }

    /// Opens a one-time sign-in link.
    ///
    /// # Errors
    /// It does not work any more, or never did (`NotFound`).
    pub async fn open_sign_in_link(
        &self,
        token: &PlainToken,
        device: Option<PlainToken>,
        previous: Option<PlainToken>,
        origin: Origin,
    ) -> Result<NewSession, Error> {
        self.require_link(LinkKind::SignIn, token, &origin).await?;
        let mut tx = self.write().await?;
        let link = self.find_link(&mut tx, LinkKind::SignIn, token).await?;
        let account = self.account_of(&mut tx, &link).await?;
        let taken = self.take_link(&mut tx, &link, LinkKind::SignIn).await?;
        self.end_previous(&mut tx, previous.as_ref()).await?;
        let door = Door { origin: &origin, device: device.as_ref() };
        let (session, entry) = self.open_session(&mut tx, Proven::by_link(account, &taken), &door).await?;
        self.commit(tx, entry, Vec::new()).await?;
        Ok(session)
    }

    /// A link with which the user chooses a password, valid for 24 hours, once. It does not stand for the second factor.
    ///
    /// # Errors
    /// There is no such user, or they may do more on the console than the caller.
    pub async fn issue_password_link(
        &self,
        caller: &Caller,
        permit: &Permit<ChangeUsers>,
        user: UserId,
    ) -> Result<OneTimeLink, Error> {
        check_permit(caller, permit)?;
        self.check_changeable(caller, "password_link.issue", user).await?;
        let mut tx = self.write().await?;
        self.changeable(&mut tx, caller, user).await?;
        let link = self.insert_link(&mut tx, LinkKind::Password, Some(user)).await?;
        self.commit(tx, administration(caller, "password_link.issue", user), Vec::new()).await?;
        Ok(link)
    }

    /// Whose password a link sets: the user name, for the page that it opens.
    ///
    /// # Errors
    /// It does not work any more (`NotFound`).
    pub async fn check_password_link(&self, token: &PlainToken) -> Result<UserName, Error> {
        let mut conn = self.read().await?;
        let link = self.find_link(&mut conn, LinkKind::Password, token).await?;
        Ok(self.account_of(&mut conn, &link).await?.user.user_name)
    }

    /// Sets the password. The user then signs in with it, factor and all; every session of theirs ends.
    ///
    /// # Errors
    /// The link does not work any more, or the password breaks the policy (field `new_password`); then the link still works.
    pub async fn open_password_link(
        &self,
        token: &PlainToken,
        new: &SecretString,
        origin: Origin,
    ) -> Result<(), Error> {
        self.require_link(LinkKind::Password, token, &origin).await?;
        let mut conn = self.read().await?;
        let link = self.find_link(&mut conn, LinkKind::Password, token).await?;
        let account = self.account_of(&mut conn, &link).await?;
        drop(conn);
        let hash = self.hash_replacement("new_password", &account, new).await?;
        let (mut tx, now) = (self.write().await?, self.now());
        self.take_link(&mut tx, &link, LinkKind::Password).await?;
        self.store_password(&mut tx, &account, &hash, false).await?;
        // Whoever guessed at the old password guessed at nothing that counts any more.
        tries::clear_all(&mut tx, account.user.id).await?;
        sessions::end_others(&mut tx, account.user.id, None, None, EndReason::PasswordChanged, now).await?;
        links::void(&mut tx, LinkKind::SignIn, account.user.id, now).await?;
        let resource = Resource::new("user", account.user.id);
        let entry = TrailEntry::new(Category::Authentication, &as_user(&account, &origin), "password.change", resource);
        self.commit(tx, entry.changed_secret("password").note("by", "link"), Vec::new()).await
    }

    async fn insert_link(&self, tx: &mut WriteTx, kind: LinkKind, user: Option<UserId>) -> Result<OneTimeLink, Error> {
        let now = self.now();
        let link = OneTimeLink { token: PlainToken::generate(&self.0.env, ""), expires_at: now + LIVES };
        links::insert(tx, self.0.env.uuid(), kind, &link.token.hashed(), user, now, link.expires_at).await?;
        Ok(link)
    }

    async fn find_link(&self, conn: &mut Conn, kind: LinkKind, token: &PlainToken) -> Result<LiveLink, Error> {
        links::find(conn, kind, &token.hashed(), self.now()).await?.ok_or_else(spent)
    }

    /// A link that works; the use of one that does not is traced like a failed sign-in.
    async fn require_link(&self, kind: LinkKind, token: &PlainToken, origin: &Origin) -> Result<(), Error> {
        let found = links::find(&mut *self.read().await?, kind, &token.hashed(), self.now()).await?;
        if found.is_some() {
            return Ok(());
        }
        let caller = Caller::anonymous(origin.clone());
        let entry = TrailEntry::new(Category::Authentication, &caller, "link.open", Resource::whole(kind.as_str()));
        self.trace_failure(entry.failed("spent_or_unknown")).await?;
        Err(spent())
    }

    /// The user whom a link belongs to, where they may sign in.
    async fn account_of(&self, conn: &mut Conn, link: &LiveLink) -> Result<Account, Error> {
        let user = link.user.ok_or_else(spent)?;
        let account = users::find(conn, user).await?;
        account.filter(|account| account.user.status == UserStatus::Active).ok_or_else(spent)
    }

    async fn take_link(&self, tx: &mut WriteTx, link: &LiveLink, kind: LinkKind) -> Result<LinkTaken, Error> {
        if !links::take(tx, link, self.now()).await? {
            return Err(spent());
        }
        Ok(LinkTaken { stands_for_factor: kind == LinkKind::SignIn })
    }
}

/// The set-up is over once somebody administers, or is about to.
async fn refuse_where_administered(conn: &mut Conn) -> Result<(), Error> {
    if grants::administrators(conn).await?.in_all > 0 {
        let message = "There is an administrator already. For one who is locked out, use `palisade user unlock`, \
                       `reset-password` or `reset-factor` at the host.";
        return Err(Error::new(Kind::Conflict, message));
    }
    Ok(())
}

fn spent() -> Error {
    Error::new(
        Kind::NotFound,
        "This link does not work any more. It can be used once, and for 24 hours. Ask for a new one.",
    )
}
