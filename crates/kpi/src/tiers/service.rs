//! Reading rules, holding them against people, and promoting.

use palisade_base::{Caller, Category, Error, FieldError, Kind, RecordId, Resource, TrailEntry};
use palisade_records::{
    Given, ListRequest, Record, Records,
    policy::{self, Create},
};
use palisade_store::Value;

use super::{Check, Facts, NewPromotion, Readiness, Rule, Tier, TryOut, check, store};
use crate::{
    scoring::CatalogueView,
    standing::{Filter, Member, People, Standings},
    types::{EMPLOYEE, PROMOTION, READ_DETAILS, TIER, TIER_RULE},
};

/// More than there can be of tiers and their rules.
const MOST: u64 = 1_000;

/// Tiers, their rules and promotions. Cheap to clone.
#[derive(Clone)]
pub struct Tiers {
    records: Records,
    standings: Standings,
}

impl Tiers {
    /// Those of these records.
    #[must_use]
    pub const fn new(records: Records, standings: Standings) -> Self {
        Self { records, standings }
    }

    /// The tiers in use, lowest first.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn list(&self, caller: &Caller) -> Result<Vec<Tier>, Error> {
        let all = ListRequest { limit: MOST, ..ListRequest::default() };
        let mut tiers: Vec<Tier> = self.records.list(caller, &TIER, &all).await?.records.iter().map(tier).collect();
        tiers.sort_by_key(|tier| tier.number);
        Ok(tiers)
    }

    /// The rules of a tier.
    async fn rules(&self, caller: &Caller, tier: RecordId) -> Result<Vec<(RecordId, Rule)>, Error> {
        let filters = TIER_RULE.position("tier_id").map(|at| vec![(at, tier.into())]).unwrap_or_default();
        let request = ListRequest { filters, limit: MOST, ..ListRequest::default() };
        let rule = |record: &Record| {
            let rule = Rule::read(|name| record.value(name).cloned());
            rule.map(|rule| (record.id, rule))
                .map_err(|_| Error::internal(format!("tier rule {} says nothing", record.id)))
        };
        self.records.list(caller, &TIER_RULE, &request).await?.records.iter().map(rule).collect()
    }

    /// These rules in words, in their order.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn words(&self, caller: &Caller, rules: &[Record]) -> Result<Vec<String>, Error> {
        let catalogue = self.standings.catalogue(caller).await?;
        let words = |record: &Record| match Rule::read(|name| record.value(name).cloned()) {
            Ok(rule) => rule.words(&catalogue),
            Err(_) => record.title(),
        };
        Ok(rules.iter().map(words).collect())
    }

    /// How far an employee is from the next tier. Leaves no trace: the page that shows it does.
    ///
    /// # Errors
    /// `NotFound` where the caller does not reach them, or may not see their details.
    pub async fn readiness(&self, caller: &Caller, employee: RecordId) -> Result<Readiness, Error> {
        self.held_against(caller, employee, None).await
    }

    /// How far they are from this tier.
    ///
    /// # Errors
    /// As [`Tiers::readiness`]; `NotFound` where there is no such tier in use.
    pub async fn readiness_for(&self, caller: &Caller, employee: RecordId, tier: RecordId) -> Result<Readiness, Error> {
        self.held_against(caller, employee, Some(tier)).await
    }

    async fn held_against(
        &self,
        caller: &Caller,
        employee: RecordId,
        tier: Option<RecordId>,
    ) -> Result<Readiness, Error> {
        let filter = Filter { employee: Some(employee), people: People::Own, ..Filter::default() };
        let member = self.standings.all(caller, &filter).await?.pop().ok_or_else(Error::not_found)?;
        let tiers = self.list(caller).await?;
        let next = match tier {
            Some(id) => Some(tiers.into_iter().find(|tier| tier.id == id).ok_or_else(Error::not_found)?),
            None => tiers.into_iter().find(|tier| tier.number > member.tier_number),
        };
        let rules = match &next {
            Some(next) => self.rules(caller, next.id).await?,
            None => Vec::new(),
        };
        let catalogue = self.standings.catalogue(caller).await?;
        let trains_others = self.trainers(caller).await?.contains(&employee);
        let checks = checks(&rules, &Facts::new(&catalogue, &member.standing, trains_others));
        Ok(readiness(member, next, checks))
    }

    /// How many of the caller's people meet a tier's rules now.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn try_out(&self, caller: &Caller, tier: RecordId) -> Result<TryOut, Error> {
        let rules = self.rules(caller, tier).await?;
        let catalogue = self.standings.catalogue(caller).await?;
        let filter = Filter { people: People::Own, ..Filter::default() };
        let members = self.standings.all(caller, &filter).await?;
        let trainers = self.trainers(caller).await?;
        Ok(tried(&rules, &catalogue, &members, &trainers))
    }

    async fn trainers(&self, caller: &Caller) -> Result<Vec<RecordId>, Error> {
        let rows = policy::reached_with(&EMPLOYEE, caller, READ_DETAILS);
        Ok(store::trainers(&mut *self.records.store().read().await?, rows).await?)
    }

    /// Whether the caller may give this employee another tier.
    ///
    /// # Errors
    /// `NotFound` where they do not see the employee.
    pub async fn may_promote(&self, caller: &Caller, employee: RecordId) -> Result<bool, Error> {
        match self.permitted(caller, employee).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == Kind::Denied => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Nobody decides about themselves, unless they reach everybody.
    async fn permitted(&self, caller: &Caller, employee: RecordId) -> Result<(), Error> {
        self.records.get(caller, &EMPLOYEE, employee).await?;
        policy::permit::<Create>(&PROMOTION, caller)?;
        let rows = policy::reached_with(&EMPLOYEE, caller, PROMOTION.verbs.create.permission);
        let mut conn = self.records.store().read().await?;
        match store::person(&mut conn, employee, &[rows]).await? {
            None => Err(Error::denied()),
            Some(person) if Some(person) == caller.person && !rows.is_open() => {
                Err(Error::new(Kind::Denied, "Somebody else has to decide about your tier."))
            }
            Some(_) => Ok(()),
        }
    }

    /// Refuses whoever may not give this employee another tier, and traces it.
    ///
    /// # Errors
    /// `NotFound`, `Denied`.
    pub async fn require_promotable(&self, caller: &Caller, employee: RecordId) -> Result<(), Error> {
        let decided = self.permitted(caller, employee).await;
        self.trace_denial(caller, employee, decided).await
    }

    async fn trace_denial<T>(&self, caller: &Caller, employee: RecordId, result: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &result
            && error.kind() == Kind::Denied
        {
            self.records.store().append(&[entry(caller, Category::Security, employee).failed("denied")]).await?;
        }
        result
    }

    /// Gives an employee another tier, up or down: a person's decision, kept with its reason and with how the tier's rules
    /// were met on that day.
    ///
    /// # Errors
    /// `NotFound`, `Denied` (traced), `Invalid` where the reason is missing or the tier stays the same, `Conflict` where
    /// the employee has another tier by now or has left.
    pub async fn promote(&self, caller: &Caller, new: &NewPromotion) -> Result<RecordId, Error> {
        let done = self.try_promote(caller, new).await;
        self.trace_denial(caller, new.employee, done).await
    }

    async fn try_promote(&self, caller: &Caller, new: &NewPromotion) -> Result<RecordId, Error> {
        self.permitted(caller, new.employee).await?;
        let readiness = self.readiness_for(caller, new.employee, new.to).await?;
        let reason = read_reason(new)?;
        let (env, id) = (self.records.store().env().clone(), RecordId::new(self.records.store().env()));
        let evidence = evidence(&readiness);
        let row = store::Row {
            id,
            employee: new.employee,
            from: new.from,
            to: new.to,
            decided_on: self.records.today(),
            decided_by: caller.person,
            reason: &reason,
            evidence: &evidence,
        };
        let mut tx = self.records.store().write().await?;
        if !store::promote(&mut tx, &row, env.now()).await? {
            return Err(Error::new(
                Kind::Conflict,
                "They have left, or have another tier by now. Look at their page, and decide again.",
            ));
        }
        let entry = entry(caller, Category::Change, new.employee)
            .changed("tier_id", new.from.to_string().into(), new.to.to_string().into())
            .note("promotion", id.to_string())
            .note("reason", reason.as_str())
            .note("rules_met", readiness.met())
            .note("rules", readiness.checks.len());
        tx.commit(entry).await?;
        Ok(id)
    }
}

