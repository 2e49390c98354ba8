//! What is not this program: the machine, the databases, the applications' own settings.

use std::sync::Arc;

use palisade_posture::{
    Check, Mender,
    host::{self, DatabasePlace, Host, Root},
};

use super::Everything;
use crate::database_url;

pub(super) fn checks(all: &Everything) -> Vec<Arc<dyn Check>> {
    host::checks(&machine(all))
}

pub(super) fn menders(all: &Everything) -> Vec<Arc<dyn Mender>> {
    host::menders(&machine(all))
}

fn machine(all: &Everything) -> Host {
    let config = Arc::clone(&all.live.get().config);
    // The server runs with this URL, so it could be read.
    let database = database_url(&config).map_or(DatabasePlace::Data, |url| DatabasePlace::of(&url, &config));
    Host { root: Root::machine(), config, database, helper: all.helper.clone(), env: all.env.clone() }
}
