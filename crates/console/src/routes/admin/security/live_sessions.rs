//! Who is signed in, and signing them out.

use axum::extract::State;
use palisade_base::{Error, SecretString, SessionId, auth::SessionState};
use palisade_identity::{
    model::SessionRow,
    permissions::SESSION_END,
    policy::{permit_end_sessions, permit_read_sessions},
};
use palisade_web::{
    FormView, Html, Notice, Outcome, Page, ProtectedForm, Visitor, Width,
    component::{ActionForm, Badge, Breadcrumbs, ButtonLink, Cell, Confirm, EmptyState, Head, Row, Table},
    see_other, see_other_with,
};
use serde::Deserialize;

use crate::{ConsoleState, parts::view_of, step_up, words};

/// The most sessions that the page lists.
const MOST: i64 = 500;

#[derive(Deserialize)]
pub(super) struct EndForm {
    session: SessionId,
}

#[derive(Deserialize)]
pub(super) struct EndAllForm {
    proof: SecretString,
}

fn crumbs() -> Breadcrumbs {
    Breadcrumbs::new().link("Session Settings", "/admin/security/sessions")
}

pub(super) async fn list(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    let sessions = state.identity.list_sessions(&permit_read_sessions(&visitor.caller)?, MOST).await?;
    let may_end = visitor.caller.authority.allows(&SESSION_END, palisade_base::Scope::All);
    let heads = ["Person", "With", "From", "Since", "Last used", "Kind"].map(Head::new);
    let table = Table::new("Live sessions", heads.into_iter().chain([Head::new("End").hidden()]))
        .rows(sessions.iter().map(|row| table_row(&visitor, row, may_end)))
        .empty(EmptyState::new("Nobody is signed in", "There is no live session."));
    let count = i64::try_from(sessions.len()).unwrap_or(i64::MAX);
    let lead = if count == MOST {
        format!("The {MOST} sessions that were used last.")
    } else {
        format!("{}.", words::count(count, "live session", "live sessions"))
    };
    let mut page = Page::new(&visitor, "Signed in now").crumbs(crumbs()).lead(lead);
    if may_end {
        page = page.action(ButtonLink::second("Sign out everybody", "/admin/security/sessions/end-all"));
    }
    page.body_html(&Html::from_component(&table))
}

fn table_row(visitor: &Visitor, row: &SessionRow, may_end: bool) -> Row {
    let own = visitor.session.as_ref().is_some_and(|session| session.id == row.id);
    let end = ActionForm::new("/admin/security/sessions/live/end", &visitor.csrf, "End")
        .of(format!("the session of {}", row.display_name))
        .with("session", row.id.to_string())
        .small();
    let act = match (own, may_end) {
        (true, _) => Html::from_component(&Badge::note("Yours")),
        (false, true) => Html::from_component(&end),
        (false, false) => Html::empty(),
    };
    let kind = if row.state == SessionState::Full { words::class(row.class) } else { "Sign-in not finished" };
    Row::new([
        Cell::text(&row.display_name),
        Cell::text(row.device_name.clone().unwrap_or_else(|| words::agent(row.agent.as_deref()))),
        Cell::text(row.address.as_deref().unwrap_or("–")),
        Cell::when(&words::when(visitor, row.created_at)),
        Cell::when(&words::when(visitor, row.last_used_at)),
        Cell::text(kind),
        Cell::html(act),
    ])
}

pub(super) async fn end(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(form): ProtectedForm<EndForm>,
) -> Outcome {
    state.identity.end_session(&visitor.caller, &permit_end_sessions(&visitor.caller)?, form.session).await?;
    Ok(see_other_with("/admin/security/sessions/live", &Notice::ok("The session has ended.")))
}

pub(super) async fn ask_to_end_all(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    end_all_page(&state, &visitor, &FormView::new()).await
}

pub(super) async fn end_all(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(form): ProtectedForm<EndAllForm>,
) -> Outcome {
    match end_everybody(&state, &visitor, &form.proof).await {
        // The own session ended with all the others; the sign-in page says so.
        Ok(_) => Ok(see_other("/sign-in")),
        Err(error) => end_all_page(&state, &visitor, &view_of(FormView::new(), error)?).await,
    }
}

async fn end_everybody(state: &ConsoleState, visitor: &Visitor, proof: &SecretString) -> Result<i64, Error> {
    step_up::check(state, visitor, proof).await?;
    let permit = permit_end_sessions(&visitor.caller)?;
    state.identity.end_all_sessions(&visitor.caller, &permit).await
}

async fn end_all_page(state: &ConsoleState, visitor: &Visitor, view: &FormView) -> Outcome {
    let path = "/admin/security/sessions/end-all";
    let confirm = Confirm::new(path, &visitor.csrf, "Sign out everybody", "/admin/security/sessions")
        .effect("Every session of everybody ends within a second, yours included.")
        .effect("What was typed and not saved is lost. Everybody can sign in again.")
        .effect("API keys go on working.")
        .field(view.fill(step_up::field(state, visitor).await?));
    Page::new(visitor, "Sign out everybody")
        .crumbs(crumbs())
        .width(Width::Reading)
        .errors(view.summary())
        .body_html(&Html::from_component(&confirm))
}
