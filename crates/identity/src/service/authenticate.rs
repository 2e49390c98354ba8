//! Whose request it is: asked by the gate for every request, so answered from memory where that is fresh enough.

use std::sync::Arc;

use async_trait::async_trait;
use palisade_base::{
    Actor, Authority, Caller, Category, Error, HashedToken, Instant, Kind, Origin, PlainToken, Resource, Span,
    TrailEntry,
    auth::{Authenticator, Identified, Presented, SessionState},
};
use palisade_store::{Conn, Housekeeping};

use super::{
    Identity,
    cache::{Holds, KnownKey, KnownSession},
};
use crate::{
    model::UserStatus,
    policy::{Held, session_end},
    settings::SessionPolicy,
    store::{
        factors, grants, keys,
        sessions::{self, SessionRecord},
    },
};

/// When a session or key was last used is written this often.
const LAST_USE_EVERY: Span = Span::minutes(1);
/// A renewed session's old token works for so long, for requests that were under way.
const OLD_TOKEN_LIVES: Span = Span::seconds(30);

#[async_trait]
impl Authenticator for Identity {
    async fn identify(&self, site: &str, presented: Presented, origin: Origin) -> Result<Identified, Error> {
        if let Some(key) = &presented.api_key {
            return self.identify_key(site, key, origin).await;
        }
        let Some(token) = &presented.session else { return Ok(nobody(origin)) };
        let hash = token.hashed();
        let Some(known) = self.known_session(&hash).await? else { return Ok(nobody(origin)) };
        if !self.is_live(&known.record, &known.policy) {
            return Ok(nobody(origin));
        }
        if !presented.background {
            self.note_session_use(&known.record).await;
        }
        let renewed = if known.record.must_renew { self.renew(&known.record, &origin).await? } else { None };
        Ok(self.identified(site, &known, origin, renewed))
    }
}

impl Identity {
    fn identified(&self, site: &str, known: &KnownSession, origin: Origin, renewed: Option<PlainToken>) -> Identified {
        let record = &known.record;
        let authority = match record.facts.state {
            SessionState::Full => known.holds.on(site, &self.0.config.console_on),
            // Whoever owes something may do nothing but give it.
            SessionState::OwesFactor | SessionState::OwesEnrolment | SessionState::OwesPassword => {
                Arc::new(Authority::none())
            }
        };
        Identified { caller: as_session(record, authority, origin), session: Some(record.facts.clone()), renewed }
    }

    /// Whether the session has not ended: not by anybody, not by time, and its user may still sign in.
    pub(super) fn is_live(&self, record: &SessionRecord, policy: &SessionPolicy) -> bool {
        let mut times = record.times;
        times.last_used_at = self.0.cache.last_use(record.facts.id, times.last_used_at);
        record.ended.is_none()
            && record.user_status == UserStatus::Active
            && session_end(&times, policy.class(record.facts.class), self.now()).is_none()
    }

    async fn known_session(&self, token: &HashedToken) -> Result<Option<Arc<KnownSession>>, Error> {
        let (generation, now) = (self.0.cache.generation(), self.now());
        if let Some(known) = self.0.cache.sessions.get(token.as_bytes(), generation, now) {
            return Ok(Some(known));
        }
        let mut conn = self.read().await?;
        let Some(record) = sessions::find_by_token(&mut conn, token, now).await? else { return Ok(None) };
        let policy = self.settings_on(&mut conn).await?.value;
        let mut held = held(&mut conn, record.facts.user).await?;
        // A session from before the factor was enrolled does not become privileged by it.
        held.has_factor &= record.factor_given;
        let holds = Holds::new(held);
        let known = Arc::new(KnownSession { record, policy, holds });
        self.0.cache.sessions.put(*token.as_bytes(), generation, now, Arc::clone(&known));
        Ok(Some(known))
    }

    /// Notes the use, in the database once a minute. That it could not be written is no reason to refuse the request.
    pub(super) async fn note_session_use(&self, record: &SessionRecord) {
        let now = self.now();
        if !self.0.cache.note_use(record.facts.id, record.times.last_used_at, now, LAST_USE_EVERY) {
            return;
        }
        if let Err(error) = self.write_session_use(record, now).await {
            tracing::warn!(cause = error.cause_for_log(), "when a session was last used could not be written");
        }
    }

    async fn write_session_use(&self, record: &SessionRecord, now: Instant) -> Result<(), Error> {
        let mut tx = self.write().await?;
        sessions::touch(&mut tx, record.facts.id, now).await?;
        Ok(tx.commit_housekeeping(Housekeeping::LastUse).await?)
    }

