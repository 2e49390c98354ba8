//! What the people of the demo are at these days: each does it themselves, through the same services as on the pages.

use std::{collections::HashMap, sync::Arc};

use jiff::ToSpan as _;
use palisade_base::{Actor, Authority, Caller, Date, Error, Kind, Origin, Permission, RecordId, UserId};
use palisade_records::{Draft, ListRequest, RecordType, Records, transfer::Format};
use palisade_store::Value;

use super::{Company, DemoRole, DemoUser, Loaded};
use crate::{
    DEFAULT_ROLES,
    evaluation::{Evaluations, Marks},
    lookup::{self, Items},
    standing::Standings,
    tiers::{NewPromotion, Tiers},
    types::{EMPLOYEE, GOAL, QUALIFICATION, SPECIAL_SKILL, TIER, TRAINING_REQUEST},
};

/// The user of somebody of the demo, as a caller with what their role may do by default.
#[must_use]
pub fn actor(user: &DemoUser, id: UserId) -> Caller {
    let name = match user.role {
        DemoRole::Admin => "Admin",
        DemoRole::Manager => "Manager",
        DemoRole::Employee => "Employee",
    };
    let grants = DEFAULT_ROLES.iter().find(|role| role.name == name).map_or(&[][..], |role| role.grants);
    let authority: Authority = grants.iter().map(|(name, scope)| (Permission::new(name), *scope)).collect();
    let (authority, origin) = (Arc::new(authority), Origin::default());
    Caller { actor: Actor::User(id), person: Some(user.person), authority, origin }
}

