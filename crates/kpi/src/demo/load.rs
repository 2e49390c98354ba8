//! Writing the made-up company through the record layer, like anything else.

use palisade_base::{Authority, Caller, Category, Error, Kind, Permission, PersonId, RecordId, Resource, TrailEntry};
use palisade_records::{Archived, Batch, Draft, ListRequest, Records, directory::PERSON};
use palisade_store::Value;

use super::{Area, Company, DemoPerson, DemoRole, Employment};
use crate::{
    DEFAULT_ROLES,
    catalogue::Catalogue,
    score_card,
    types::{EMPLOYEE, TEAM, TIER},
};

/// The company as it was written: who is who.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Everybody who works there now, in the order of [`Company::people`]: the administrator first.
    pub users: Vec<DemoUser>,
    /// The directory's id of each, by place in [`Company::people`].
    pub(super) people: Vec<Option<PersonId>>,
    /// The employee's id of each who is one.
    pub(super) employees: Vec<Option<RecordId>>,
}

/// Somebody of the demo who is to get a user; the server makes it, with a password of real randomness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoUser {
    /// Their place in [`Company::people`].
    pub place: usize,
    /// The person in the directory.
    pub person: PersonId,
    /// What they may do.
    pub role: DemoRole,
    /// The name to sign in with.
    pub user_name: String,
}

/// The caller who loads the demo: a job with what the app's Admin may do, and so named in the trail.
#[must_use]
pub fn caller() -> Caller {
    let admin = DEFAULT_ROLES.iter().find(|role| role.name == "Admin");
    let grants = admin.map_or(&[][..], |role| role.grants);
    let authority: Authority = grants.iter().map(|(name, scope)| (Permission::new(name), *scope)).collect();
    Caller::job("demo", authority)
}

/// Writes the company: people, teams and employees in one transaction, then the company's catalogue in another.
///
/// The history is another matter: [`super::remember`].
///
/// # Errors
/// `Conflict` where there are employees or teams already; the caller lacks a permission; or the database can't be used.
pub async fn load(records: &Records, caller: &Caller, company: &Company) -> Result<Loaded, Error> {
    let mut batch = records.batch(caller, &[&PERSON, &TEAM, &EMPLOYEE]).await?;
    refuse_second_company(&mut batch).await?;
    let tiers = tiers(&mut batch).await?;
    let nobody = vec![None; company.people.len()];
    let mut loader = Loader { batch, company, tiers, people: nobody.clone(), employees: nobody, teams: Vec::new() };
    loader.directory().await?;
    loader.teams().await?;
    loader.employees().await?;
    let Loader { batch, people, employees, .. } = loader;
    batch.commit(summary(caller, company)).await?;
    score_card::apply(records, caller, &Catalogue::company()?).await?;
    let people: Vec<Option<PersonId>> = people.into_iter().map(|id| id.map(|id| PersonId(id.0))).collect();
    Ok(Loaded { users: users(company, &people), people, employees })
}

async fn refuse_second_company(batch: &mut Batch<'_>) -> Result<(), Error> {
    let any = ListRequest { archived: Archived::With, limit: 1, ..ListRequest::default() };
    for ty in [&TEAM, &EMPLOYEE] {
        if batch.list(ty, &any).await?.total > 0 {
            return Err(Error::new(
                Kind::Conflict,
                "There is a company here already, and the demo begins with none. Choose an empty data directory.",
            ));
        }
    }
    Ok(())
}

/// The ids of the five tiers, apprentice first.
async fn tiers(batch: &mut Batch<'_>) -> Result<Vec<RecordId>, Error> {
    let all = ListRequest { limit: 5, ..ListRequest::default() };
    let page = batch.list(&TIER, &all).await?;
    let number = |want: i64| page.records.iter().find(|tier| tier.value("number") == Some(&Value::Int(want)));
    (1..=5).map(|want| number(want).map(|tier| tier.id).ok_or_else(|| Error::internal("a tier is missing"))).collect()
}

struct Loader<'a> {
    batch: Batch<'a>,
    company: &'a Company,
    tiers: Vec<RecordId>,
    /// The directory's ids, by place in the company.
    people: Vec<Option<RecordId>>,
    employees: Vec<Option<RecordId>>,
    teams: Vec<RecordId>,
}

impl Loader<'_> {
    /// Those who must be in the directory before the teams: whoever administers or leads.
    async fn directory(&mut self) -> Result<(), Error> {
        for (at, person) in self.company.people.iter().enumerate() {
            if person.role != DemoRole::Employee {
                self.people[at] = Some(self.batch.create(&PERSON, &facts(person)).await?);
            }
        }
        Ok(())
    }

    async fn teams(&mut self) -> Result<(), Error> {
        for team in &self.company.teams {
            let manager = self.people.get(team.manager).copied().flatten();
            let manager = manager.ok_or_else(|| Error::internal("a team's manager is not in the directory"))?;
            let draft = Draft::new()
                .text("name", team.name)
                .text("area", area(team.area))
                .text("manager_id", manager.to_string());
            self.teams.push(self.batch.create(&TEAM, &draft).await?);
        }
        Ok(())
    }

    async fn employees(&mut self) -> Result<(), Error> {
        for (at, person) in self.company.people.iter().enumerate() {
            if let Some(work) = &person.employment {
                self.employee(at, person, work).await?;
            }
        }
        Ok(())
    }

    async fn employee(&mut self, at: usize, person: &DemoPerson, work: &Employment) -> Result<(), Error> {
        let known = self.people[at];
        let draft = match known {
            Some(id) => Draft::new().text("person_id", id.to_string()),
            None => facts(person),
        };
        let tier = usize::from(work.tier).checked_sub(1).and_then(|step| self.tiers.get(step));
        let (Some(tier), Some(team)) = (tier, self.teams.get(work.team)) else {
            return Err(Error::internal("no such tier or team"));
        };
        let draft = draft
            .text("number", work.number.as_str())
            .text("tier_id", tier.to_string())
            .text("team_id", team.to_string())
            .text("hire_date", work.hired.to_string())
            .text("notes", work.notes);
        let id = self.batch.create(&EMPLOYEE, &draft).await?;
        self.people[at] = self.batch.get(&EMPLOYEE, id).await?.subject();
        self.employees[at] = Some(id);
        if work.has_left {
            self.batch.archive(&EMPLOYEE, id).await?;
        }
        Ok(())
    }
}

fn facts(person: &DemoPerson) -> Draft {
    Draft::new()
        .text("given_name", person.given_name)
        .text("family_name", person.family_name)
        .text("email", person.email.as_str())
        .text("phone", person.phone.as_str())
}

/// As the record type has it.
const fn area(area: Area) -> &'static str {
    match area {
        Area::North => "north",
        Area::South => "south",
        Area::East => "east",
        Area::West => "west",
        Area::Central => "central",
    }
}

fn summary(caller: &Caller, company: &Company) -> TrailEntry {
    TrailEntry::new(Category::Change, caller, "demo.load", Resource::whole("company"))
        .note("people", company.people.len())
        .note("teams", company.teams.len())
}

fn users(company: &Company, people: &[Option<PersonId>]) -> Vec<DemoUser> {
    let user = |(place, person): (usize, &DemoPerson)| {
        let id = people.get(place).copied().flatten()?;
        Some(DemoUser { place, person: id, role: person.role, user_name: person.user_name.clone() })
    };
    company.present().filter_map(user).collect()
}
