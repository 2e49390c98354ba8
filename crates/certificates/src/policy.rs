//! Who may do what with certificates.

use palisade_base::{Action, Caller, Error, Permission, Permit, Scope};

/// See how certificates stand.
pub const READ_CERTIFICATES: Permission = Permission::new("console.certificate.read");
/// Order and renew certificates.
pub const MANAGE_CERTIFICATES: Permission = Permission::new("console.certificate.manage");

/// Ordering and renewing certificates.
#[derive(Clone, Copy, Debug)]
pub struct ManageCertificates;

/// What only this file can build.
#[derive(Clone, Copy, Debug)]
pub struct Key(());

impl Action for ManageCertificates {
    type Key = Key;
    const NAME: &'static str = "certificate.manage";
}

/// Whether this caller may order and renew certificates.
///
/// # Errors
/// They may not.
pub fn may_manage_certificates(caller: &Caller) -> Result<Permit<ManageCertificates>, Error> {
    if caller.authority.allows(&MANAGE_CERTIFICATES, Scope::All) {
        Ok(Permit::issue(Key(()), &caller.actor))
    } else {
        Err(Error::denied())
    }
}