/// Whose (a rank in the first team), kind, name, issuer, days since it was issued and until it ends.
type DemoQualification = (usize, &'static str, &'static str, &'static str, i32, Option<i32>);

const QUALIFICATIONS: [DemoQualification; 9] = [
    (0, "certificate", "EPA 608, type II", "ESCO Institute", 900, None),
    (0, "licence", "Driving licence, class C", "State of Colorado", 1_400, Some(23)),
    (1, "certificate", "OSHA 10, construction", "OSHA", 700, None),
    (1, "certificate", "Lead-safe renovator", "EPA", 1_770, Some(55)),
    (2, "certificate", "First aid and CPR", "American Red Cross", 748, Some(-18)),
    (3, "licence", "Residential wireman", "State Electrical Board", 500, Some(595)),
    (3, "certificate", "First aid and CPR", "American Red Cross", 300, Some(430)),
    (4, "licence", "Driving licence, class C", "State of Colorado", 200, Some(1_600)),
    (5, "certificate", "Aerial lift operator", "IPAF", 1_000, Some(95)),
];
/// Goals: whose, category, the rating in tenths, days until then, what is done for it.
const GOALS: [(usize, &str, i64, i32, &str); 5] = [
    (0, "Drywall", 45, 75, "Two weeks with the Downtown crew on the office fit-out."),
    (0, "Painting/Staining", 40, 120, "Ride along on the next three exterior jobs."),
    (1, "Flooring", 40, 60, "Lay the next two floors under guidance."),
    (2, "Doors/Windows", 40, 90, "Go through the rating scale together after each door job."),
    (5, "Electrical", 30, 150, "Evening class at the community college."),
];
/// A request for training: whose, topic, why, and how it was decided, with the answer.
type DemoRequest = (usize, &'static str, &'static str, Option<(&'static str, &'static str)>);

const REQUESTS: [DemoRequest; 5] = [
    (0, "Airless spraying", "Three jobs a month need it, and I always wait for somebody.", None),
    (1, "Tile work over backer board", "Customers ask for it on most bathrooms.", Some(("approve", ""))),
    (
        2,
        "Leading an apprentice",
        "I think that I am ready for it.",
        Some(("decline", "Let us first agree on your ratings in spring.")),
    ),
    (3, "Residential wiring update", "The code has changed.", Some(("approve", ""))),
    (5, "Ladder safety refresher", "Mine was years ago.", None),
];
/// Special skills: whose, what, how well, and whether their manager has confirmed it.
const SPECIAL_SKILLS: [(usize, &str, i64, bool); 4] = [
    (0, "Speaks Spanish with customers", 5, true),
    (1, "Restores old sash windows", 4, true),
    (2, "Welding, light steel", 3, false),
    (3, "Drone photos of roofs", 4, false),
];

/// Lets the people of the demo do what they are at: drafts, goals, requests, a promotion, and a few things that they may
/// not. `actors` are the callers of those who have a user, by place in [`Company::people`].
///
/// # Errors
/// The company is not the one that was loaded, or the database can't be used.
pub async fn live(
    records: &Records,
    (company, loaded): (&Company, &Loaded),
    actors: &HashMap<usize, Caller>,
) -> Result<(), Error> {
    let crew = Crew::first(company, loaded, actors)?;
    let evaluations = Evaluations::new(records.clone());
    crew.qualifications(records).await?;
    crew.goals(records).await?;
    crew.requests(records).await?;
    crew.special_skills(records).await?;
    crew.evaluations(records, &evaluations).await?;
    promote(records, (company, loaded), actors).await?;
    crew.overreach(records, &evaluations, (company, loaded)).await
}

/// The first team: its manager, the administrator, and those who lead nobody.
struct Crew<'a> {
    admin: &'a Caller,
    manager: &'a Caller,
    members: Vec<(&'a Caller, RecordId)>,
}

impl<'a> Crew<'a> {
    fn first(company: &Company, loaded: &Loaded, actors: &'a HashMap<usize, Caller>) -> Result<Self, Error> {
        let missing = || Error::internal("somebody of the demo's first team has no user");
        let manager = company.teams.first().map(|team| team.manager).ok_or_else(missing)?;
        let of_the_crew = company.present().filter(|(_, person)| {
            person.role == DemoRole::Employee && person.employment.as_ref().is_some_and(|work| work.team == 0)
        });
        let member = |(place, _)| Some((actors.get(&place)?, loaded.employees.get(place).copied().flatten()?));
        Ok(Self {
            admin: actors.get(&0).ok_or_else(missing)?,
            manager: actors.get(&manager).ok_or_else(missing)?,
            members: of_the_crew.filter_map(member).collect(),
        })
    }

    fn member(&self, rank: usize) -> Result<(&'a Caller, RecordId), Error> {
        self.members.get(rank).copied().ok_or_else(|| Error::internal("the demo's first team is too small"))
    }

    async fn qualifications(&self, records: &Records) -> Result<(), Error> {
        let today = records.today();
        for (rank, kind, name, issuer, issued, ends) in QUALIFICATIONS {
            let (_, employee) = self.member(rank)?;
            let draft = Draft::new()
                .text("employee_id", employee.to_string())
                .text("kind", kind)
                .text("name", name)
                .text("issuer", issuer)
                .text("issued_on", today.saturating_sub(issued.days()).to_string())
                .text("expires_on", ends.map_or_else(String::new, |days| in_days(today, days)));
            records.create(self.manager, &QUALIFICATION, &draft).await?;
        }
        Ok(())
    }

    async fn goals(&self, records: &Records) -> Result<(), Error> {
        let today = records.today();
        let categories = names(records, self.admin, &crate::types::SKILL_CATEGORY).await?;
        for (rank, category, tenths, days, actions) in GOALS {
            let (who, employee) = self.member(rank)?;
            let Some(category) = categories.get(category) else { continue };
            let draft = Draft::new()
                .text("employee_id", employee.to_string())
                .text("category_id", category.to_string())
                .text("target_tenths", format!("{}.{}", tenths / 10, tenths % 10))
                .text("target_date", in_days(today, days))
                .text("actions", actions);
            // Some set their own goals, some agree on them with who leads them.
            let author = if rank == 0 { who } else { self.manager };
            records.create(author, &GOAL, &draft).await?;
        }
        Ok(())
    }

    async fn requests(&self, records: &Records) -> Result<(), Error> {
        for (rank, topic, reason, decision) in REQUESTS {
            let (who, employee) = self.member(rank)?;
            let draft =
                Draft::new().text("employee_id", employee.to_string()).text("topic", topic).text("reason", reason);
            let made = records.create(who, &TRAINING_REQUEST, &draft).await?;
            if let Some((decision, answer)) = decision {
                let given = if answer.is_empty() { Draft::new() } else { Draft::new().text("answer", answer) };
                let of = (made.id, Some(made.version));
                records.transition(self.manager, &TRAINING_REQUEST, decision, of, &given).await?;
            }
        }
        Ok(())
    }

    async fn special_skills(&self, records: &Records) -> Result<(), Error> {
        for (rank, name, level, is_confirmed) in SPECIAL_SKILLS {
            let (who, employee) = self.member(rank)?;
            let draft = Draft::new()
                .text("employee_id", employee.to_string())
                .text("name", name)
                .text("level", level.to_string());
            let made = records.create(who, &SPECIAL_SKILL, &draft).await?;
            if is_confirmed {
                let of = (made.id, Some(made.version));
                records.transition(self.manager, &SPECIAL_SKILL, "confirm", of, &Draft::new()).await?;
            }
        }
        Ok(())
    }

    /// A self-evaluation that is begun, one that the manager has begun, and one that the administrator gave back.
    async fn evaluations(&self, records: &Records, evaluations: &Evaluations) -> Result<(), Error> {
        let skills = lookup::skills(records, self.admin).await?;
        let now = records.store().env().now();
        for (author, rank, categories) in [
            (None, 1, &["Flooring", "Closets"][..]),
            (Some(self.manager), 5, &["Electrical"]),
            (Some(self.manager), 3, &["Drywall", "Flooring"]),
        ] {
            let (own, employee) = self.member(rank)?;
            let author = author.unwrap_or(own);
            let draft = evaluations.start(author, employee, records.today()).await?;
            let marks = Marks { skills: some_marks(&skills, categories, now), tools: Vec::new() };
            evaluations.mark(author, draft, &marks).await?;
            if rank == 3 {
                let version = |record: &palisade_records::Record| (record.id, record.version);
                let of = version(&records.get(author, &crate::types::EVALUATION, draft).await?);
                evaluations.complete(author, of).await?;
                let of = version(&records.get(self.admin, &crate::types::EVALUATION, draft).await?);
                let reason =
                    "Flooring is rated higher than the last three jobs show. Please look at it again, with examples.";
                evaluations.give_back(self.admin, of, reason).await?;
            }
        }
        Ok(())
    }

    /// What people try and may not: the trail tells of it.
    async fn overreach(
        &self,
        records: &Records,
        evaluations: &Evaluations,
        (company, loaded): (&Company, &Loaded),
    ) -> Result<(), Error> {
        let (nosy, _) = self.member(2)?;
        refused(records.export(nosy, &EMPLOYEE, &ListRequest::default(), Format::Csv).await)?;
        let (eager, own) = self.member(4)?;
        let version = records.get(eager, &EMPLOYEE, own).await?.version;
        refused(records.update(eager, &EMPLOYEE, (own, version), &Draft::new().text("notes", "raise")).await)?;
        let in_another = |(_, person): &(usize, &super::DemoPerson)| {
            person.role == DemoRole::Employee && person.employment.as_ref().is_some_and(|work| work.team == 1)
        };
        let stranger =
            company.present().find(in_another).and_then(|(place, _)| loaded.employees.get(place).copied()?);
        if let Some(stranger) = stranger {
            refused(evaluations.start(self.manager, stranger, records.today()).await)?;
        }
        Ok(())
    }
}

/// One of the fourth team has grown fast, and gets the next tier.
async fn promote(
    records: &Records,
    (company, loaded): (&Company, &Loaded),
    actors: &HashMap<usize, Caller>,
) -> Result<(), Error> {
    let grown = company.present().find(|(place, person)| {
        let work = person.employment.as_ref();
        company.story(*place) == Some(super::Story::Growth) && work.is_some_and(|work| work.team != 0 && work.tier < 5)
    });
    let Some((place, work)) = grown.and_then(|(place, person)| Some((place, person.employment.as_ref()?))) else {
        return Ok(());
    };
    let (Some(admin), Some(employee)) = (actors.get(&0), loaded.employees.get(place).copied().flatten()) else {
        return Ok(());
    };
    let tier = async |number: u8| {
        let number = i64::from(number);
        let all = ListRequest { limit: 10, ..ListRequest::default() };
        let tiers = records.list(admin, &TIER, &all).await?.records;
        let found = tiers.iter().find(|tier| tier.value("number") == Some(&Value::Int(number))).map(|tier| tier.id);
        found.ok_or_else(|| Error::internal("a tier is missing"))
    };
    let (from, to) = (tier(work.tier).await?, tier(work.tier + 1).await?);
    let reason = "Two years of steady growth; has led the last four jobs alone, without a call-back.".to_owned();
    let tiers = Tiers::new(records.clone(), Standings::new(records.clone()));
    tiers.promote(admin, &NewPromotion { employee, from, to, reason }).await.map(drop)
}

/// A refusal is what was to be shown; anything else is a mistake of the demo's.
fn refused<T>(done: Result<T, Error>) -> Result<(), Error> {
    match done {
        Err(error) if error.kind() == Kind::Denied => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(Error::internal("somebody of the demo may do more than the story says")),
    }
}

fn in_days(today: Date, days: i32) -> String {
    today.saturating_add(days.days()).to_string()
}

async fn names(
    records: &Records,
    caller: &Caller,
    ty: &'static RecordType,
) -> Result<HashMap<String, RecordId>, Error> {
    let all = ListRequest { limit: 1_000, ..ListRequest::default() };
    let page = records.list(caller, ty, &all).await?;
    Ok(page.records.iter().map(|record| (record.title(), record.id)).collect())
}

/// Marks on every skill of these categories, threes and fours by turns.
fn some_marks(skills: &Items, categories: &[&str], now: palisade_base::Instant) -> Vec<crate::evaluation::SkillMark> {
    let in_these = |id: &RecordId| skills.called(*id).is_some_and(|(category, _)| categories.contains(&category));
    let mark = |(place, skill): (usize, RecordId)| crate::evaluation::SkillMark {
        skill,
        rating: Some(if place % 3 == 0 { 4 } else { 3 }),
        note: None,
        tapped_at: now,
    };
    skills.ids().into_iter().filter(in_these).enumerate().map(mark).collect()
}
