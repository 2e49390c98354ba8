//! From a gap to a goal.

use askama::{Template, filters::HtmlSafe};
use palisade_base::{Caller, Date, Error, RecordId};
use palisade_records::Records;
use palisade_web::{Html, component::Cell};

use crate::{
    development::{About, goal_path},
    scoring::Score,
    types::{EMPLOYEE, GOAL},
};

/// The rating of who can do it alone.
const ALONE: u8 = 4;

/// Makes the links of one employee's gaps; there is none where the visitor may not add goals for them.
pub(in crate::routes) struct GoalLinks {
    employee: RecordId,
    today: Date,
}

#[derive(Template)]
#[template(
    source = r#"<a href="{{ path }}">Make this a goal<span class="hidden">: {{ name }}</span></a>"#,
    ext = "html"
)]
struct Link<'a> {
    path: String,
    name: &'a str,
}

impl HtmlSafe for Link<'_> {}

impl GoalLinks {
    /// For this employee, where the visitor may add goals for them.
    ///
    /// # Errors
    /// The database can't be used.
    pub(in crate::routes) async fn new(
        records: &Records,
        caller: &Caller,
        (employee, today): (RecordId, Date),
    ) -> Result<Option<Self>, Error> {
        let mut conn = records.store().read().await?;
        let may = records.reaches(&mut conn, caller, GOAL.verbs.create.permission, (&EMPLOYEE, employee)).await?;
        Ok(may.then_some(Self { employee, today }))
    }

    /// A cell with the link from this gap.
    pub(in crate::routes) fn cell(&self, about: About, target: Score, name: &str) -> Cell {
        Cell::html(self.link(about, target, name))
    }

    /// The link from this gap.
    pub(in crate::routes) fn link(&self, about: About, target: Score, name: &str) -> Html {
        let path = goal_path(self.employee, about, Some(target), self.today);
        Html::from_component(&Link { path, name })
    }

    /// The link from a skill at this rating to the next one; none where there is no gap, as they can do it alone.
    pub(in crate::routes) fn to_next_rating(&self, (skill, name): (RecordId, &str), rating: u8) -> Option<Html> {
        let target = || Score::from_tenths((rating + 1) * 10);
        (rating < ALONE).then(|| self.link(About::Skill(skill), target(), name))
    }
}
