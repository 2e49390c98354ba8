//! Starting an evaluation: of whom, and as of which day.

use askama::Template;
use axum::extract::{Query, State, rejection::QueryRejection};
use palisade_base::{Caller, Date, Error, RecordId};
use palisade_web::{
    FormView, Outcome, Page, ProtectedForm, Visitor, Width,
    component::{Choice, EmptyState, Field},
    see_other,
};
use serde::Deserialize;

use super::{Pages, crumbs, words::path_to};
use crate::standing::{Filter, Member, People};

#[derive(Deserialize)]
pub(super) struct Whom {
    employee: Option<String>,
}

#[derive(Template)]
#[template(path = "evaluation/new.html")]
struct Body<'a> {
    visitor: &'a Visitor,
    fields: Vec<Field>,
    nobody: Option<EmptyState>,
}

pub(super) async fn show(
    State(pages): State<Pages>,
    visitor: Visitor,
    whom: Result<Query<Whom>, QueryRejection>,
) -> Outcome {
    let whom = whom.map_err(|e| Error::field("employee", "Choose one person.").caused_by(e))?.0;
    let today = pages.records.today().to_string();
    let mut form = FormView::new().value("evaluation_date", today);
    if let Some(employee) = whom.employee.filter(|id| !id.is_empty()) {
        let id: RecordId = employee.parse().map_err(|_| Error::not_found())?;
        form = form.value("employee_id", id.to_string());
    }
    show_with(&pages, &visitor, &form).await
}

async fn show_with(pages: &Pages, visitor: &Visitor, form: &FormView) -> Outcome {
    let people = people(pages, &visitor.caller).await?;
    let day = Field::date("evaluation_date", "As of")
        .hint("The day that it speaks of; today, most of the time.")
        .max(pages.records.today().to_string())
        .required();
    let nobody = people.is_empty().then(|| {
        EmptyState::new("There is nobody whom you could evaluate", "You lead no team, and are no employee yourself.")
    });
    let choices = people.iter().map(|member| choice(&visitor.caller, member));
    let whom = Field::select("employee_id", "Whom", choices).required();
    let body = Body { visitor, fields: vec![form.fill(whom), form.fill(day)], nobody };
    Page::new(visitor, "New evaluation")
        .crumbs(crumbs())
        .lead("About yourself it is a self-evaluation. It takes 10 to 20 minutes, and you can stop and go on at any time.")
        .width(Width::Reading)
        .errors(form.summary())
        .body(&body)
}

fn choice(caller: &Caller, member: &Member) -> Choice {
    let label =
        if caller.person == Some(member.person) { format!("Myself ({})", member.name) } else { member.name.clone() };
    Choice::new(member.employee.to_string(), label)
}

/// Those whom the caller may evaluate: themselves first.
async fn people(pages: &Pages, caller: &Caller) -> Result<Vec<Member>, Error> {
    let own = Filter { people: People::Own, ..Filter::default() };
    let mut people = pages.standings.all(caller, &own).await?;
    people.sort_by_key(|member| caller.person != Some(member.person));
    Ok(people)
}

#[derive(Deserialize)]
pub(super) struct New {
    employee_id: String,
    evaluation_date: Option<String>,
}

pub(super) async fn start(
    State(pages): State<Pages>,
    visitor: Visitor,
    ProtectedForm(new): ProtectedForm<New>,
) -> Outcome {
    match try_start(&pages, &visitor.caller, &new).await {
        Ok(id) => Ok(see_other(path_to(id, "fill"))),
        Err(error) if !error.fields().is_empty() => {
            let day = new.evaluation_date.unwrap_or_default();
            let form =
                FormView::new().value("employee_id", new.employee_id).value("evaluation_date", day).failed(&error);
            show_with(&pages, &visitor, &form).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn try_start(pages: &Pages, caller: &Caller, new: &New) -> Result<RecordId, Error> {
    let employee: RecordId = new.employee_id.parse().map_err(|_| Error::field("employee_id", "Choose a person."))?;
    let day = match new.evaluation_date.as_deref() {
        Some(text) => parse_day(text)?,
        None => pages.records.today(),
    };
    pages.evaluations.start(caller, employee, day).await
}

/// A day as a date field sends it.
pub(super) fn parse_day(text: &str) -> Result<Date, Error> {
    palisade_records::read_date(text.trim()).map_err(|wrong| Error::field("evaluation_date", wrong))
}
