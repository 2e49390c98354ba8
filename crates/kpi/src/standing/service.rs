//! Reading where people stand, as far as the caller's reach goes.

use std::sync::Arc;

use palisade_base::{Caller, Category, Date, Error, RecordId, Resource, TrailEntry};
use palisade_records::{Records, RowFilter, policy};
use palisade_store::Conn;
use tokio::sync::RwLock;

use super::{
    CurrentSkill, CurrentTool, Filter, Member, People, Quarter, QuarterFigures, Standing,
    pack::{CategoryEntry, SkillEntry, ToolEntry},
    rebuild,
    store::{self, PackedMember, RECENT_QUARTERS, Shelf},
};
use crate::{
    scoring::{CatalogueView, Score},
    types::{EMPLOYEE, EVALUATION, READ_DETAILS, SKILL, TOOL},
};

/// The permission to see where people stand: their current ratings and tools.
pub const READ_STANDING: &str = "kpi.standing.read";

/// How many people are done in one transaction: it holds the writer.
const AT_ONCE: usize = 20;

/// Where everybody stands. Cheap to clone.
#[derive(Clone)]
pub struct Standings {
    records: Records,
    /// What stands in each slot, as far as it is known here. A slot is given once and never changed, so nothing in it can
    /// be out of date; a slot that is not in it is looked up.
    slots: Arc<RwLock<Arc<Slots>>>,
}

/// What stands in each slot, by number.
#[derive(Debug, Default)]
struct Slots(Vec<Option<RecordId>>);

impl Slots {
    fn of(pairs: &[(RecordId, u16)]) -> Self {
        let length = pairs.iter().map(|(_, slot)| usize::from(*slot) + 1).max().unwrap_or_default();
        let mut items = vec![None; length];
        for (item, slot) in pairs {
            items[usize::from(*slot)] = Some(*item);
        }
        Self(items)
    }

    fn item(&self, slot: u16) -> Option<RecordId> {
        self.0.get(usize::from(slot)).copied().flatten()
    }

    fn slot(&self, item: RecordId) -> Option<u16> {
        self.0.iter().position(|known| *known == Some(item)).and_then(|slot| u16::try_from(slot).ok())
    }

    /// Whether everything up to this slot is known: they are given in order.
    fn reaches(&self, highest: Option<u16>) -> bool {
        highest.is_none_or(|slot| usize::from(slot) < self.0.len())
    }

    /// What is packed; `None` where nothing stands in a slot.
    fn unpack(&self, packed: PackedMember) -> Option<Member> {
        let PackedMember { mut member, packed } = packed;
        if let Some((skills, tools)) = packed {
            member.standing.skills = skills.iter().map(|entry| self.skill(entry)).collect::<Option<_>>()?;
            member.standing.tools = tools.iter().map(|entry| self.tool(entry)).collect::<Option<_>>()?;
        }
        Some(member)
    }

    fn skill(&self, entry: &SkillEntry) -> Option<CurrentSkill> {
        let SkillEntry { slot, rating, source, rated_on, self_rating } = *entry;
        Some(CurrentSkill { skill: self.item(slot)?, rating, source, rated_on, self_rating })
    }

    fn tool(&self, entry: &ToolEntry) -> Option<CurrentTool> {
        let ToolEntry { slot, can_operate, truck_stock, source, rated_on } = *entry;
        Some(CurrentTool { tool: self.item(slot)?, can_operate, truck_stock, source, rated_on })
    }
}

impl Standings {
    /// The standings of these employees' records.
    #[must_use]
    pub fn new(records: Records) -> Self {
        Self { records, slots: Arc::default() }
    }

