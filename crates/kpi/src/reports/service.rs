//! Giving a report out: it is built from what the caller reaches, and that it was given is in the trail first.

use std::sync::Arc;

use palisade_base::{Caller, Category, Error, FieldError, Kind as ErrorKind, RecordId, Resource, TrailEntry};
use palisade_records::{ListRequest, Record, RecordType, Records};

use super::{
    Asked, Document, Group, Kind, Made,
    employee::{Person, Plans},
    group::{Crowd, Tier},
    skills, team, tools,
};
use crate::{
    scoring::CatalogueView,
    standing::{Filter, Member, People, Standings},
    tiers::{Readiness, Tiers},
    types::{EMPLOYEE, EVALUATION, GOAL, QUALIFICATION, SPECIAL_SKILL, TEAM, TIER},
};

/// More than a list to choose from, or a person's evaluations, can have.
const MOST: u64 = 1_000;

/// How many people are named above a report about picked ones.
const NAMED: usize = 6;

/// In which form a report is given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A page, which is also what is printed.
    Page,
    /// A workbook.
    Xlsx,
    /// A table of text.
    Csv,
    /// JSON, for programs.
    Json,
}

impl Form {
    const fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// What can be chosen for a report.
#[derive(Clone, Debug, Default)]
pub struct Choices {
    /// The people that a report about one can be about.
    pub employees: Vec<(RecordId, String)>,
    /// The teams.
    pub teams: Vec<(RecordId, String)>,
    /// The tiers.
    pub tiers: Vec<(RecordId, String)>,
    /// The categories of what the report is about.
    pub categories: Vec<(RecordId, String)>,
}

/// The reports. Cheap to clone.
#[derive(Clone)]
pub struct Reports {
    records: Records,
    standings: Standings,
    tiers: Tiers,
}

impl Reports {
    /// The reports about these records.
    #[must_use]
    pub const fn new(records: Records, standings: Standings, tiers: Tiers) -> Self {
        Self { records, standings, tiers }
    }

    /// The records that they are about.
    #[must_use]
    pub const fn records(&self) -> &Records {
        &self.records
    }

    /// What this caller can choose for a report.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn choices(&self, caller: &Caller, kind: Kind) -> Result<Choices, Error> {
        if kind == Kind::Employee {
            let filter = Filter { people: People::Evaluated, ..Filter::default() };
            let members = self.standings.all(caller, &filter).await?;
            let employees = members.into_iter().map(|member| (member.employee, member.name)).collect();
            return Ok(Choices { employees, ..Choices::default() });
        }
        let categories = match kind {
            Kind::Skills => self.standings.catalogue(caller).await?.skills().to_vec(),
            Kind::Tools => self.standings.catalogue(caller).await?.tools().to_vec(),
            Kind::Employee | Kind::Team => Vec::new(),
        };
        Ok(Choices {
            employees: Vec::new(),
            teams: self.titles(caller, &TEAM).await?,
            tiers: self.titles(caller, &TIER).await?,
            categories: categories.into_iter().map(|group| (group.id, group.name)).collect(),
        })
    }

    async fn titles(&self, caller: &Caller, ty: &'static RecordType) -> Result<Vec<(RecordId, String)>, Error> {
        let request = ListRequest { limit: MOST, ..ListRequest::default() };
        let page = self.records.list(caller, ty, &request).await?;
        Ok(page.records.iter().map(|record| (record.id, record.title())).collect())
    }

    /// The report. Where it shows anybody but the caller, or leaves the house as a file, that is in the trail before it
    /// is given out: what kind of report, how many people, what was asked; never a figure.
    ///
    /// # Errors
    /// `NotFound` where it is asked about somebody or something out of the caller's reach, with the field; also where the
    /// database or the trail can't be used.
    pub async fn give(&self, caller: &Caller, asked: &Asked, made: Made, form: Form) -> Result<Document, Error> {
        let (document, members) = match asked.kind {
            Kind::Employee => {
                let person = self.person(caller, asked).await?;
                (person.document(asked, made), vec![person.member])
            }
            Kind::Team | Kind::Skills | Kind::Tools => {
                let crowd = self.crowd(caller, asked).await?;
                let document = match asked.kind {
                    Kind::Skills => skills::document(&crowd, asked, made),
                    Kind::Tools => tools::document(&crowd, asked, made),
                    Kind::Team | Kind::Employee => team::document(&crowd, asked, made),
                };
                (document, crowd.members)
            }
        };
        self.trace(caller, asked, &document, (&members, form)).await?;
        Ok(document)
    }

    async fn trace(
        &self,
        caller: &Caller,
        asked: &Asked,
        document: &Document,
        (members, form): (&[Member], Form),
    ) -> Result<(), Error> {
        let is_about_others = members.iter().any(|member| Some(member.person) != caller.person);
        if !is_about_others && form == Form::Page {
            return Ok(());
        }
        let resource = match asked.employee {
            Some(employee) => Resource::new(EMPLOYEE.name, employee),
            None => Resource::whole(EMPLOYEE.name),
        };
        let words: Vec<String> = document.asked.iter().map(|(name, words)| format!("{name}: {words}")).collect();
        let entry = TrailEntry::new(Category::Access, caller, asked.kind.action(), resource)
            .note("people", members.len())
            .note("asked", words.join("; "))
            .note("form", form.name());
        self.records.store().append(&[entry]).await?;
        Ok(())
    }

