//! Everybody with where they stand, read once and kept until something changes.
//!
//! Reading and unpacking 500 people costs the processor ten times as much as all figures of a dashboard together, so
//! what was read stays in memory. Whether it still holds is one small question to the database, [`Conn::last_change`]:
//! no change is committed without its leaf, so nobody has to tell this process of one, not even another node. It is
//! asked before anything is read, so what is kept can be newer than it says, and never older: the first look behind a
//! commit sees the change.
//!
//! Nothing here decides who may see what. [`Company::within`] asks the record layer's filters, in SQL as everywhere, and
//! keeps the answer no longer than the people themselves.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use palisade_base::{Error, RecordId};
use palisade_records::RowFilter;
use palisade_store::{Conn, LastChange, Store};

use super::{
    Member, Standing,
    course::{Stood, course},
    pack::CategoryEntry,
    slots::Slots,
    store::{self as tables, PackedMember, Shelf},
};
use crate::scoring::{CatalogueView, Scored};

/// The most answers of the record layer's filters that are kept.
const MOST_FILTERS: usize = 256;

/// Everybody who works or has worked here, at one point in the sequence of changes.
pub(super) struct Company {
    pub(super) as_of: LastChange,
    /// All of the catalogue that is in use.
    pub(super) catalogue: Arc<CatalogueView>,
    pub(super) slots: Slots,
    /// By name.
    pub(super) people: Vec<Person>,
    reached: Mutex<HashMap<RowFilter, Arc<HashSet<RecordId>>>>,
}

/// One of them.
pub(super) struct Person {
    pub(super) is_archived: bool,
    pub(super) history: Vec<CategoryEntry>,
    /// The course of all categories together.
    pub(super) course: Arc<[Stood]>,
    /// With everything that is known.
    member: Member,
    scored: Scored,
    /// The same without what they give themselves, once somebody asks who may not see that.
    without_own_view: OnceLock<(Arc<Standing>, Scored)>,
}

impl Company {
    pub(super) async fn load(conn: &mut Conn) -> Result<Self, Error> {
        let as_of = conn.last_change().await?;
        let skills = tables::groups(conn, &Shelf::Skills).await?;
        let tools = tables::groups(conn, &Shelf::Tools).await?;
        let catalogue = Arc::new(CatalogueView::new(skills, tools));
        let packed = tables::members(conn, None).await?;
        let mut histories: HashMap<RecordId, Vec<CategoryEntry>> = tables::histories(conn).await?.into_iter().collect();
        // Slots are read last: what is packed speaks of none that is not there by now.
        let slots = Slots::of(&tables::slots(conn).await?);
        let person = |packed: PackedMember| {
            let history = histories.remove(&packed.member.employee).unwrap_or_default();
            Person::new(&catalogue, &slots, packed, history)
        };
        let people = packed.into_iter().map(person).collect::<Result<_, _>>()?;
        Ok(Self { as_of, catalogue, slots, people, reached: Mutex::default() })
    }

    /// The employees that all these filters let through; `None`: everybody.
    pub(super) async fn within(&self, store: &Store, rows: &[RowFilter]) -> Result<Option<Reach>, Error> {
        let mut sets = Vec::new();
        for filter in rows.iter().filter(|filter| !filter.is_open()) {
            sets.push(self.reached(store, filter).await?);
        }
        Ok((!sets.is_empty()).then_some(Reach(sets)))
    }

    async fn reached(&self, store: &Store, filter: &RowFilter) -> Result<Arc<HashSet<RecordId>>, Error> {
        let known = |reached: &HashMap<RowFilter, _>| reached.get(filter).cloned();
        if let Some(found) = known(&self.reached.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(found);
        }
        let found = Arc::new(tables::reached(&mut *store.read().await?, filter).await?);
        let mut reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        if reached.len() >= MOST_FILTERS {
            reached.clear();
        }
        reached.insert(*filter, Arc::clone(&found));
        Ok(found)
    }
}

/// The employees that some filters let through.
pub(super) struct Reach(Vec<Arc<HashSet<RecordId>>>);

impl Reach {
    /// Whether this one is among them; without a reach, everybody is.
    pub(super) fn covers(reach: Option<&Self>, employee: RecordId) -> bool {
        reach.is_none_or(|Self(sets)| sets.iter().all(|set| set.contains(&employee)))
    }
}

impl Person {
    fn new(
        catalogue: &CatalogueView,
        slots: &Slots,
        packed: PackedMember,
        history: Vec<CategoryEntry>,
    ) -> Result<Self, Error> {
        let is_archived = packed.is_archived;
        let member = packed.unpack(slots)?;
        let scored = Scored::of(catalogue, &member.standing);
        let course = course(&history, None).into();
        Ok(Self { is_archived, history, course, member, scored, without_own_view: OnceLock::new() })
    }

    /// With everything that is known, whoever asks.
    pub(super) const fn whole(&self) -> &Member {
        &self.member
    }

    /// As somebody sees them who may see what they give themselves, or may not; with the figures on the whole catalogue.
    pub(super) fn seen(&self, catalogue: &CatalogueView, with_own_view: bool) -> (Member, Scored) {
        if with_own_view {
            return (self.member.clone(), self.scored.clone());
        }
        let (standing, scored) = self.without_own_view.get_or_init(|| {
            let standing = self.member.standing.without_own_view();
            let scored = Scored::of(catalogue, &standing);
            (Arc::new(standing), scored)
        });
        (Member { standing: Arc::clone(standing), ..self.member.clone() }, scored.clone())
    }
}
