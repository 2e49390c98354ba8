//! One evaluation: what it comes to, category by category, how far it has come, and what this visitor may do with it.

use askama::Template;
use axum::extract::State;
use palisade_base::{Caller, Permission, RecordId, Scope};
use palisade_web::{
    Html, Icon, Outcome, Page, PathId, Visitor, Width,
    component::{ActionForm, Badge, ButtonLink, Facts, When, date_words},
};

use super::{
    Pages, crumbs, fill,
    steps::{SkillRow, Step, ToolRow, steps},
    words::{SCALE, kind_words, path, path_to, state_badge, title},
};
use crate::{
    evaluation::{Evaluation, EvaluationKind, Marks, State as Stage},
    routes::figures::counted,
    scoring::{CatalogueView, CategoryScore, Score, category_scores, overall},
    standing::{CurrentSkill, Source, Standing},
    types::{AMEND, REVIEW},
};

#[derive(Template)]
#[template(path = "evaluation/show.html")]
struct Body<'a> {
    evaluation: &'a Evaluation,
    returned: Option<&'a str>,
    categories: Vec<Category<'a>>,
    untouched: String,
    facts: Facts,
}

/// A category with what it comes to.
struct Category<'a> {
    step: &'a Step,
    score: Option<Score>,
}

impl Category<'_> {
    fn skills(&self) -> impl Iterator<Item = &SkillRow> {
        self.step.skills.iter().filter(|row| row.mark.is_some())
    }

    fn tools(&self) -> impl Iterator<Item = &ToolRow> {
        self.step.tools.iter().filter(|row| row.mark.is_some())
    }

    fn is_touched(&self) -> bool {
        self.skills().next().is_some() || self.tools().next().is_some()
    }

    fn has_tools(&self) -> bool {
        self.tools().next().is_some()
    }

    fn coverage(&self) -> String {
        match self.step.skills.len() {
            0 => counted(self.tools().count(), "tool", "tools"),
            all => format!("{} of {all}", self.step.rated()),
        }
    }
}

impl SkillRow {
    fn words(&self) -> &'static str {
        let degree = SCALE.iter().find(|degree| self.rating() == Some(degree.rating));
        degree.map_or("", |degree| degree.short)
    }
}

pub(super) async fn show(State(pages): State<Pages>, visitor: Visitor, PathId(id): PathId<RecordId>) -> Outcome {
    let (evaluation, marks) = pages.evaluations.open(&visitor.caller, id).await?;
    let catalogue = pages.catalogue(&visitor.caller).await?;
    let steps = steps(&catalogue, &marks, &Marks::default());
    let scores = scores(&catalogue, &evaluation, &marks);
    let all: Vec<_> = steps.iter().map(|step| Category { step, score: score_of(&scores, step) }).collect();
    let (categories, untouched): (Vec<_>, Vec<_>) = all.into_iter().partition(Category::is_touched);
    let untouched: Vec<_> = untouched.iter().map(|category| category.step.title.as_str()).collect();
    let body = Body {
        returned: evaluation.return_reason.as_deref().filter(|_| evaluation.state == Stage::Draft),
        categories,
        untouched: untouched.join(", "),
        facts: facts(&visitor, &evaluation),
        evaluation: &evaluation,
    };
    let mut page = Page::new(&visitor, title(&evaluation))
        .crumbs(crumbs())
        .lead(lead(&evaluation, &marks, overall(&scores), catalogue.skill_count()))
        .width(Width::Reading);
    for act in acts(&visitor, &evaluation) {
        page = page.action(act);
    }
    page.body(&body)
}

/// What this one evaluation comes to, by the one definition of scores.
fn scores(catalogue: &CatalogueView, evaluation: &Evaluation, marks: &Marks) -> Vec<CategoryScore> {
    let source = match evaluation.kind {
        EvaluationKind::SelfRated => Source::SelfRated,
        EvaluationKind::Manager => Source::Manager,
    };
    let mut standing = Standing::empty(evaluation.employee);
    standing.skills = marks
        .skills
        .iter()
        .filter_map(|mark| {
            let (skill, rating, rated_on) = (mark.skill, mark.rating?, evaluation.evaluated_on);
            Some(CurrentSkill { skill, rating, source, rated_on, self_rating: None })
        })
        .collect();
    category_scores(catalogue, &standing)
}

