//! What is not this program: the machine, the databases, the applications' own settings.

use std::sync::Arc;

use palisade_posture::{
    Check, Mender,
    host::{self, DatabasePlace, Root},
};

use super::Everything;
use crate::database_url;

pub(super) fn checks(all: &Everything) -> Vec<Arc<dyn Check>> {
    let config = Arc::clone(&all.live.get().config);
    // The server runs with this URL, so it could be read.
    let place = database_url(&config).map_or(DatabasePlace::Data, |url| DatabasePlace::of(&url, &config));
    host::checks(&Root::machine(), &config, place)
}

pub(super) fn menders(_all: &Everything) -> Vec<Arc<dyn Mender>> {
    Vec::new()
}
