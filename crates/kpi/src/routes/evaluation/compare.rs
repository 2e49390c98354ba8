//! Two evaluations of one person side by side: what differs first, then everything.

use askama::Template;
use axum::extract::{Query, State, rejection::QueryRejection};
use palisade_base::{Caller, Error, RecordId};
use palisade_records::ListRequest;
use palisade_web::{
    Html, Outcome, Page, PathId, Visitor, Width,
    component::{Breadcrumbs, Choice, EmptyState, Field, date_words},
};
use serde::Deserialize;

use super::{
    Pages, crumbs_below,
    words::{label, path_to},
};
use crate::{
    evaluation::{
        ComparedCategory, ComparedSkill, ComparedTool, Comparison, Evaluation, EvaluationKind, State as Stage, ToolMark,
    },
    routes::development::GoalLinks,
    routes::figures::counted,
    scoring::{Difference, Score},
    types::EVALUATION,
};

/// More than somebody has in a working life of quarters.
const MOST: u64 = 400;

#[derive(Deserialize)]
pub(super) struct With {
    with: Option<String>,
}

#[derive(Template)]
#[template(path = "evaluation/compare.html")]
struct Body {
    choose: Field,
    path: String,
    names: [String; 2],
    /// As they stand over columns.
    short: [String; 2],
    /// Whether a side is somebody's own word: drawn dashed.
    own: [bool; 2],
    differing: Vec<SkillLine>,
    tools: Vec<(String, &'static str)>,
    categories: Vec<CategoryLine>,
}

/// A skill in both.
struct SkillLine {
    name: String,
    category: String,
    a: Option<u8>,
    b: Option<u8>,
    difference: Option<i8>,
    goal: Option<Html>,
}

/// A category in both: the means over the skills that both rate, and each skill.
struct CategoryLine {
    name: String,
    a: Option<Score>,
    b: Option<Score>,
    difference: Option<Difference>,
    skills: Vec<SkillLine>,
}

#[derive(Template)]
#[template(source = "{{ nothing }}", ext = "html")]
struct NothingToCompare {
    nothing: EmptyState,
}

pub(super) async fn show(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    with: Result<Query<With>, QueryRejection>,
) -> Outcome {
    let with = with.map_err(|e| Error::field("with", "Choose one evaluation.").caused_by(e))?.0.with;
    let this = pages.peek(&visitor.caller, id).await?;
    let others = others(&pages, &visitor.caller, &this).await?;
    let other = match with.filter(|id| !id.is_empty()) {
        Some(id) => Some(id.parse::<RecordId>().map_err(|_| Error::not_found())?),
        None => counterpart(&this, &others).map(Evaluation::id),
    };
    let Some(other) = other else { return nothing_to_compare(&visitor, &this) };
    let (a, b) = sides(&this, &pages.peek(&visitor.caller, other).await?);
    let comparison = pages.evaluations.compare(&visitor.caller, a, b).await?;
    let links = GoalLinks::new(&pages.records, &visitor.caller, (this.employee, pages.records.today())).await?;
    let body = body((&comparison, links.as_ref()), &this, other, &others);
    Page::new(&visitor, format!("Compare {}", this.employee_name))
        .crumbs(crumbs(&this))
        .lead(lead(&comparison, &body))
        .width(Width::Wide)
        .body(&body)
}

fn crumbs(evaluation: &Evaluation) -> Breadcrumbs {
    crumbs_below(evaluation)
}

/// The other evaluations of this person that the caller sees and that were handed in, the newest first.
async fn others(pages: &Pages, caller: &Caller, this: &Evaluation) -> Result<Vec<Evaluation>, Error> {
    let place = |name: &str| EVALUATION.position(name).ok_or_else(|| Error::internal("a field of evaluations is gone"));
    let request = ListRequest {
        filters: vec![(place("employee_id")?, this.employee.into())],
        sort: Some(place("evaluation_date")?),
        is_descending: true,
        limit: MOST,
        ..ListRequest::default()
    };
    let found = pages.records.list(caller, &EVALUATION, &request).await?.records;
    let all = found.into_iter().map(Evaluation::from_record).collect::<Result<Vec<_>, _>>()?;
    Ok(all.into_iter().filter(|other| other.id() != this.id() && other.state != Stage::Draft).collect())
}

/// What it is compared with where nothing else is asked for: the newest of the other kind; else the newest of all.
fn counterpart<'a>(this: &Evaluation, others: &'a [Evaluation]) -> Option<&'a Evaluation> {
    others.iter().find(|other| other.kind != this.kind).or_else(|| others.first())
}

/// One's own word stands before a manager's, the earlier before the later.
fn sides(this: &Evaluation, other: &Evaluation) -> (RecordId, RecordId) {
    let rank = |e: &Evaluation| (e.kind == EvaluationKind::Manager, e.evaluated_on, e.record.created_at);
    let by_time = |e: &Evaluation| (e.evaluated_on, e.record.created_at);
    let this_first = if this.kind == other.kind { by_time(this) <= by_time(other) } else { rank(this) <= rank(other) };
    if this_first { (this.id(), other.id()) } else { (other.id(), this.id()) }
}

fn nothing_to_compare(visitor: &Visitor, this: &Evaluation) -> Outcome {
    let text = "As soon as a second evaluation of the same person is handed in, the two can be laid side by side.";
    let nothing =
        EmptyState::new("There is nothing to compare with yet", text).action("Back", super::words::path(this.id()));
    Page::new(visitor, format!("Compare {}", this.employee_name))
        .crumbs(crumbs(this))
        .width(Width::Reading)
        .body(&NothingToCompare { nothing })
}

