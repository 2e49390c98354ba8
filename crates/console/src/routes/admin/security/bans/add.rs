//! Shutting somebody out by hand.

use axum::extract::{Query, State};
use palisade_bans::{Ban, NewBan, Target, may_manage_bans, parse_length};
use palisade_base::{Error, FieldError, Span};
use palisade_web::{
    Fields, FormView, Notice, Outcome, Page, ProtectedForm, Visitor, Width,
    component::{Breadcrumbs, Choice, Field},
    see_other_with,
};
use serde::Deserialize;

use super::{NEW, PATH};
use crate::{
    ConsoleState,
    parts::{FormBody, view_of},
    step_up,
};

/// What the length's field has for a ban without an end.
const UNTIL_LIFTED: &str = "until-lifted";

/// What the page that leads here knows already.
#[derive(Deserialize)]
pub(super) struct Known {
    network: Option<String>,
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, Query(known): Query<Known>) -> Outcome {
    let network = known.network.as_deref().and_then(|text| Target::parse(text).ok());
    let view = network.map_or_else(FormView::new, |target| FormView::new().value("network", target.to_string()));
    page(&state, &visitor, &view).await
}

pub(super) async fn submit(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(fields): ProtectedForm<Fields>,
) -> Outcome {
    match add(&state, &visitor, &fields).await {
        Ok(ban) => Ok(see_other_with(PATH, &Notice::ok(format!("{} is shut out.", ban.target)))),
        Err(error) => page(&state, &visitor, &view_of(FormView::kept(&fields), error)?).await,
    }
}

async fn add(state: &ConsoleState, visitor: &Visitor, fields: &Fields) -> Result<Ban, Error> {
    let permit = may_manage_bans(&visitor.caller)?;
    fields.expect_only(&["network", "length", "reason", step_up::FIELD], &[])?;
    let new = read(fields)?;
    step_up::check(state, visitor, &step_up::proof(fields)).await?;
    state.bans.add(&visitor.caller, &permit, new).await
}

/// All that is wrong at once.
fn read(fields: &Fields) -> Result<NewBan, Error> {
    let text = |name| fields.text(name).unwrap_or_default();
    let mut wrong = Vec::new();
    let target = Target::parse(text("network"))
        .map_err(|message| wrong.push(FieldError { field: "network".into(), message }))
        .ok();
    let length = read_length(text("length"));
    if length.is_none() {
        wrong.push(FieldError { field: "length".into(), message: "Choose one of these.".to_owned() });
    }
    match (target, length) {
        (Some(target), Some(length)) => Ok(NewBan { target, length, reason: text("reason").to_owned() }),
        _ => Err(Error::invalid(wrong)),
    }
}

/// The chosen length; `Some(None)`: until it is lifted.
fn read_length(text: &str) -> Option<Option<Span>> {
    if text == UNTIL_LIFTED { Some(None) } else { parse_length(text).map(Some) }
}

async fn page(state: &ConsoleState, visitor: &Visitor, view: &FormView) -> Outcome {
    let lengths = [
        Choice::new("1h", "1 hour"),
        Choice::new("1d", "1 day"),
        Choice::new("7d", "7 days"),
        Choice::new("30d", "30 days"),
        Choice::new(UNTIL_LIFTED, "Until somebody lifts it"),
    ];
    let network = Field::text("network", "Address or network")
        .hint("For example 192.0.2.7, 192.0.2.0/24 or 2001:db8::/48. An IPv6 address stands for its /64.")
        .max_length(60);
    let reason = Field::text("reason", "Why")
        .hint("Whoever sees this list reads it; the one who is shut out does not.")
        .max_length(500)
        .optional();
    let form = FormBody::new(NEW, &visitor.csrf, "Shut out")
        .field(&view.fill(network))
        .field(&view.fill(Field::select("length", "For how long", lengths)))
        .field(&view.fill(reason))
        .field(&view.fill(step_up::field(state, visitor).await?))
        .back("Go back", PATH);
    Page::new(visitor, "Ban an address")
        .crumbs(Breadcrumbs::new().link("Jails and Bans", PATH))
        .lead("Every request from there meets the ban page, from the next one on, on every site.")
        .width(Width::Reading)
        .errors(view.summary())
        .body(&form)
}
