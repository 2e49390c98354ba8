//! What the review of an evaluation closes: goals that are reached now, and training that has shown.

use palisade_base::{Caller, Category, Date, Error, Instant, RecordId, Resource, TrailEntry};
use palisade_store::WriteTx;
use serde_json::json;

use super::{
    progress::About,
    store::{self, Open, Training},
};
use crate::standing::{self, Source, Standing};

/// An evaluation that is being reviewed.
#[derive(Clone, Copy, Debug)]
pub struct Reviewed<'a> {
    /// Who reviews it.
    pub caller: &'a Caller,
    /// The evaluation.
    pub evaluation: RecordId,
    /// Whom it is about.
    pub employee: RecordId,
    /// The day of the evaluation.
    pub evaluated_on: Date,
    /// The company's day.
    pub today: Date,
    /// The instant.
    pub now: Instant,
}

/// Closes the open goals that this evaluation by a manager has reached, and the approved trainings whose skill it rates
/// better, or whose tool it says can be operated, on a day since they were approved. In the review's transaction, behind the making of the standing;
/// gives the entries to commit with it.
///
/// # Errors
/// The database can't be used.
pub async fn close_reached(tx: &mut WriteTx, reviewed: &Reviewed<'_>) -> Result<Vec<TrailEntry>, Error> {
    let Some((catalogue, standing)) = standing::now(tx, reviewed.employee).await? else { return Ok(Vec::new()) };
    let mut entries = Vec::new();
    for goal in store::open_goals(tx, reviewed.employee).await? {
        let is_met = goal.what.progress(&catalogue, &standing).is_met() && shows(reviewed, &standing, goal.what.about);
        let (at, days) = ((goal.id, goal.version), (reviewed.today, reviewed.now));
        if is_met && store::close_goal(tx, at, reviewed.evaluation, days).await? {
            let entry = entry(reviewed, "goal.reach", Resource::new("goal", goal.id), ("open", "reached"));
            entries.push(entry.changed("closed_on", json!(null), json!(reviewed.today.to_string())));
        }
    }
    for request in store::approved_requests(tx, reviewed.employee).await? {
        let at = (request.id, request.version);
        if has_shown(tx, reviewed, &standing, &request).await?
            && store::close_request(tx, at, reviewed.evaluation, reviewed.now).await?
        {
            let resource = Resource::new("training_request", request.id);
            entries.push(entry(reviewed, "training_request.done", resource, ("approved", "done")));
        }
    }
    Ok(entries)
}

fn entry(
    reviewed: &Reviewed<'_>,
    action: &'static str,
    resource: Resource,
    (before, after): (&str, &str),
) -> TrailEntry {
    TrailEntry::new(Category::Change, reviewed.caller, action, resource)
        .changed("state", json!(before), json!(after))
        .changed("closed_by_id", json!(null), json!(reviewed.evaluation.to_string()))
}

/// Whether where somebody stands in this comes from the evaluation under review. A category's mean comes from many.
fn shows(reviewed: &Reviewed<'_>, standing: &Standing, about: About) -> bool {
    let is_this = |source: Source, on: Date| source > Source::SelfRated && on == reviewed.evaluated_on;
    match about {
        About::Skill(skill) => standing.skill(skill).is_some_and(|current| is_this(current.source, current.rated_on)),
        About::Tool(tool) => standing.tool(tool).is_some_and(|current| is_this(current.source, current.rated_on)),
        About::Category(_) => true,
    }
}

/// Whether the evaluation shows what was trained since the training was approved. Where the skill was never rated before,
/// more than "never done it" does.
async fn has_shown(
    tx: &mut WriteTx,
    reviewed: &Reviewed<'_>,
    standing: &Standing,
    request: &Open<Training>,
) -> Result<bool, Error> {
    let Training { about, since } = request.what;
    if reviewed.evaluated_on < since || !shows(reviewed, standing, about) {
        return Ok(false);
    }
    match about {
        About::Skill(skill) => {
            let Some(current) = standing.skill(skill) else { return Ok(false) };
            let at = (reviewed.employee, skill);
            let before = store::rating_before(tx, at, reviewed.evaluation, since).await?.unwrap_or(1);
            Ok(i64::from(current.rating) > before)
        }
        About::Tool(tool) => Ok(standing.tool(tool).is_some_and(|current| current.can_operate == Some(true))),
        About::Category(_) => Ok(false),
    }
}
