//! The second factor: enrolling, replacing and removing an authenticator app, and recovery codes.

use data_encoding::BASE32_NOPAD;
use palisade_base::{
    Caller, Category, Error, HashedToken, Kind, Permit, PlainToken, Resource, Secret, SecretString, SessionId, Span,
    TrailEntry, UserId,
    auth::{SessionFacts, SessionState},
};
use palisade_keys::Place;
use palisade_store::{Conn, Housekeeping, WriteTx};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    Identity, check_permit,
    entry::{Door, as_user},
    flow::{Enrolment, Unfinished},
    require_host, totp,
};
use crate::{
    model::{EndReason, FactorStatus, GrantState, NewSession, TotpEnrolment},
    policy::{LockoutRule, OwnAccount, needs_factor},
    settings::FactorPolicy,
    store::{
        factors::{self, StoredFactor},
        grants,
        sessions::{self, SessionRecord},
        tries::{self, Counter, TryKind},
        users::Account,
    },
};

const RECOVERY_CODES: usize = 10;
/// A seed that was shown but never confirmed is shown again for so long; then there is a new one.
const SHOWN_AGAIN: Span = Span::hours(1);

/// A factor that was just enrolled.
pub struct Enrolled {
    /// Ten one-time codes for the day the phone is lost. Shown once.
    pub recovery_codes: Vec<SecretString>,
    /// The session, with another token.
    pub session: NewSession,
}

/// Proof that a code was tried, was permitted to be tried, was right, and is spent.
pub(super) struct CodeTaken {
    /// What kind of code it was, for the trail.
    pub(super) by: &'static str,
}

/// Proof that a factor was put in force with its first code.
pub(super) struct FactorEnrolled(());

