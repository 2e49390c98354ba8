//! How the gate asks whose request this is, without knowing identity, and identity answers, without knowing HTTP.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use crate::{Caller, Error, HashedToken, Instant, Origin, PlainToken, SessionId, UserId};

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

/// What a client showed on a site that is not the console's: the token of a site session, a child of a sign-on.
#[derive(Clone, Copy)]
pub struct ShownOnSite<'a> {
    /// The site's name.
    pub site: &'a str,
    /// The token of the site session.
    pub token: &'a PlainToken,
    /// As [`Presented::background`].
    pub background: bool,
    /// For whom an identity token is to be made, where the app behind the site wants one.
    pub identity_for: Option<IdentityFor<'a>>,
}

/// Between whom an identity token speaks.
#[derive(Clone, Copy, Debug)]
pub struct IdentityFor<'a> {
    /// The console's address: who says it.
    pub issuer: &'a str,
    /// The site's address: to whom it is said.
    pub audience: &'a str,
}

/// A site session that something open goes on by: a WebSocket, a stream, a long upload.
#[derive(Clone, Copy)]
pub struct HeldOnSite<'a> {
    /// The site's name.
    pub site: &'a str,
    /// The token of the site session.
    pub token: HashedToken,
}

/// Somebody who is signed in on a site.
#[derive(Clone)]
pub struct OnSite {
    /// The caller with the authority that holds on this site.
    pub caller: Caller,
    /// The sign-on that the site session is a child of.
    pub session: SessionFacts,
    /// What the app is told.
    pub user: Arc<SiteUser>,
    /// The identity token, where one was asked for: signed, and good for the next minute.
    pub token: Option<Arc<str>>,
}

/// Who somebody is to the app of a guarded site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteUser {
    /// The user's id: it never changes, and nobody else ever has it.
    pub id: UserId,
    /// The name that they sign in with.
    pub login: String,
    /// The person's name.
    pub name: String,
    /// The mail address that they sign in with, where they have one.
    pub email: Option<String>,
    /// Their roles on this site that are in force, by name.
    pub roles: Vec<String>,
}

/// What a browser brings back from the console.
#[derive(Clone, Copy)]
pub struct HandOff<'a> {
    /// The site that it came to.
    pub site: &'a str,
    /// The one-time code.
    pub code: &'a PlainToken,
    /// The state that it came with, where this browser is the one that it was made for. `None`: another browser's, so the
    /// code is worth nothing from now on.
    pub state: Option<&'a str>,
}

/// A site session that has just begun.
pub struct SiteEntry {
    /// The token for the site's cookie.
    pub token: PlainToken,
    /// The class of client of the sign-on.
    pub class: ClientClass,
    /// The end of the sign-on's life, whatever happens.
    pub expires_at: Instant,
}

/// Answers who is signed in on sites that are not the console's. Implemented by identity, handed to the gate by the server.
#[async_trait]
pub trait SiteSessions: Send + Sync {
    /// Who shows this on the site; `None` where the site session is over, is another site's, or never was.
    ///
    /// # Errors
    /// It cannot be found out at the moment: the gate then refuses, it never guesses.
    async fn on_site(&self, shown: ShownOnSite<'_>, origin: Origin) -> Result<Option<OnSite>, Error>;

    /// Which of these site sessions are there, in their order. Asked time and again about all that is open, so it is one
    /// question for them all, is answered from no memory, and is no use of any of them.
    ///
    /// # Errors
    /// It cannot be found out at the moment.
    async fn still_on_site(&self, held: &[HeldOnSite<'_>]) -> Result<Vec<bool>, Error>;

    /// Takes a one-time code, once, and begins a site session.
    ///
    /// # Errors
    /// The code is unknown, spent, run out, of another site or of another browser; or its sign-on is over
    /// ([`crate::Kind::Unauthenticated`]). Each is in the trail.
    async fn take_hand_off(&self, hand_off: HandOff<'_>, origin: Origin) -> Result<SiteEntry, Error>;

    /// Ends the whole sign-on that a site session is a child of.
    ///
    /// # Errors
    /// It cannot be written at the moment.
    async fn end_sign_on(&self, site: &str, token: &PlainToken, origin: Origin) -> Result<(), Error>;
}
