//! Who can do what: the coverage map, who can do a job, and what is missing on the trucks.

mod job;
mod map;
mod shared;
mod stock;

use palisade_base::{Permission, Scope};
use palisade_web::{Access, Icon, NavItem, Routes};

use crate::{coverage::Coverage, standing::READ_STANDING};

const READ: Permission = Permission::new(READ_STANDING);

/// The entries in the site's rail.
pub(super) fn nav_items() -> [NavItem; 3] {
    let entry = |label, path, icon| NavItem {
        section: "Planning",
        label,
        path,
        icon,
        permission: Some((READ, Scope::Team)),
        phone_rank: None,
    };
    [
        entry("Coverage map", map::PATH, Icon::Category),
        entry("Who can?", job::PATH, Icon::Search),
        entry("Truck stock", stock::PATH, Icon::Tool),
    ]
}

/// The routes. Who sees only where they stand themselves has no question about others.
pub(super) fn routes(coverage: Coverage) -> Routes {
    let team = || Access::Permission(READ, Scope::Team);
    Routes::new(coverage)
        .get(map::PATH, team(), map::show)
        .get(job::PATH, team(), job::show)
        .get(stock::PATH, team(), stock::show)
        .get(stock::CSV_PATH, team(), stock::csv)
        .get(stock::XLSX_PATH, team(), stock::xlsx)
        .finish()
}
