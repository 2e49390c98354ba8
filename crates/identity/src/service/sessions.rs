//! Live sessions: who is signed in, and ending it.
#![allow(unused_imports, reason = "the signatures come first; the bodies follow")]
#![expect(unused_variables, clippy::unused_async, reason = "the signatures come first; the bodies follow")]
use palisade_base::{
    ApiKeyId, Caller, Error, Origin, Permit, PlainToken, RoleId, SecretString, SessionId, UserId, auth::SessionFacts,
};
use uuid::Uuid;

use super::{Enrolled, Identity};
use crate::{
    model::*,
    policy::*,
    settings::{Settings, SettingsVersion, Versioned},
};

impl Identity {
    /// Every live session, newest use first, at most `limit`.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn list_sessions(&self, permit: &Permit<ReadSessions>, limit: i64) -> Result<Vec<SessionRow>, Error> {
        Err(super::unfinished())
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
        Err(super::unfinished())
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
        Err(super::unfinished())
    }

    /// Ends every session of everybody, the caller's included; gives how many.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn end_all_sessions(&self, caller: &Caller, permit: &Permit<EndSessions>) -> Result<i64, Error> {
        Err(super::unfinished())
    }

    /// Deletes what has run out: ended sessions after 30 days, spent links, counters of a day ago. For the daily job.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn clean_up(&self) -> Result<(), Error> {
        Err(super::unfinished())
    }
}
