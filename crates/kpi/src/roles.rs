//! Who may do what by default. Roles live in the database and can be changed there; this is what they begin with.

use palisade_base::Scope::{self, All, Own, Team};
use palisade_records::{PermissionInfo, directory};

use crate::{
    TYPES,
    standing::READ_STANDING,
    types::{
        self, AMEND, CONFIRM_SPECIAL_SKILL, DECIDE_TRAINING_REQUEST, EMPLOYEE as EMPLOYEE_TYPE, EVALUATE, EVALUATION,
        READ_DETAILS, REVIEW, SET_TRAINER,
    },
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
    all.extend([types::confirm_permission(), types::decide_permission()]);
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
    ("kpi.qualification.read", All),
    ("kpi.qualification.create", All),
    ("kpi.qualification.update", All),
    ("kpi.qualification.archive", All),
    ("kpi.qualification.import", All),
    ("kpi.qualification.export", All),
    ("kpi.special_skill.read", All),
    ("kpi.special_skill.create", All),
    ("kpi.special_skill.update", All),
    ("kpi.special_skill.archive", All),
    ("kpi.special_skill.import", All),
    ("kpi.special_skill.export", All),
    ("kpi.custom_tool.read", All),
    ("kpi.custom_tool.create", All),
    ("kpi.custom_tool.update", All),
    ("kpi.custom_tool.archive", All),
    ("kpi.custom_tool.import", All),
    ("kpi.custom_tool.export", All),
    ("kpi.goal.read", All),
    ("kpi.goal.create", All),
    ("kpi.goal.update", All),
    ("kpi.goal.archive", All),
    ("kpi.goal.import", All),
    ("kpi.goal.export", All),
    ("kpi.training_request.read", All),
    ("kpi.training_request.create", All),
    ("kpi.training_request.update", All),
    ("kpi.training_request.archive", All),
    ("kpi.training_request.import", All),
    ("kpi.training_request.export", All),
    (CONFIRM_SPECIAL_SKILL, All),
    (DECIDE_TRAINING_REQUEST, All),
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
    ("kpi.qualification.read", Team),
    ("kpi.qualification.create", Team),
    ("kpi.qualification.update", Team),
    ("kpi.qualification.archive", Team),
    ("kpi.qualification.export", Team),
    ("kpi.special_skill.read", Team),
    ("kpi.special_skill.create", Team),
    ("kpi.special_skill.update", Team),
    ("kpi.special_skill.archive", Team),
    ("kpi.special_skill.export", Team),
    ("kpi.custom_tool.read", Team),
    ("kpi.custom_tool.create", Team),
    ("kpi.custom_tool.update", Team),
    ("kpi.custom_tool.archive", Team),
    ("kpi.custom_tool.export", Team),
    ("kpi.goal.read", Team),
    ("kpi.goal.create", Team),
    ("kpi.goal.update", Team),
    ("kpi.goal.archive", Team),
    ("kpi.goal.export", Team),
    ("kpi.training_request.read", Team),
    ("kpi.training_request.create", Team),
    ("kpi.training_request.update", Team),
    ("kpi.training_request.archive", Team),
    ("kpi.training_request.export", Team),
    (CONFIRM_SPECIAL_SKILL, Team),
    (DECIDE_TRAINING_REQUEST, Team),
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
    ("kpi.qualification.read", Own),
    ("kpi.special_skill.read", Own),
    ("kpi.special_skill.create", Own),
    ("kpi.special_skill.update", Own),
    ("kpi.special_skill.archive", Own),
    ("kpi.custom_tool.read", Own),
    ("kpi.custom_tool.create", Own),
    ("kpi.custom_tool.update", Own),
    ("kpi.custom_tool.archive", Own),
    ("kpi.goal.read", Own),
    ("kpi.goal.create", Own),
    ("kpi.goal.update", Own),
    ("kpi.goal.archive", Own),
    ("kpi.training_request.read", Own),
    ("kpi.training_request.create", Own),
    ("kpi.training_request.update", Own),
    ("kpi.training_request.archive", Own),
];
