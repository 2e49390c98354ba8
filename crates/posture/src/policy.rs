//! Who may see the posture, and who may have it mended.

use palisade_base::{Action, Caller, Error, Permission, Permit, Scope};

/// The permission to see what is in force, and to have it looked at again.
pub const READ_POSTURE: Permission = Permission::new("console.posture.read");
/// The permission to have the program mend what it can mend.
pub const MEND_POSTURE: Permission = Permission::new("console.posture.mend");

/// Seeing what is in force, and having it looked at again.
#[derive(Clone, Copy, Debug)]
pub struct ReadPosture;

/// Having something mended.
#[derive(Clone, Copy, Debug)]
pub struct MendPosture;

/// What only this file can build.
#[derive(Clone, Copy, Debug)]
pub struct Key(());

impl Action for ReadPosture {
    type Key = Key;
    const NAME: &'static str = "posture.read";
}

impl Action for MendPosture {
    type Key = Key;
    const NAME: &'static str = "posture.mend";
}

/// Decides whether the caller may see the posture.
///
/// # Errors
/// The caller's roles do not allow it.
pub fn may_read_posture(caller: &Caller) -> Result<Permit<ReadPosture>, Error> {
    permit(caller, &READ_POSTURE)
}

/// Decides whether the caller may have something mended.
///
/// # Errors
/// The caller's roles do not allow it.
pub fn may_mend_posture(caller: &Caller) -> Result<Permit<MendPosture>, Error> {
    permit(caller, &MEND_POSTURE)
}

fn permit<A: Action<Key = Key>>(caller: &Caller, permission: &Permission) -> Result<Permit<A>, Error> {
    if caller.authority.allows(permission, Scope::All) {
        Ok(Permit::issue(Key(()), &caller.actor))
    } else {
        Err(Error::denied())
    }
}
