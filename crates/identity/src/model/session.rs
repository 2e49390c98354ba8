//! Sessions as pages and services see them.

use palisade_base::{
    Instant, Origin, PlainToken, SecretString, SessionId, UserId,
    auth::{ClientClass, SessionFacts, SessionState},
};

/// What somebody shows to sign in.
#[derive(Clone)]
pub struct SignInAttempt {
    /// User name or mail address, as typed.
    pub login: String,
    /// The password, as typed.
    pub password: SecretString,
    /// The device cookie, where there is one.
    pub device: Option<PlainToken>,
    /// The session cookie that the browser still holds; that session ends.
    pub previous: Option<PlainToken>,
    /// Where it comes from.
    pub origin: Origin,
}

/// A session that was just made or changed: what the page puts into cookies.
pub struct NewSession {
    /// The session cookie's value.
    pub token: PlainToken,
    /// The device cookie's value, where it has to be set.
    pub device: Option<PlainToken>,
    /// The session; its `state` says which page comes next.
    pub facts: SessionFacts,
    /// The end of its life, whatever happens.
    pub expires_at: Instant,
    /// A role recommends a second factor and there is none: the page should say so.
    pub factor_recommended: bool,
}

/// A live session as lists show one.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// Their user name.
    pub user_name: String,
    /// The person's name.
    pub display_name: String,
    /// The class of client.
    pub class: ClientClass,
    /// What it may be used for.
    pub state: SessionState,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, to the minute.
    pub last_used_at: Instant,
    /// The end of its life.
    pub expires_at: Instant,
    /// Where it was opened from.
    pub address: Option<String>,
    /// The user agent that opened it.
    pub agent: Option<String>,
    /// The owner's name for the device, where it was enrolled as a mobile device.
    pub device_name: Option<String>,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// Its owner signed out.
    SignedOut,
    /// The next step of the sign-in (factor, new password) has a session of its own.
    Replaced,
    /// The owner signed in somewhere else, and one session per user is the rule.
    SignedInElsewhere,
    /// It was not used for too long.
    Idle,
    /// It reached the end of its life.
    Expired,
    /// Its owner, or an administrator, ended it from a list.
    Ended,
    /// Everybody was signed out.
    EndedForAll,
    /// The password was changed or must be changed.
    PasswordChanged,
    /// The second factor was removed or replaced.
    FactorChanged,
    /// The user was disabled.
    Disabled,
    /// Too many wrong codes.
    WrongCodes,
}

impl EndReason {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::SignedOut,
        Self::Replaced,
        Self::SignedInElsewhere,
        Self::Idle,
        Self::Expired,
        Self::Ended,
        Self::EndedForAll,
        Self::PasswordChanged,
        Self::FactorChanged,
        Self::Disabled,
        Self::WrongCodes,
    ];

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Replaced => "replaced",
            Self::SignedInElsewhere => "signed_in_elsewhere",
            Self::Idle => "idle",
            Self::Expired => "expired",
            Self::Ended => "ended",
            Self::EndedForAll => "ended_for_all",
            Self::PasswordChanged => "password_changed",
            Self::FactorChanged => "factor_changed",
            Self::Disabled => "disabled",
            Self::WrongCodes => "wrong_codes",
        }
    }

    /// From its stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// What the sign-in page tells whoever still holds the old cookie; `None` where there is nothing to tell.
    #[must_use]
    pub const fn message(self) -> Option<&'static str> {
        match self {
            Self::SignedOut | Self::Replaced => None,
            Self::SignedInElsewhere => Some(
                "You were signed out here because you signed in somewhere else. If that was not you, change your password.",
            ),
            Self::Idle => Some("You were signed out because nothing happened here for a while."),
            Self::Expired => Some("You were signed out because this session had reached the end of its life."),
            Self::Ended => Some("This session was ended from a list of sessions."),
            Self::EndedForAll => Some("Everybody was signed out. Please sign in again."),
            Self::PasswordChanged => Some("You were signed out because the password was changed."),
            Self::FactorChanged => Some("You were signed out because the second factor was changed."),
            Self::Disabled => Some("You were signed out because this account was disabled."),
            Self::WrongCodes => {
                Some("The sign-in was stopped after too many wrong codes. Wait 15 minutes, then start again.")
            }
        }
    }
}

/// A session that is over, for whoever still holds its cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub reason: EndReason,
    /// Since when.
    pub at: Instant,
}
