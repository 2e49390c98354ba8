//! Questions about many people at once. Each that is answered leaves one entry in the trail: how many people it was
//! about, and which; never where they stand.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use palisade_base::{Caller, Category, Date, Error, RecordId, Resource, TrailEntry};
use palisade_records::{ListRequest, Record, Records, policy};
use palisade_store::Value;

use super::who_can::Held;
use crate::{
    development::Validity,
    scoring::CatalogueView,
    standing::{self, Filter, Member, Standings},
    types::{EMPLOYEE, QUALIFICATION},
};

/// More qualifications than a company has.
const MOST: u64 = 20_000;

/// Where many people stand, and their qualifications, as one caller may see them.
#[derive(Clone)]
pub struct Coverage {
    records: Records,
    standings: Standings,
}

/// What an answer is made from.
pub struct Seen {
    /// The catalogue.
    pub catalogue: Arc<CatalogueView>,
    /// The people.
    pub members: Vec<Member>,
}

/// Who holds a qualification, as far as the caller may know.
pub struct Holders {
    known: HashSet<RecordId>,
    valid: HashSet<RecordId>,
}

impl Holders {
    /// Whether this employee holds it.
    #[must_use]
    pub fn of(&self, employee: RecordId) -> Held {
        match (self.valid.contains(&employee), self.known.contains(&employee)) {
            (true, _) => Held::Valid,
            (false, true) => Held::NotValid,
            (false, false) => Held::Unseen,
        }
    }
}

impl Coverage {
    /// Questions to these.
    #[must_use]
    pub const fn new(records: Records, standings: Standings) -> Self {
        Self { records, standings }
    }

    /// The records below.
    #[must_use]
    pub const fn records(&self) -> &Records {
        &self.records
    }

    /// The people of the filter, as far as the caller reaches, by this catalogue; the entry in the trail comes first.
    /// `action` is what is looked at, `words` the filter.
    ///
    /// # Errors
    /// The caller may not read where anybody stands, or the database can't be used.
    pub async fn look(
        &self,
        caller: &Caller,
        catalogue: Arc<CatalogueView>,
        filter: &Filter,
        (action, words): (&'static str, String),
    ) -> Result<Seen, Error> {
        let members = self.standings.all(caller, filter).await?;
        let entry = TrailEntry::new(Category::Access, caller, action, Resource::whole("standing"))
            .note("people", members.len())
            .note("filter", words);
        self.records.store().append(&[entry]).await?;
        Ok(Seen { catalogue, members })
    }

    /// The catalogue, to ask by.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn catalogue(&self, caller: &Caller) -> Result<Arc<CatalogueView>, Error> {
        self.standings.catalogue(caller).await
    }

    /// The names of the qualifications that the caller may see, each once.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn qualification_names(&self, caller: &Caller) -> Result<Vec<String>, Error> {
        let mut names = BTreeMap::new();
        for record in self.qualifications(caller).await? {
            let name = record.title();
            names.entry(name.to_lowercase()).or_insert(name);
        }
        Ok(names.into_values().collect())
    }

    /// Who holds the qualification of that name on that day.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn holders(&self, caller: &Caller, name: &str, today: Date) -> Result<Holders, Error> {
        let name = name.to_lowercase();
        let records = self.qualifications(caller).await?;
        let counts = |record: &&Record| record.title().to_lowercase() == name && Validity::of(record, today).counts();
        let valid = records.iter().filter(counts).filter_map(employee_of).collect();
        let filter = policy::reached_with(&EMPLOYEE, caller, QUALIFICATION.verbs.read.permission);
        let known = standing::reached(&mut *self.records.store().read().await?, &filter).await?;
        Ok(Holders { known, valid })
    }

    async fn qualifications(&self, caller: &Caller) -> Result<Vec<Record>, Error> {
        let request = ListRequest { limit: MOST, ..ListRequest::default() };
        Ok(self.records.list(caller, &QUALIFICATION, &request).await?.records)
    }
}

fn employee_of(record: &Record) -> Option<RecordId> {
    match record.value("employee_id") {
        Some(Value::Id(id)) => Some(RecordId(*id)),
        _ => None,
    }
}