fn body(
    (comparison, links): (&Comparison, Option<&GoalLinks>),
    this: &Evaluation,
    other: RecordId,
    others: &[Evaluation],
) -> Body {
    let choices = others.iter().map(|known| Choice::new(known.id().to_string(), label(known)));
    let categories: Vec<_> = comparison.categories.iter().map(category_line).collect();
    let mut differing: Vec<SkillLine> =
        comparison.categories.iter().flat_map(|category| differing_skills(category, links)).collect();
    differing.sort_by_key(|line| std::cmp::Reverse(line.difference.map_or(0, i8::unsigned_abs)));
    Body {
        choose: Field::select("with", format!("{} against", label(this)), choices).value(other.to_string()),
        path: path_to(this.id(), "compare"),
        names: [label(&comparison.a), label(&comparison.b)],
        short: short(&comparison.a, &comparison.b),
        own: [&comparison.a, &comparison.b].map(|side| side.kind == EvaluationKind::SelfRated),
        differing,
        tools: comparison.tool_categories.iter().flat_map(tool_lines).collect(),
        categories,
    }
}

fn line(category: &str, skill: &ComparedSkill) -> SkillLine {
    let rating = |mark: &Option<crate::evaluation::SkillMark>| mark.as_ref().and_then(|mark| mark.rating);
    SkillLine {
        name: skill.name.clone(),
        category: category.to_owned(),
        a: rating(&skill.a),
        b: rating(&skill.b),
        difference: skill.difference(),
        goal: None,
    }
}

fn differing_skills(category: &ComparedCategory<ComparedSkill>, links: Option<&GoalLinks>) -> Vec<SkillLine> {
    let lines = category.items.iter().map(|skill| {
        let line = line(&category.name, skill);
        // The second is the manager's word, or the later one.
        let goal = links.zip(line.b).and_then(|(links, rating)| links.to_next_rating((skill.id, &skill.name), rating));
        SkillLine { goal, ..line }
    });
    lines.filter(|line| line.difference.is_some_and(|difference| difference != 0)).collect()
}

fn category_line(category: &ComparedCategory<ComparedSkill>) -> CategoryLine {
    let skills: Vec<_> = category.items.iter().map(|skill| line(&category.name, skill)).collect();
    let both = || skills.iter().filter_map(|line| Some((line.a?, line.b?)));
    let count = u32::try_from(both().count()).unwrap_or(u32::MAX);
    let a = Score::of(both().map(|(a, _)| u32::from(a)).sum(), count);
    let b = Score::of(both().map(|(_, b)| u32::from(b)).sum(), count);
    let difference = a.zip(b).map(|(a, b)| b.minus(a));
    CategoryLine { name: category.name.clone(), a, b, difference, skills }
}

/// Two of a kind are told apart by their day, and others by whose word they are.
fn short(a: &Evaluation, b: &Evaluation) -> [String; 2] {
    if a.kind == b.kind {
        return [a, b].map(|side| date_words(side.evaluated_on));
    }
    [a, b].map(|side| match side.kind {
        EvaluationKind::SelfRated => "Self".to_owned(),
        EvaluationKind::Manager => "Manager".to_owned(),
    })
}

/// Tools about which both say something, and not the same.
fn tool_lines(category: &ComparedCategory<ComparedTool>) -> Vec<(String, &'static str)> {
    let both = |tool: &ComparedTool, say: fn(&ToolMark) -> Option<bool>| {
        let (a, b) = (tool.a.as_ref().and_then(say)?, tool.b.as_ref().and_then(say)?);
        (a != b).then_some(b)
    };
    let mut lines = Vec::new();
    for tool in &category.items {
        let name = || format!("{} ({})", tool.name, category.name);
        if let Some(can) = both(tool, |mark| mark.can_operate) {
            lines.push((name(), if can { "can operate it now" } else { "can’t operate it, other than before" }));
        }
        if let Some(on) = both(tool, |mark| mark.truck_stock) {
            lines.push((name(), if on { "on the truck now" } else { "not on the truck, other than before" }));
        }
    }
    lines
}

fn lead(comparison: &Comparison, body: &Body) -> String {
    let (higher, lower) = (count(body, |d| d > 0), count(body, |d| d < 0));
    let both = body.categories.iter().flat_map(|c| &c.skills).filter(|line| line.difference.is_some()).count();
    if both == 0 {
        return "No skill is rated in both.".to_owned();
    }
    let of = counted(both, "skill that both rate", "skills that both rate");
    let second = match comparison.b.kind {
        EvaluationKind::Manager if comparison.a.kind != comparison.b.kind => "the manager",
        _ => "the second",
    };
    match (higher, lower) {
        (0, 0) => format!("The two agree on every one of the {of}."),
        _ => format!("Of the {of}, {second} rates {higher} higher and {lower} lower."),
    }
}

fn count(body: &Body, is: impl Fn(i8) -> bool) -> usize {
    body.differing.iter().filter(|line| line.difference.is_some_and(&is)).count()
}

impl SkillLine {
    /// `+1`, `−2`, `0`; nothing where one of the two is blank.
    fn change(&self) -> String {
        match self.difference {
            Some(0) => "0".to_owned(),
            Some(up @ 1..) => format!("+{up}"),
            Some(down) => format!("−{}", down.unsigned_abs()),
            None => String::new(),
        }
    }
}

/// Where a rating stands on the little scale, in its own units.
fn place(rating: &u8) -> u32 {
    8 + 26 * u32::from(rating.saturating_sub(1))
}

fn shown(rating: &Option<u8>) -> String {
    rating.map_or_else(|| "–".to_owned(), |rating| rating.to_string())
}

fn score(score: &Option<Score>) -> String {
    score.map_or_else(|| "–".to_owned(), |score| score.to_string())
}
