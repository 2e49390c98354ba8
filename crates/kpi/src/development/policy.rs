//! Who may move what people are working on, besides holding the permission: pure.

use palisade_base::{Error, Kind};
use palisade_records::Moving;

/// Nothing more than the permission.
pub(crate) fn anybody(_: &Moving<'_>) -> Result<(), Error> {
    Ok(())
}

/// Nobody decides about themselves, whatever their role reaches.
pub(crate) fn somebody_else(moving: &Moving<'_>) -> Result<(), Error> {
    if moving.is_subject() {
        return Err(Error::new(Kind::Denied, "This is about you, so somebody else has to decide it."));
    }
    Ok(())
}
