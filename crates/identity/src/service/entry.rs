//! Making sessions, for whoever has proved enough.

use palisade_base::{
    Actor, Authority, Caller, Category, Error, HashedToken, Instant, Origin, PlainToken, Resource, SessionId, SignOnId,
    TrailEntry,
    auth::{ClientClass, SessionFacts, SessionState},
};
use palisade_store::{Conn, WriteTx};
use serde_json::Value;
use std::sync::Arc;
use uuid::Uuid;

use super::{Identity, counted, flow::Proven};
use crate::{
    model::{Device, EndReason, FactorRule, NewSession, stored_address},
    policy::{Owed, needs_factor, session_end},
    settings::{FactorPolicy, PasswordPolicy, SessionPolicy},
    store::{
        factors, grants,
        sessions::{self, NewRecord, SessionRecord, class_word},
        users::{self, Account},
    },
};

/// Where somebody comes in: the request, and the device cookie that came with it.
pub(super) struct Door<'a> {
    pub(super) origin: &'a Origin,
    pub(super) device: Option<&'a PlainToken>,
}

/// A session in the making.
struct Draft {
    state: SessionState,
    class: ClientClass,
    device: Option<Uuid>,
    expires_at: Instant,
    recommended: bool,
    new_device: Option<PlainToken>,
}

impl Identity {
    /// Gives whoever has proved enough the session that they have come to. The caller commits, with the entry that comes
    /// back, and forgets what was remembered.
    pub(super) async fn open_session(
        &self,
        tx: &mut WriteTx,
        proven: Proven,
        door: &Door<'_>,
    ) -> Result<(NewSession, TrailEntry), Error> {
        let now = self.now();
        let draft = self.draft(tx, &proven, door, now).await?;
        let id = SessionId::new(&self.0.env);
        let facts = SessionFacts {
            id,
            user: proven.account.user.id,
            state: draft.state,
            class: draft.class,
            display_name: proven.account.display_name(),
        };
        let sign_on = match &proven.before {
            Some(before) => {
                // A step that was stopped while its proof was looked at leads nowhere.
                if !sessions::end(tx, before.facts.id, EndReason::Replaced, now).await? {
                    return Err(over());
                }
                before.sign_on
            }
            None => SignOnId::new(&self.0.env),
        };
        let token = PlainToken::generate(&self.0.env, "");
        let record = NewRecord {
            facts: &facts,
            sign_on,
            token: &token.hashed(),
            factor_given: proven.factor_given,
            device: draft.device,
            created_at: now,
            expires_at: draft.expires_at,
            address: stored_address(door.origin.address),
            agent: door.origin.agent.clone(),
        };
        sessions::insert(tx, record).await?;
        let ended = self.arrive(tx, &facts, now).await?;
        let entry = started(&facts, &proven, door.origin, ended);
        let (device, factor_recommended) = (draft.new_device, draft.recommended);
        Ok((NewSession { token, device, facts, expires_at: draft.expires_at, factor_recommended }, entry))
    }

    async fn draft(&self, tx: &mut WriteTx, proven: &Proven, door: &Door<'_>, now: Instant) -> Result<Draft, Error> {
        let user = proven.account.user.id;
        let rules = grants::rules(tx, user).await?;
        let policy: FactorPolicy = self.settings_on(tx).await?.value;
        let has_factor = factors::status(tx, user).await?.totp_since.is_some();
        let owed = Owed {
            has_factor,
            factor_given: proven.factor_given,
            factor_required: needs_factor(&policy, rules.iter().copied()),
            password_due: self.is_password_due(tx, &proven.account, now).await?,
        };
        let state = owed.state();
        if state != SessionState::Full {
            let expires_at = now + policy.challenge();
            let class = ClientClass::Browser;
            return Ok(Draft { state, class, device: None, expires_at, recommended: false, new_device: None });
        }
        let (device, new_device) = self.remember_device(tx, &proven.account, door, now).await?;
        let is_mobile = has_factor && proven.factor_given && device.name.is_some();
        let class = if is_mobile { ClientClass::Mobile } else { ClientClass::Browser };
        let life = self.settings_on::<SessionPolicy>(tx).await?.value.class(class).life();
        let recommended = !has_factor && rules.contains(&FactorRule::Recommended);
        Ok(Draft { state, class, device: Some(device.id), expires_at: now + life, recommended, new_device })
    }

    async fn is_password_due(&self, conn: &mut Conn, account: &Account, now: Instant) -> Result<bool, Error> {
        let policy: PasswordPolicy = self.settings_on(conn).await?.value;
        let has_expired = match (policy.expiry(), account.user.password_changed_at) {
            (Some(expiry), Some(changed)) => changed + expiry <= now,
            _ => false,
        };
        Ok(account.user.must_change_password || has_expired)
    }

