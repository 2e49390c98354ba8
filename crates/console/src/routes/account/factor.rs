//! The own second factor: setting up, replacing, recovery codes, removing.

use axum::extract::State;
use palisade_base::SecretString;
use palisade_identity::model::FactorStatus;
use palisade_web::{
    FormView, Html, Notice, Outcome, Page, ProtectedForm, Visitor, Width,
    component::{Badge, Breadcrumbs, ButtonLink, Callout, Facts, Field, Tone},
    see_other_with,
};
use serde::Deserialize;

use super::{
    enrolment::{self, Codes},
    page, permit,
};
use crate::{
    ConsoleState,
    parts::{FormBody, Sections, paragraph, view_of},
    session_cookies, step_up, words,
};

#[derive(Deserialize)]
pub(super) struct ConfirmForm {
    code: SecretString,
    present: Option<SecretString>,
}

#[derive(Deserialize)]
pub(super) struct PresentForm {
    present: SecretString,
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    overview(&state, &visitor, &FormView::new()).await
}

async fn overview(state: &ConsoleState, visitor: &Visitor, view: &FormView) -> Outcome {
    let status = state.identity.factor_status(step_up::session(visitor)?.user).await?;
    let sections = if status.totp_since.is_some() {
        enrolled(visitor, &status, view)?
    } else {
        let why = "A second factor keeps others out even when they know your password: after it, you type a code that \
                   an app on your phone shows.";
        let button = ButtonLink::first("Set up an authenticator app", "/account/factors/app");
        Sections::new().part(&paragraph(why)?).part(&button)
    };
    page(visitor, "Second factor", "/account/factors").width(Width::Reading).errors(view.summary()).body(&sections)
}

fn enrolled(visitor: &Visitor, status: &FactorStatus, view: &FormView) -> Result<Sections, palisade_web::Failure> {
    let mut facts = Facts::new().component("Authenticator app", &Badge::ok("Set up"));
    if let Some(since) = status.totp_since {
        facts = facts.component("Since", &words::when(visitor, since));
    }
    let left = words::count(status.recovery_codes_left, "left", "left");
    facts = facts.text("Recovery codes", left);
    let low = if status.recovery_codes_left < 3 {
        Html::from_component(&Callout::new(Tone::Warn, "Only a few recovery codes are left. Make new ones."))
    } else {
        Html::empty()
    };
    let renew = FormBody::new("/account/factors/recovery-codes", &visitor.csrf, "Make new recovery codes")
        .before(paragraph("Ten new codes replace the old ones, which stop working at once.")?)
        .field(&view.fill(present_field()));
    let remove = FormBody::new("/account/factors/remove", &visitor.csrf, "Remove the second factor")
        .before(paragraph("Your account is then guarded by the password alone. Your other sessions end.")?)
        .field(&present_field().id_suffix("-remove"));
    let replace = ButtonLink::second("Move to another phone or app", "/account/factors/app");
    Ok(Sections::new()
        .part(&facts)
        .part(&low)
        .under(
            "Another app",
            [paragraph("Scan a new picture; the old app stops working then.")?, Html::from_component(&replace)],
        )
        .under("Recovery codes", [Html::of(&renew)?])
        .under("Remove", [Html::of(&remove)?]))
}

fn present_field() -> Field {
    Field::code("present", "Code from your authenticator app").max_length(16)
}

pub(super) async fn enrol(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    enrol_page(&state, &visitor, &FormView::new()).await
}

async fn enrol_page(state: &ConsoleState, visitor: &Visitor, view: &FormView) -> Outcome {
    let session = step_up::session(visitor)?;
    let has_one = state.identity.factor_status(session.user).await?.totp_since.is_some();
    let waiting = state.identity.begin_totp(&visitor.caller, session).await?;
    let code = enrolment::code_field();
    let mut form = FormBody::new("/account/factors/app", &visitor.csrf, "Confirm")
        .before(enrolment::steps(&waiting)?)
        .field(&view.fill(code))
        .back("Cancel", "/account/factors");
    if has_one {
        let present =
            Field::code("present", "Code from the app that you use now").max_length(64).hint("Or a recovery code.");
        form = form.field(&view.fill(present));
    }
    Page::new(visitor, if has_one { "Move to another app" } else { "Set up an authenticator app" })
        .crumbs(Breadcrumbs::new().link("Second factor", "/account/factors"))
        .width(Width::Reading)
        .errors(view.summary())
        .body(&form)
}

pub(super) async fn confirm(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(form): ProtectedForm<ConfirmForm>,
) -> Outcome {
    let session = step_up::session(&visitor)?;
    let device = visitor.device.clone();
    let confirmed = state.identity.confirm_totp(&visitor.caller, session, &form.code, form.present.as_ref(), device);
    match confirmed.await {
        Ok(enrolled) => {
            let codes = Codes::new(&enrolled.recovery_codes, "I have kept them", "/account/factors");
            let mut response = Page::new(&visitor, "Keep these recovery codes").width(Width::Reading).body(&codes)?;
            session_cookies::set(&mut response, &enrolled.session, state.now());
            Ok(response)
        }
        Err(error) => enrol_page(&state, &visitor, &view_of(FormView::new(), error)?).await,
    }
}

pub(super) async fn renew_codes(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(form): ProtectedForm<PresentForm>,
) -> Outcome {
    let session = step_up::session(&visitor)?;
    let renewed =
        state.identity.renew_recovery_codes(&visitor.caller, session, &permit(&visitor)?, &form.present).await;
    match renewed {
        Ok(codes) => {
            let codes = Codes::new(&codes, "I have kept them", "/account/factors");
            Page::new(&visitor, "Keep these recovery codes").width(Width::Reading).body(&codes)
        }
        Err(error) => overview(&state, &visitor, &view_of(FormView::new(), error)?).await,
    }
}

pub(super) async fn remove(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(form): ProtectedForm<PresentForm>,
) -> Outcome {
    let session = step_up::session(&visitor)?;
    match state.identity.remove_totp(&visitor.caller, session, &permit(&visitor)?, &form.present).await {
        Ok(()) => {
            let notice = Notice::note("The second factor is removed. Your account is guarded by the password alone.");
            Ok(see_other_with("/account/factors", &notice))
        }
        Err(error) => overview(&state, &visitor, &view_of(FormView::new(), error)?).await,
    }
}
