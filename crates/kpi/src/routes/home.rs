//! The overview: how many of everything there are, and one's own record.

use askama::Template;
use axum::extract::State;
use palisade_base::{Caller, Error, Permission, Scope};
use palisade_records::{ListRequest, Record, RecordType, pages::cell_html};
use palisade_web::{
    Outcome, Page, Visitor,
    component::{Facts, Stat, Stats},
};

use super::KpiState;
use crate::types::{EMPLOYEE, SKILL, SKILL_CATEGORY, TEAM, TIER, TOOL};

#[derive(Template)]
#[template(path = "home.html")]
struct Body {
    own: Option<(Facts, String)>,
    stats: Stats,
    tiers: Option<Stats>,
}

pub(super) async fn show(State(state): State<KpiState>, visitor: Visitor) -> Outcome {
    let caller = &visitor.caller;
    let mut stats = Vec::new();
    for ty in [&EMPLOYEE, &TEAM, &SKILL, &SKILL_CATEGORY, &TOOL] {
        // How many of one's own there are is no figure about the company.
        if sees_others(caller, ty) {
            stats.push(stat(&state, caller, ty).await?);
        }
    }
    let own = own_record(&state, caller).await?;
    let tiers = tiers(&state, caller).await?;
    let lead = match &own {
        Some(record) => format!("You are {} in the directory.", record.title()),
        None => "What the company knows about its people and their work, as far as your role shows it.".to_owned(),
    };
    let own = own.as_ref().map(|record| (own_facts(caller, record), format!("/employees/{}", record.id)));
    Page::new(&visitor, "Overview").lead(lead).body(&Body { own, stats: Stats::new(stats), tiers })
}

fn sees(caller: &Caller, ty: &RecordType) -> bool {
    caller.authority.scope(&Permission::new(ty.verbs.read.permission)).is_some()
}

fn sees_others(caller: &Caller, ty: &RecordType) -> bool {
    caller.authority.allows(&Permission::new(ty.verbs.read.permission), Scope::Team)
}

async fn stat(state: &KpiState, caller: &Caller, ty: &'static RecordType) -> Result<Stat, Error> {
    let number = state.records.count(caller, ty).await?;
    let label = if number == 1 { ty.singular.to_owned() } else { ty.plural.to_lowercase() };
    Ok(Stat { figure: number.to_string(), label, path: Some(format!("/{}", ty.path)) })
}

/// How many of the employees that the caller sees stand on each tier.
async fn tiers(state: &KpiState, caller: &Caller) -> Result<Option<Stats>, Error> {
    let (Some(tier), true) = (EMPLOYEE.position("tier_id"), sees(caller, &TIER) && sees_others(caller, &EMPLOYEE))
    else {
        return Ok(None);
    };
    let all = ListRequest { limit: 20, ..ListRequest::default() };
    let mut stats = Vec::new();
    for record in state.records.list(caller, &TIER, &all).await?.records {
        let request = ListRequest { filters: vec![(tier, record.id.into())], ..ListRequest::default() };
        let number = state.records.list(caller, &EMPLOYEE, &request).await?.total;
        let path = Some(format!("/employees?tier_id={}", record.id));
        stats.push(Stat { figure: number.to_string(), label: record.title(), path });
    }
    Ok((!stats.is_empty()).then(|| Stats::new(stats)))
}

/// The employee's record of the person who asks, where there is one and they may see it.
async fn own_record(state: &KpiState, caller: &Caller) -> Result<Option<Record>, Error> {
    let (Some(person), Some(link), true) = (caller.person, EMPLOYEE.position("person_id"), sees(caller, &EMPLOYEE))
    else {
        return Ok(None);
    };
    let request = ListRequest { filters: vec![(link, person.into())], limit: 1, ..ListRequest::default() };
    Ok(state.records.list(caller, &EMPLOYEE, &request).await?.records.pop())
}

fn own_facts(caller: &Caller, record: &Record) -> Facts {
    let mut facts = Facts::new();
    for name in ["tier_id", "team_id", "hire_date"] {
        if let (Some(field), Some(cell)) = (EMPLOYEE.field(name), record.cell(name)) {
            let is_open = match field.kind {
                palisade_records::Kind::Link(to) => sees(caller, to),
                _ => false,
            };
            facts = facts.html(field.label, cell_html(field, cell, is_open));
        }
    }
    facts
}
