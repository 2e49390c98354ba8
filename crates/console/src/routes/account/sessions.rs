//! Where one is signed in, and the devices that are known.

use axum::extract::State;
use palisade_base::{SessionId, auth::SessionState};
use palisade_identity::model::{Device, SessionRow};
use palisade_web::{
    FormView, Html, Notice, Outcome, ProtectedForm, Visitor, Width,
    component::{ActionForm, Badge, Cell, EmptyState, Field, Head, Row, Table},
    see_other, see_other_with,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{page, permit};
use crate::{
    ConsoleState,
    parts::{FormBody, Sections, paragraph, view_of},
    session_cookies, step_up, words,
};

#[derive(Deserialize)]
pub(super) struct EndForm {
    session: SessionId,
}

#[derive(Deserialize)]
pub(super) struct NameForm {
    name: String,
}

#[derive(Deserialize)]
pub(super) struct ForgetForm {
    device: Uuid,
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    overview(&state, &visitor, &FormView::new()).await
}

async fn overview(state: &ConsoleState, visitor: &Visitor, view: &FormView) -> Outcome {
    let permit = permit(visitor)?;
    let sessions = state.identity.own_sessions(&permit).await?;
    let devices = state.identity.own_devices(&permit).await?;
    let why = "On a phone or tablet of your own you can stay signed in for longer. Name it here while you are signed in \
               on it with your second factor.";
    let name = FormBody::new("/account/devices/name", &visitor.csrf, "Use this device as mine")
        .before(paragraph(why)?)
        .field(&view.fill(Field::text("name", "Name of this device").hint("Such as “Lena’s phone”.").max_length(80)));
    let lead = words::count(i64::try_from(sessions.len()).unwrap_or(i64::MAX), "live session", "live sessions");
    let sections = Sections::new()
        .under("Signed in now", [Html::from_component(&session_table(visitor, &sessions))])
        .under("Known devices", [Html::from_component(&device_table(visitor, &devices))])
        .under("Stay signed in on this device", [Html::of(&name)?]);
    page(visitor, "Sessions and devices", "/account/sessions")
        .lead(format!("{lead}."))
        .width(Width::Wide)
        .errors(view.summary())
        .body(&sections)
}

fn session_table(visitor: &Visitor, sessions: &[SessionRow]) -> Table {
    let heads = ["With", "From", "Since", "Last used", "Ends at the latest"].map(Head::new);
    let rows = sessions.iter().map(|row| session_row(visitor, row));
    Table::new("Live sessions", heads.into_iter().chain([Head::new("End").hidden()])).rows(rows)
}

fn session_row(visitor: &Visitor, row: &SessionRow) -> Row {
    let own = visitor.session.as_ref().is_some_and(|session| session.id == row.id);
    let program = row.device_name.clone().unwrap_or_else(|| words::agent(row.agent.as_deref()));
    let end = if own {
        Html::from_component(&Badge::note("This one"))
    } else {
        let form = ActionForm::new("/account/sessions/end", &visitor.csrf, "End")
            .of(format!("the session on {program}"))
            .with("session", row.id.to_string());
        Html::from_component(&form.small())
    };
    let unfinished = if row.state == SessionState::Full { "" } else { " (sign-in not finished)" };
    Row::new([
        Cell::text(format!("{program}{unfinished}")),
        Cell::text(row.address.as_deref().unwrap_or("–")),
        Cell::when(&words::when(visitor, row.created_at)),
        Cell::when(&words::when(visitor, row.last_used_at)),
        Cell::when(&words::when(visitor, row.expires_at)),
        Cell::html(end),
    ])
}

fn device_table(visitor: &Visitor, devices: &[Device]) -> Table {
    let heads = ["Device", "Kind", "Known since", "Last sign-in"].map(Head::new);
    let rows = devices.iter().map(|device| {
        let name = device.name.clone().unwrap_or_else(|| words::agent(device.agent.as_deref()));
        let kind = if device.name.is_some() { Badge::ok("Mobile device") } else { Badge::plain("Browser") };
        let forget = ActionForm::new("/account/devices/forget", &visitor.csrf, "Forget")
            .of(&name)
            .with("device", device.id.to_string());
        Row::new([
            Cell::text(&name),
            Cell::badge(&kind),
            Cell::when(&words::when(visitor, device.created_at)),
            Cell::when(&words::when(visitor, device.last_seen_at)),
            Cell::html(Html::from_component(&forget.small())),
        ])
    });
    Table::new("Known devices", heads.into_iter().chain([Head::new("Forget").hidden()]))
        .rows(rows)
        .empty(EmptyState::new("No device is known yet", "A device is known after the first finished sign-in from it."))
}

pub(super) async fn end(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(form): ProtectedForm<EndForm>,
) -> Outcome {
    state.identity.end_own_session(&visitor.caller, &permit(&visitor)?, form.session).await?;
    Ok(see_other_with("/account/sessions", &Notice::ok("The session has ended.")))
}

pub(super) async fn name_device(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(form): ProtectedForm<NameForm>,
) -> Outcome {
    let session = step_up::session(&visitor)?;
    match state.identity.name_mobile_device(&visitor.caller, session, &permit(&visitor)?, &form.name).await {
        Ok(session) => {
            let mut response = see_other("/account/sessions");
            session_cookies::set(&mut response, &session, state.now());
            let notice = Notice::ok("This device is now one of yours, and stays signed in for longer.");
            response.headers_mut().append(http::header::SET_COOKIE, notice.set_cookie());
            Ok(response)
        }
        Err(error) => overview(&state, &visitor, &view_of(FormView::new().value("name", &form.name), error)?).await,
    }
}

pub(super) async fn forget_device(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(form): ProtectedForm<ForgetForm>,
) -> Outcome {
    state.identity.forget_device(&visitor.caller, &permit(&visitor)?, form.device).await?;
    Ok(see_other_with("/account/sessions", &Notice::ok("The device is forgotten.")))
}
