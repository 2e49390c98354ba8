//! Who may come through a door, decided before the handler runs.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, Method, header, request::Parts};
use palisade_base::{Error, Kind, Permission, Scope, auth::SessionState};

use crate::{
    Failure, ReturnPath, Visitor,
    render::wants_json,
    same_origin::{self, Provenance},
    see_other,
};

/// What a route asks of its visitors. Every route has one; there is no way to add a route without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing: anybody.
    Public,
    /// A person's session that owes nothing. An API key is not enough: keys cannot manage their owner's account.
    SignedIn,
    /// A person's session, even one that still owes a factor, its enrolment or a new password.
    OwesFactor,
    /// The permission, reaching at least this far. How far it really reaches is for the record layer.
    Permission(Permission, Scope),
}

/// A refusal of somebody known, left in the response's extensions for whoever keeps the trail.
#[derive(Clone, Debug)]
pub struct Denial {
    /// The permission that was missing; `None`: the door is closed to this kind of client.
    pub permission: Option<Permission>,
    /// The path that was asked for.
    pub path: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Decision {
    Enter,
    SignIn,
    Settle(SessionState),
    Deny(Option<Permission>),
}

impl Access {
    /// Whether this visitor would come in: to show only links that lead somewhere.
    #[must_use]
    pub fn admits(&self, visitor: &Visitor) -> bool {
        self.decide(visitor) == Decision::Enter
    }

    fn decide(&self, visitor: &Visitor) -> Decision {
        if *self == Self::Public {
            return Decision::Enter;
        }
        if visitor.is_api_client() {
            return self.decide_for_key(visitor);
        }
        match (self, visitor.session.as_ref().map(|session| session.state)) {
            (_, None) => Decision::SignIn,
            (Self::OwesFactor, Some(_)) | (Self::Public | Self::SignedIn, Some(SessionState::Full)) => Decision::Enter,
            (Self::Permission(permission, scope), Some(SessionState::Full)) => grant(visitor, permission, *scope),
            (_, Some(owing)) => Decision::Settle(owing),
        }
    }

    /// Keys open the API, never pages.
    fn decide_for_key(&self, visitor: &Visitor) -> Decision {
        match self {
            Self::Permission(permission, scope) if visitor.path.starts_with("/api/") => {
                grant(visitor, permission, *scope)
            }
            _ => Decision::Deny(None),
        }
    }
}

fn grant(visitor: &Visitor, permission: &Permission, scope: Scope) -> Decision {
    if visitor.caller.authority.allows(permission, scope) {
        Decision::Enter
    } else {
        Decision::Deny(Some(permission.clone()))
    }
}

/// The layer around each route.
pub(crate) async fn enforce(State(access): State<Access>, visitor: Visitor, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(error) = check_provenance(&parts, &visitor) {
        return refuse(error.into(), Denial { permission: None, path: visitor.path });
    }
    match access.decide(&visitor) {
        Decision::Enter => next.run(Request::from_parts(parts, body)).await,
        Decision::SignIn => ask_to_sign_in(&parts),
        Decision::Settle(owing) => ask_to_settle(&parts, owing),
        Decision::Deny(permission) => {
            let error = match permission {
                Some(_) => Error::denied(),
                None => {
                    Error::new(Kind::Denied, "An API key opens paths under /api/ that its scopes name, nothing else.")
                }
            };
            refuse(error.into(), Denial { permission, path: visitor.path })
        }
    }
}

/// A request that changes something and rides on a cookie must not come from elsewhere. Forms also carry a token
/// ([`crate::ProtectedForm`]); calls to the API, which carry none, must show that they come from here.
fn check_provenance(parts: &Parts, visitor: &Visitor) -> Result<(), Error> {
    if same_origin::is_safe(&parts.method) || visitor.is_api_client() {
        return Ok(());
    }
    let provenance = same_origin::provenance(parts)?;
    let by_cookie = visitor.session.is_some() && visitor.path.starts_with("/api/");
    if by_cookie && provenance != Provenance::SameOrigin {
        return Err(Error::new(
            Kind::Denied,
            "A call that is signed in by cookie must come from a page of this site. Programs use an API key.",
        ));
    }
    Ok(())
}

fn refuse(failure: Failure, denial: Denial) -> Response {
    let mut response = failure.into_response();
    response.extensions_mut().insert(denial);
    response
}

fn ask_to_sign_in(parts: &Parts) -> Response {
    if wants_json(parts) {
        let error = Error::new(Kind::Unauthenticated, "Sign in, or send an API key in the X-API-Key header.");
        return Failure::from(error)
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
            .into_response();
    }
    // Only what can be asked for again is worth coming back to.
    let again = matches!(parts.method, Method::GET | Method::HEAD);
    let wanted = parts.uri.path_and_query().filter(|_| again).and_then(|path| ReturnPath::after_sign_in(path.as_str()));
    see_other(wanted.map_or_else(|| "/sign-in".to_owned(), |path| path.sign_in_path()))
}

fn ask_to_settle(parts: &Parts, owing: SessionState) -> Response {
    let (path, message) = match owing {
        SessionState::OwesFactor => ("/sign-in/factor", "Give the second factor first."),
        SessionState::OwesEnrolment => ("/sign-in/enrol", "Your role requires a second factor: enrol one first."),
        SessionState::OwesPassword => ("/sign-in/new-password", "Choose a new password first."),
        SessionState::Full => ("/", ""),
    };
    if wants_json(parts) {
        return Failure::from(Error::new(Kind::Denied, message)).into_response();
    }
    see_other(path)
}
