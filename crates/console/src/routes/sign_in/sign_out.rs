//! Signing out.

use askama::Template;
use axum::extract::State;
use http::header;
use palisade_web::{
    CsrfToken, Failure, Fields, Html, Notice, Outcome, Page, ProtectedForm, Visitor, Width, cookie, see_other_with,
};

use crate::{ConsoleState, parts::FormBody, step_up};

/// Asks first: sites that people were led to from here send them to this address to sign out.
pub(super) async fn show(visitor: Visitor) -> Outcome {
    let form = FormBody::new("/sign-out", &visitor.csrf, "Sign out").back("Stay signed in", "/");
    Page::new(&visitor, "Sign out")
        .lead("This ends your sign-in here and on every site that it led you to.")
        .width(Width::Card)
        .body(&form)
}

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
    source = r#"<form class="action" method="post" action="/sign-out">{{ csrf }}<button class="link">{{ verb }}</button></form>"#,
    ext = "html"
)]
struct SmallForm<'a> {
    csrf: &'a CsrfToken,
    verb: &'static str,
}

/// The way out, from a page that leads elsewhere.
pub(super) fn small_form(csrf: &CsrfToken, verb: &'static str) -> Result<Html, Failure> {
    Html::of(&SmallForm { csrf, verb })
}
