//! Sign-ons on sites that are not the console's: handed on with a one-time code, alive as long as the sign-on is.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use palisade_base::{
    Caller, Category, Error, HashedToken, Kind, Origin, PlainToken, Resource, Span, TrailEntry,
    auth::{
        HandOff, HeldOnSite, IdentityFor, OnSite, SessionFacts, SessionState, ShownOnSite, SiteEntry, SiteSessions,
        SiteUser,
    },
};
use palisade_store::{Conn, WriteTx};
use sha2::{Digest as _, Sha256};

use super::{
    Identity,
    authenticate::{as_session, held},
    cache::{Holds, KnownOnSite, KnownSession},
    site_tokens::SiteMarks,
};
use crate::{
    model::{EndReason, FactorRule},
    policy::{Admission, admit},
    store::{
        sessions::{self, SessionRecord},
        site_sessions::{self, StoredCode},
        users,
    },
};

/// How long a code works. It travels from one answer to the next request, no further.
const CODE_LIVES: Span = Span::seconds(60);
/// So many site sessions are asked for by one statement.
const ASKED_AT_ONCE: usize = 500;

/// A site that a sign-on may be handed on to.
#[derive(Clone, Debug)]
pub struct HandOffTarget<'a> {
    /// The site's name.
    pub site: &'a str,
    /// The roles that open it, one of them; none: everybody with a user is let in.
    pub roles: &'a [String],
}

impl Identity {
    /// Whether the person of this session may go on to the site.
    ///
    /// # Errors
    /// The session is over, or still owes something.
    pub async fn admission(&self, session: &SessionFacts, target: &HandOffTarget<'_>) -> Result<Admission, Error> {
        let mut conn = self.read().await?;
        let record = self.full_session(&mut conn, session).await?;
        let roles = site_sessions::roles(&mut conn, record.facts.user, target.site).await?;
        let has_factor = held(&mut conn, record.facts.user).await?.has_factor;
        Ok(admit(&roles, target.roles, has_factor, record.factor_given))
    }

    /// Issues the code with which the sign-on goes on to a site, for the browser whose state this is. Whether it may,
    /// [`Identity::admission`] has said; the site asks again with each request.
    ///
    /// # Errors
    /// The session is over, or still owes something.
    pub async fn issue_hand_off(
        &self,
        caller: &Caller,
        session: &SessionFacts,
        site: &str,
        state: &str,
    ) -> Result<PlainToken, Error> {
        let mut tx = self.write().await?;
        let record = self.full_session(&mut tx, session).await?;
        let token = PlainToken::generate(&self.0.env, "");
        let code = StoredCode {
            id: self.0.env.uuid(),
            session: record.facts.id,
            site: site.to_owned(),
            state: digest(state),
            expires_at: self.now() + CODE_LIVES,
            used_at: None,
        };
        site_sessions::insert_code(&mut tx, code, &token.hashed()).await?;
        let entry = TrailEntry::new(Category::Authentication, caller, "hand_off.issue", Resource::new("site", site));
        // Nothing that is remembered about anybody depends on a code.
        tx.commit(entry).await?;
        Ok(token)
    }

    async fn full_session(&self, conn: &mut Conn, session: &SessionFacts) -> Result<SessionRecord, Error> {
        let record = self.live_session(conn, session).await?;
        if record.facts.state == SessionState::Full { Ok(record) } else { Err(Error::denied()) }
    }

    async fn known_on_site(&self, site: &str, token: &HashedToken) -> Result<Option<Arc<KnownOnSite>>, Error> {
        let (generation, now) = (self.0.cache.generation(), self.now());
        // A token is one site's, and the hash of both is the key: another site's answer is never taken for it.
        let key = site_key(site, token);
        if let Some(known) = self.0.cache.on_site.get(&key, generation, now) {
            return Ok(known);
        }
        let mut conn = self.read().await?;
        let known = match site_sessions::parent(&mut conn, token, site).await? {
            Some(record) => Some(Arc::new(self.look_up_on_site(&mut conn, site, record).await?)),
            None => None,
        };
        self.0.cache.on_site.put(key, generation, now, known.clone());
        Ok(known)
    }