impl Identity {
    /// The state of the user's factor.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn factor_status(&self, user: UserId) -> Result<FactorStatus, Error> {
        Ok(factors::status(&mut *self.read().await?, user).await?)
    }

    /// Starts enrolling an authenticator app, in a session that owes it or from the account page. Asked again within
    /// the hour it gives the same seed, so that a reloaded page does not spoil what was scanned. Another session gets
    /// another seed: whoever knows just the password must not lay out the seed that the owner then enrols.
    ///
    /// # Errors
    /// The session owes something else, or the database can't be used.
    pub async fn begin_totp(&self, caller: &Caller, session: &SessionFacts) -> Result<TotpEnrolment, Error> {
        let (account, record) = self.account_in(session).await?;
        require_enrolling(&record)?;
        let user = account.user.id;
        let shown = self.waiting_in(session).await?;
        let seed = match shown.filter(|factor| self.now().since(factor.created_at) < SHOWN_AGAIN) {
            Some(factor) => self.open_seed(&factor).await?,
            None => self.store_new_seed(&as_user(&account, &caller.origin), user, Some(session.id)).await?,
        };
        totp::enrolment(&seed, &self.0.config.company, account.user.user_name.as_str())
    }

    /// The seed that was shown in this session and waits for its first code.
    async fn waiting_in(&self, session: &SessionFacts) -> Result<Option<StoredFactor>, Error> {
        let waiting = factors::waiting(&mut *self.read().await?, session.user).await?;
        Ok(waiting.filter(|factor| factor.session == Some(session.id)))
    }

    async fn store_new_seed(
        &self,
        caller: &Caller,
        user: UserId,
        session: Option<SessionId>,
    ) -> Result<Secret<Vec<u8>>, Error> {
        let (id, seed) = (self.0.env.uuid(), totp::new_seed(&self.0.env));
        let sealed = self.0.vault.encrypt(&place(id), seed.expose())?;
        let mut tx = self.write().await?;
        let factor = StoredFactor { id, session, seed: sealed, created_at: self.now() };
        factors::insert(&mut tx, user, factor).await?;
        let resource = Resource::new("user", user);
        tx.commit(TrailEntry::new(Category::Authentication, caller, "factor.begin", resource)).await?;
        Ok(seed)
    }

    async fn open_seed(&self, factor: &StoredFactor) -> Result<Secret<Vec<u8>>, Error> {
        Ok(self.0.vault.decrypt(&place(factor.id), &factor.seed).await?)
    }

    /// Finishes enrolling with the app's first code. The recovery codes that come back are shown once. Where a factor is
    /// enrolled already, `present` must be a code of it.
    ///
    /// # Errors
    /// A code is not right (field `code` or `present`), or nothing waits to be confirmed.
    pub async fn confirm_totp(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        code: &SecretString,
        present: Option<&SecretString>,
        device: Option<PlainToken>,
    ) -> Result<Enrolled, Error> {
        let (account, record) = self.account_in(session).await?;
        require_enrolling(&record)?;
        let user = account.user.id;
        let nothing_waits = || Error::new(Kind::Conflict, "Nothing waits to be confirmed. Start again.");
        let waiting = self.waiting_in(session).await?.ok_or_else(nothing_waits)?;
        let seed = self.open_seed(&waiting).await?;
        let step = totp::matching_step(&seed, code.expose(), self.now())?.ok_or_else(|| not_right("code"))?;
        if self.factor_status(user).await?.totp_since.is_some() {
            let present =
                present.ok_or_else(|| Error::field("present", "Give a code of the app that you have now."))?;
            self.take_code(caller, &account, "present", present, record.device).await?;
        }
        let mut tx = self.write().await?;
        let (enrolled, recovery_codes, mut entries) =
            self.put_in_force(&mut tx, caller, &account, &waiting, step).await?;
        let session = self.after_enrolment(&mut tx, caller, account, record, &enrolled, device, &mut entries).await?;
        let first = entries.remove(0);
        self.commit(tx, first, entries).await?;
        Ok(Enrolled { recovery_codes, session })
    }

    /// The waiting factor counts from now on; privileged grants that waited for it are in force.
    async fn put_in_force(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        account: &Account,
        waiting: &StoredFactor,
        step: i64,
    ) -> Result<(FactorEnrolled, Vec<SecretString>, Vec<TrailEntry>), Error> {
        let user = account.user.id;
        let waited = grants::of_users(tx, &[user]).await?;
        if !factors::confirm(tx, user, waiting.id, step, self.now()).await? {
            return Err(Error::new(Kind::Conflict, "This was confirmed already."));
        }
        let codes = self.store_recovery_codes(tx, user).await?;
        let person = as_user(account, &caller.origin);
        let resource = Resource::new("user", user);
        let mut entries = vec![TrailEntry::new(Category::Authentication, &person, "factor.enrol", resource)];
        for grant in waited.iter().filter(|grant| grant.state == GrantState::Pending) {
            let resource = Resource::new("user", user);
            let entry = TrailEntry::new(Category::Administration, &person, "grant.activate", resource);
            entries.push(entry.note("role", grant.role_name.clone()).note("site", grant.site.clone()));
        }
        Ok((FactorEnrolled(()), codes, entries))
    }

    /// Whoever was signing in goes on; whoever was signed in gets another token, and their other sessions end.
    #[expect(clippy::too_many_arguments, reason = "one step of confirm_totp, taken out to keep that readable")]
    async fn after_enrolment(
        &self,
        tx: &mut WriteTx,
        caller: &Caller,
        account: Account,
        mut record: SessionRecord,
        enrolled: &FactorEnrolled,
        device: Option<PlainToken>,
        entries: &mut Vec<TrailEntry>,
    ) -> Result<NewSession, Error> {
        let keep = Some(record.facts.id);
        sessions::end_others(tx, account.user.id, keep, None, EndReason::FactorChanged, self.now()).await?;
        if record.facts.state == SessionState::OwesEnrolment {
            let door = Door { origin: &caller.origin, device: device.as_ref() };
            let proven = Unfinished::<Enrolment>::of(account, record)?.enrolled(enrolled);
            let (session, entry) = self.open_session(tx, proven, &door).await?;
            entries.push(entry);
            return Ok(session);
        }
        record.factor_given = true;
        let class = record.facts.class;
        self.renew_session(tx, record, class).await
    }

    /// Makes ten new recovery codes; the old ones stop working. `present` is a code of the app.
    ///
    /// # Errors
    /// The code is not right (field `present`).
    pub async fn renew_recovery_codes(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        permit: &Permit<OwnAccount>,
        present: &SecretString,
    ) -> Result<Vec<SecretString>, Error> {
        check_permit(caller, permit)?;
        let (account, record) = self.account_in(session).await?;
        self.take_code(caller, &account, "present", present, record.device).await?;
        let mut tx = self.write().await?;
        let codes = self.store_recovery_codes(&mut tx, account.user.id).await?;
        let resource = Resource::new("user", account.user.id);
        tx.commit(TrailEntry::new(Category::Authentication, caller, "recovery_codes.renew", resource)).await?;
        Ok(codes)
    }

    async fn store_recovery_codes(&self, tx: &mut WriteTx, user: UserId) -> Result<Vec<SecretString>, Error> {
        let codes: Vec<SecretString> = (0..RECOVERY_CODES).map(|_| self.new_recovery_code()).collect();
        let hashes: Vec<HashedToken> = codes.iter().map(|code| recovery_hash(code.expose())).collect();
        factors::replace_codes(tx, user, &hashes).await?;
        Ok(codes)
    }

    /// 80 random bits as four groups of four: nobody guesses one, so a fast hash is enough.
    fn new_recovery_code(&self) -> SecretString {
        let text = BASE32_NOPAD.encode(&self.0.env.bytes::<10>()).to_lowercase();
        let groups: Vec<&str> = (0..4).filter_map(|n| text.get(n * 4..n * 4 + 4)).collect();
        Secret::new(groups.join("-"))
    }

    /// Removes the factor. Refused where a role requires one. Every other session of the user ends.
    ///
    /// # Errors
    /// The code is not right (field `present`), or a role requires the factor.
    pub async fn remove_totp(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        permit: &Permit<OwnAccount>,
        present: &SecretString,
    ) -> Result<(), Error> {
        check_permit(caller, permit)?;
        let (account, record) = self.account_in(session).await?;
        let user = account.user.id;
        let mut conn = self.read().await?;
        let policy: FactorPolicy = self.settings_on(&mut conn).await?.value;
        if needs_factor(&policy, grants::rules(&mut conn, user).await?) {
            let message = "One of your roles needs a second factor. You can replace it, but not remove it.";
            return Err(Error::new(Kind::Denied, message));
        }
        drop(conn);
        self.take_code(caller, &account, "present", present, record.device).await?;
        let mut tx = self.write().await?;
        factors::delete_all(&mut tx, user).await?;
        sessions::end_others(&mut tx, user, Some(session.id), None, EndReason::FactorChanged, self.now()).await?;
        let resource = Resource::new("user", user);
        self.commit(tx, TrailEntry::new(Category::Authentication, caller, "factor.remove", resource), Vec::new()).await
    }

    /// Enrols a factor for a user without their doing, at the host only: the demo prints its seed.
    ///
    /// # Errors
    /// The caller does not stand at the host, or there is no such user.
    pub async fn enrol_for(&self, caller: &Caller, user: UserId) -> Result<TotpEnrolment, Error> {
        require_host(caller)?;
        let account = self.account(user).await?;
        let seed = self.store_new_seed(caller, user, None).await?;
        let mut tx = self.write().await?;
        let waiting = factors::waiting(&mut tx, user).await?.ok_or_else(Error::not_found)?;
        factors::confirm(&mut tx, user, waiting.id, 0, self.now()).await?;
        sessions::end_others(&mut tx, user, None, None, EndReason::FactorChanged, self.now()).await?;
        let entry = TrailEntry::new(Category::Administration, caller, "factor.enrol", Resource::new("user", user));
        self.commit(tx, entry, Vec::new()).await?;
        totp::enrolment(&seed, &self.0.config.company, account.user.user_name.as_str())
    }

    /// Tries a code: of the app, or a recovery code. Counted per account before it is looked at, and spent when it is
    /// right: no code is taken twice.
    ///
    /// # Errors
    /// It is not right (`field`), or there were too many wrong ones.
    pub(super) async fn take_code(
        &self,
        caller: &Caller,
        account: &Account,
        field: &'static str,
        code: &SecretString,
        device: Option<Uuid>,
    ) -> Result<CodeTaken, Error> {
        let policy = self.settings::<FactorPolicy>().await?.value;
        let rule = LockoutRule { failures: policy.wrong_codes.into(), lasts: policy.lockout() };
        let counter = Counter::of(account.user.id, device, TryKind::Code);
        let counted = self.count_try(&counter, &rule).await?;
        if rule.permits(&counted) {
            let mut tx = self.write().await?;
            if let Some(by) = self.spend_code(&mut tx, account.user.id, code.expose()).await? {
                tries::clear(&mut tx, &counter).await?;
                tx.commit_housekeeping(Housekeeping::Counters).await?;
                return Ok(CodeTaken { by });
            }
        }
        let is_over = counted.count >= rule.failures;
        self.trace_wrong_code(caller, account, is_over).await?;
        Err(if is_over { stopped(policy.lockout_minutes) } else { not_right(field) })
    }

    /// Takes the code out of use; gives what kind it was, `None` where it is not right.
    async fn spend_code(&self, tx: &mut WriteTx, user: UserId, code: &str) -> Result<Option<&'static str>, Error> {
        let now = self.now();
        let is_of_app = code.chars().all(|c| c.is_ascii_digit() || c.is_whitespace());
        if !is_of_app {
            let taken = factors::take_code(tx, user, &recovery_hash(code), now).await?;
            return Ok(taken.then_some("recovery_code"));
        }
        let Some((factor, step)) = self.matching_factor(tx, user, code).await? else { return Ok(None) };
        Ok(factors::take_step(tx, factor.id, step).await?.then_some("totp"))
    }

    async fn matching_factor(
        &self,
        conn: &mut Conn,
        user: UserId,
        code: &str,
    ) -> Result<Option<(StoredFactor, i64)>, Error> {
        let Some(factor) = factors::confirmed(conn, user).await? else { return Ok(None) };
        let seed = self.open_seed(&factor).await?;
        Ok(totp::matching_step(&seed, code, self.now())?.map(|step| (factor, step)))
    }

    /// A wrong code is an entry; the last one ends every challenge of the account, wherever it was begun.
    async fn trace_wrong_code(&self, caller: &Caller, account: &Account, is_over: bool) -> Result<(), Error> {
        let (user, person) = (account.user.id, as_user(account, &caller.origin));
        let resource = Resource::new("user", user);
        let entry = TrailEntry::new(Category::Authentication, &person, "factor.try", resource.clone());
        let entry = entry.failed("wrong_code");
        if !is_over {
            return self.trace_failure(entry).await;
        }
        let mut tx = self.write().await?;
        let ended = sessions::end_challenges(&mut tx, user, self.now()).await?;
        let stop = TrailEntry::new(Category::Security, &person, "factor.stop", resource)
            .failed("wrong_codes")
            .note("ended", super::counted(ended));
        if ended == 0 {
            drop(tx);
            return self.trace_failure(stop).await;
        }
        self.commit(tx, entry, vec![stop]).await
    }
}

/// Where a seed stands: what its ciphertext is bound to.
fn place(factor: Uuid) -> Place {
    Place::new("totp_factor", "seed", factor)
}

fn require_enrolling(record: &SessionRecord) -> Result<(), Error> {
    match record.facts.state {
        SessionState::Full | SessionState::OwesEnrolment => Ok(()),
        SessionState::OwesFactor | SessionState::OwesPassword => Err(Error::denied()),
    }
}

/// Capitals, spaces and dashes do not matter.
fn recovery_hash(code: &str) -> HashedToken {
    let typed = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase());
    let plain: String = typed.take(64).collect();
    HashedToken::from_bytes(Sha256::digest(plain.as_bytes()).into())
}

fn not_right(field: &'static str) -> Error {
    Error::field(field, "This code is not right, or it was used before. Take the next one that the app shows.")
}

fn stopped(minutes: u32) -> Error {
    let message = format!("Too many wrong codes: the sign-in was stopped. Wait {minutes} minutes, then start again.");
    Error::new(Kind::Unauthenticated, message)
}
