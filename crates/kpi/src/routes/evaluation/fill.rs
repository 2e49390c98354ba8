//! The wizard: one category after the other. The page shows one as a form that is sent and leads to the next; the others
//! are in it as the little that differs between them, so that its script can go on without a connection.

use askama::Template;
use axum::extract::{Query, State, rejection::QueryRejection};
use palisade_base::{Caller, Error, Instant, RecordId};
use palisade_web::{Fields, Outcome, Page, PathId, ProtectedForm, Visitor, Width, component::date_words, see_other};
use serde::Deserialize;

use super::{
    Pages,
    show::holds,
    steps::{NOTES, SkillRow, Step, ToolRow, steps},
    words::{Degree, SCALE, path, path_to},
};
use crate::{
    evaluation::{Evaluation, EvaluationKind, Marks, SkillMark, State as Stage, ToolMark},
    types::{CUSTOM_TOOL, SPECIAL_SKILL},
};

#[derive(Deserialize)]
pub(super) struct Place {
    category: Option<String>,
}

#[derive(Template)]
#[template(path = "evaluation/fill.html")]
struct Body<'a> {
    visitor: &'a Visitor,
    evaluation: &'a Evaluation,
    owner: String,
    steps: &'a [Step],
    current: usize,
    /// What a category looks like, for the script.
    pattern: Step,
    scale: &'static [Degree],
    extras: Vec<(&'static str, String)>,
}

impl Body<'_> {
    fn rated(&self) -> usize {
        self.steps.iter().map(Step::rated).sum()
    }

    fn skills(&self) -> usize {
        self.steps.iter().map(|step| step.skills.len()).sum()
    }

    /// The steps and what is said about the whole.
    fn places(&self) -> usize {
        self.steps.len() + 1
    }

    fn title_at(&self, index: &usize) -> &str {
        self.steps.get(*index).map_or("Notes", |step| step.title.as_str())
    }

    fn is_at(&self, index: &usize) -> bool {
        self.current == *index
    }

    fn is_first(&self) -> bool {
        self.current == 0
    }

    /// The category that the page shows; none where it shows the notes.
    fn shown(&self) -> Option<&Step> {
        self.steps.get(self.current)
    }

    fn title_after(&self) -> &str {
        self.title_at(&(self.current + 1))
    }

    fn others(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().enumerate().filter(|(index, _)| *index != self.current).map(|(_, step)| step)
    }

    fn notes(&self) -> &str {
        self.evaluation.notes.as_deref().unwrap_or_default()
    }

    fn path_to(&self, act: &str) -> String {
        path_to(self.evaluation.id(), act)
    }
}

pub(super) async fn show(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    place: Result<Query<Place>, QueryRejection>,
) -> Outcome {
    let place = place.map_err(|e| Error::field("category", "Choose one category.").caused_by(e))?.0;
    if !is_own_draft(&visitor.caller, &pages.peek(&visitor.caller, id).await?) {
        return Ok(see_other(path(id)));
    }
    let (evaluation, marks) = pages.evaluations.open(&visitor.caller, id).await?;
    let steps = steps_of(&pages, &visitor.caller, id, &marks).await?;
    let body = Body {
        owner: visitor.caller.person.map(|person| person.to_string()).unwrap_or_default(),
        visitor: &visitor,
        evaluation: &evaluation,
        current: index_of(&steps, place.category.as_deref()),
        pattern: Step::pattern(id, steps.iter().any(Step::has_last)),
        steps: &steps,
        scale: &SCALE,
        extras: extras(&visitor.caller, &evaluation),
    };
    let title = match evaluation.kind {
        EvaluationKind::SelfRated => "Rate yourself".to_owned(),
        EvaluationKind::Manager => format!("Evaluate {}", evaluation.employee_name),
    };
    let lead = format!("As of {}. What you leave blank stays blank.", date_words(evaluation.evaluated_on));
    Page::new(&visitor, title).crumbs(super::crumbs()).lead(lead).script("wizard.js").width(Width::Wide).body(&body)
}

/// Where skills and tools that no list has are entered, with what is known already filled in.
fn extras(caller: &Caller, evaluation: &Evaluation) -> Vec<(&'static str, String)> {
    let about = format!("employee_id={}", evaluation.employee);
    [("Add a special skill", &SPECIAL_SKILL), ("Add an own tool", &CUSTOM_TOOL)]
        .into_iter()
        .filter(|(_, ty)| holds(caller, ty.verbs.create.permission))
        .map(|(label, ty)| (label, format!("/{}/new?{about}", ty.path)))
        .collect()
}

pub(super) fn is_own_draft(caller: &Caller, evaluation: &Evaluation) -> bool {
    evaluation.state == Stage::Draft && caller.person == Some(evaluation.evaluator)
}

async fn steps_of(pages: &Pages, caller: &Caller, id: RecordId, marks: &Marks) -> Result<Vec<Step>, Error> {
    let last = pages.evaluations.previous_marks(caller, id).await?;
    let catalogue = pages.catalogue(caller).await?;
    Ok(steps(&catalogue, marks, &last))
}

/// The place of a category; the first where there is none of that key.
fn index_of(steps: &[Step], key: Option<&str>) -> usize {
    match key {
        Some(NOTES) => steps.len(),
        Some(key) => steps.iter().position(|step| step.key == key).unwrap_or_default(),
        None => 0,
    }
}