    async fn look_up_on_site(&self, conn: &mut Conn, site: &str, record: SessionRecord) -> Result<KnownOnSite, Error> {
        let account = users::find(conn, record.facts.user).await?.ok_or_else(Error::not_found)?;
        let policy = self.settings_on(conn).await?.value;
        let mut held = held(conn, record.facts.user).await?;
        held.has_factor &= record.factor_given;
        let roles = site_sessions::roles(conn, record.facts.user, site).await?;
        let in_force = |rule: FactorRule| held.has_factor || rule != FactorRule::Required;
        let user = SiteUser {
            id: record.facts.user,
            login: account.user.user_name.as_str().to_owned(),
            name: account.display_name(),
            email: account.user.email.as_ref().map(|email| email.as_str().to_owned()),
            roles: roles.into_iter().filter(|(_, rule)| in_force(*rule)).map(|(name, _)| name).collect(),
        };
        let session = KnownSession { record, policy, holds: Holds::new(held) };
        Ok(KnownOnSite { session, user: Arc::new(user), token: OnceLock::new() })
    }

    /// The identity token: made once for as long as what it says is remembered, which is half a second.
    async fn token_of(&self, known: &KnownOnSite, parties: IdentityFor<'_>) -> Result<Arc<str>, Error> {
        if let Some(token) = known.token.get() {
            return Ok(Arc::clone(token));
        }
        let token = self.sign_identity(&known.user, parties).await?;
        Ok(Arc::clone(known.token.get_or_init(|| token)))
    }

    /// Begins the site session of a code; or says which word the trail has for why not.
    async fn enter_site(
        &self,
        tx: &mut WriteTx,
        hand_off: &HandOff<'_>,
        code: &StoredCode,
        marks: &SiteMarks,
    ) -> Result<Result<(SessionRecord, PlainToken), &'static str>, Error> {
        if code.used_at.is_some() {
            // Two hold the same code, and one of them is not who it was made for: neither keeps what it began.
            site_sessions::end(tx, code.id).await?;
            return Ok(Err("replayed"));
        }
        // From here on it is spent, whatever comes of it.
        if !site_sessions::take_code(tx, code.id, self.now()).await? {
            return Ok(Err("expired"));
        }
        if code.site != hand_off.site {
            return Ok(Err("another_site"));
        }
        if hand_off.state.is_none_or(|state| digest(state) != code.state) {
            return Ok(Err("another_browser"));
        }
        let record = sessions::find(tx, code.session).await?;
        let Some(record) = self.live_record(tx, record).await? else { return Ok(Err("session_over")) };
        let token = marks.marked(&code.site, &PlainToken::generate(&self.0.env, ""))?;
        site_sessions::insert(tx, code, &token.hashed(), self.now()).await?;
        Ok(Ok((record, token)))
    }

    async fn live_record(
        &self,
        conn: &mut Conn,
        record: Option<SessionRecord>,
    ) -> Result<Option<SessionRecord>, Error> {
        let Some(record) = record.filter(|record| record.facts.state == SessionState::Full) else { return Ok(None) };
        let policy = self.settings_on(conn).await?.value;
        Ok(self.is_live(&record, &policy).then_some(record))
    }
}

#[async_trait]
impl SiteSessions for Identity {
    async fn on_site(&self, shown: ShownOnSite<'_>, origin: Origin) -> Result<Option<OnSite>, Error> {
        if !self.site_marks().await?.knows(shown.site, shown.token) {
            return Ok(None);
        }
        let Some(known) = self.known_on_site(shown.site, &shown.token.hashed()).await? else { return Ok(None) };
        let record = &known.session.record;
        if !self.is_live(record, &known.session.policy) {
            return Ok(None);
        }
        if !shown.background {
            self.note_session_use(record).await;
        }
        let token = match shown.identity_for {
            Some(parties) => Some(self.token_of(&known, parties).await?),
            None => None,
        };
        let authority = known.session.holds.on(shown.site, &self.0.config.console_on);
        let caller = as_session(record, authority, origin);
        Ok(Some(OnSite { caller, session: record.facts.clone(), user: Arc::clone(&known.user), token }))
    }