fn entry(caller: &Caller, category: Category, employee: RecordId) -> TrailEntry {
    TrailEntry::new(category, caller, PROMOTION.verbs.create.action, Resource::new(EMPLOYEE.name, employee))
}

fn tier(record: &Record) -> Tier {
    let number = match record.value("number") {
        Some(Value::Int(number)) => *number,
        _ => 0,
    };
    Tier { id: record.id, number, name: record.title() }
}

fn readiness(member: Member, next: Option<Tier>, checks: Vec<Check>) -> Readiness {
    let tier = Tier { id: member.tier, number: member.tier_number, name: member.tier_name };
    Readiness { employee: member.employee, name: member.name, tier, next, checks }
}

fn checks(rules: &[(RecordId, Rule)], facts: &Facts<'_>) -> Vec<Check> {
    rules.iter().map(|(id, rule)| check(*id, rule, facts)).collect()
}

fn tried(rules: &[(RecordId, Rule)], catalogue: &CatalogueView, members: &[Member], trainers: &[RecordId]) -> TryOut {
    let mut tried = TryOut {
        people: members.len(),
        ready: 0,
        rules: rules.iter().map(|(id, rule)| (*id, rule.words(catalogue), 0)).collect(),
    };
    for member in members {
        let checks = checks(rules, &Facts::new(catalogue, &member.standing, trainers.contains(&member.employee)));
        tried.ready += usize::from(!checks.is_empty() && checks.iter().all(|check| check.is_met));
        for (rule, check) in tried.rules.iter_mut().zip(&checks) {
            rule.2 += usize::from(check.is_met);
        }
    }
    tried
}

/// The reason as the record type has it, and that the tier changes at all.
fn read_reason(new: &NewPromotion) -> Result<String, Error> {
    let mut wrong = Vec::new();
    let mut say = |field: &'static str, message: String| wrong.push(FieldError { field: field.into(), message });
    if new.from == new.to {
        say("to", "They have this tier already. Choose another.".to_owned());
    }
    let field = PROMOTION.field("reason");
    let reason = match field.map(|field| field.read_value(&Given::Text(new.reason.clone()))) {
        Some(Ok(Value::Text(reason))) => reason,
        Some(Err(message)) => {
            say("reason", message);
            String::new()
        }
        _ => {
            say("reason", "Say why: they can read it, and so can whoever decides the next time.".to_owned());
            String::new()
        }
    };
    if wrong.is_empty() { Ok(reason) } else { Err(Error::invalid(wrong)) }
}

/// The checklist as it was, in words.
fn evidence(readiness: &Readiness) -> String {
    let line = |check: &Check| {
        format!("{}: {} ({})", if check.is_met { "Met" } else { "Not met" }, check.words, check.finding)
    };
    std::iter::once(readiness.answer()).chain(readiness.checks.iter().map(line)).collect::<Vec<_>>().join("\n")
}
