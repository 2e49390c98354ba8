//! Who may do what by default. Roles live in the database and can be changed there; this is what they begin with.

use palisade_base::Scope::{self, All, Own, Team};
use palisade_records::{PermissionInfo, directory};

use crate::{
    TYPES,
    standing::READ_STANDING,
    types::{AMEND, EMPLOYEE as EMPLOYEE_TYPE, EVALUATE, EVALUATION, READ_DETAILS, REVIEW, SET_TRAINER},
};

/// Every permission of the app and of the directory below it, in the order that pages list them.
#[must_use]
pub fn permissions() -> Vec<PermissionInfo> {
    let mut all: Vec<PermissionInfo> = TYPES.iter().flat_map(|ty| ty.permissions()).collect();
    all.push(PermissionInfo {
        name: READ_DETAILS,
        label: "See details of employees".into(),
        about: "Telephone, mail address, employee number, date of hire and notes.".into(),
        scopes: EMPLOYEE_TYPE.rows.scopes(),
    });
    all.push(PermissionInfo {
        name: SET_TRAINER,
        label: "Say who trains others".into(),
        about: "The highest tier asks for it.".into(),
        scopes: EMPLOYEE_TYPE.rows.scopes(),
    });
    all.push(PermissionInfo {
        name: AMEND,
        label: "Correct reviewed evaluations".into(),
        about: "Makes a copy to be corrected; once that is reviewed, it stands in the old one's place.".into(),
        scopes: EVALUATION.rows.scopes(),
    });
    all.push(PermissionInfo {
        name: READ_STANDING,
        label: "See where employees stand".into(),
        about: "Their current ratings and tools, without the evaluations that these come from.".into(),
        scopes: EMPLOYEE_TYPE.rows.scopes(),
    });
    all.extend(directory::permissions());
    all
}

/// A role's name, what it is for, and what it may do.
#[derive(Clone, Copy, Debug)]
pub struct DefaultRole {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Its permissions with their scopes.
    pub grants: &'static [(&'static str, Scope)],
}

/// The roles that a new site begins with.
pub const DEFAULT_ROLES: &[DefaultRole] = &[
    DefaultRole { name: "Admin", about: "Runs the app: everything, for everybody.", grants: ADMIN },
    DefaultRole {
        name: "Manager",
        about: "Leads one or more teams: the own team in full, of everybody else name, tier and team.",
        grants: MANAGER,
    },
    DefaultRole { name: "Employee", about: "Sees their own data and the catalogue.", grants: EMPLOYEE },
];

const ADMIN: &[(&str, Scope)] = &[
    ("kpi.employee.read", All),
    (READ_DETAILS, All),
    (SET_TRAINER, All),
    (READ_STANDING, All),
    ("kpi.employee.create", All),
    ("kpi.employee.update", All),
    ("kpi.employee.archive", All),
    ("kpi.employee.import", All),
    ("kpi.employee.export", All),
    ("kpi.team.read", All),
    ("kpi.team.create", All),
    ("kpi.team.update", All),
    ("kpi.team.archive", All),
    ("kpi.team.import", All),
    ("kpi.team.export", All),
    ("kpi.tier.read", All),
    ("kpi.tier.create", All),
    ("kpi.tier.update", All),
    ("kpi.tier.archive", All),
    ("kpi.tier.import", All),
    ("kpi.tier.export", All),
    ("kpi.skill_category.read", All),
    ("kpi.skill_category.create", All),
    ("kpi.skill_category.update", All),
    ("kpi.skill_category.archive", All),
    ("kpi.skill_category.import", All),
    ("kpi.skill_category.export", All),
    ("kpi.skill.read", All),
    ("kpi.skill.create", All),
    ("kpi.skill.update", All),
    ("kpi.skill.archive", All),
    ("kpi.skill.import", All),
    ("kpi.skill.export", All),
    ("kpi.tool_category.read", All),
    ("kpi.tool_category.create", All),
    ("kpi.tool_category.update", All),
    ("kpi.tool_category.archive", All),
    ("kpi.tool_category.import", All),
    ("kpi.tool_category.export", All),
    ("kpi.tool.read", All),
    ("kpi.tool.create", All),
    ("kpi.tool.update", All),
    ("kpi.tool.archive", All),
    ("kpi.tool.import", All),
    ("kpi.tool.export", All),
    ("kpi.evaluation.read", All),
    (EVALUATE, All),
    (REVIEW, All),
    (AMEND, All),
    ("kpi.evaluation.import", All),
    ("kpi.evaluation.export", All),
    ("directory.person.read", All),
    ("directory.person.create", All),
    ("directory.person.update", All),
    ("directory.person.set_email", All),
    ("directory.person.archive", All),
    ("directory.person.import", All),
    ("directory.person.export", All),
];

/// Who leads a team sees name, tier and team of everybody (who can do this job?), and the rest of their own people only.
const MANAGER: &[(&str, Scope)] = &[
    ("kpi.employee.read", All),
    (READ_DETAILS, Team),
    (READ_STANDING, All),
    ("kpi.employee.create", Team),
    ("kpi.employee.update", Team),
    ("kpi.employee.archive", Team),
    ("kpi.employee.export", Team),
    ("kpi.evaluation.read", Team),
    (EVALUATE, Team),
    (REVIEW, Team),
    ("kpi.evaluation.export", Team),
    ("kpi.team.read", All),
    ("kpi.tier.read", All),
    ("kpi.skill_category.read", All),
    ("kpi.skill_category.export", All),
    ("kpi.skill.read", All),
    ("kpi.skill.export", All),
    ("kpi.tool_category.read", All),
    ("kpi.tool_category.export", All),
    ("kpi.tool.read", All),
    ("kpi.tool.export", All),
];

const EMPLOYEE: &[(&str, Scope)] = &[
    ("kpi.employee.read", Own),
    (READ_DETAILS, Own),
    (READ_STANDING, Own),
    ("kpi.evaluation.read", Own),
    (EVALUATE, Own),
    ("kpi.team.read", Own),
    ("kpi.tier.read", All),
    ("kpi.skill_category.read", All),
    ("kpi.skill.read", All),
    ("kpi.tool_category.read", All),
    ("kpi.tool.read", All),
];
