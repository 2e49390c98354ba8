//! What one caller sees of where people stand, as of one moment.

use std::sync::Arc;

use palisade_base::{Caller, Error, RecordId};
use palisade_records::{RowFilter, policy};
use palisade_store::{LastChange, Store};

use super::{
    Filter, Member, People, Quarter, QuarterFigures, READ_STANDING,
    company::{Company, Person, Reach},
    course::{Stood, course, figures},
    slots::Slots,
};
use crate::{
    scoring::{CatalogueView, Scored},
    types::{EMPLOYEE, EVALUATION, READ_DETAILS, SKILL, TOOL},
};

/// Where everybody stands as of one moment, as far as one caller's reach goes.
pub struct View<'a> {
    pub(super) company: Arc<Company>,
    pub(super) store: Store,
    pub(super) caller: &'a Caller,
    /// In order; none where it is of everybody.
    pub(super) picked: Option<Vec<RecordId>>,
}

impl View<'_> {
    /// The point in the sequence of changes that it is of, or of a later one.
    #[must_use]
    pub fn as_of(&self) -> LastChange {
        self.company.as_of
    }

    /// The same of these employees only, as far as the caller reaches them; also of those who have left meanwhile.
    #[must_use]
    pub fn of_picked(mut self, employees: &[RecordId]) -> Self {
        let mut picked = employees.to_vec();
        picked.sort_unstable();
        self.picked = Some(picked);
        self
    }

    /// What of the catalogue is in use and the caller may read, in its order.
    #[must_use]
    pub fn catalogue(&self) -> Arc<CatalogueView> {
        let whole = &self.company.catalogue;
        // Of these nothing is anybody's own or anybody's team's: a filter lets everything through, or nothing.
        let [reads_skills, reads_tools] = [&SKILL, &TOOL].map(|ty| policy::readable(ty, self.caller).is_open());
        if reads_skills && reads_tools {
            return Arc::clone(whole);
        }
        let skills = if reads_skills { whole.skills().to_vec() } else { Vec::new() };
        let tools = if reads_tools { whole.tools().to_vec() } else { Vec::new() };
        Arc::new(CatalogueView::new(skills, tools))
    }

    /// Everybody whom the caller reaches and the filter lets through, by name; also who was never evaluated. Who has left
    /// is among them only where they are asked for by name. Current ratings are for more eyes than what people think of
    /// themselves: that is there only of those whose evaluations the caller may read.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn all(&self, filter: &Filter) -> Result<Vec<Member>, Error> {
        Ok(self.seen(filter).await?.map(|(member, _)| member).collect())
    }

    /// The same people, and their figures on this catalogue in the same order.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn scored(
        &self,
        filter: &Filter,
        catalogue: &Arc<CatalogueView>,
    ) -> Result<(Vec<Member>, Vec<Scored>), Error> {
        let is_whole = Arc::ptr_eq(catalogue, &self.company.catalogue);
        let on_catalogue = |(member, scored): (Member, Scored)| {
            let scored = if is_whole { scored } else { Scored::of(catalogue, &member.standing) };
            (member, scored)
        };
        Ok(self.seen(filter).await?.map(on_catalogue).unzip())
    }

    async fn seen(&self, filter: &Filter) -> Result<impl Iterator<Item = (Member, Scored)>, Error> {
        let own_view = self.company.within(&self.store, &[evaluated(self.caller)]).await?;
        let people = self.people(filter).await?;
        let catalogue = &self.company.catalogue;
        let see =
            move |person: &Person| person.seen(catalogue, Reach::covers(own_view.as_ref(), person.whole().employee));
        Ok(people.into_iter().map(see))
    }

    /// The people that a question is about, by name. One who is asked for by name is shown when they have left, too.
    async fn people(&self, filter: &Filter) -> Result<Vec<&Person>, Error> {
        let reach = self.company.within(&self.store, &reach(self.caller, filter)).await?;
        let is_by_name = filter.employee.is_some() || self.picked.is_some();
        let is_asked = |person: &&Person| {
            let member = person.whole();
            (is_by_name || !person.is_archived)
                && filter.employee.is_none_or(|id| member.employee == id)
                && self.picked.as_ref().is_none_or(|picked| picked.binary_search(&member.employee).is_ok())
                && filter.team.is_none_or(|team| member.team == Some(team))
                && filter.tier.is_none_or(|tier| member.tier == tier)
                && Reach::covers(reach.as_ref(), member.employee)
        };
        Ok(self.company.people.iter().filter(is_asked).collect())
    }

    /// How the people whom the caller reaches and the filter lets through stood at the end of these quarters.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn trend(&self, filter: &Filter, quarters: &[Quarter]) -> Result<Vec<QuarterFigures>, Error> {
        let people = self.people(filter).await?;
        if let Some(category) = filter.category {
            return Ok(figures_of_category(&self.company.slots, category, &people, quarters));
        }
        let courses: Vec<&[Stood]> = people.iter().map(|person| &*person.course).collect();
        Ok(quarters.iter().map(|quarter| figures(*quarter, &courses)).collect())
    }

    /// The same of each of these categories.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn trends_by_category(
        &self,
        filter: &Filter,
        quarters: &[Quarter],
        categories: &[RecordId],
    ) -> Result<Vec<Vec<QuarterFigures>>, Error> {
        let people = self.people(filter).await?;
        let of_category = |category: &RecordId| figures_of_category(&self.company.slots, *category, &people, quarters);
        Ok(categories.iter().map(of_category).collect())
    }
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

fn figures_of_category(
    slots: &Slots,
    category: RecordId,
    people: &[&Person],
    quarters: &[Quarter],
) -> Vec<QuarterFigures> {
    // Without a slot nobody was ever rated in it.
    let slot = slots.slot(category);
    let people = if slot.is_some() { people } else { &[] };
    let courses: Vec<Vec<Stood>> = people.iter().map(|person| course(&person.history, slot)).collect();
    quarters.iter().map(|quarter| figures(*quarter, &courses)).collect()
}