fn score_of(scores: &[CategoryScore], step: &Step) -> Option<Score> {
    scores.iter().find(|score| score.category.to_string() == step.key).and_then(|score| score.mean)
}

fn lead(evaluation: &Evaluation, marks: &Marks, overall: Option<Score>, all: usize) -> String {
    let date = date_words(evaluation.evaluated_on);
    match overall {
        Some(score) => {
            format!(
                "{score} of 5 as of {date}, from {} of {all} skills: the mean of the category means.",
                marks.rated()
            )
        }
        None => format!("Nothing is rated yet, as of {date}."),
    }
}

fn facts(visitor: &Visitor, evaluation: &Evaluation) -> Facts {
    let zone = &visitor.navigation.zone;
    let mut facts = Facts::new()
        .component("State", &state_badge(evaluation.state))
        .text("Kind", kind_words(evaluation.kind))
        .text("About", &evaluation.employee_name)
        .text("By", &evaluation.evaluator_name)
        .component("Started", &When::new(evaluation.record.created_at, visitor.now, zone));
    if let Some(day) = evaluation.completed_on {
        facts = facts.text("Handed in", date_words(day));
    }
    if let Some(name) = evaluation.reviewer_name.as_ref().filter(|_| evaluation.reviewed_on.is_none()) {
        facts = facts.text("To be reviewed by", name);
    }
    if let Some(day) = evaluation.reviewed_on {
        let by = evaluation.reviewed_by_name.as_deref().unwrap_or("somebody who is gone");
        facts = facts.text("Reviewed", format!("{}, by {by}", date_words(day)));
    }
    if let Some(tier) = &evaluation.tier_name {
        facts = facts.text("Tier at the time", tier);
    }
    if let Some(old) = evaluation.amends {
        let link = ButtonLink::second("The evaluation that it corrects", path(old)).small();
        facts = facts.component("Corrects", &link);
    }
    if evaluation.record.archived_at.is_some() {
        facts = facts.component("Replaced", &Badge::warn("A corrected copy stands in its place"));
    }
    facts
}

/// The buttons that work for this visitor now.
fn acts(visitor: &Visitor, evaluation: &Evaluation) -> Vec<Html> {
    let (id, caller) = (evaluation.id(), &visitor.caller);
    let form = |act: &str, label: &str| {
        ActionForm::new(path_to(id, act), &visitor.csrf, label).with("version", evaluation.version.to_string())
    };
    let mut acts = Vec::new();
    let is_author = caller.person == Some(evaluation.evaluator);
    match evaluation.state {
        Stage::Draft if fill::is_own_draft(caller, evaluation) => {
            acts.push(Html::from_component(&ButtonLink::first("Continue", path_to(id, "fill"))));
            acts.push(Html::from_component(&ButtonLink::second("Throw away", path_to(id, "discard"))));
        }
        Stage::Draft => {}
        Stage::Completed => {
            if may_review(caller, evaluation) {
                acts.push(Html::from_component(&form("review", "Mark as reviewed").first()));
                acts.push(Html::from_component(&ButtonLink::second("Give back", path_to(id, "return"))));
            }
            if is_author {
                acts.push(Html::from_component(&form("take-back", "Take back")));
            }
        }
        Stage::Reviewed => {
            if holds(caller, AMEND) {
                let correct = ButtonLink::second("Correct", path_to(id, "amend")).icon(Icon::Edit);
                acts.push(Html::from_component(&correct));
            }
        }
    }
    if evaluation.state != Stage::Draft {
        acts.push(Html::from_component(&ButtonLink::second("Compare", path_to(id, "compare"))));
    }
    acts
}

/// Nobody confirms their own work, and nobody what was said about themselves. Whom the evaluation was sent to or whose
/// team it is about is decided by the rows that they see.
pub(super) fn may_review(caller: &Caller, evaluation: &Evaluation) -> bool {
    let own = caller.person.map(RecordId::from);
    let is_author = caller.person == Some(evaluation.evaluator);
    holds(caller, REVIEW)
        && evaluation.record.subject() != own
        && !(is_author && evaluation.kind == EvaluationKind::Manager)
        && evaluation.state == Stage::Completed
}

pub(super) fn holds(caller: &Caller, permission: &'static str) -> bool {
    caller.authority.allows(&Permission::new(permission), Scope::Own)
}
