//! Gathering the figures of the overview: from what is kept in memory, and a handful of queries after each change,
//! however many people, categories and years there are.

use std::{collections::HashSet, sync::Arc};

use palisade_base::{Caller, Category, Date, Error, FieldError, RecordId, Resource, TrailEntry};
use palisade_records::{ListRequest, Records};
use palisade_store::LastChange;

use super::{
    Asked, Dashboard, DueEvaluation, EvaluationCounts, RecentEvaluation, TierPeople, Waiting, due_after, store,
};
use crate::{
    evaluation::EvaluationKind,
    kept::Kept,
    scoring::{
        CatalogueView, Scored, group_coverage, group_overall, group_scores, group_self_overall, group_tools, highest,
        lowest, rating_means, tier_distribution, tool_total,
    },
    standing::{Filter, Member, People, QuarterFigures, Standings, View},
    types::{EMPLOYEE, EVALUATE, TIER},
};

/// How many of the highest and the lowest skills are shown.
const RANKED: usize = 5;
/// How many days ahead an evaluation is announced.
const SOON: i64 = 30;

/// The overview's figures. Cheap to clone.
#[derive(Clone)]
pub struct Dashboards {
    records: Records,
    standings: Standings,
    /// What the database was asked besides where people stand.
    known: Kept<Asked, Known>,
}

impl Dashboards {
    /// The figures of these records.
    #[must_use]
    pub fn new(records: Records, standings: Standings) -> Self {
        Self { records, standings, known: Kept::default() }
    }

    /// The overview as this caller sees it. Where it tells of others, that is in the trail before it is given out.
    ///
    /// # Errors
    /// `NotFound` where one person is asked for whom the caller does not reach; `Invalid` for a category that there is
    /// not; or the database can't be used.
    pub async fn show(&self, caller: &Caller, asked: &Asked) -> Result<Dashboard, Error> {
        let view = self.standings.view(caller).await?;
        let people = crowd(&view, asked).await?;
        let traced = self.trace(caller, &asked.filter, &people.members);
        let ((), gathered) = tokio::try_join!(traced, self.gathered(&view, caller, asked))?;
        Ok(figures(caller, people, gathered))
    }

    /// The same for a page that leaves the trace itself.
    ///
    /// # Errors
    /// As [`Dashboards::show`].
    pub async fn gather(&self, caller: &Caller, asked: &Asked) -> Result<Dashboard, Error> {
        let view = self.standings.view(caller).await?;
        let people = crowd(&view, asked).await?;
        let gathered = self.gathered(&view, caller, asked).await?;
        Ok(figures(caller, people, gathered))
    }

    async fn gathered(&self, view: &View<'_>, caller: &Caller, asked: &Asked) -> Result<Gathered, Error> {
        let today = self.records.today();
        let trend = trend(view, asked, today).await?;
        let known = self.known.get(view.as_of(), caller, *asked, self.find(caller, asked)).await?;
        Ok(Gathered { as_of: view.as_of(), today, trend, known })
    }

    async fn find(&self, caller: &Caller, asked: &Asked) -> Result<Known, Error> {
        let all = ListRequest { limit: 100, ..ListRequest::default() };
        let tiers = self.records.list(caller, &TIER, &all).await?.records;
        let mut conn = self.records.store().read().await?;
        Ok(Known {
            tiers: tiers.iter().map(|tier| (tier.id, tier.title())).collect(),
            counts: store::counts(&mut conn, caller, asked).await?,
            recent: store::recent(&mut conn, caller, asked).await?,
            mine: store::to_evaluate(&mut conn, caller, EVALUATE).await?,
            waiting: match caller.person {
                Some(person) => store::waiting(&mut conn, caller, person).await?,
                None => Waiting::default(),
            },
        })
    }

    /// One leaf for each view of others: of how many, and by what they were chosen; never what it says.
    async fn trace(&self, caller: &Caller, filter: &Filter, members: &[Member]) -> Result<(), Error> {
        let others = members.iter().filter(|member| Some(member.person) != caller.person).count();
        if others == 0 {
            return Ok(());
        }
        let resource =
            filter.employee.map_or_else(|| Resource::whole(EMPLOYEE.name), |id| Resource::new(EMPLOYEE.name, id));
        let entry = TrailEntry::new(Category::Access, caller, "dashboard.view", resource)
            .note("people", others)
            .note("filtered_by", filtered_by(filter));
        Ok(self.records.store().append(&[entry]).await?)
    }
}

/// The people that it is about, with their figures on the catalogue.
struct Crowd {
    catalogue: Arc<CatalogueView>,
    members: Vec<Member>,
    /// Of each member, in their order.
    scored: Vec<Scored>,
}

