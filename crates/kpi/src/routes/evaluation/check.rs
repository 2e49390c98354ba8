//! Before handing in: what differs from the last time, what is left blank, and what is said about the whole.

use askama::Template;
use axum::extract::State;
use palisade_base::{Caller, Error, Kind, PersonId, RecordId};
use palisade_web::{
    Fields, FormView, Notice, Outcome, Page, PathId, ProtectedForm, Visitor, Width,
    component::{Cell, Choice, Field, Head, Row, Table},
    see_other, see_other_with,
};

use super::{
    LIST, Pages, crumbs_below, fill,
    start::parse_day,
    steps::{SkillRow, Step, ToolRow, steps},
    words::{path, path_to},
};
use crate::evaluation::{Evaluation, EvaluationKind, Marks};
use crate::routes::figures::counted;

#[derive(Template)]
#[template(path = "evaluation/check.html")]
struct Body<'a> {
    visitor: &'a Visitor,
    evaluation: &'a Evaluation,
    has_last: bool,
    changed: Option<Table>,
    tools: Option<Table>,
    first_time: usize,
    left_out: Vec<String>,
    coverage: Vec<(&'a str, String, usize, usize)>,
    fields: Vec<Field>,
}

impl Body<'_> {
    fn path_to(&self, act: &str) -> String {
        path_to(self.evaluation.id(), act)
    }

    fn first_time_words(&self) -> String {
        counted(self.first_time, "skill is", "skills are")
    }
}

pub(super) async fn show(State(pages): State<Pages>, visitor: Visitor, PathId(id): PathId<RecordId>) -> Outcome {
    show_with(&pages, &visitor, id, None).await
}

async fn show_with(pages: &Pages, visitor: &Visitor, id: RecordId, form: Option<FormView>) -> Outcome {
    if !fill::is_own_draft(&visitor.caller, &pages.peek(&visitor.caller, id).await?) {
        return Ok(see_other(path(id)));
    }
    let (evaluation, marks) = pages.evaluations.open(&visitor.caller, id).await?;
    let last = pages.evaluations.previous_marks(&visitor.caller, id).await?;
    let catalogue = pages.catalogue(&visitor.caller).await?;
    let steps = steps(&catalogue, &marks, &last);
    let form = form.unwrap_or_else(|| stored(&evaluation));
    let body = Body {
        has_last: !last.is_empty(),
        changed: changed_skills(&steps),
        tools: changed_tools(&steps),
        first_time: rows(&steps).filter(|(_, row)| row.last.is_none() && row.rating().is_some()).count(),
        left_out: left_out(&steps),
        coverage: coverage(id, &steps),
        fields: fields(pages, &visitor.caller, &evaluation, &form).await?,
        visitor,
        evaluation: &evaluation,
    };
    Page::new(visitor, "Check and hand in")
        .crumbs(crumbs_below(&evaluation))
        .lead(lead(&evaluation, &marks, &steps))
        .width(Width::Reading)
        .errors(form.summary())
        .body(&body)
}

fn lead(evaluation: &Evaluation, marks: &Marks, steps: &[Step]) -> String {
    let all = steps.iter().map(|step| step.skills.len()).sum::<usize>();
    let whose = match evaluation.kind {
        EvaluationKind::SelfRated => "You have rated yourself in".to_owned(),
        EvaluationKind::Manager => format!("You have rated {} in", evaluation.employee_name),
    };
    format!("{whose} {} of {all} skills. What is blank says nothing; it does not count as a low rating.", marks.rated())
}

fn stored(evaluation: &Evaluation) -> FormView {
    FormView::new()
        .value("version", evaluation.version.to_string())
        .value("evaluation_date", evaluation.evaluated_on.to_string())
        .value("notes", evaluation.notes.clone().unwrap_or_default())
        .value("reviewer_id", evaluation.reviewer.map(|person| person.to_string()).unwrap_or_default())
}

async fn fields(pages: &Pages, caller: &Caller, evaluation: &Evaluation, form: &FormView) -> Result<Vec<Field>, Error> {
    let day = Field::date("evaluation_date", "As of").max(pages.records.today().to_string()).required();
    let hint = match evaluation.kind {
        EvaluationKind::SelfRated => "What your manager should know. They can read this once you hand it in.",
        EvaluationKind::Manager => {
            "With examples: what went well, what to work on. The employee can read this once you hand it in."
        }
    };
    let notes = Field::area("notes", "Notes on the whole", 5).hint(hint).max_length(4_000).optional();
    let mut fields = vec![form.fill(day), form.fill(notes)];
    let reviewers = pages.evaluations.reviewers(caller, evaluation.id()).await?;
    if !reviewers.is_empty() {
        let anybody = Choice::new("", "Anybody who may review it");
        let named = reviewers.into_iter().map(|(person, name)| Choice::new(person.to_string(), name));
        fields.push(form.fill(Field::select(
            "reviewer_id",
            "Who should review it",
            [anybody].into_iter().chain(named),
        )));
    }
    Ok(fields)
}

fn rows(steps: &[Step]) -> impl Iterator<Item = (&Step, &SkillRow)> {
    steps.iter().flat_map(|step| step.skills.iter().map(move |row| (step, row)))
}

