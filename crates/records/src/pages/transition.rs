//! Moving a record from state to state: a button where nothing is asked, a page where something is.

use axum::extract::State;
use http::StatusCode;
use palisade_base::{Error, RecordId};
use palisade_web::{
    Fields, FormView, Html, Notice, Outcome, Page, PathId, ProtectedForm, Routes, Visitor, Width,
    component::{ActionForm, Breadcrumbs, ButtonLink, Confirm},
    see_other_with,
};

use super::{Pages, form, needs};
use crate::{Draft, Record, Transition, check::lower_first, query::fixed};

/// One transition of one type.
#[derive(Clone)]
struct Step {
    pages: Pages,
    transition: &'static Transition,
}

impl Step {
    fn path(&self, id: RecordId) -> String {
        format!("{}/{}", self.pages.record_path(id), self.transition.name)
    }
}

/// The routes of a type's transitions: a page that asks, and the act.
pub(super) fn routes(pages: &Pages) -> Routes {
    pages.ty.transitions().iter().fold(Routes::new(()), |routes, transition| {
        let path = fixed(format!("/{}/{{id}}/{}", pages.ty.path, transition.name));
        let step = Routes::new(Step { pages: pages.clone(), transition })
            .get(path, needs(transition.verb), ask)
            .post(path, needs(transition.verb), act)
            .finish();
        routes.merge(step)
    })
}

/// Adds the ways that are open to this visitor to the page of the record.
pub(super) async fn add_buttons<'a>(
    pages: &Pages,
    visitor: &Visitor,
    record: &Record,
    page: Page<'a>,
) -> Result<Page<'a>, Error> {
    let open = pages.records.transitions_of(&visitor.caller, record).await?;
    Ok(open.into_iter().fold(page, |page, transition| {
        let path = Step { pages: pages.clone(), transition }.path(record.id);
        if transition.asks.is_empty() {
            let form = ActionForm::new(path, &visitor.csrf, transition.label);
            page.action(form.with("version", record.version.to_string()))
        } else {
            page.action(ButtonLink::second(transition.label, path))
        }
    }))
}

async fn ask(State(step): State<Step>, visitor: Visitor, PathId(id): PathId<RecordId>) -> Outcome {
    let record = step.pages.records.view(&visitor.caller, step.pages.ty, id).await?;
    step.pages.records.check_transition(&visitor.caller, &record, step.transition).await?;
    ask_page(&step, &visitor, &record, FormView::new()).await
}

async fn ask_page(step: &Step, visitor: &Visitor, record: &Record, kept: FormView) -> Outcome {
    let (pages, transition) = (&step.pages, step.transition);
    let path = pages.record_path(record.id);
    let mut confirm = Confirm::new(step.path(record.id), &visitor.csrf, transition.label, path.as_str())
        .with("version", record.version.to_string())
        .effect(transition.about)
        .harmless();
    for field in transition.asks.iter().filter_map(|name| pages.ty.field(name)) {
        if let Some(input) = form::input(pages, &visitor.caller, field, None).await? {
            confirm = confirm.field(kept.fill(input.required()));
        }
    }
    let crumbs = Breadcrumbs::new().link(pages.ty.plural, pages.list_path()).link(record.title(), path);
    let status = if kept.has_errors() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Page::new(visitor, format!("{}: {}", transition.label, record.title()))
        .crumbs(crumbs)
        .width(Width::Reading)
        .status(status)
        .errors(kept.summary())
        .body_html(&Html::from_component(&confirm))
}

async fn act(
    State(step): State<Step>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Outcome {
    let (pages, transition) = (&step.pages, step.transition);
    let known: Vec<&str> = transition.asks.iter().copied().chain(["version"]).collect();
    fields.expect_only(&known, &[])?;
    let version = fields.text("version").and_then(|text| text.parse().ok()).unwrap_or(0);
    let asked = transition.asks.iter().filter_map(|name| fields.text(name).map(|text| (*name, text)));
    let draft = asked.fold(Draft::new(), |draft, (name, text)| draft.text(name, text));
    match pages.records.transition(&visitor.caller, pages.ty, transition.name, (id, Some(version)), &draft).await {
        Ok(Some(record)) => Ok(see_other_with(pages.record_path(id), &Notice::ok(done(&record)))),
        Ok(None) => Ok(see_other_with(pages.list_path(), &Notice::ok(format!("{}: done.", transition.label)))),
        Err(error) if form::is_unfinished(&error) => {
            let record = pages.records.get(&visitor.caller, pages.ty, id).await?;
            ask_page(&step, &visitor, &record, FormView::kept(&fields).failed(&error)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `“Roofs” is approved now.`
fn done(record: &Record) -> String {
    let state = record.ty.lifecycle.and_then(|lifecycle| record.text(lifecycle.field)).unwrap_or_default();
    format!("“{}” is {} now.", record.title(), lower_first(&state))
}