    /// What the user may do has changed: a new token. Of many requests at once, one gets it.
    async fn renew(&self, record: &SessionRecord, origin: &Origin) -> Result<Option<PlainToken>, Error> {
        let token = PlainToken::generate(&self.0.env, "");
        let mut tx = self.write().await?;
        if !sessions::renew(&mut tx, record, &token.hashed(), self.now() + OLD_TOKEN_LIVES).await? {
            return Ok(None);
        }
        let caller = as_session(record, Arc::default(), origin.clone());
        let resource = Resource::new("session", record.facts.id);
        let entry = TrailEntry::new(Category::Authentication, &caller, "session.renew", resource);
        self.commit(tx, entry, Vec::new()).await?;
        Ok(Some(token))
    }

    async fn identify_key(&self, site: &str, token: &PlainToken, origin: Origin) -> Result<Identified, Error> {
        let known = self.known_key(&token.hashed()).await?;
        let now = self.now();
        let problem = match &known {
            None => Some(("unknown_key", "This API key is not known.")),
            Some(known) if known.record.key.revoked_at.is_some() => Some(("revoked", "This API key was revoked.")),
            Some(known) if known.record.key.expires_at <= now => Some(("expired", "This API key has expired.")),
            Some(known) if known.record.owner_status == UserStatus::Disabled => {
                Some(("disabled", "The owner of this API key can't sign in any more."))
            }
            Some(_) => None,
        };
        match (known, problem) {
            (Some(known), None) => {
                self.note_key_use(&known).await;
                Ok(self.identified_by_key(site, &known, origin))
            }
            (known, problem) => {
                let (reason, message) = problem.unwrap_or(("unknown_key", "This API key is not known."));
                self.trace_refused_key(known.as_deref(), reason, origin).await?;
                Err(Error::new(Kind::Unauthenticated, message))
            }
        }
    }

    fn identified_by_key(&self, site: &str, known: &KnownKey, origin: Origin) -> Identified {
        let owner = known.holds.on(site, &self.0.config.console_on);
        let key = &known.record.key;
        let caller = Caller {
            actor: Actor::ApiClient { key: key.id, owner: key.owner },
            person: Some(known.record.person),
            authority: Arc::new(known.allows.narrowed_to(&owner)),
            origin,
        };
        Identified { caller, session: None, renewed: None }
    }

    async fn known_key(&self, token: &HashedToken) -> Result<Option<Arc<KnownKey>>, Error> {
        let (generation, now) = (self.0.cache.generation(), self.now());
        if let Some(known) = self.0.cache.keys.get(token.as_bytes(), generation, now) {
            return Ok(Some(known));
        }
        let mut conn = self.read().await?;
        let Some(record) = keys::find_by_token(&mut conn, token).await? else { return Ok(None) };
        let allows = record.key.permissions.iter().cloned().collect();
        let holds = Holds::new(held(&mut conn, record.key.owner).await?);
        let known = Arc::new(KnownKey { record, allows, holds });
        self.0.cache.keys.put(*token.as_bytes(), generation, now, Arc::clone(&known));
        Ok(Some(known))
    }

    async fn note_key_use(&self, known: &KnownKey) {
        let (key, now) = (&known.record.key, self.now());
        let is_due = self.0.cache.note_key_use(key.id, key.last_used_at, now, LAST_USE_EVERY);
        if !is_due {
            return;
        }
        if let Err(error) = self.write_key_use(known, now).await {
            tracing::warn!(cause = error.cause_for_log(), "when an API key was last used could not be written");
        }
    }

    async fn write_key_use(&self, known: &KnownKey, now: Instant) -> Result<(), Error> {
        let mut tx = self.write().await?;
        keys::touch(&mut tx, known.record.key.id, now).await?;
        Ok(tx.commit_housekeeping(Housekeeping::LastUse).await?)
    }

    async fn trace_refused_key(
        &self,
        known: Option<&KnownKey>,
        reason: &'static str,
        origin: Origin,
    ) -> Result<(), Error> {
        let resource = known.map_or(Resource::whole("api_key"), |known| Resource::new("api_key", known.record.key.id));
        let entry = TrailEntry::new(Category::Authentication, &Caller::anonymous(origin), "api_key.use", resource);
        self.trace_failure(entry.failed(reason)).await
    }
}

/// What a user's roles allow at the moment.
pub(super) async fn held(conn: &mut Conn, user: palisade_base::UserId) -> Result<Held, Error> {
    let allowed = grants::allowed(conn, user).await?;
    let has_factor = factors::status(conn, user).await?.totp_since.is_some();
    Ok(Held { allowed, has_factor })
}

/// The user of a session, as an actor.
pub(super) fn as_session(record: &SessionRecord, authority: Arc<Authority>, origin: Origin) -> Caller {
    Caller {
        actor: Actor::User(record.facts.user),
        person: Some(record.person),
        authority,
        origin: Origin { session: Some(record.facts.id), ..origin },
    }
}

fn nobody(origin: Origin) -> Identified {
    Identified { caller: Caller::anonymous(origin), session: None, renewed: None }
}
