//! The pages and calls of the app.

mod coverage;
mod dashboard;
mod development;
mod evaluation;
mod evaluation_calls;
mod evaluation_table;
pub(crate) mod figures;
mod filled_sheet;
mod json;
mod profile;
mod promote;
mod readiness;
mod reports;
mod score_card;
mod tier_rules;
pub(crate) mod trend;

use palisade_base::{Permission, Scope};
use palisade_records::{RecordType, Records, api, directory::PERSON, pages};
use palisade_web::{Icon, NavItem, Routes};

use crate::{TYPES, coverage::Coverage, standing::Standings, tiers::Tiers, types};

/// What the app's routes work with.
#[derive(Clone)]
pub struct KpiState {
    /// The records.
    pub records: Records,
}

/// Every route of the app: the overview at `/`, the pages of its record types and of the directory, and their API.
pub fn routes(state: KpiState) -> Routes {
    let types: Vec<&'static RecordType> = TYPES.iter().copied().chain([&PERSON]).collect();
    // Evaluations have pages of their own.
    let with_pages: Vec<&'static RecordType> =
        types.iter().copied().filter(|ty| ty.name != crate::types::EVALUATION.name).collect();
    let KpiState { records } = state;
    let standings = Standings::new(records.clone());
    let tiers = Tiers::new(records.clone(), standings.clone());
    let readiness = readiness::ReadinessState { records: records.clone(), tiers: tiers.clone() };
    let profile = profile::Profile::new(&records, &standings);
    let companions = pages::Companions::new()
        .with(&types::EMPLOYEE, profile.clone())
        .with(&types::TIER_RULE, tier_rules::RuleCompanion(tiers.clone()))
        .with(&types::GOAL, development::GoalProgress(standings.clone()))
        .with(&types::QUALIFICATION, development::QualificationValidity);
    let calls = dashboard::calls().merge(profile::calls()).merge(readiness::calls()).merge(reports::calls());
    dashboard::routes(&records, &standings)
        .merge(profile.routes())
        .merge(reports::routes(&records, &standings, &tiers))
        .merge(evaluation::routes(&records, &standings))
        .merge(score_card::routes(&records))
        .merge(coverage::routes(Coverage::new(records.clone(), standings)))
        .merge(development::routes(&records))
        .merge(readiness::routes(readiness.clone()))
        .merge(promote::routes(readiness))
        .merge(evaluation_calls::routes(&records))
        .merge(evaluation_table::routes(&records))
        .merge(filled_sheet::routes(&records))
        .merge(pages::routes(&records, &with_pages, &companions))
        .merge(api::routes(&records, &types, &calls.merge(evaluation_calls::calls())))
}

/// The app's entries in the frame of its pages.
#[must_use]
pub fn navigation() -> Vec<NavItem> {
    let home =
        NavItem { section: "", label: "Overview", path: "/", icon: Icon::Home, permission: None, phone_rank: Some(0) };
    let [map, job, stock] = coverage::nav_items();
    vec![
        home,
        profile::nav_item(),
        evaluation::nav_item(),
        entry("", &types::EMPLOYEE, "/employees", Icon::People, Some(1)),
        entry("", &types::TEAM, "/teams", Icon::Team, Some(2)),
        map,
        job,
        stock,
        reports::nav_item(),
        entry("Development", &types::GOAL, "/goals", Icon::Ok, None),
        entry("Development", &types::TRAINING_REQUEST, "/training-requests", Icon::Note, None),
        entry("Development", &types::QUALIFICATION, "/qualifications", Icon::Shield, None),
        entry("Development", &types::SPECIAL_SKILL, "/special-skills", Icon::Skill, None),
        entry("Development", &types::CUSTOM_TOOL, "/custom-tools", Icon::Tool, None),
        entry("Catalogue", &types::SKILL, "/skills", Icon::Skill, Some(4)),
        entry("Catalogue", &types::SKILL_CATEGORY, "/skill-categories", Icon::Category, None),
        entry("Catalogue", &types::TOOL, "/tools", Icon::Tool, Some(5)),
        entry("Catalogue", &types::TOOL_CATEGORY, "/tool-categories", Icon::Category, None),
        score_card::nav_item(),
        entry("Catalogue", &types::TIER, "/tiers", Icon::Tier, None),
        entry("Catalogue", &types::TIER_RULE, "/tier-rules", Icon::Tier, None),
        entry("Development", &types::PROMOTION, "/promotions", Icon::Tier, None),
        entry("Directory", &PERSON, "/people", Icon::Person, None),
    ]
}

fn entry(
    section: &'static str,
    ty: &'static RecordType,
    path: &'static str,
    icon: Icon,
    phone_rank: Option<u8>,
) -> NavItem {
    let permission = Some((Permission::new(ty.verbs.read.permission), Scope::Own));
    NavItem { section, label: ty.plural, path, icon, permission, phone_rank }
}
