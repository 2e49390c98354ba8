//! Going on to a guarded site: a sign-on of the console becomes a site session there, by a one-time code.

use axum::{
    extract::{Query, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderName, HeaderValue, StatusCode, header};
use palisade_base::{
    Error, Kind,
    auth::{SessionFacts, SessionState},
};
use palisade_identity::{HandOffTarget, policy::Admission};
use palisade_web::{
    Denial, Failure, Html, Outcome, Page, ReturnPath, Visitor, Width,
    component::{ButtonLink, Callout, Tone},
    hand_off::{CONSOLE_GO_ON_PATH, SITE_PATH, is_state},
    see_other,
};
use serde::Deserialize;

use super::sign_out;
use crate::{
    ConsoleState, GuardedSite,
    parts::{Sections, button_row, paragraph},
    session_cookies,
};

/// What the site's gate asks for.
#[derive(Deserialize)]
pub(super) struct Wanted {
    site: Option<String>,
    state: Option<String>,
}

/// Straight from the site: who is signed in already goes straight back.
pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, Query(wanted): Query<Wanted>) -> Outcome {
    let (site, sealed) = read(&state, &wanted)?;
    let Some(session) = &visitor.session else { return Ok(sign_in_first(site, sealed)) };
    if session.state != SessionState::Full {
        return Ok(see_other(session_cookies::next_page(session.state, go_on_path(site, sealed).as_ref())));
    }
    if let Some(refusal) = refuse(&state, &visitor, session, site).await? {
        return Ok(refusal);
    }
    let back = issue(&state, &visitor, session, site, sealed).await?;
    Ok(unreferred((StatusCode::SEE_OTHER, [(header::LOCATION, back)]).into_response()))
}

/// After signing in. A browser follows no redirect to another host where it began with a form of a page that allows
/// forms to send to its own host only; so a page stands between, which leads on by itself.
pub(super) async fn go_on(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    Query(wanted): Query<Wanted>,
) -> Outcome {
    let (site, sealed) = read(&state, &wanted)?;
    let Some(session) = &visitor.session else { return Ok(sign_in_first(site, sealed)) };
    if session.state != SessionState::Full {
        return Ok(see_other(session_cookies::next_page(session.state, go_on_path(site, sealed).as_ref())));
    }
    if let Some(refusal) = refuse(&state, &visitor, session, site).await? {
        return Ok(refusal);
    }
    let back = issue(&state, &visitor, session, site, sealed).await?;
    let address = back.to_str().map_err(Failure::internal)?.to_owned();
    let on = ButtonLink::first(format!("Go on to {}", site.label), address.clone());
    let mut page = Page::new(&visitor, format!("On to {}", site.label))
        .lead("You are signed in. This page leads on by itself.")
        .width(Width::Card)
        .body_html(&Html::from_component(&on))?;
    let refresh = HeaderValue::from_str(&format!("0; url={address}")).map_err(Failure::internal)?;
    page.headers_mut().insert(HeaderName::from_static("refresh"), refresh);
    Ok(unreferred(page))
}

/// The site and the state, where both could be what a gate of ours has sent.
fn read<'a>(state: &'a ConsoleState, wanted: &'a Wanted) -> Result<(&'a GuardedSite, &'a str), Error> {
    let site = state.config.guarded.iter().find(|site| Some(&site.name) == wanted.site.as_ref());
    let site = site.ok_or_else(Error::not_found)?;
    let sealed = wanted.state.as_deref().filter(|text| !text.is_empty() && is_state(text));
    let message = "This link to sign in is not whole. Open the site itself, and follow it from there.";
    Ok((site, sealed.ok_or_else(|| Error::new(Kind::Invalid, message))?))
}

fn go_on_path(site: &GuardedSite, sealed: &str) -> Option<ReturnPath> {
    // Both are of characters that an address takes as they are.
    ReturnPath::after_sign_in(&format!("{CONSOLE_GO_ON_PATH}?site={}&state={sealed}", site.name))
}

/// The guarded site that a sign-in goes on to, as far as the address where it goes on says.
pub(super) fn wanted<'a>(state: &'a ConsoleState, next: &ReturnPath) -> Option<&'a GuardedSite> {
    let query = next.as_str().strip_prefix(CONSOLE_GO_ON_PATH)?.strip_prefix("?site=")?;
    let name = query.split('&').next().unwrap_or_default();
    state.config.guarded.iter().find(|site| site.name == name)
}

fn sign_in_first(site: &GuardedSite, sealed: &str) -> Response {
    see_other(go_on_path(site, sealed).map_or_else(|| "/sign-in".to_owned(), |path| path.sign_in_path()))
}

/// The page that says what is missing, where something is.
async fn refuse(
    state: &ConsoleState,
    visitor: &Visitor,
    session: &SessionFacts,
    site: &GuardedSite,
) -> Result<Option<Response>, Failure> {
    let target = HandOffTarget { site: &site.name, roles: &site.roles };
    let (words, action) = match state.identity.admission(session, &target).await? {
        Admission::Granted => return Ok(None),
        Admission::NoRole => (no_role(site), None),
        Admission::NeedsFactor => (
            format!(
                "Your role on {} waits for a second factor. Set it up, then open {} again.",
                site.label, site.label
            ),
            Some(ButtonLink::first("Set up a second factor", "/account/factors/app")),
        ),
        Admission::NeedsSignIn => (
            format!(
                "Your role on {} asks for the second factor, and you did not give it in this sign-in. Sign out, then \
                 open {} again.",
                site.label, site.label
            ),
            None,
        ),
    };
    let name = visitor.display_name.as_deref().unwrap_or_default();
    let sections = Sections::new()
        .part(&Callout::new(Tone::Warn, words))
        .part(&paragraph(&format!("You are signed in as {name}."))?)
        .part(&button_row(action.iter().map(Html::from_component)))
        .part(&sign_out::small_form(&visitor.csrf, "Sign out, to come as somebody else")?);
    let page = Page::new(visitor, format!("{} is not open to you", site.label));
    let mut page = page.width(Width::Card).status(StatusCode::FORBIDDEN).body(&sections)?;
    let path = format!("{} ({})", visitor.path, site.name);
    page.extensions_mut().insert(Denial { permission: None, path });
    Ok(Some(page))
}

fn no_role(site: &GuardedSite) -> String {
    let roles = match site.roles.as_slice() {
        [only] => format!("the role {only}"),
        several => format!("one of the roles {}", several.join(", ")),
    };
    format!(
        "To open {} you need {roles}, and you hold none of them. Ask who administers Palisade in your company to give you \
         one, on your page under Admin > Users.",
        site.label
    )
}

/// The address on the site that takes the code.
async fn issue(
    state: &ConsoleState,
    visitor: &Visitor,
    session: &SessionFacts,
    site: &GuardedSite,
    sealed: &str,
) -> Result<HeaderValue, Failure> {
    let code = state.identity.issue_hand_off(&visitor.caller, session, &site.name, sealed).await?;
    let address = format!("{}{SITE_PATH}?code={}&state={sealed}", site.base_url, code.reveal());
    let mut address = HeaderValue::from_str(&address).map_err(Failure::internal)?;
    address.set_sensitive(true);
    Ok(address)
}

/// Nothing of this address is told to the next page, and nobody keeps the answer.
fn unreferred(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