    /// What of the catalogue is in use and this caller may read, in its order.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn catalogue(&self, caller: &Caller) -> Result<CatalogueView, Error> {
        let mut conn = self.records.store().read().await?;
        let skills = store::groups(&mut conn, &Shelf::Skills, Some(policy::readable(&SKILL, caller))).await?;
        let tools = store::groups(&mut conn, &Shelf::Tools, Some(policy::readable(&TOOL, caller))).await?;
        Ok(CatalogueView::new(skills, tools))
    }

    /// Where one employee stands. Leaves no trace: the page that shows it does.
    ///
    /// # Errors
    /// `NotFound` where the caller does not reach them.
    pub async fn of(&self, caller: &Caller, employee: RecordId) -> Result<Standing, Error> {
        Ok(self.member(caller, employee).await?.standing)
    }

    /// One employee with where they stand.
    ///
    /// # Errors
    /// As [`Standings::of`].
    pub async fn member(&self, caller: &Caller, employee: RecordId) -> Result<Member, Error> {
        let filter = Filter { employee: Some(employee), ..Filter::default() };
        self.all(caller, &filter).await?.pop().ok_or_else(Error::not_found)
    }

    /// Everybody whom the caller reaches and the filter lets through, by name; also who was never evaluated. Who has left
    /// is among them only where they are asked for by name. Current ratings are for more eyes than what people think of
    /// themselves: that is there only of those whose evaluations the caller may read.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn all(&self, caller: &Caller, filter: &Filter) -> Result<Vec<Member>, Error> {
        let mut conn = self.records.store().read().await?;
        let packed = store::members(&mut conn, filter, (&reach(caller, filter), Some(&evaluated(caller)))).await?;
        let highest = packed.iter().filter_map(PackedMember::highest_slot).max();
        let slots = self.known_slots(&mut conn, |slots| slots.reaches(highest)).await?;
        let members = packed.into_iter().map(|packed| slots.unpack(packed)).collect::<Option<_>>();
        members.ok_or_else(|| Error::internal("a standing speaks of a slot that nothing stands in"))
    }

    /// How the people whom the caller reaches and the filter lets through stood at the end of these quarters.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn trend(
        &self,
        caller: &Caller,
        filter: &Filter,
        quarters: &[Quarter],
    ) -> Result<Vec<QuarterFigures>, Error> {
        let mut conn = self.records.store().read().await?;
        let histories = histories(&mut conn, caller, filter, quarters).await?;
        match filter.category {
            Some(category) => {
                let slots = self.known_slots(&mut conn, |slots| slots.slot(category).is_some()).await?;
                Ok(figures_of_category(&slots, category, &histories, quarters))
            }
            None => Ok(quarters.iter().map(|quarter| figures(*quarter, &histories, None)).collect()),
        }
    }

    /// The same of each of these categories, read at once.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn trends_by_category(
        &self,
        caller: &Caller,
        filter: &Filter,
        quarters: &[Quarter],
        categories: &[RecordId],
    ) -> Result<Vec<Vec<QuarterFigures>>, Error> {
        let mut conn = self.records.store().read().await?;
        let histories = histories(&mut conn, caller, filter, quarters).await?;
        let all_known = |slots: &Slots| categories.iter().all(|category| slots.slot(*category).is_some());
        let slots = self.known_slots(&mut conn, all_known).await?;
        let of_category = |category: &RecordId| figures_of_category(&slots, *category, &histories, quarters);
        Ok(categories.iter().map(of_category).collect())
    }

    /// The slots as they are known here, where that is enough, and else as they are in the database.
    async fn known_slots(&self, conn: &mut Conn, is_enough: impl Fn(&Slots) -> bool) -> Result<Arc<Slots>, Error> {
        let known = self.slots.read().await.clone();
        if is_enough(&known) {
            return Ok(known);
        }
        let slots = Arc::new(Slots::of(&store::slots(conn).await?));
        *self.slots.write().await = Arc::clone(&slots);
        Ok(slots)
    }

    /// Makes the standings anew that are missing, made with another catalogue, or of another layout. Gives how many.
    ///
    /// For the start of the program and for a job: an evaluation rebuilds its employee's itself.
    ///
    /// # Errors
    /// The database can't be used; those before it are done.
    pub async fn rebuild_stale(&self, caller: &Caller, today: Date) -> Result<usize, Error> {
        self.rebuild_some(caller, false, today).await
    }

    /// Makes every standing anew: after a change of what they mean. Gives how many.
    ///
    /// # Errors
    /// As [`Standings::rebuild_stale`].
    pub async fn rebuild_all(&self, caller: &Caller, today: Date) -> Result<usize, Error> {
        self.rebuild_some(caller, true, today).await
    }

    async fn rebuild_some(&self, caller: &Caller, everybody: bool, today: Date) -> Result<usize, Error> {
        let employees = store::to_rebuild(&mut *self.records.store().read().await?, everybody).await?;
        for chunk in employees.chunks(AT_ONCE) {
            let mut tx = self.records.store().write().await?;
            for employee in chunk {
                rebuild(&mut tx, *employee, today).await?;
            }
            let entry = TrailEntry::new(Category::Change, caller, "standing.rebuild", Resource::whole("standing"));
            tx.commit(entry.note("employees", chunk.len())).await?;
        }
        Ok(employees.len())
    }
}

