//! Admin > Security > Multi-Factor Authentication.

use axum::extract::State;
use palisade_base::Error;
use palisade_identity::{
    model::{FactorRule, NewRole, RoleDetail},
    permissions::{ROLE_READ, ROLE_UPDATE},
    policy::{permit_change_roles, permit_read_roles},
    settings::{
        FactorPolicy,
        points::{self, Point},
    },
};
use palisade_web::{
    Failure, Fields, FormView, Html, Notice, Outcome, Page, ProtectedForm, Visitor, Width,
    component::{Breadcrumbs, ButtonLink, Cell, Choice, Field, Head, Row, Table},
    decode_fields, see_other_with,
};
use serde::Deserialize;

use super::settings_page::SettingsPage;
use crate::{
    ConsoleState,
    parts::{FormBody, Sections, paragraph, view_of},
    step_up, words,
};

#[derive(Deserialize)]
struct PolicyForm {
    #[serde(rename = "version")]
    _version: i64,
    #[serde(rename = "proof")]
    _proof: Option<String>,
    #[serde(default)]
    require_for_everyone: bool,
    wrong_codes: u32,
    lockout_minutes: u32,
    challenge_minutes: u32,
}

impl SettingsPage for FactorPolicy {
    const TITLE: &'static str = "Multi-Factor Authentication";
    const PATH: &'static str = "/admin/security/multi-factor";

    fn fields(&self) -> Vec<Field> {
        let number = |name: &'static str, value: u32, unit: &str| {
            Field::number(name, Self::label(name)).value(value.to_string()).suffix(unit)
        };
        vec![
            Field::checkbox("require_for_everyone", Self::label("require_for_everyone"))
                .hint("Beyond what the roles below ask. Who has none sets one up at the next sign-in.")
                .ticked(self.require_for_everyone),
            number("wrong_codes", self.wrong_codes, "wrong codes").hint("3 to 10, counted for each account."),
            number("lockout_minutes", self.lockout_minutes, "minutes").hint("1 to 1440."),
            number("challenge_minutes", self.challenge_minutes, "minutes").hint("2 to 60."),
        ]
    }

    fn read(fields: &Fields) -> Result<Self, Error> {
        let form: PolicyForm = decode_fields(fields)?;
        Ok(Self {
            require_for_everyone: form.require_for_everyone,
            wrong_codes: form.wrong_codes,
            lockout_minutes: form.lockout_minutes,
            challenge_minutes: form.challenge_minutes,
        })
    }

    fn label(field: &str) -> &'static str {
        match field {
            "require_for_everyone" => "Everybody needs a second factor",
            "wrong_codes" => "A sign-in is stopped after",
            "lockout_minutes" => "No code is taken then for",
            "challenge_minutes" => "Time to give a code, set up a factor or choose a password",
            _ => "Another setting",
        }
    }

    async fn points(&self, state: &ConsoleState, visitor: &Visitor) -> Result<Vec<Point>, Failure> {
        Ok(points::of_factors(self, &visible_roles(state, visitor).await?))
    }

    async fn more(state: &ConsoleState, visitor: &Visitor) -> Result<Sections, Failure> {
        let roles = visible_roles(state, visitor).await?;
        if roles.is_empty() {
            return Ok(Sections::new());
        }
        let rows = roles.iter().map(|detail| {
            Row::link(
                format!("/admin/security/roles/{}", detail.role.id),
                [
                    Cell::text(&detail.role.name),
                    Cell::text(state.site_label(&detail.role.site)),
                    Cell::text(words::factor_rule(detail.role.factor)),
                    Cell::number(detail.holders),
                ],
            )
        });
        let heads = [Head::new("Role"), Head::new("On"), Head::new("Second factor"), Head::new("Holders").number()];
        let mut parts = vec![Html::from_component(&Table::new("Roles", heads).rows(rows))];
        if visitor.caller.authority.allows(&ROLE_UPDATE, palisade_base::Scope::All) {
            let change = ButtonLink::second("Change what roles ask", "/admin/security/multi-factor/roles");
            parts.push(Html::from_component(&change));
        }
        Ok(Sections::new().under("What roles ask of their holders", parts))
    }
}

/// The roles, where the visitor may see them.
async fn visible_roles(state: &ConsoleState, visitor: &Visitor) -> Result<Vec<RoleDetail>, Failure> {
    if !visitor.caller.authority.allows(&ROLE_READ, palisade_base::Scope::All) {
        return Ok(Vec::new());
    }
    Ok(state.identity.list_roles(&permit_read_roles(&visitor.caller)?).await?)
}

pub(super) async fn show_roles(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    roles_page(&state, &visitor, &FormView::new()).await
}

pub(super) async fn change_roles(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Outcome {
    match change(&state, &visitor, &fields).await {
        Ok(changed) => {
            let notice = Notice::ok(format!("{} changed.", words::count(changed, "role", "roles")));
            Ok(see_other_with(FactorPolicy::PATH, &notice))
        }
        Err(error) => roles_page(&state, &visitor, &view_of(FormView::kept(&fields), error)?).await,
    }
}

async fn change(state: &ConsoleState, visitor: &Visitor, fields: &Fields) -> Result<i64, Error> {
    let roles = state.identity.list_roles(&permit_read_roles(&visitor.caller)?).await?;
    let mut wanted = Vec::new();
    for detail in roles {
        let name = field_name(&detail);
        let Some(text) = fields.text(&name) else { continue };
        let rule = FactorRule::parse(text).ok_or_else(|| Error::field(name, "Choose one of the offered answers."))?;
        if rule != detail.role.factor {
            wanted.push((detail, rule));
        }
    }
    step_up::check(state, visitor, &step_up::proof(fields)).await?;
    let permit = permit_change_roles(&visitor.caller)?;
    let mut changed = 0;
    for (RoleDetail { role, permissions, .. }, factor) in wanted {
        let (id, version) = (role.id, role.version);
        let new = NewRole { site: role.site, name: role.name, description: role.description, factor, permissions };
        state.identity.change_role(&visitor.caller, &permit, id, version, new).await?;
        changed += 1;
    }
    Ok(changed)
}

fn field_name(detail: &RoleDetail) -> String {
    format!("factor.{}", detail.role.id)
}

async fn roles_page(state: &ConsoleState, visitor: &Visitor, view: &FormView) -> Outcome {
    let roles = state.identity.list_roles(&permit_read_roles(&visitor.caller)?).await?;
    let choices = || FactorRule::ALL.map(|rule| Choice::new(rule.as_str(), words::factor_rule(rule)));
    let fields = roles.iter().map(|detail| {
        let label = format!("{} ({})", detail.role.name, state.site_label(&detail.role.site));
        let held = words::count(detail.holders, "person holds it", "people hold it");
        view.fill(Field::select(field_name(detail), label, choices()).value(detail.role.factor.as_str()).hint(held))
    });
    let why = "Where a role requires a second factor, it allows nothing until its holder has set one up.";
    let form = FormBody::new("/admin/security/multi-factor/roles", &visitor.csrf, "Save")
        .before(paragraph(why)?)
        .fields(fields)
        .field(&view.fill(step_up::field(state, visitor).await?))
        .back("Cancel", FactorPolicy::PATH);
    Page::new(visitor, "What roles ask of their holders")
        .crumbs(Breadcrumbs::new().link(FactorPolicy::TITLE, FactorPolicy::PATH))
        .width(Width::Reading)
        .errors(view.summary())
        .body(&form)
}
