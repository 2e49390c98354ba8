//! Signing in: password, then whatever the session still owes, each step with a session of its own.

use palisade_base::{
    Caller, Category, Error, Kind, Origin, PlainToken, Resource, SecretString, TrailEntry, UserId, auth::SessionFacts,
};
use palisade_store::{Housekeeping, WriteTx};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    Identity,
    entry::{Door, as_user},
    flow::{Factor, NewPassword, Proven, Unfinished},
};
use crate::{
    model::{EndReason, Ended, LoginName, NewSession, SignInAttempt, UserStatus},
    policy::{LockoutRule, session_end},
    settings::{PasswordPolicy, SessionPolicy},
    store::{
        sessions,
        tries::{self, Counter, TryKind},
        users::{self, Account},
    },
};

/// Proof that a password was tried, was permitted to be tried, and was right.
pub(super) struct PasswordRight {
    /// What was counted, to be forgotten.
    counter: Counter,
    /// A fresh hash, where the stored one was made at another cost.
    rehashed: Option<String>,
}

/// Why a try failed. For the trail only: the answer is always the same.
#[derive(Clone, Copy)]
enum Failed {
    Unknown,
    NoPassword,
    Disabled,
    Locked,
    Wrong { is_last: bool },
}

impl Failed {
    const fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "unknown_name",
            Self::NoPassword => "no_password",
            Self::Disabled => "disabled",
            Self::Locked => "locked",
            Self::Wrong { .. } => "wrong_password",
        }
    }
}

impl Identity {
    /// Tries a user name (or mail address) and password. The session that comes back says in its `state` what it still
    /// owes: everything, a factor, an enrolment, a new password, or nothing.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`] with the same words for every reason why it failed (unknown name, wrong password,
    /// locked, disabled); [`Kind::TooMany`] where too many wait to sign in at once.
    pub async fn sign_in(&self, attempt: SignInAttempt) -> Result<NewSession, Error> {
        let login = LoginName::parse(&attempt.login);
        let mut conn = self.read().await?;
        let account = users::find_by_login(&mut conn, login.as_str()).await?;
        // A name that nobody has costs the same queries.
        let owner = account.as_ref().map_or(UserId(Uuid::nil()), |account| account.user.id);
        let device = match &attempt.device {
            Some(token) => sessions::find_device(&mut conn, &token.hashed(), owner).await?,
            None => None,
        };
        drop(conn);
        let is_known_device = device.is_some();
        let counter = match &account {
            Some(account) => Counter::of(account.user.id, device.map(|device| device.id), TryKind::Password),
            None => Counter::of_nobody(bucket(&attempt.login)),
        };
        match self.check_password(account.as_ref(), counter, &attempt.password).await? {
            Ok(right) => match account {
                Some(account) => self.enter(account, right, &attempt).await,
                None => Err(not_right()),
            },
            Err(failed) => {
                self.trace_failed_try(account.as_ref(), failed, is_known_device, attempt.origin).await?;
                Err(not_right())
            }
        }
    }

    /// Counts the try, computes exactly one hash, and only then decides.
    async fn check_password(
        &self,
        account: Option<&Account>,
        counter: Counter,
        password: &SecretString,
    ) -> Result<Result<PasswordRight, Failed>, Error> {
        let rule = self.password_lockout().await?;
        let counted = self.count_try(&counter, &rule).await?;
        let stored = account.and_then(|account| account.password_hash.as_deref());
        let verdict = match self.0.hasher.verify(password, stored).await {
            Ok(verdict) => verdict,
            Err(error) => {
                // It was not looked at, so it does not count.
                self.give_try_back(&counter).await?;
                return Err(error);
            }
        };
        let failed = match account {
            None => Some(Failed::Unknown),
            Some(_) if !rule.permits(&counted) => Some(Failed::Locked),
            Some(account) if account.user.status == UserStatus::Disabled => Some(Failed::Disabled),
            Some(account) if account.password_hash.is_none() => Some(Failed::NoPassword),
            Some(_) if !verdict.matches => Some(Failed::Wrong { is_last: counted.count == rule.failures }),
            Some(_) => None,
        };
        if let Some(failed) = failed {
            return Ok(Err(failed));
        }
        let rehashed = if verdict.outdated { Some(self.0.hasher.hash(password).await?) } else { None };
        Ok(Ok(PasswordRight { counter, rehashed }))
    }