/// Takes what one category's form says, and goes on: only what was changed on that page is saved, so that what another
/// device has saved meanwhile stays.
pub(super) async fn save(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Outcome {
    let (_, marks) = pages.evaluations.open(&visitor.caller, id).await?;
    let steps = steps_of(&pages, &visitor.caller, id, &marks).await?;
    let index = index_of(&steps, fields.text("category"));
    let act = fields.text("go").unwrap_or("next");
    match steps.get(index) {
        Some(step) => {
            let changed = if act == "last" { from_last(step, visitor.now) } else { Marks::default() };
            let changed = merged(from_form(step, &fields, visitor.now)?, changed);
            if !changed.is_empty() {
                pages.evaluations.mark(&visitor.caller, id, &changed).await?;
            }
        }
        None => save_notes(&pages, &visitor.caller, id, fields.text("notes").unwrap_or_default()).await?,
    }
    let next = match act {
        "previous" => index.saturating_sub(1),
        "last" => index,
        _ => index + 1,
    };
    if next > steps.len() || act == "check" {
        return Ok(see_other(path_to(id, "check")));
    }
    let key = steps.get(next).map_or(NOTES, |step| step.key.as_str());
    Ok(see_other(format!("{}?category={key}", path_to(id, "fill"))))
}

/// Saves what is said about the whole, where it differs.
pub(super) async fn save_notes(pages: &Pages, caller: &Caller, id: RecordId, notes: &str) -> Result<(), Error> {
    let now = pages.peek(caller, id).await?;
    let notes = notes.trim();
    if now.notes.as_deref().unwrap_or_default() == notes && is_own_draft(caller, &now) {
        return Ok(());
    }
    pages.evaluations.set_details(caller, (id, now.version), now.evaluated_on, notes, now.reviewer).await
}

/// The changes of a form, and what is filled in from the last evaluation where the form says nothing.
fn merged(mut changed: Marks, last: Marks) -> Marks {
    for mark in last.skills {
        match changed.skills.iter_mut().find(|known| known.skill == mark.skill) {
            Some(known) => known.rating = known.rating.or(mark.rating),
            None => changed.skills.push(mark),
        }
    }
    for mark in last.tools {
        match changed.tools.iter_mut().find(|known| known.tool == mark.tool) {
            Some(known) => {
                known.can_operate = known.can_operate.or(mark.can_operate);
                known.truck_stock = known.truck_stock.or(mark.truck_stock);
            }
            None => changed.tools.push(mark),
        }
    }
    changed
}

/// "Same as last time": only what is blank.
fn from_last(step: &Step, now: Instant) -> Marks {
    let skill = |row: &SkillRow| {
        let rating = row.last.filter(|_| row.rating().is_none())?;
        let note = row.mark.as_ref().and_then(|mark| mark.note.clone());
        Some(SkillMark { skill: row.id, rating: Some(rating), note, tapped_at: now })
    };
    let tool = |row: &ToolRow| {
        let last = row.last.as_ref()?;
        let known = row.mark.clone();
        let (can, truck) = known.as_ref().map_or((None, None), |mark| (mark.can_operate, mark.truck_stock));
        let mark = ToolMark {
            tool: row.id,
            can_operate: can.or(last.can_operate),
            truck_stock: truck.or(last.truck_stock),
            note: known.and_then(|mark| mark.note),
            tapped_at: now,
        };
        ((mark.can_operate, mark.truck_stock) != (can, truck)).then_some(mark)
    };
    Marks {
        skills: step.skills.iter().filter_map(skill).collect(),
        tools: step.tools.iter().filter_map(tool).collect(),
    }
}

/// What was changed on the form, as against what it was shown with.
fn from_form(step: &Step, fields: &Fields, now: Instant) -> Result<Marks, Error> {
    let shown = fields.text("shown").unwrap_or_default();
    let shown = |id: RecordId| {
        let id = id.to_string();
        shown.split(' ').find_map(|pair| pair.strip_prefix(id.as_str())?.strip_prefix('=')).unwrap_or_default()
    };
    let mut marks = Marks::default();
    for row in &step.skills {
        let given = fields.text(&format!("s-{}", row.id)).unwrap_or_default();
        let note = fields.text(&format!("n-{}", row.id)).unwrap_or_default();
        if given != shown(row.id) || note != row.note() {
            let note = (!note.is_empty()).then(|| note.to_owned());
            marks.skills.push(SkillMark { skill: row.id, rating: rating(given)?, note, tapped_at: now });
        }
    }
    for row in &step.tools {
        let operates = fields.text(&format!("o-{}", row.id)).unwrap_or_default();
        let on_truck = fields.is_ticked(&format!("k-{}", row.id));
        let note = fields.text(&format!("m-{}", row.id)).unwrap_or_default();
        let was = shown(row.id);
        if format!("{operates}{}", if on_truck { "+" } else { "" }) != was || note != row.note() {
            let unticked = was.ends_with('+') || row.is_truck_answered();
            marks.tools.push(ToolMark {
                tool: row.id,
                can_operate: answer(operates)?,
                truck_stock: if on_truck { Some(true) } else { unticked.then_some(false) },
                note: (!note.is_empty()).then(|| note.to_owned()),
                tapped_at: now,
            });
        }
    }
    Ok(marks)
}

fn rating(given: &str) -> Result<Option<u8>, Error> {
    match given {
        "" => Ok(None),
        digits => match digits.parse::<u8>() {
            Ok(rating @ 1..=5) => Ok(Some(rating)),
            _ => Err(Error::field("rating", "A rating is a number from 1 to 5, or blank.")),
        },
    }
}

fn answer(given: &str) -> Result<Option<bool>, Error> {
    match given {
        "" => Ok(None),
        "yes" => Ok(Some(true)),
        "no" => Ok(Some(false)),
        _ => Err(Error::field("can_operate", "Answer with yes or no, or leave it blank.")),
    }
}
