//! A large company with a long history, for measuring: written in bulk, and projected as everything else is.

mod store;

use jiff::ToSpan as _;
use palisade_base::{Caller, Category, Date, Error, PersonId, RecordId, Resource, TrailEntry};
use palisade_records::{
    Draft, ListRequest, Records,
    directory::{FAMILY_NAME, GIVEN_NAME},
};

use crate::{
    evaluation::EvaluationKind,
    lookup, standing,
    types::{EMPLOYEE, EVALUATION, TEAM, TIER},
};

/// Employees whose standing is made in one transaction.
const AT_ONCE: usize = 25;
const DAYS_A_QUARTER: i32 = 91;
const MOST: u64 = 100_000;

/// How large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// How many people work there.
    pub people: usize,
    /// How many quarters each was evaluated in, by themselves and by their manager, in every skill.
    pub quarters: u32,
}

/// Makes the company as large and its history as long as this. It must have its teams and its catalogue already.
///
/// # Errors
/// The caller lacks a permission, or the database can't be used.
pub async fn enlarge(records: &Records, caller: &Caller, scale: Scale, today: Date) -> Result<(), Error> {
    hire(records, caller, scale, today).await?;
    let crowd = crowd(records, caller).await?;
    let skills = lookup::skills(records, caller).await?.ids();
    let tools = lookup::tools(records, caller).await?.ids();
    for ago in (0..scale.quarters).rev() {
        quarter(records, caller, &crowd, (&skills, &tools), (ago, today)).await?;
    }
    for some in crowd.chunks(AT_ONCE) {
        let mut tx = records.store().write().await?;
        for one in some {
            standing::rebuild(&mut tx, one.employee, today).await?;
        }
        tx.commit(entry(caller, "demo.project").note("employees", some.len())).await?;
    }
    Ok(())
}

/// Takes on people until there are enough, by turns in every team and tier.
async fn hire(records: &Records, caller: &Caller, scale: Scale, today: Date) -> Result<(), Error> {
    let all = ListRequest { limit: MOST, ..ListRequest::default() };
    let (teams, tiers) = (records.list(caller, &TEAM, &all).await?, records.list(caller, &TIER, &all).await?);
    let there = usize::try_from(records.count(caller, &EMPLOYEE).await?).unwrap_or(0);
    let mut batch = records.batch(caller, &[&EMPLOYEE]).await?;
    for number in there..scale.people {
        let of = |page: &palisade_records::Page| page.records.get(number % page.records.len().max(1)).map(|r| r.id);
        let (Some(team), Some(tier)) = (of(&teams), of(&tiers)) else {
            return Err(Error::internal("there are no teams or tiers yet"));
        };
        let draft = Draft::new()
            .text(GIVEN_NAME.name, format!("Robin{number}"))
            .text(FAMILY_NAME.name, format!("Measured{number}"))
            .text("tier_id", tier.to_string())
            .text("team_id", team.to_string())
            .text("hire_date", today.saturating_sub(3_000.days()).to_string());
        batch.create(&EMPLOYEE, &draft).await?;
    }
    batch.commit(entry(caller, "demo.hire").note("people", scale.people)).await
}

/// Somebody, and who evaluates them.
struct Member {
    employee: RecordId,
    person: PersonId,
    manager: PersonId,
    tier: RecordId,
}

async fn crowd(records: &Records, caller: &Caller) -> Result<Vec<Member>, Error> {
    let all = ListRequest { limit: MOST, ..ListRequest::default() };
    let teams = records.list(caller, &TEAM, &all).await?.records;
    let employees = records.list(caller, &EMPLOYEE, &all).await?.records;
    let link = |record: &palisade_records::Record, field: &str| match record.value(field) {
        Some(palisade_store::Value::Id(id)) => Some(*id),
        _ => None,
    };
    let managers: Vec<PersonId> = teams.iter().filter_map(|team| link(team, "manager_id").map(PersonId)).collect();
    let member = |record: &palisade_records::Record| {
        let person = PersonId(record.subject()?.0);
        let team = teams.iter().find(|team| Some(team.id.0) == link(record, "team_id"));
        let own = team.and_then(|team| link(team, "manager_id")).map(PersonId);
        // Whoever leads a team is evaluated by another manager.
        let manager = own.into_iter().chain(managers.iter().copied()).find(|manager| *manager != person)?;
        Some(Member { employee: record.id, person, manager, tier: RecordId(link(record, "tier_id")?) })
    };
    Ok(employees.iter().filter_map(member).collect())
}

/// One quarter of everybody, in one transaction.
async fn quarter(
    records: &Records,
    caller: &Caller,
    crowd: &[Member],
    (skills, tools): (&[RecordId], &[RecordId]),
    (ago, today): (u32, Date),
) -> Result<(), Error> {
    let (env, now) = (records.store().env(), records.store().env().now());
    let back = i32::try_from(ago).unwrap_or(i32::MAX).saturating_mul(DAYS_A_QUARTER).saturating_add(10);
    let on = today.saturating_sub(back.days());
    let mut evaluations = Vec::with_capacity(crowd.len() * 2);
    for (number, member) in crowd.iter().enumerate() {
        for (kind, evaluator) in [(EvaluationKind::SelfRated, member.person), (EvaluationKind::Manager, member.manager)]
        {
            let is_manager = kind == EvaluationKind::Manager;
            let (employee, tier) = (member.employee, member.tier);
            let seed = number * 31 + usize::from(is_manager) * 7 + 2 * usize::try_from(ago).unwrap_or(0);
            // Tools are answered once, by the manager.
            let with_tools = ago == 0 && is_manager;
            evaluations.push(store::BulkEvaluation {
                id: RecordId::new(env),
                employee,
                kind,
                evaluator,
                tier,
                on,
                seed,
                with_tools,
            });
        }
    }
    let mut tx = records.store().write().await?;
    store::insert(&mut tx, &evaluations, (skills, tools), now).await?;
    let many = entry(caller, "demo.evaluate").note("evaluations", evaluations.len()).note("date", on.to_string());
    tx.commit(many).await.map_err(Error::from)
}

fn entry(caller: &Caller, action: &'static str) -> TrailEntry {
    TrailEntry::new(Category::Change, caller, action, Resource::whole(EVALUATION.name))
}
