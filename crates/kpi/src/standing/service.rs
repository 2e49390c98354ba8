//! Reading where people stand, as far as the caller's reach goes.

use std::sync::Arc;

use palisade_base::{Caller, Category, Date, Error, RecordId, Resource, TrailEntry};
use palisade_records::Records;
use palisade_store::Conn;
use tokio::sync::Mutex;

use super::{
    Filter, Member, Quarter, QuarterFigures, Standing, View,
    company::Company,
    rebuild,
    slots::Slots,
    store::{self, Shelf},
};
use crate::scoring::CatalogueView;

/// The permission to see where people stand: their current ratings and tools.
pub const READ_STANDING: &str = "kpi.standing.read";

/// How many people are done in one transaction: it holds the writer.
const AT_ONCE: usize = 20;

/// Where everybody stands. Cheap to clone.
#[derive(Clone)]
pub struct Standings {
    records: Records,
    /// What was read the last time. Whoever finds it out of date reads it again; the others wait for that.
    company: Arc<Mutex<Option<Arc<Company>>>>,
}

impl Standings {
    /// The standings of these employees' records.
    #[must_use]
    pub fn new(records: Records) -> Self {
        Self { records, company: Arc::default() }
    }

    /// Everything as of now, for a caller who asks several questions.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn view<'a>(&self, caller: &'a Caller) -> Result<View<'a>, Error> {
        let store = self.records.store().clone();
        let mut conn = store.read().await?;
        let last_change = conn.last_change().await?;
        let mut known = self.company.lock().await;
        let company = match &*known {
            Some(company) if company.as_of >= last_change => Arc::clone(company),
            _ => Arc::clone(known.insert(Arc::new(Company::load(&mut conn).await?))),
        };
        drop(conn);
        Ok(View { company, store, caller, picked: None })
    }

    /// What of the catalogue is in use and this caller may read, in its order.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn catalogue(&self, caller: &Caller) -> Result<Arc<CatalogueView>, Error> {
        Ok(self.view(caller).await?.catalogue())
    }

    /// Where one employee stands. Leaves no trace: the page that shows it does.
    ///
    /// # Errors
    /// `NotFound` where the caller does not reach them.
    pub async fn of(&self, caller: &Caller, employee: RecordId) -> Result<Arc<Standing>, Error> {
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

    /// As [`View::all`].
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn all(&self, caller: &Caller, filter: &Filter) -> Result<Vec<Member>, Error> {
        self.view(caller).await?.all(filter).await
    }

    /// As [`View::trend`].
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn trend(
        &self,
        caller: &Caller,
        filter: &Filter,
        quarters: &[Quarter],
    ) -> Result<Vec<QuarterFigures>, Error> {
        self.view(caller).await?.trend(filter, quarters).await
    }

    /// As [`View::trends_by_category`].
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
        self.view(caller).await?.trends_by_category(filter, quarters, categories).await
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
pub(crate) async fn now(conn: &mut Conn, employee: RecordId) -> Result<Option<(CatalogueView, Arc<Standing>)>, Error> {
    let Some(packed) = store::members(conn, Some(employee)).await?.pop() else { return Ok(None) };
    let skills = store::groups(conn, &Shelf::Skills).await?;
    let tools = store::groups(conn, &Shelf::Tools).await?;
    let slots = Slots::of(&store::slots(conn).await?);
    Ok(Some((CatalogueView::new(skills, tools), packed.unpack(&slots)?.standing)))
}
