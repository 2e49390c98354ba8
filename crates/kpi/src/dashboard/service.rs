//! Gathering the figures of the overview: a handful of queries, however many people, categories and years there are.

use palisade_base::{Caller, Category, Date, Error, FieldError, RecordId, Resource, TrailEntry};
use palisade_records::{ListRequest, Records};

use super::{
    Asked, Dashboard, DueEvaluation, EvaluationCounts, RecentEvaluation, TierPeople, Waiting, due_after, store,
};
use crate::{
    evaluation::EvaluationKind,
    scoring::{
        CatalogueView, category_scores, group_coverage, group_overall, group_scores, group_self_overall, group_tools,
        highest, lowest, skill_means, tier_distribution, tool_scores, tool_total,
    },
    standing::{Filter, Member, People, QuarterFigures, Standings},
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
}

impl Dashboards {
    /// The figures of these records.
    #[must_use]
    pub const fn new(records: Records, standings: Standings) -> Self {
        Self { records, standings }
    }

    /// The overview as this caller sees it. Where it tells of others, that is in the trail before it is given out.
    ///
    /// # Errors
    /// `NotFound` where one person is asked for whom the caller does not reach; `Invalid` for a category that there is
    /// not; or the database can't be used.
    pub async fn show(&self, caller: &Caller, asked: &Asked) -> Result<Dashboard, Error> {
        let (catalogue, members) = self.people(caller, asked).await?;
        let traced = self.trace(caller, &asked.filter, &members);
        let ((), gathered) = tokio::try_join!(traced, self.gathered(caller, asked, &members))?;
        Ok(figures(catalogue, members, gathered))
    }

    /// The same for a page that leaves the trace itself.
    ///
    /// # Errors
    /// As [`Dashboards::show`].
    pub async fn gather(&self, caller: &Caller, asked: &Asked) -> Result<Dashboard, Error> {
        let (catalogue, members) = self.people(caller, asked).await?;
        let gathered = self.gathered(caller, asked, &members).await?;
        Ok(figures(catalogue, members, gathered))
    }

    async fn people(&self, caller: &Caller, asked: &Asked) -> Result<(CatalogueView, Vec<Member>), Error> {
        let catalogue = self.catalogue(caller, asked.filter.category);
        let (catalogue, members) = tokio::try_join!(catalogue, self.standings.all(caller, &asked.filter))?;
        if asked.filter.employee.is_some() && members.is_empty() {
            return Err(Error::not_found());
        }
        Ok((catalogue, members))
    }

    async fn gathered(&self, caller: &Caller, asked: &Asked, members: &[Member]) -> Result<Gathered, Error> {
        let today = self.records.today();
        let (trend, tiers, evaluations) = tokio::try_join!(
            self.trend(caller, asked, today),
            self.tiers(caller, members),
            self.evaluations(caller, asked, members, today),
        )?;
        Ok(Gathered { today, trend, tiers, evaluations })
    }

    async fn catalogue(&self, caller: &Caller, category: Option<RecordId>) -> Result<CatalogueView, Error> {
        let all = self.standings.catalogue(caller).await?;
        match category {
            Some(id) => all.only(id).ok_or_else(|| {
                let message = "There is no such category in use.".into();
                Error::invalid(vec![FieldError { field: "category".into(), message }])
            }),
            None => Ok(all),
        }
    }

    /// Where people stand now is for more eyes than where they stood: the course is of the caller's own people only.
    async fn trend(&self, caller: &Caller, asked: &Asked, today: Date) -> Result<Vec<QuarterFigures>, Error> {
        let own = Filter { people: People::Own, ..asked.filter };
        let figures = self.standings.trend(caller, &own, &asked.period.quarters(today)).await?;
        if asked.period.from.is_some() {
            return Ok(figures);
        }
        let is_known = |figures: &QuarterFigures| figures.people > 0 || figures.self_mean.is_some();
        let begin = figures.iter().position(is_known).unwrap_or_else(|| figures.len().saturating_sub(1));
        Ok(figures.into_iter().skip(begin).collect())
    }

    async fn tiers(&self, caller: &Caller, members: &[Member]) -> Result<Vec<TierPeople>, Error> {
        let all = ListRequest { limit: 100, ..ListRequest::default() };
        let tiers = self.records.list(caller, &TIER, &all).await?.records;
        let ids: Vec<RecordId> = tiers.iter().map(|tier| tier.id).collect();
        let counted = tier_distribution(members, &ids);
        let named = tiers.iter().zip(counted);
        Ok(named.map(|(tier, (id, people))| TierPeople { id, name: tier.title(), people }).collect())
    }

    async fn evaluations(
        &self,
        caller: &Caller,
        asked: &Asked,
        members: &[Member],
        today: Date,
    ) -> Result<Evaluations, Error> {
        let mut conn = self.records.store().read().await?;
        let counts = store::counts(&mut conn, caller, asked).await?;
        let recent = store::recent(&mut conn, caller, asked).await?;
        let mine = store::to_evaluate(&mut conn, caller, EVALUATE).await?;
        let is_mine = |member: &&Member| mine.as_ref().is_none_or(|ids| ids.contains(&member.employee));
        let due = due(members.iter().filter(is_mine), caller, today);
        let waiting = match caller.person {
            Some(person) => store::waiting(&mut conn, caller, person).await?,
            None => Waiting::default(),
        };
        Ok(Evaluations { counts, recent, due, waiting })
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

/// What the database knows besides where people stand.
struct Gathered {
    today: Date,
    trend: Vec<QuarterFigures>,
    tiers: Vec<TierPeople>,
    evaluations: Evaluations,
}

/// What is known about evaluations.
struct Evaluations {
    counts: EvaluationCounts,
    recent: Vec<RecentEvaluation>,
    due: Vec<DueEvaluation>,
    waiting: Waiting,
}

/// The figures: each is a call of [`crate::scoring`].
fn figures(catalogue: CatalogueView, members: Vec<Member>, gathered: Gathered) -> Dashboard {
    let scores: Vec<_> = members.iter().map(|member| category_scores(&catalogue, &member.standing)).collect();
    let tools: Vec<_> = members.iter().map(|member| tool_scores(&catalogue, &member.standing)).collect();
    let tool_categories = group_tools(&catalogue, &tools);
    let means = skill_means(&catalogue, members.iter().map(|member| &member.standing));
    let Gathered { today, trend, tiers, evaluations } = gathered;
    Dashboard {
        today,
        categories: group_scores(&catalogue, &scores),
        average: group_overall(&scores),
        self_average: group_self_overall(&scores),
        coverage: group_coverage(&scores),
        tools: tool_total(&tool_categories),
        tool_categories,
        top: highest(&means, RANKED),
        weak: lowest(&means, RANKED),
        tiers,
        trend,
        evaluations: evaluations.counts,
        recent: evaluations.recent,
        due: evaluations.due,
        waiting: evaluations.waiting,
        catalogue,
        members,
    }
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
