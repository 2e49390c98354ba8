//! Picking the people of a team report one by one. The choice stands in the report's address, so that it can be kept
//! and sent on.

use askama::Template;
use axum::extract::State;
use palisade_base::Error;
use palisade_web::{
    FormView, Outcome, Page, Visitor,
    component::{Choice, EmptyState, Field},
};

use super::{Pairs, Question, choose::crumbs, status_of};
use crate::{
    reports::{Kind, MOST_PICKED, PICKED, Reports},
    standing::Member,
};

#[derive(Template)]
#[template(
    source = r#"{% if let Some(nobody) = nobody %}{{ nobody }}{% else %}<form class="form" method="get" action="{{ path }}">
<input type="hidden" name="team" value="picked">
{%- for (name, value) in days %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
{{ people }}
<div class="buttons"><button class="first">Show the report</button><a class="button second" href="{{ path }}">Cancel</a></div></form>{% endif %}"#,
    ext = "html"
)]
struct PickForm {
    path: &'static str,
    people: Field,
    /// The days of the report that one comes from.
    days: Vec<(String, String)>,
    nobody: Option<EmptyState>,
}

pub(super) async fn show(State(reports): State<Reports>, visitor: Visitor, pairs: Pairs) -> Outcome {
    let question = Question::read(Kind::Team, &reports, &visitor, pairs).await?;
    let form = form(&reports, &visitor, &question, &FormView::new()).await?;
    page(&visitor).body(&form)
}

/// Whether this is wrong with who was picked.
pub(super) fn is_about_picked(error: &Error) -> bool {
    error.fields().iter().any(|wrong| wrong.field == PICKED)
}

/// The form again, with what is wrong with the choice.
pub(super) async fn mend(reports: &Reports, visitor: &Visitor, question: &Question, error: Error) -> Outcome {
    let Some(status) = status_of(error.kind()) else { return Err(error.into()) };
    let view = FormView::new().failed(&error);
    let form = form(reports, visitor, question, &view).await?;
    page(visitor).errors(view.summary()).status(status).body(&form)
}

fn page(visitor: &Visitor) -> Page<'_> {
    Page::new(visitor, "Pick people for the team report")
        .crumbs(crumbs().link(Kind::Team.title(), Kind::Team.path()))
        .lead(format!(
            "Up to {MOST_PICKED} people. Who is picked stands in the report’s address: keep it to come back."
        ))
}

async fn form(reports: &Reports, visitor: &Visitor, question: &Question, view: &FormView) -> Result<PickForm, Error> {
    let members = reports.to_pick(&visitor.caller).await?;
    let given = |wanted: &'static str| question.pairs.iter().filter(move |(name, _)| name == wanted);
    let picked = given(PICKED).map(|(_, id)| id.trim().to_owned());
    let people = Field::checkboxes(PICKED, "People", members.iter().map(choice)).values(picked);
    let nobody = members.is_empty().then(|| {
        EmptyState::new("Nobody to pick", "No employee is yours to see. Ask who runs the app to give you a team.")
    });
    Ok(PickForm {
        path: Kind::Team.path(),
        people: view.fill(people),
        days: given("from").chain(given("to")).cloned().collect(),
        nobody,
    })
}

fn choice(member: &Member) -> Choice {
    let team = member.team_name.as_deref().unwrap_or("no team");
    Choice::new(member.employee.to_string(), member.name.as_str()).hint(format!("{team} · {}", member.tier_name))
}