    async fn still_on_site(&self, held: &[HeldOnSite<'_>]) -> Result<Vec<bool>, Error> {
        let mut conn = self.read().await?;
        let policy = self.settings_on(&mut conn).await?.value;
        let mut there = HashMap::new();
        for some in held.chunks(ASKED_AT_ONCE) {
            let found = sessions::of_site_sessions(&mut conn, some.iter().map(|held| held.token)).await?;
            let live = found.into_iter().filter(|(.., record)| self.is_live(record, &policy));
            there.extend(live.map(|(token, site, _)| (*token.as_bytes(), site)));
        }
        Ok(held.iter().map(|held| there.get(held.token.as_bytes()).is_some_and(|site| site == held.site)).collect())
    }

    async fn take_hand_off(&self, hand_off: HandOff<'_>, origin: Origin) -> Result<SiteEntry, Error> {
        let hash = hand_off.code.hashed();
        let nobody = Caller::anonymous(origin.clone());
        let entry = |caller: &Caller, action, resource| {
            TrailEntry::new(Category::Authentication, caller, action, resource).note("site", hand_off.site)
        };
        // Made-up codes are looked for without a place in the queue of those who write.
        if site_sessions::find_code(&mut *self.read().await?, &hash).await?.is_none() {
            let refused = entry(&nobody, "hand_off.take", Resource::whole("hand_off")).failed("unknown");
            self.trace_failure(refused).await?;
            return Err(spent());
        }
        // It may have to be made, which is a change of its own: before this one begins.
        let marks = self.site_marks().await?;
        let mut tx = self.write().await?;
        let code = site_sessions::find_code(&mut tx, &hash).await?.ok_or_else(spent)?;
        match self.enter_site(&mut tx, &hand_off, &code, marks).await? {
            Ok((record, token)) => {
                let caller = as_session(&record, Arc::default(), origin);
                let begun = entry(&caller, "site_session.start", Resource::new("site_session", code.id));
                self.commit(tx, begun, Vec::new()).await?;
                Ok(SiteEntry { token, class: record.facts.class, expires_at: record.times.expires_at })
            }
            Err(reason) => {
                let refused = entry(&nobody, "hand_off.take", Resource::new("session", code.session)).failed(reason);
                self.commit(tx, TrailEntry { category: Category::Security, ..refused }, Vec::new()).await?;
                Err(spent())
            }
        }
    }

    async fn end_sign_on(&self, site: &str, token: &PlainToken, origin: Origin) -> Result<(), Error> {
        let mut tx = self.write().await?;
        let Some(record) = site_sessions::parent(&mut tx, &token.hashed(), site).await? else { return Ok(()) };
        if !sessions::end(&mut tx, record.facts.id, EndReason::SignedOut, self.now()).await? {
            return Ok(());
        }
        let caller = as_session(&record, Arc::default(), origin);
        let resource = Resource::new("session", record.facts.id);
        let entry = TrailEntry::new(Category::Authentication, &caller, "session.end", resource).note("site", site);
        self.commit(tx, entry, Vec::new()).await
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn site_key(site: &str, token: &HashedToken) -> [u8; 32] {
    Sha256::new().chain_update(token.as_bytes()).chain_update(site.as_bytes()).finalize().into()
}

/// The one answer to every code that does not work: which of the reasons it was stands in the trail.
fn spent() -> Error {
    Error::new(
        Kind::Unauthenticated,
        "This sign-in was begun in another browser, or its link was used before. Open the site again to sign in anew.",
    )
}
