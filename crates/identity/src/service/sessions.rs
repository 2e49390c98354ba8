//! Live sessions: who is signed in, and ending it.

use palisade_base::{Caller, Category, Error, Permit, Resource, SessionId, Span, TrailEntry, UserId};
use palisade_store::Housekeeping;

use super::{Identity, check_permit, counted};
use crate::{
    model::{EndReason, SessionRow},
    policy::{EndSessions, ReadSessions, SessionTimes, session_end},
    settings::SessionPolicy,
    store::{links, sessions, site_sessions, tries, users},
};

/// Ended sessions stay so long, so that whoever still has the cookie can be told why.
const ENDED_KEPT: Span = Span::days(30);
/// Codes of hand-offs stay so long, so that one that comes again is known.
const CODES_KEPT: Span = Span::days(1);
/// Devices that nobody came back with for so long are strangers' again.
const DEVICE_KEPT: Span = Span::days(365);
/// Tries of so long ago do not count.
const TRIES_KEPT: Span = Span::days(1);

impl Identity {
    /// Every live session, newest use first, at most `limit`.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn list_sessions(&self, _permit: &Permit<ReadSessions>, limit: i64) -> Result<Vec<SessionRow>, Error> {
        self.live_sessions(None, limit).await
    }

    /// Live sessions of one user or of all; those that have run out of time are not.
    pub(super) async fn live_sessions(&self, user: Option<UserId>, limit: i64) -> Result<Vec<SessionRow>, Error> {
        let (mut conn, now) = (self.read().await?, self.now());
        let policy: SessionPolicy = self.settings_on(&mut conn).await?.value;
        let mut rows = sessions::list(&mut conn, user, now, limit).await?;
        for row in &mut rows {
            row.last_used_at = self.0.cache.last_use(row.id, row.last_used_at);
        }
        rows.retain(|row| session_end(&times(row), policy.class(row.class), now).is_none());
        Ok(rows)
    }

    /// Ends one session of anybody.
    ///
    /// # Errors
    /// There is no such live session.
    pub async fn end_session(
        &self,
        caller: &Caller,
        permit: &Permit<EndSessions>,
        session: SessionId,
    ) -> Result<(), Error> {
        check_permit(caller, permit)?;
        let mut tx = self.write().await?;
        let record = sessions::find(&mut tx, session).await?.ok_or_else(Error::not_found)?;
        if !sessions::end(&mut tx, session, EndReason::Ended, self.now()).await? {
            return Err(Error::not_found());
        }
        let entry = ended(caller, Resource::new("session", session)).note("user", record.facts.user.to_string());
        self.commit(tx, entry, Vec::new()).await
    }

    /// Ends every session of a user; gives how many.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn end_sessions_of(
        &self,
        caller: &Caller,
        permit: &Permit<EndSessions>,
        user: UserId,
    ) -> Result<i64, Error> {
        check_permit(caller, permit)?;
        let mut tx = self.write().await?;
        users::find(&mut tx, user).await?.ok_or_else(Error::not_found)?;
        let count = counted(sessions::end_others(&mut tx, user, None, None, EndReason::Ended, self.now()).await?);
        self.commit(tx, ended(caller, Resource::new("user", user)).note("ended", count), Vec::new()).await?;
        Ok(count)
    }

    /// Ends every session of everybody, the caller's included; gives how many.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn end_all_sessions(&self, caller: &Caller, permit: &Permit<EndSessions>) -> Result<i64, Error> {
        check_permit(caller, permit)?;
        let mut tx = self.write().await?;
        let count = counted(sessions::end_all(&mut tx, EndReason::EndedForAll, self.now()).await?);
        self.commit(tx, ended(caller, Resource::whole("session")).note("ended", count), Vec::new()).await?;
        Ok(count)
    }

    /// Deletes what has run out: ended sessions after 30 days, spent links, counters of a day ago. For the daily job.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn clean_up(&self) -> Result<(), Error> {
        let (mut tx, now) = (self.write().await?, self.now());
        sessions::forget(&mut tx, now - ENDED_KEPT).await?;
        sessions::forget_devices(&mut tx, now - DEVICE_KEPT).await?;
        links::forget(&mut tx, now - ENDED_KEPT).await?;
        site_sessions::forget_codes(&mut tx, now - CODES_KEPT).await?;
        tries::forget(&mut tx, now - TRIES_KEPT).await?;
        Ok(tx.commit_housekeeping(Housekeeping::Expiry).await?)
    }
}

const fn times(row: &SessionRow) -> SessionTimes {
    SessionTimes {
        state: row.state,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        expires_at: row.expires_at,
    }
}

pub(super) fn ended(caller: &Caller, resource: Resource) -> TrailEntry {
    TrailEntry::new(Category::Administration, caller, "session.revoke", resource)
}
