//! A role as a form: a matrix of permissions and how far each reaches.

use askama::Template;
use palisade_base::{Error, FieldError, Permission, Scope};
use palisade_identity::model::{FactorRule, NewRole, PermissionInfo};
use palisade_web::{
    Failure, Fields, FormView, Html,
    component::{Choice, Field},
};

use crate::words;

/// What stands before a permission's name in the form.
const PREFIX: &str = "p.";

/// The scopes as columns.
const COLUMNS: [Scope; 3] = [Scope::Own, Scope::Team, Scope::All];

#[derive(Template)]
#[template(path = "permissions.html")]
struct Matrix {
    rows: Vec<MatrixRow>,
    editable: bool,
}

struct MatrixRow {
    field: String,
    label: &'static str,
    description: &'static str,
    held: Option<Scope>,
    /// For each column, whether the permission can have that scope.
    offered: [bool; 3],
}

impl MatrixRow {
    fn columns(&self) -> impl Iterator<Item = (Scope, &'static str, bool, bool)> {
        let column = |(scope, offered): (Scope, bool)| (scope, words::scope(scope), offered, self.held == Some(scope));
        COLUMNS.into_iter().zip(self.offered).map(column)
    }
}

/// The matrix of a site's permissions, with what a role holds.
pub(super) fn matrix(
    declared: &[PermissionInfo],
    held: &[(Permission, Scope)],
    editable: bool,
) -> Result<Html, Failure> {
    let row = |info: &PermissionInfo| MatrixRow {
        field: format!("{PREFIX}{}", info.permission),
        label: info.label,
        description: info.description,
        held: held.iter().find(|(permission, _)| *permission == info.permission).map(|(_, scope)| *scope),
        offered: COLUMNS.map(|scope| info.scopes.contains(&scope)),
    };
    Html::of(&Matrix { rows: declared.iter().map(row).collect(), editable })
}

/// The fields above the matrix.
pub(super) fn fields() -> [Field; 3] {
    let rules = FactorRule::ALL.map(|rule| Choice::new(rule.as_str(), words::factor_rule(rule)));
    [
        Field::text("name", "Name").max_length(60).required(),
        Field::area("description", "Who it is for", 2).hint("One sentence.").max_length(200),
        Field::select("factor", "Second factor", rules)
            .hint("Where it is required, the role allows nothing until its holder has set one up."),
    ]
}

/// The fields' values of a role.
pub(super) fn view(name: &str, description: &str, factor: FactorRule) -> FormView {
    FormView::new().value("name", name).value("description", description).value("factor", factor.as_str())
}

/// The role that a form describes.
///
/// # Errors
/// The answers for the factor or a permission are none of the offered ones.
pub(super) fn read(site: &str, declared: &[PermissionInfo], fields: &Fields) -> Result<NewRole, Error> {
    let mut known = vec!["name", "description", "factor", "version", "site", crate::step_up::FIELD];
    let names: Vec<String> = declared.iter().map(|info| format!("{PREFIX}{}", info.permission)).collect();
    known.extend(names.iter().map(String::as_str));
    fields.expect_only(&known, &[])?;
    let text = |name: &str| fields.text(name).unwrap_or_default().to_owned();
    let factor = FactorRule::parse(&text("factor"))
        .ok_or_else(|| Error::field("factor", "Choose whether holders need a second factor."))?;
    Ok(NewRole {
        site: site.to_owned(),
        name: text("name"),
        description: text("description"),
        factor,
        permissions: read_permissions(declared, fields)?,
    })
}

fn read_permissions(declared: &[PermissionInfo], fields: &Fields) -> Result<Vec<(Permission, Scope)>, Error> {
    let mut wrong = Vec::new();
    let mut held = Vec::new();
    for info in declared {
        let name = format!("{PREFIX}{}", info.permission);
        match fields.text(&name) {
            None | Some("none") => {}
            Some(text) => match Scope::parse(text).filter(|scope| info.scopes.contains(scope)) {
                Some(scope) => held.push((info.permission.clone(), scope)),
                None => wrong.push(FieldError {
                    field: name.into(),
                    message: format!("“{}” can't reach that far. Choose one of the offered answers.", info.label),
                }),
            },
        }
    }
    if wrong.is_empty() { Ok(held) } else { Err(Error::invalid(wrong)) }
}

/// What the matrix of a form that was sent showed, to show it again.
pub(super) fn sent(declared: &[PermissionInfo], fields: &Fields) -> Vec<(Permission, Scope)> {
    let chosen = |info: &PermissionInfo| {
        let scope = Scope::parse(fields.text(&format!("{PREFIX}{}", info.permission))?)?;
        Some((info.permission.clone(), scope))
    };
    declared.iter().filter_map(chosen).collect()
}
