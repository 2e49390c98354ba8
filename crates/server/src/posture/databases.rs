//! The databases: of guarded sites, and the program's own.

use std::sync::Arc;

use palisade_posture::{
    Check, Mender,
    database::{self, Databases},
};

use super::Everything;
use crate::MIGRATOR;

pub(super) fn checks(all: &Everything) -> Vec<Arc<dyn Check>> {
    database::checks(&databases(all))
}

pub(super) fn menders(all: &Everything) -> Vec<Arc<dyn Mender>> {
    database::mender(&databases(all)).into_iter().collect()
}

fn databases(all: &Everything) -> Databases {
    Databases::of(&all.live.get().config, &all.store, MIGRATOR, all.helper.as_ref())
}
