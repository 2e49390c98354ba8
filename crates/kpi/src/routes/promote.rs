//! Giving somebody another tier: a person's decision, with its reason.

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use http::StatusCode;
use palisade_base::{Error, Kind, Permission, RecordId, Scope};
use palisade_records::parse_id;
use palisade_web::{
    Access, CsrfToken, Fields, FormView, Html, Notice, Outcome, Page, PathId, ProtectedForm, Routes, Visitor, Width,
    component::{Breadcrumbs, Choice, Field},
    see_other_with,
};

use super::readiness::{self, Asked, ReadinessState, asked_tier};
use crate::{
    tiers::{NewPromotion, Readiness},
    types::{EMPLOYEE, PROMOTE},
};

const PAGE: &str = "/employees/{id}/promote";

/// The routes.
pub(super) fn routes(state: ReadinessState) -> Routes {
    let promote = || Access::Permission(Permission::new(PROMOTE), Scope::Own);
    Routes::new(state).get(PAGE, promote(), show).post(PAGE, promote(), promote_them).finish()
}

#[derive(Template)]
#[template(path = "promote.html")]
struct Body<'a> {
    path: String,
    csrf: &'a CsrfToken,
    from: RecordId,
    fields: Vec<Field>,
    back: String,
    answer: String,
    checklist: Html,
}

async fn show(
    State(state): State<ReadinessState>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Outcome {
    state.tiers.require_promotable(&visitor.caller, id).await?;
    let readiness = held_against(&state, &visitor, id, asked_tier(asked)?).await?;
    state.records.view(&visitor.caller, &EMPLOYEE, id).await?;
    page(&state, &visitor, &readiness, FormView::new(), StatusCode::OK).await
}

async fn held_against(
    state: &ReadinessState,
    visitor: &Visitor,
    employee: RecordId,
    tier: Option<RecordId>,
) -> Result<Readiness, Error> {
    match tier {
        Some(tier) => state.tiers.readiness_for(&visitor.caller, employee, tier).await,
        None => state.tiers.readiness(&visitor.caller, employee).await,
    }
}

async fn page(
    state: &ReadinessState,
    visitor: &Visitor,
    readiness: &Readiness,
    form: FormView,
    status: StatusCode,
) -> Outcome {
    let own = format!("/employees/{}", readiness.employee);
    let tiers = state.tiers.list(&visitor.caller).await?;
    let others = tiers.iter().filter(|tier| tier.id != readiness.tier.id);
    let choices = others.map(|tier| Choice::new(tier.id.to_string(), tier.name.clone()));
    let next = readiness.next.as_ref().map(|tier| tier.id.to_string()).unwrap_or_default();
    let to = Field::select("to", "New tier", choices).value(next).required();
    let reason = Field::area("reason", "Why", 4)
        .hint("They can read this. What speaks for it, and what was weighed against it.")
        .max_length(2_000)
        .required();
    let body = Body {
        path: format!("{own}/promote"),
        csrf: &visitor.csrf,
        from: readiness.tier.id,
        fields: [to, reason].map(|field| form.fill(field)).into(),
        back: format!("{own}/readiness"),
        answer: readiness.answer(),
        checklist: readiness::body(readiness, None, None)?,
    };
    Page::new(visitor, format!("Another tier for {}", readiness.name))
        .crumbs(Breadcrumbs::new().link(EMPLOYEE.plural, "/employees").link(readiness.name.clone(), own.as_str()))
        .width(Width::Reading)
        .lead(format!(
            "{} is {} now. The rules below are evidence; you decide. They are kept with your reason.",
            readiness.name, readiness.tier.name
        ))
        .status(status)
        .errors(form.summary())
        .body(&body)
}

async fn promote_them(
    State(state): State<ReadinessState>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Outcome {
    state.tiers.require_promotable(&visitor.caller, id).await?;
    fields.expect_only(&["from", "to", "reason"], &[])?;
    let tier = |name: &'static str| fields.text(name).and_then(parse_id);
    let from =
        tier("from").ok_or_else(|| Error::field("from", "Open the form again: it does not say from which tier."));
    let reason = fields.text("reason").unwrap_or_default().to_owned();
    let done = match (from, tier("to")) {
        (Ok(from), Some(to)) => {
            state.tiers.promote(&visitor.caller, &NewPromotion { employee: id, from, to, reason }).await
        }
        (Err(error), _) => Err(error),
        (_, None) => Err(Error::field("to", "Choose the new tier.")),
    };
    match done {
        Ok(_) => done_page(&state, &visitor, id).await,
        Err(error) if matches!(error.kind(), Kind::Invalid | Kind::Conflict) => {
            let readiness = held_against(&state, &visitor, id, None).await?;
            let status =
                if error.kind() == Kind::Conflict { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
            page(&state, &visitor, &readiness, FormView::kept(&fields).failed(&error), status).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn done_page(state: &ReadinessState, visitor: &Visitor, id: RecordId) -> Result<Response, palisade_web::Failure> {
    let readiness = state.tiers.readiness(&visitor.caller, id).await?;
    let notice = Notice::ok(format!("{} is {} now.", readiness.name, readiness.tier.name));
    Ok(see_other_with(format!("/employees/{id}/readiness"), &notice))
}
