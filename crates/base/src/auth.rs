//! How the gate asks whose request this is, without knowing identity, and identity answers, without knowing HTTP.

use std::fmt;

use async_trait::async_trait;

use crate::{Caller, Error, Origin, PlainToken, SessionId, UserId};

/// The classes of client that have session settings of their own (idle time, life, single session).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientClass {
    /// A browser: the strictest settings.
    Browser,
    /// A device that its owner enrolled on the account page after a second factor; never chosen by a field that the client sends.
    Mobile,
    /// A program with an API key.
    Api,
}

/// What a session may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionState {
    /// Everything that the roles allow.
    Full,
    /// Only to give the second factor.
    OwesFactor,
    /// Only to enrol a second factor, which the role requires.
    OwesEnrolment,
    /// Only to choose a new password.
    OwesPassword,
}

/// What a client showed.
#[derive(Clone, Default)]
pub struct Presented {
    /// The session cookie.
    pub session: Option<PlainToken>,
    /// An API key from a header.
    pub api_key: Option<PlainToken>,
    /// The request was made by a page on its own (polling): it must not keep an idle session alive.
    pub background: bool,
}

/// A live session, as far as doors and pages need it.
#[derive(Clone, Debug)]
pub struct SessionFacts {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// What it may be used for.
    pub state: SessionState,
    /// The class of client.
    pub class: ClientClass,
    /// The person's name, for the page's top bar.
    pub display_name: String,
}

/// Who it is.
#[derive(Clone)]
pub struct Identified {
    /// The caller with the authority that holds on this site. While the session owes something, the authority is empty.
    pub caller: Caller,
    /// The session, where there is one.
    pub session: Option<SessionFacts>,
    /// The session's new token, where it had to change (its user's roles did): the door sets the cookie again. The old
    /// one still works for a few seconds, for requests that are under way.
    pub renewed: Option<PlainToken>,
}

impl fmt::Debug for Identified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identified")
            .field("caller", &self.caller)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// Answers whose request it is. Implemented by identity, handed to the gate by the server.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// Who presents this on the site of that name. Nobody known is an anonymous caller, not an error.
    ///
    /// # Errors
    /// It cannot be found out at the moment (the gate then refuses, it never guesses), or an API key was shown that is
    /// not valid: programs want to be told.
    async fn identify(&self, site: &str, presented: Presented, origin: Origin) -> Result<Identified, Error>;
}