/// Where one employee stands as this transaction sees it, and the catalogue to score it by; none where there is no such
/// employee. For what follows from an evaluation: it decides nothing about who may see it.
///
/// # Errors
/// The database can't be used.
pub(crate) async fn now(conn: &mut Conn, employee: RecordId) -> Result<Option<(CatalogueView, Standing)>, Error> {
    let skills = store::groups(conn, &Shelf::Skills, None).await?;
    let tools = store::groups(conn, &Shelf::Tools, None).await?;
    let filter = Filter { employee: Some(employee), ..Filter::default() };
    let packed = store::members(conn, &filter, (&[], None)).await?.pop();
    let slots = Slots::of(&store::slots(conn).await?);
    let standing = packed.and_then(|packed| slots.unpack(packed)).map(|member| member.standing);
    Ok(standing.map(|standing| (CatalogueView::new(skills, tools), standing)))
}

/// The rows that a question reaches: those of employees whom the caller may read and whose standing they may see.
fn reach(caller: &Caller, filter: &Filter) -> Vec<RowFilter> {
    let mut rows = vec![policy::readable(&EMPLOYEE, caller), policy::reached_with(&EMPLOYEE, caller, READ_STANDING)];
    match filter.people {
        People::All => {}
        People::Own => rows.push(policy::reached_with(&EMPLOYEE, caller, READ_DETAILS)),
        People::Evaluated => rows.push(evaluated(caller)),
    }
    rows
}

/// The rows of employees whose evaluations the caller may read.
fn evaluated(caller: &Caller) -> RowFilter {
    policy::reached_with(&EMPLOYEE, caller, EVALUATION.verbs.read.permission)
}

async fn histories(
    conn: &mut Conn,
    caller: &Caller,
    filter: &Filter,
    quarters: &[Quarter],
) -> Result<Vec<Vec<CategoryEntry>>, Error> {
    let with_earlier = quarters.len() > RECENT_QUARTERS;
    Ok(store::histories(conn, filter, &reach(caller, filter), with_earlier).await?)
}

fn figures_of_category(
    slots: &Slots,
    category: RecordId,
    histories: &[Vec<CategoryEntry>],
    quarters: &[Quarter],
) -> Vec<QuarterFigures> {
    let slot = slots.slot(category);
    // Without a slot nobody was ever rated in it.
    let histories = if slot.is_some() { histories } else { &[] };
    quarters.iter().map(|quarter| figures(*quarter, histories, slot)).collect()
}

/// The figures of a quarter: of each person the newest entries that are not later, of all categories or one.
fn figures(quarter: Quarter, histories: &[Vec<CategoryEntry>], category: Option<u16>) -> QuarterFigures {
    let stood = || {
        histories.iter().filter_map(move |history| {
            let then = history.iter().find(|entry| entry.quarter <= quarter.number())?.quarter;
            let of_then = move |entry: &&CategoryEntry| {
                entry.quarter == then && category.is_none_or(|category| entry.slot == category)
            };
            Some(history.iter().filter(of_then))
        })
    };
    let made = || {
        let all = stood().flatten();
        all.filter(move |entry| entry.quarter == quarter.number())
    };
    let score = |sum: fn(&CategoryEntry) -> (u16, u16)| {
        stood().filter_map(move |entries| {
            Score::mean(entries.map(sum).filter_map(|(sum, rated)| Score::of(sum.into(), rated.into())))
        })
    };
    let current = |entry: &CategoryEntry| (entry.sum, entry.rated);
    QuarterFigures {
        quarter,
        mean: Score::mean(score(current)),
        self_mean: Score::mean(score(|entry| (entry.self_sum, entry.self_rated))),
        people: u32::try_from(score(current).count()).unwrap_or(u32::MAX),
        ratings: made().map(|entry| u32::from(entry.made)).sum(),
        self_ratings: made().map(|entry| u32::from(entry.self_made)).sum(),
    }
}
