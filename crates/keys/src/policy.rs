//! Who may rotate keys.

use palisade_base::{Action, Caller, Error, Permission, Permit, Scope};

/// The permission to rotate data keys and to change the key file.
pub const MANAGE_KEYS: Permission = Permission::new("console.key.manage");

/// The action of rotating data keys or changing the key file.
#[derive(Clone, Copy, Debug)]
pub struct ManageKeys;

/// What only this file can build.
#[derive(Clone, Copy, Debug)]
pub struct Key(());

impl Action for ManageKeys {
    type Key = Key;
    const NAME: &'static str = "vault.manage";
}

/// Decides whether the caller may manage keys.
///
/// # Errors
/// The caller's authority does not hold [`MANAGE_KEYS`] for everything.
pub fn may_manage_keys(caller: &Caller) -> Result<Permit<ManageKeys>, Error> {
    if caller.authority.allows(&MANAGE_KEYS, Scope::All) {
        Ok(Permit::issue(Key(()), &caller.actor))
    } else {
        Err(Error::denied())
    }
}
