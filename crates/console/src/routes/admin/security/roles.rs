//! Admin > Security > Roles and Permissions.

use axum::extract::{Query, State};
use palisade_base::{Error, Permission, RoleId, Scope, SecretString};
use palisade_identity::{
    model::{FactorRule, RoleDetail},
    permissions::ROLE_UPDATE,
    policy::{permit_change_roles, permit_read_roles},
};
use palisade_web::{
    Failure, Fields, FormView, Html, Icon, Notice, Outcome, Page, PathId, ProtectedForm, Visitor, Width,
    component::{Breadcrumbs, ButtonLink, Cell, Confirm, Facts, Head, Row, Table},
    see_other_with,
};
use serde::Deserialize;

use super::role_form;
use crate::{
    ConsoleState,
    parts::{FormBody, Sections, view_of},
    state::SiteLabel,
    step_up, words,
};

const PATH: &str = "/admin/security/roles";

#[derive(Deserialize)]
pub(super) struct OnSite {
    site: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ArchiveForm {
    proof: SecretString,
}

fn crumbs() -> Breadcrumbs {
    Breadcrumbs::new().link("Roles and Permissions", PATH)
}

fn may_change(visitor: &Visitor) -> bool {
    visitor.caller.authority.allows(&ROLE_UPDATE, Scope::All)
}

pub(super) async fn list(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    let roles = state.identity.list_roles(&permit_read_roles(&visitor.caller)?).await?;
    let mut sections = Sections::new();
    for site in &state.config.sites {
        let here: Vec<_> = roles.iter().filter(|detail| detail.role.site == site.name).collect();
        let mut parts = vec![Html::from_component(&role_table(&here))];
        if may_change(&visitor) {
            let label = format!("Add a role for {}", site.label);
            let button = ButtonLink::second(label, format!("{PATH}/new?site={}", site.name)).icon(Icon::Plus);
            parts.push(Html::from_component(&button));
        }
        sections = sections.under(site.label.as_str(), parts);
    }
    Page::new(&visitor, "Roles and Permissions")
        .lead("A role says what its holders may do, and how far: about themselves, about their team, or about all.")
        .body(&sections)
}

fn role_table(roles: &[&RoleDetail]) -> Table {
    let rows = roles.iter().map(|detail| {
        Row::link(
            format!("{PATH}/{}", detail.role.id),
            [
                Cell::text(&detail.role.name),
                Cell::text(&detail.role.description),
                Cell::text(words::factor_rule(detail.role.factor)),
                Cell::number(detail.permissions.len()),
                Cell::number(detail.holders),
            ],
        )
    });
    let heads = [
        Head::new("Role"),
        Head::new("For"),
        Head::new("Second factor"),
        Head::new("Permissions").number(),
        Head::new("Holders").number(),
    ];
    Table::new("Roles", heads).rows(rows)
}

pub(super) async fn new(State(state): State<ConsoleState>, visitor: Visitor, Query(on): Query<OnSite>) -> Outcome {
    let site = known_site(&state, on.site.as_deref())?;
    let view = role_form::view("", "", FactorRule::Optional);
    new_page(&state, &visitor, site, &view, &[]).await
}

fn known_site<'a>(state: &'a ConsoleState, name: Option<&str>) -> Result<&'a SiteLabel, Error> {
    let sites = &state.config.sites;
    let found = match name {
        Some(name) => sites.iter().find(|site| site.name == name),
        None => sites.first(),
    };
    found.ok_or_else(Error::not_found)
}