    /// Knows the device from now on. Its token is made here, or was made here for another user of the same browser; a
    /// token that a client made up is never taken.
    async fn remember_device(
        &self,
        tx: &mut WriteTx,
        account: &Account,
        door: &Door<'_>,
        now: Instant,
    ) -> Result<(Device, Option<PlainToken>), Error> {
        let (user, agent) = (account.user.id, door.origin.agent.clone());
        if let Some(device) = self.known_device(tx, account, door.device).await? {
            sessions::touch_device(tx, device.id, agent, now).await?;
            return Ok((device, None));
        }
        let shared = match door.device {
            Some(token) if sessions::is_device_known(tx, &token.hashed()).await? => Some(token.hashed()),
            _ => None,
        };
        let (hash, made): (HashedToken, Option<PlainToken>) = match shared {
            Some(hash) => (hash, None),
            None => {
                let token = PlainToken::generate(&self.0.env, "");
                (token.hashed(), Some(token))
            }
        };
        let id = self.0.env.uuid();
        sessions::insert_device(tx, id, user, &hash, agent.clone(), now).await?;
        Ok((Device { id, name: None, agent, created_at: now, last_seen_at: now }, made))
    }

    /// The device of this cookie, where the user has signed in from it before.
    pub(super) async fn known_device(
        &self,
        conn: &mut Conn,
        account: &Account,
        token: Option<&PlainToken>,
    ) -> Result<Option<Device>, Error> {
        match token {
            Some(token) => Ok(sessions::find_device(conn, &token.hashed(), account.user.id).await?),
            None => Ok(None),
        }
    }

    /// A finished sign-on: it is noted, and older ones end where one at a time is the rule. Gives how many ended.
    async fn arrive(&self, tx: &mut WriteTx, facts: &SessionFacts, now: Instant) -> Result<u64, Error> {
        if facts.state != SessionState::Full {
            return Ok(0);
        }
        users::signed_in(tx, facts.user, now).await?;
        let policy: SessionPolicy = self.settings_on(tx).await?.value;
        let mut ended = 0;
        if policy.class(facts.class).single {
            for class in [ClientClass::Browser, ClientClass::Mobile] {
                if policy.class(class).single {
                    let (keep, reason) = (Some(facts.id), EndReason::SignedInElsewhere);
                    ended += sessions::end_others(tx, facts.user, keep, Some(class), reason, now).await?;
                }
            }
        }
        Ok(ended)
    }

    /// The session that a page acts in, if it still lives.
    ///
    /// # Errors
    /// It has ended meanwhile.
    pub(super) async fn live_session(&self, conn: &mut Conn, facts: &SessionFacts) -> Result<SessionRecord, Error> {
        let record = sessions::find(conn, facts.id).await?;
        let policy: SessionPolicy = self.settings_on(conn).await?.value;
        let now = self.now();
        let lives = |record: &SessionRecord| {
            record.ended.is_none() && session_end(&record.times, policy.class(record.facts.class), now).is_none()
        };
        record.filter(lives).ok_or_else(over)
    }

    /// Gives a session another token at once: its holder proved something, or changed what proves who they are.
    pub(super) async fn renew_session(
        &self,
        tx: &mut WriteTx,
        mut record: SessionRecord,
        class: ClientClass,
    ) -> Result<NewSession, Error> {
        let token = PlainToken::generate(&self.0.env, "");
        record.facts.class = class;
        if !sessions::replace_token(tx, &record, &token.hashed(), self.now()).await? {
            return Err(over());
        }
        let (facts, expires_at) = (record.facts, record.times.expires_at);
        Ok(NewSession { token, device: None, facts, expires_at, factor_recommended: false })
    }
}

fn over() -> Error {
    Error::new(palisade_base::Kind::Unauthenticated, "This session is over. Please sign in again.")
}

/// The user as an actor, before a session speaks for them.
pub(super) fn as_user(account: &Account, origin: &Origin) -> Caller {
    Caller {
        actor: Actor::User(account.user.id),
        person: Some(account.user.person),
        authority: Arc::new(Authority::none()),
        origin: origin.clone(),
    }
}

fn started(facts: &SessionFacts, proven: &Proven, origin: &Origin, ended: u64) -> TrailEntry {
    let caller = as_user(&proven.account, &Origin { session: Some(facts.id), ..origin.clone() });
    let action = if facts.state == SessionState::Full { "session.start" } else { "sign_in.step" };
    let mut entry = TrailEntry::new(Category::Authentication, &caller, action, Resource::new("session", facts.id))
        .note("by", proven.by)
        .note("class", class_word(facts.class));
    if facts.state != SessionState::Full {
        entry = entry.note("owes", owes(facts.state));
    }
    if ended > 0 {
        entry = entry.note("ended", Value::from(counted(ended)));
    }
    entry
}

const fn owes(state: SessionState) -> &'static str {
    match state {
        SessionState::Full => "nothing",
        SessionState::OwesFactor => "factor",
        SessionState::OwesEnrolment => "enrolment",
        SessionState::OwesPassword => "password",
    }
}