    pub(super) async fn password_lockout(&self) -> Result<LockoutRule, Error> {
        let policy = self.settings::<PasswordPolicy>().await?.value;
        Ok(LockoutRule { failures: policy.lockout_failures.into(), lasts: policy.lockout() })
    }

    pub(super) async fn count_try(&self, counter: &Counter, rule: &LockoutRule) -> Result<crate::policy::Tries, Error> {
        let mut tx = self.write().await?;
        let counted = tries::count(&mut tx, counter, rule, self.now()).await?;
        tx.commit_housekeeping(Housekeeping::Counters).await?;
        Ok(counted)
    }

    async fn give_try_back(&self, counter: &Counter) -> Result<(), Error> {
        let mut tx = self.write().await?;
        tries::give_back(&mut tx, counter).await?;
        Ok(tx.commit_housekeeping(Housekeeping::Counters).await?)
    }

    async fn enter(
        &self,
        account: Account,
        right: PasswordRight,
        attempt: &SignInAttempt,
    ) -> Result<NewSession, Error> {
        let mut tx = self.write().await?;
        // Hashing takes its time, and waits for its turn: what was right then must be right now.
        let hash = right.rehashed.as_deref().or(account.password_hash.as_deref()).unwrap_or_default();
        if !users::keep_password(&mut tx, &account, hash).await? {
            return Err(not_right());
        }
        tries::clear(&mut tx, &right.counter).await?;
        self.end_previous(&mut tx, attempt.previous.as_ref()).await?;
        let door = Door { origin: &attempt.origin, device: attempt.device.as_ref() };
        let (session, entry) = self.open_session(&mut tx, Proven::by_password(account, &right), &door).await?;
        self.commit(tx, entry, Vec::new()).await?;
        Ok(session)
    }

    /// A browser that signs in again lets go of the session that it had.
    pub(super) async fn end_previous(&self, tx: &mut WriteTx, token: Option<&PlainToken>) -> Result<(), Error> {
        let now = self.now();
        if let Some(token) = token
            && let Some(record) = sessions::find_by_token(tx, &token.hashed(), now).await?
        {
            sessions::end(tx, record.facts.id, EndReason::Replaced, now).await?;
        }
        Ok(())
    }

    async fn trace_failed_try(
        &self,
        account: Option<&Account>,
        failed: Failed,
        is_known_device: bool,
        origin: Origin,
    ) -> Result<(), Error> {
        let caller = Caller::anonymous(origin);
        // What was typed is not written: people type passwords into the wrong field.
        let resource = account.map_or(Resource::whole("user"), |account| Resource::new("user", account.user.id));
        let entry = TrailEntry::new(Category::Authentication, &caller, "sign_in.try", resource.clone());
        let locked = matches!(failed, Failed::Wrong { is_last: true }).then(|| {
            TrailEntry::new(Category::Security, &caller, "user.lock", resource).note("known_device", is_known_device)
        });
        self.trace_failure_and(entry.failed(failed.reason()), locked).await
    }

    /// Gives a code of the authenticator app or a recovery code, for a session that owes it.
    ///
    /// # Errors
    /// The code is not right (field `code`), or the sign-in was stopped after too many wrong ones (`Unauthenticated`).
    pub async fn give_factor(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        code: &SecretString,
        device: Option<PlainToken>,
    ) -> Result<NewSession, Error> {
        let (account, record) = self.account_in(session).await?;
        let unfinished = Unfinished::<Factor>::of(account, record)?;
        let known = self.known_device(&mut *self.read().await?, unfinished.account(), device.as_ref()).await?;
        let known = known.map(|device| device.id);
        let taken = self.take_code(caller, unfinished.account(), "code", code, known).await?;
        let mut tx = self.write().await?;
        let door = Door { origin: &caller.origin, device: device.as_ref() };
        let (session, entry) = self.open_session(&mut tx, unfinished.with_code(&taken), &door).await?;
        self.commit(tx, entry, Vec::new()).await?;
        Ok(session)
    }