/// What the database knows besides where people stand.
struct Known {
    tiers: Vec<(RecordId, String)>,
    counts: EvaluationCounts,
    recent: Vec<RecentEvaluation>,
    /// The employees whose evaluations are the caller's to make; none: everybody's.
    mine: Option<HashSet<RecordId>>,
    waiting: Waiting,
}

struct Gathered {
    as_of: LastChange,
    today: Date,
    trend: Vec<QuarterFigures>,
    known: Arc<Known>,
}

async fn crowd(view: &View<'_>, asked: &Asked) -> Result<Crowd, Error> {
    let catalogue = narrowed(view.catalogue(), asked.filter.category)?;
    let (members, scored) = view.scored(&asked.filter, &catalogue).await?;
    if asked.filter.employee.is_some() && members.is_empty() {
        return Err(Error::not_found());
    }
    Ok(Crowd { catalogue, members, scored })
}

fn narrowed(all: Arc<CatalogueView>, category: Option<RecordId>) -> Result<Arc<CatalogueView>, Error> {
    match category {
        Some(id) => all.only(id).map(Arc::new).ok_or_else(|| {
            let message = "There is no such category in use.".into();
            Error::invalid(vec![FieldError { field: "category".into(), message }])
        }),
        None => Ok(all),
    }
}

/// Where people stand now is for more eyes than where they stood: the course is of the caller's own people only.
async fn trend(view: &View<'_>, asked: &Asked, today: Date) -> Result<Vec<QuarterFigures>, Error> {
    let own = Filter { people: People::Own, ..asked.filter };
    let figures = view.trend(&own, &asked.period.quarters(today)).await?;
    if asked.period.from.is_some() {
        return Ok(figures);
    }
    let is_known = |figures: &QuarterFigures| figures.people > 0 || figures.self_mean.is_some();
    let begin = figures.iter().position(is_known).unwrap_or_else(|| figures.len().saturating_sub(1));
    Ok(figures.into_iter().skip(begin).collect())
}

/// The figures: each is a call of [`crate::scoring`].
fn figures(caller: &Caller, people: Crowd, gathered: Gathered) -> Dashboard {
    let Crowd { catalogue, members, scored } = people;
    let Gathered { as_of, today, trend, known } = gathered;
    let tool_categories = group_tools(&catalogue, &scored);
    let means = rating_means(&catalogue, scored.iter().map(|scored| &scored.ratings));
    let is_mine = |member: &&Member| known.mine.as_ref().is_none_or(|mine| mine.contains(&member.employee));
    Dashboard {
        as_of,
        today,
        categories: group_scores(&catalogue, &scored),
        average: group_overall(&scored),
        self_average: group_self_overall(&scored),
        coverage: group_coverage(&scored),
        tools: tool_total(&tool_categories),
        tool_categories,
        top: highest(&means, RANKED),
        weak: lowest(&means, RANKED),
        tiers: tier_people(&known.tiers, &members),
        trend,
        evaluations: known.counts,
        recent: known.recent.clone(),
        due: due(members.iter().filter(is_mine), caller, today),
        waiting: known.waiting,
        catalogue,
        members,
    }
}

fn tier_people(tiers: &[(RecordId, String)], members: &[Member]) -> Vec<TierPeople> {
    let ids: Vec<RecordId> = tiers.iter().map(|(id, _)| *id).collect();
    let counted = tiers.iter().zip(tier_distribution(members, &ids));
    counted.map(|((id, name), (_, people))| TierPeople { id: *id, name: name.clone(), people }).collect()
}

fn filtered_by(filter: &Filter) -> String {
    let set = [
        ("team", filter.team.is_some()),
        ("tier", filter.tier.is_some()),
        ("employee", filter.employee.is_some()),
        ("category", filter.category.is_some()),
        ("own people", filter.people == People::Own),
    ];
    set.iter().filter(|(_, is_set)| *is_set).map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// What is due by now or within a month, the longest due first; who was never evaluated goes before all.
fn due<'a>(members: impl Iterator<Item = &'a Member>, caller: &Caller, today: Date) -> Vec<DueEvaluation> {
    let soon = today.saturating_add(jiff::Span::new().days(SOON));
    let one = |member: &Member| {
        let is_own = caller.person == Some(member.person);
        let last = if is_own { member.standing.self_on } else { member.standing.manager_on };
        let kind = if is_own { EvaluationKind::SelfRated } else { EvaluationKind::Manager };
        let due_on = last.map(due_after);
        DueEvaluation { employee: member.employee, name: member.name.clone(), kind, last, due_on }
    };
    let mut due: Vec<_> = members.map(one).filter(|due| due.due_on.is_none_or(|day| day <= soon)).collect();
    due.sort_by_key(|due| due.due_on);
    due
}
