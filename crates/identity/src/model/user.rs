//! Users: who can sign in.

use palisade_base::{Instant, PersonId, SecretString, UserId};
use palisade_records::directory::{NewPerson, Person};

use super::{ApiKey, EmailAddress, FactorStatus, Grant, SessionRow, UserName};

/// Whether a user may sign in at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserStatus {
    /// May sign in.
    Active,
    /// May not, anywhere: a leaver, or an account under suspicion.
    Disabled,
}

impl UserStatus {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// From its stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Disabled].into_iter().find(|status| status.as_str() == text)
    }
}

/// A user. Belongs to one person; a person has at most one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Whose it is.
    pub person: PersonId,
    /// The name to sign in with.
    pub user_name: UserName,
    /// The second name to sign in with. Kept apart from the person's mail address, so that who may edit the directory
    /// cannot take over accounts.
    pub email: Option<EmailAddress>,
    /// Whether it may sign in.
    pub status: UserStatus,
    /// A new password must be chosen at the next sign-in.
    pub must_change_password: bool,
    /// When the password was last set; `None` where there is none yet.
    pub password_changed_at: Option<Instant>,
    /// When the user was made.
    pub created_at: Instant,
    /// The last finished sign-in.
    pub last_sign_in_at: Option<Instant>,
    /// Goes up by one with each change.
    pub version: i64,
}

/// A user as lists show one.
#[derive(Clone, Debug)]
pub struct UserRow {
    /// The user.
    pub user: User,
    /// Given and family name.
    pub display_name: String,
    /// The roles, those that wait for a factor included.
    pub grants: Vec<Grant>,
    /// Whether a second factor is enrolled.
    pub has_factor: bool,
    /// Until when strangers cannot sign in as this user, where that lies in the future.
    pub locked_until: Option<Instant>,
}

/// All that the page of one user shows.
#[derive(Clone, Debug)]
pub struct UserDetail {
    /// As in lists.
    pub row: UserRow,
    /// The person.
    pub person: Person,
    /// The second factor.
    pub factor: FactorStatus,
    /// Live sessions.
    pub sessions: Vec<SessionRow>,
    /// API keys, the revoked ones included.
    pub keys: Vec<ApiKey>,
}

/// Which users a list shows.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Part of the user name, mail address or person's name; empty for all.
    pub search: String,
    /// Only of this status.
    pub status: Option<UserStatus>,
    /// How many to skip.
    pub offset: i64,
    /// How many at most; 1 to 500.
    pub limit: i64,
}

/// The person that a new user belongs to.
#[derive(Clone, Debug)]
pub enum PersonOf {
    /// Somebody of the directory.
    Existing(PersonId),
    /// Somebody to be entered into it in the same transaction.
    New(NewPerson),
}

/// How a new user gets in for the first time.
#[derive(Clone)]
pub enum InitialPassword {
    /// With this password, which they must change at the first sign-in.
    Temporary(SecretString),
    /// With this password, which they chose themselves.
    Own(SecretString),
    /// With a link that lets them choose one (see `Identity::issue_password_link`).
    None,
}

/// A user to be made.
#[derive(Clone)]
pub struct NewUser {
    /// Whose it is.
    pub person: PersonOf,
    /// The name to sign in with.
    pub user_name: UserName,
    /// The second name to sign in with.
    pub email: Option<EmailAddress>,
    /// How they get in.
    pub password: InitialPassword,
}

/// The first administrator, as the set-up page asks for them.
#[derive(Clone)]
pub struct NewAdministrator {
    /// The person, to be entered into the directory.
    pub person: NewPerson,
    /// The name to sign in with.
    pub user_name: UserName,
    /// The second name to sign in with.
    pub email: Option<EmailAddress>,
    /// The password of their choice.
    pub password: SecretString,
}
