//! The words of identity: what a user, a session, a role, a key and a link are.

mod account;
mod names;
mod role;
mod session;
mod user;

pub use account::{ApiKey, Device, FactorStatus, NewApiKey, OneTimeLink, TotpEnrolment};
pub use names::{EmailAddress, LoginName, UserName};
pub use role::{
    FactorRule, Grant, GrantState, NewRole, PermissionInfo, Role, RoleDetail, RoleTemplate, SiteDeclaration,
};
pub use session::{EndReason, Ended, NewSession, SessionRow, SignInAttempt};
pub use user::{
    InitialPassword, NewAdministrator, NewUser, PersonOf, User, UserDetail, UserFilter, UserRow, UserStatus,
};

pub(crate) use account::stored_address;