pub(super) async fn create(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Outcome {
    let site = known_site(&state, fields.text("site"))?;
    match make(&state, &visitor, site, &fields).await {
        Ok(id) => {
            Ok(see_other_with(format!("{PATH}/{id}"), &Notice::ok("The role is added. Give it to people under Users.")))
        }
        Err(error) => {
            let view = view_of(FormView::kept(&fields), error)?;
            let sent = role_form::sent(&state.identity.permissions_of(&site.name), &fields);
            new_page(&state, &visitor, site, &view, &sent).await
        }
    }
}

async fn make(state: &ConsoleState, visitor: &Visitor, site: &SiteLabel, fields: &Fields) -> Result<RoleId, Error> {
    let new = role_form::read(&site.name, &state.identity.permissions_of(&site.name), fields)?;
    step_up::check(state, visitor, &step_up::proof(fields)).await?;
    let permit = permit_change_roles(&visitor.caller)?;
    state.identity.create_role(&visitor.caller, &permit, new).await
}

async fn new_page(
    state: &ConsoleState,
    visitor: &Visitor,
    site: &SiteLabel,
    view: &FormView,
    held: &[(Permission, Scope)],
) -> Outcome {
    let form = FormBody::new(format!("{PATH}/new"), &visitor.csrf, "Add the role")
        .hidden("site", site.name.as_str())
        .fields(role_form::fields().into_iter().map(|field| view.fill(field)))
        .html(role_form::matrix(&state.identity.permissions_of(&site.name), held, true)?)
        .field(&view.fill(step_up::field(state, visitor).await?))
        .back("Cancel", PATH);
    Page::new(visitor, format!("Add a role for {}", site.label)).crumbs(crumbs()).errors(view.summary()).body(&form)
}

async fn role_of(state: &ConsoleState, visitor: &Visitor, id: RoleId) -> Result<RoleDetail, Failure> {
    Ok(state.identity.role_detail(&permit_read_roles(&visitor.caller)?, id).await?)
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, PathId(id): PathId<RoleId>) -> Outcome {
    let detail = role_of(&state, &visitor, id).await?;
    if !may_change(&visitor) {
        return read_only_page(&state, &visitor, &detail);
    }
    let role = &detail.role;
    let view = role_form::view(&role.name, &role.description, role.factor);
    edit_page(&state, &visitor, &detail, &view, &detail.permissions).await
}

fn read_only_page(state: &ConsoleState, visitor: &Visitor, detail: &RoleDetail) -> Outcome {
    let role = &detail.role;
    let facts = Facts::new()
        .text("For", &role.description)
        .text("On", state.site_label(&role.site))
        .text("Second factor", words::factor_rule(role.factor))
        .text("Holders", detail.holders.to_string());
    let matrix = role_form::matrix(&state.identity.permissions_of(&role.site), &detail.permissions, false)?;
    let sections = Sections::new().part(&facts).under("What it allows", [matrix]);
    Page::new(visitor, &role.name).crumbs(crumbs()).body(&sections)
}

pub(super) async fn change(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    PathId(id): PathId<RoleId>,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Outcome {
    let detail = role_of(&state, &visitor, id).await?;
    match save(&state, &visitor, &detail, &fields).await {
        Ok(()) => {
            let notice =
                Notice::ok(format!("The role is changed, for {}.", words::count(detail.holders, "holder", "holders")));
            Ok(see_other_with(format!("{PATH}/{id}"), &notice))
        }
        Err(error) => {
            let view = view_of(FormView::kept(&fields), error)?;
            let sent = role_form::sent(&state.identity.permissions_of(&detail.role.site), &fields);
            edit_page(&state, &visitor, &detail, &view, &sent).await
        }
    }
}

async fn save(state: &ConsoleState, visitor: &Visitor, detail: &RoleDetail, fields: &Fields) -> Result<(), Error> {
    let site = &detail.role.site;
    let new = role_form::read(site, &state.identity.permissions_of(site), fields)?;
    step_up::check(state, visitor, &step_up::proof(fields)).await?;
    let version = fields.text("version").and_then(|text| text.parse().ok()).unwrap_or(-1);
    let permit = permit_change_roles(&visitor.caller)?;
    state.identity.change_role(&visitor.caller, &permit, detail.role.id, version, new).await
}

async fn edit_page(
    state: &ConsoleState,
    visitor: &Visitor,
    detail: &RoleDetail,
    view: &FormView,
    held: &[(Permission, Scope)],
) -> Outcome {
    let role = &detail.role;
    let own = format!("{PATH}/{}", role.id);
    let form = FormBody::new(&own, &visitor.csrf, "Save")
        .hidden("version", role.version.to_string())
        .fields(role_form::fields().into_iter().map(|field| view.fill(field)))
        .html(role_form::matrix(&state.identity.permissions_of(&role.site), held, true)?)
        .field(&view.fill(step_up::field(state, visitor).await?))
        .back("Cancel", PATH);
    let lead = format!(
        "On {}. {}; a change counts for them within a second.",
        state.site_label(&role.site),
        words::count(detail.holders, "person holds it", "people hold it"),
    );
    let mut page = Page::new(visitor, &role.name).crumbs(crumbs()).lead(lead).errors(view.summary());
    if role.key.is_none() {
        page = page.action(ButtonLink::second("Archive", format!("{own}/archive")).icon(Icon::Archive));
    }
    page.body(&form)
}

pub(super) async fn ask_to_archive(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    PathId(id): PathId<RoleId>,
) -> Outcome {
    let detail = role_of(&state, &visitor, id).await?;
    archive_page(&state, &visitor, &detail, &FormView::new()).await
}

pub(super) async fn archive(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    PathId(id): PathId<RoleId>,
    ProtectedForm(form): ProtectedForm<ArchiveForm>,
) -> Outcome {
    let detail = role_of(&state, &visitor, id).await?;
    match put_away(&state, &visitor, id, &form.proof).await {
        Ok(()) => Ok(see_other_with(PATH, &Notice::ok(format!("The role {} is archived.", detail.role.name)))),
        Err(error) => archive_page(&state, &visitor, &detail, &view_of(FormView::new(), error)?).await,
    }
}

async fn put_away(state: &ConsoleState, visitor: &Visitor, id: RoleId, proof: &SecretString) -> Result<(), Error> {
    step_up::check(state, visitor, proof).await?;
    let permit = permit_change_roles(&visitor.caller)?;
    state.identity.archive_role(&visitor.caller, &permit, id).await
}

async fn archive_page(state: &ConsoleState, visitor: &Visitor, detail: &RoleDetail, view: &FormView) -> Outcome {
    let own = format!("{PATH}/{}", detail.role.id);
    let confirm = Confirm::new(format!("{own}/archive"), &visitor.csrf, "Archive the role", &own)
        .effect(format!(
            "{} can no longer be given to anybody. A role that somebody holds can't be archived.",
            detail.role.name
        ))
        .field(view.fill(step_up::field(state, visitor).await?));
    Page::new(visitor, format!("Archive {}", detail.role.name))
        .crumbs(crumbs().link(&detail.role.name, own))
        .width(Width::Reading)
        .errors(view.summary())
        .body_html(&Html::from_component(&confirm))
}
