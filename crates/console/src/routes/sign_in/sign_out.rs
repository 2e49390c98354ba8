//! Signing out.

use askama::Template;
use axum::extract::State;
use http::header;
use palisade_web::{CsrfToken, Failure, Fields, Html, Notice, Outcome, ProtectedForm, Visitor, cookie, see_other_with};

use crate::{ConsoleState, step_up};

pub(super) async fn submit(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(_): ProtectedForm<Fields>,
) -> Outcome {
    state.identity.sign_out(&visitor.caller, step_up::session(&visitor)?).await?;
    let mut response = see_other_with("/sign-in", &Notice::ok("You are signed out."));
    response.headers_mut().append(header::SET_COOKIE, cookie::clear(cookie::SESSION));
    Ok(response)
}

#[derive(Template)]
#[template(
    source = r#"<form class="action" method="post" action="/sign-out">{{ csrf }}<button class="link">Stop and sign out</button></form>"#,
    ext = "html"
)]
struct SmallForm<'a> {
    csrf: &'a CsrfToken,
}

/// The way out of an unfinished sign-in.
pub(super) fn small_form(csrf: &CsrfToken) -> Result<Html, Failure> {
    Html::of(&SmallForm { csrf })
}