    async fn person(&self, caller: &Caller, asked: &Asked) -> Result<Person, Error> {
        let employee = asked.employee.ok_or_else(|| Error::field("employee", "Choose whose report it is."))?;
        let filter = Filter { employee: Some(employee), people: People::Evaluated, ..Filter::default() };
        let member = self.standings.all(caller, &filter).await?.pop();
        let member = member.ok_or_else(|| not_there("employee", "There is nobody like that among your people."))?;
        Ok(Person {
            catalogue: self.standings.catalogue(caller).await?,
            record: self.records.get(caller, &EMPLOYEE, employee).await?,
            trend: self.standings.trend(caller, &filter, &asked.period.quarters()).await?,
            evaluations: self.about(caller, &EVALUATION, employee).await?,
            plans: Plans {
                readiness: self.readiness(caller, employee).await?,
                goals: self.about(caller, &GOAL, employee).await?,
                special_skills: self.about(caller, &SPECIAL_SKILL, employee).await?,
                qualifications: self.about(caller, &QUALIFICATION, employee).await?,
            },
            member,
        })
    }

    async fn readiness(&self, caller: &Caller, employee: RecordId) -> Result<Option<Readiness>, Error> {
        match self.tiers.readiness(caller, employee).await {
            Ok(readiness) => Ok(Some(readiness)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The records of a type that are about one employee, as far as the caller sees them, in the type's own order.
    async fn about(&self, caller: &Caller, ty: &'static RecordType, employee: RecordId) -> Result<Vec<Record>, Error> {
        let place = ty.position("employee_id");
        let place = place.ok_or_else(|| Error::internal(format!("{} is about no employee", ty.name)))?;
        let request = ListRequest { filters: vec![(place, employee.into())], limit: MOST, ..ListRequest::default() };
        Ok(self.records.list(caller, ty, &request).await?.records)
    }

    async fn crowd(&self, caller: &Caller, asked: &Asked) -> Result<Crowd, Error> {
        let (mut filter, words) = match &asked.group {
            Group::Own => (Filter { people: People::Own, ..Filter::default() }, "Your people".to_owned()),
            Group::Everybody => (Filter::default(), "Everybody".to_owned()),
            Group::Team(team) => {
                let name = self.name(caller, &TEAM, ("team", *team)).await?;
                (Filter { team: Some(*team), ..Filter::default() }, format!("Team {name}"))
            }
            Group::Picked(employees) => (Filter::default(), self.picked(caller, employees).await?),
        };
        filter.tier = asked.tier;
        let tier = match asked.tier {
            Some(tier) => Some(self.name(caller, &TIER, ("tier", tier)).await?),
            None => None,
        };
        let view = self.standings.view(caller).await?;
        let view = if let Group::Picked(employees) = &asked.group { view.of_picked(employees) } else { view };
        let (catalogue, category) = narrowed(&view.catalogue(), asked)?;
        filter.category = asked.category.filter(|_| asked.kind == Kind::Skills);
        let people = view.scored(&filter, &catalogue).await?;
        // Current ratings are for more eyes than how things went.
        let own = Filter { people: People::Own, ..filter };
        let trend = view.trend(&own, &asked.period.quarters()).await?;
        let tiers = self.titles(caller, &TIER).await?.into_iter().map(|(id, name)| Tier { id, name }).collect();
        Ok(Crowd::new(catalogue, people, trend, tiers, [Some(words), tier, category]))
    }

    /// The names of people who were picked, as many as are read at a glance.
    async fn picked(&self, caller: &Caller, employees: &[RecordId]) -> Result<String, Error> {
        let people = self.standings.view(caller).await?.of_picked(employees).all(&Filter::default()).await?;
        if people.len() < employees.len() {
            return Err(not_there("employees", "Not all of these people are there for you to see. Pick them again."));
        }
        let named: Vec<&str> = people.iter().take(NAMED).map(|member| member.name.as_str()).collect();
        Ok(match people.len() - named.len() {
            0 => named.join(", "),
            more => format!("{} and {more} more", named.join(", ")),
        })
    }

    /// Everybody whom this caller can pick for a report about several: by team, then by name.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn to_pick(&self, caller: &Caller) -> Result<Vec<Member>, Error> {
        let mut members = self.standings.all(caller, &Filter::default()).await?;
        // Who is in no team comes last.
        members.sort_by_key(|member| (member.team_name.is_none(), member.team_name.clone()));
        Ok(members)
    }

    async fn name(
        &self,
        caller: &Caller,
        ty: &'static RecordType,
        (field, id): (&'static str, RecordId),
    ) -> Result<String, Error> {
        match self.records.get(caller, ty, id).await {
            Ok(record) => Ok(record.title()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(not_there(field, &format!("There is no such {}. Choose one of the list.", ty.singular)))
            }
            Err(error) => Err(error),
        }
    }
}

/// The catalogue, of one category where one is asked for, with that category's name. Every figure is then of that
/// category alone.
fn narrowed(catalogue: &Arc<CatalogueView>, asked: &Asked) -> Result<(Arc<CatalogueView>, Option<String>), Error> {
    let Some(id) = asked.category else { return Ok((Arc::clone(catalogue), None)) };
    let group = match asked.kind {
        Kind::Tools => catalogue.tool_group(id),
        Kind::Skills | Kind::Team | Kind::Employee => catalogue.skill_group(id),
    };
    let group = group
        .cloned()
        .ok_or_else(|| not_there("category", "There is no such category in use. Choose one of the list."))?;
    let name = group.name.clone();
    let narrowed = match asked.kind {
        Kind::Tools => CatalogueView::new(Vec::new(), vec![group]),
        Kind::Skills | Kind::Team | Kind::Employee => CatalogueView::new(vec![group], Vec::new()),
    };
    Ok((Arc::new(narrowed), Some(name)))
}

fn not_there(field: &'static str, message: &str) -> Error {
    let fields = vec![FieldError { field: field.into(), message: message.to_owned() }];
    Error::new(ErrorKind::NotFound, "There is nothing like that, or it is not yours to see.").about(fields)
}
