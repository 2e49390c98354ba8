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
}

impl View<'_> {
    /// The point in the sequence of changes that it is of, or of a later one.
    #[must_use]
    pub fn as_of(&self) -> LastChange {
        self.company.as_of
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
        let people = people(&self.company, (&self.store, self.caller), filter).await?;
        let catalogue = &self.company.catalogue;
        let see =
            move |person: &Person| person.seen(catalogue, Reach::covers(own_view.as_ref(), person.whole().employee));
        Ok(people.into_iter().map(see))
    }

    /// How the people whom the caller reaches and the filter lets through stood at the end of these quarters.
    ///
    /// # Errors
    /// The database can't be used.
    pub async fn trend(&self, filter: &Filter, quarters: &[Quarter]) -> Result<Vec<QuarterFigures>, Error> {
        let people = people(&self.company, (&self.store, self.caller), filter).await?;
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
        let people = people(&self.company, (&self.store, self.caller), filter).await?;
        let of_category = |category: &RecordId| figures_of_category(&self.company.slots, *category, &people, quarters);
        Ok(categories.iter().map(of_category).collect())
    }
}

/// The people that a question is about, by name. One who is asked for by name is shown when they have left, too.
async fn people<'a>(
    company: &'a Company,
    (store, caller): (&Store, &Caller),
    filter: &Filter,
) -> Result<Vec<&'a Person>, Error> {
    let reach = company.within(store, &reach(caller, filter)).await?;
    let is_asked = |person: &&Person| {
        let member = person.whole();
        filter.employee.map_or(!person.is_archived, |id| member.employee == id)
            && filter.team.is_none_or(|team| member.team == Some(team))
            && filter.tier.is_none_or(|tier| member.tier == tier)
            && Reach::covers(reach.as_ref(), member.employee)
    };
    Ok(company.people.iter().filter(is_asked).collect())
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