/// Ratings that are others than the last time.
fn changed_skills(steps: &[Step]) -> Option<Table> {
    let changed = rows(steps).filter_map(|(step, row)| {
        let (last, now) = (row.last?, row.rating()?);
        (last != now).then(|| {
            let change = i16::from(now) - i16::from(last);
            let change = if change > 0 { format!("+{change}") } else { format!("−{}", -change) };
            Row::new([
                Cell::text(&row.name),
                Cell::text(&step.title),
                Cell::number(last),
                Cell::number(now),
                Cell::number(change),
            ])
        })
    });
    let changed: Vec<_> = changed.collect();
    let heads = [
        Head::new("Skill"),
        Head::new("Category"),
        Head::new("Last time").number(),
        Head::new("Now").number(),
        Head::new("Change").number(),
    ];
    (!changed.is_empty()).then(|| Table::new("Ratings that differ from the last time", heads).rows(changed))
}

/// Tools about which something else is said than the last time.
fn changed_tools(steps: &[Step]) -> Option<Table> {
    let all = steps.iter().flat_map(|step| step.tools.iter().map(move |row| (step, row)));
    let changed: Vec<_> = all
        .filter_map(|(step, row)| {
            let what = tool_change(row)?;
            Some(Row::new([Cell::text(&row.name), Cell::text(&step.title), Cell::text(what)]))
        })
        .collect();
    let heads = [Head::new("Tool"), Head::new("Category"), Head::new("What is different")];
    (!changed.is_empty()).then(|| Table::new("Tools that differ from the last time", heads).rows(changed))
}

fn tool_change(row: &ToolRow) -> Option<String> {
    let (last, now) = (row.last.as_ref()?, row.mark.as_ref()?);
    let mut words = Vec::new();
    match (last.can_operate, now.can_operate) {
        (Some(false), Some(true)) => words.push("can operate it now"),
        (Some(true), Some(false)) => words.push("can't operate it any more"),
        _ => {}
    }
    match (last.truck_stock, now.truck_stock) {
        (Some(false) | None, Some(true)) => words.push("on the truck now"),
        (Some(true), Some(false)) => words.push("not on the truck any more"),
        _ => {}
    }
    (!words.is_empty()).then(|| words.join(", "))
}

/// Skills that were rated the last time and are blank now.
fn left_out(steps: &[Step]) -> Vec<String> {
    let gone = rows(steps).filter(|(_, row)| row.last.is_some() && row.rating().is_none());
    gone.map(|(step, row)| format!("{} ({})", row.name, step.title)).collect()
}

/// How many skills of each category are rated; each leads back to its category.
fn coverage(id: RecordId, steps: &[Step]) -> Vec<(&str, String, usize, usize)> {
    let with_skills = steps.iter().filter(|step| !step.skills.is_empty());
    let path = |step: &Step| format!("{}?category={}", path_to(id, "fill"), step.key);
    with_skills.map(|step| (step.title.as_str(), path(step), step.rated(), step.skills.len())).collect()
}

/// Saves what is said about the whole, without handing in.
pub(super) async fn save(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Outcome {
    match set_details(&pages, &visitor.caller, id, &fields).await {
        Ok(()) => Ok(see_other_with(LIST, &Notice::ok("Saved. You can go on whenever you like."))),
        Err(error) => again(&pages, &visitor, id, &fields, error).await,
    }
}

pub(super) async fn complete(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Outcome {
    match try_complete(&pages, &visitor.caller, id, &fields).await {
        Ok(()) => Ok(see_other_with(path(id), &Notice::ok("Handed in. It counts from now on."))),
        Err(error) => again(&pages, &visitor, id, &fields, error).await,
    }
}

async fn try_complete(pages: &Pages, caller: &Caller, id: RecordId, fields: &Fields) -> Result<(), Error> {
    set_details(pages, caller, id, fields).await?;
    let version = pages.peek(caller, id).await?.version;
    pages.evaluations.complete(caller, (id, version)).await
}

async fn set_details(pages: &Pages, caller: &Caller, id: RecordId, fields: &Fields) -> Result<(), Error> {
    fields.expect_only(&["version", "evaluation_date", "notes", "reviewer_id"], &[])?;
    let version = fields.text("version").and_then(|text| text.parse().ok());
    let version: i64 = version.ok_or_else(|| Error::field("version", "Load the page again, and send it once more."))?;
    let day = parse_day(fields.text("evaluation_date").unwrap_or_default())?;
    let reviewer = match fields.text("reviewer_id").filter(|id| !id.is_empty()) {
        Some(id) => {
            Some(id.parse::<PersonId>().map_err(|_| Error::field("reviewer_id", "Choose somebody from the list."))?)
        }
        None => None,
    };
    let notes = fields.text("notes").unwrap_or_default();
    pages.evaluations.set_details(caller, (id, version), day, notes, reviewer).await
}

/// What is wrong with the form is shown on it; everything else has its own page.
async fn again(pages: &Pages, visitor: &Visitor, id: RecordId, fields: &Fields, error: Error) -> Outcome {
    if error.kind() != Kind::Invalid {
        return Err(error.into());
    }
    show_with(pages, visitor, id, Some(FormView::kept(fields).failed(&error))).await
}