    /// Sets a new password, for a session that owes one.
    ///
    /// # Errors
    /// The password breaks the policy (field `new_password`, each rule in a sentence).
    pub async fn choose_password(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        new: &SecretString,
        device: Option<PlainToken>,
    ) -> Result<NewSession, Error> {
        let (account, record) = self.account_in(session).await?;
        let unfinished = Unfinished::<NewPassword>::of(account, record)?;
        let user = unfinished.account().user.id;
        let hash = self.hash_replacement("new_password", unfinished.account(), new).await?;
        let mut tx = self.write().await?;
        let set = self.store_password(&mut tx, unfinished.account(), &hash, false).await?;
        let changed = TrailEntry::new(
            Category::Authentication,
            &as_user(unfinished.account(), &caller.origin),
            "password.change",
            Resource::new("user", user),
        )
        .changed_secret("password");
        sessions::end_others(&mut tx, user, Some(session.id), None, EndReason::PasswordChanged, self.now()).await?;
        let account = users::find(&mut tx, user).await?.ok_or_else(Error::not_found)?;
        let door = Door { origin: &caller.origin, device: device.as_ref() };
        let proven = unfinished.with_password(account, &set);
        let (session, entry) = self.open_session(&mut tx, proven, &door).await?;
        self.commit(tx, changed, vec![entry]).await?;
        Ok(session)
    }

    /// The live session that a page acts in, with its user.
    pub(super) async fn account_in(&self, session: &SessionFacts) -> Result<(Account, sessions::SessionRecord), Error> {
        let mut conn = self.read().await?;
        let record = self.live_session(&mut conn, session).await?;
        let account = users::find(&mut conn, record.facts.user).await?.ok_or_else(Error::not_found)?;
        Ok((account, record))
    }

    /// Ends the session.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn sign_out(&self, caller: &Caller, session: &SessionFacts) -> Result<(), Error> {
        let mut tx = self.write().await?;
        if !sessions::end(&mut tx, session.id, EndReason::SignedOut, self.now()).await? {
            return Ok(());
        }
        let resource = Resource::new("session", session.id);
        self.commit(tx, TrailEntry::new(Category::Authentication, caller, "session.end", resource), Vec::new()).await
    }

    /// Why the session of this cookie is over; `None` where it lives, or was never one of ours.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn why_ended(&self, token: &PlainToken) -> Result<Option<Ended>, Error> {
        let mut conn = self.read().await?;
        let now = self.now();
        let Some(mut record) = sessions::find_by_token(&mut conn, &token.hashed(), now).await? else { return Ok(None) };
        let policy: SessionPolicy = self.settings_on(&mut conn).await?.value;
        record.times.last_used_at = self.0.cache.last_use(record.facts.id, record.times.last_used_at);
        let by_time = session_end(&record.times, policy.class(record.facts.class), now);
        Ok(record.ended.or(by_time).map(|(reason, at)| Ended { reason, at }))
    }
}

/// The one answer to every failed try.
fn not_right() -> Error {
    Error::new(Kind::Unauthenticated, "User name or password is not right.")
}

/// Where tries of a name that nobody has are counted. Two bytes of a hash: the work is that of a real name, the table
/// stays small, and nothing can be learnt from it, should somebody have typed a password into the wrong field.
fn bucket(typed: &str) -> [u8; 2] {
    let folded: String = typed.trim().to_lowercase().chars().take(256).collect();
    let [first, second, ..] = <[u8; 32]>::from(Sha256::digest(folded.as_bytes()));
    [first, second]
}
