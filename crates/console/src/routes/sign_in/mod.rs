//! Signing in, step by step, and out.

mod enrol;
mod factor;
mod link;
mod new_password;
mod password;
mod reset;
mod set_up;
mod sign_out;
mod site;

pub(crate) use new_password::{new_password_fields, same_twice};

use axum::{extract::Query, response::IntoResponse as _};
use palisade_base::Error;
use palisade_web::{Access, Failure, Outcome, ReturnPath, Routes, SignInFailed, Visitor};
use serde::Deserialize;

use crate::ConsoleState;

pub(super) fn routes(state: ConsoleState) -> Routes {
    Routes::new(state)
        .get("/sign-in", Access::Public, password::show)
        .post("/sign-in", Access::Public, password::submit)
        .get("/sign-in/factor", Access::OwesFactor, factor::show)
        .post("/sign-in/factor", Access::OwesFactor, factor::submit)
        .get("/sign-in/enrol", Access::OwesFactor, enrol::show)
        .post("/sign-in/enrol", Access::OwesFactor, enrol::submit)
        .get("/sign-in/new-password", Access::OwesFactor, new_password::show)
        .post("/sign-in/new-password", Access::OwesFactor, new_password::submit)
        .get("/sign-in/link/{token}", Access::Public, link::show)
        .post("/sign-in/link/{token}", Access::Public, link::submit)
        .get("/sign-in/reset/{token}", Access::Public, reset::show)
        .post("/sign-in/reset/{token}", Access::Public, reset::submit)
        .get("/set-up/{token}", Access::Public, set_up::show)
        .post("/set-up/{token}", Access::Public, set_up::submit)
        .get("/sign-in/site", Access::Public, site::show)
        .get("/sign-in/site/go-on", Access::Public, site::go_on)
        .get("/sign-out", Access::OwesFactor, sign_out::show)
        .post("/sign-out", Access::OwesFactor, sign_out::submit)
        .finish()
}

/// Marks the answer to a failed try, for the jails: as whom it was, where that is known.
fn failed_as(account: Option<String>, answer: Outcome) -> Outcome {
    let mut response = answer.unwrap_or_else(Failure::into_response);
    response.extensions_mut().insert(SignInFailed { account });
    Ok(response)
}

/// A wrong code: as whom, the session says.
fn wrong_code(visitor: &Visitor, answer: Outcome) -> Outcome {
    failed_as(visitor.display_name.clone(), answer)
}

/// A link that does not work is a guess until the opposite is known; what else went wrong is nobody's.
fn failed_link(error: Error) -> Outcome {
    let is_guess = error.kind() == palisade_base::Kind::NotFound;
    let answer = Err(link::alive_or(error));
    if is_guess { failed_as(None, answer) } else { answer }
}

/// Where to go on afterwards, in the address.
#[derive(Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

impl Next {
    pub(super) fn path(&self) -> Option<ReturnPath> {
        self.next.as_deref().and_then(ReturnPath::after_sign_in)
    }
}

pub(super) type NextQuery = Query<Next>;

/// The same, carried in a form.
pub(super) fn next_of(field: Option<&str>) -> Option<ReturnPath> {
    field.and_then(ReturnPath::after_sign_in)
}

/// The hidden field that carries it.
pub(super) fn next_value(next: Option<&ReturnPath>) -> String {
    next.map_or_else(String::new, |next| next.as_str().to_owned())
}
