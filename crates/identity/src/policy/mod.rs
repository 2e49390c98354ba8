//! What is allowed: pure functions, facts in, a decision out. Nothing here reads a clock or a database.

mod admission;
mod authority;
mod grants;
mod lockout;
mod permits;
mod sessions;

pub use admission::{Admission, admit};
pub use authority::{Allowed, Held};
pub use grants::{
    Administrators, GrantRefused, decide_account_change, decide_grant, decide_own_role, decide_role_change,
    keeps_an_administrator,
};
pub use lockout::{LockoutRule, Tries};
pub use permits::{
    ChangePolicy, ChangeRoles, ChangeUsers, CreateUsers, EndSessions, GiveRoles, OwnAccount, ReadPolicy, ReadRoles,
    ReadSessions, ReadUsers, permit_change_policy, permit_change_roles, permit_change_users, permit_create_users,
    permit_end_sessions, permit_give_roles, permit_own_account, permit_read_policy, permit_read_roles,
    permit_read_sessions, permit_read_users,
};
pub use sessions::{Owed, SessionTimes, needs_factor, session_end};
