//! Routes that know who may use them.

use axum::{
    Router,
    extract::Request,
    handler::Handler,
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, delete, get, patch, post, put},
};
use http::{HeaderValue, Method, StatusCode, header};
use palisade_base::{Error, Kind};

use crate::{Access, Failure, Visitor, access::enforce};

/// One route as it was declared: what the hand-written matrix of roles is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteInfo {
    /// The method.
    pub method: Method,
    /// The path with its parameters, as in `/people/{id}`.
    pub path: &'static str,
    /// What it asks.
    pub access: Access,
}

/// A set of routes. Adding one takes its [`Access`], which is enforced before the handler runs: nothing is open by
/// having been forgotten. `S` is the state of the handlers; [`Routes::finish`] drops it once all are added.
pub struct Routes<S = ()> {
    state: S,
    router: Router,
    list: Vec<RouteInfo>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No routes yet.
    pub fn new(state: S) -> Self {
        Self { state, router: Router::new(), list: Vec::new() }
    }

    /// Adds a route for GET (and HEAD).
    #[must_use]
    pub fn get<H: Handler<T, S>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add(Method::GET, path, access, get(handler))
    }

    /// Adds a route for POST.
    #[must_use]
    pub fn post<H: Handler<T, S>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add(Method::POST, path, access, post(handler))
    }

    /// Adds a route for PUT.
    #[must_use]
    pub fn put<H: Handler<T, S>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add(Method::PUT, path, access, put(handler))
    }

    /// Adds a route for PATCH.
    #[must_use]
    pub fn patch<H: Handler<T, S>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add(Method::PATCH, path, access, patch(handler))
    }

    /// Adds a route for DELETE.
    #[must_use]
    pub fn delete<H: Handler<T, S>, T: 'static>(self, path: &'static str, access: Access, handler: H) -> Self {
        self.add(Method::DELETE, path, access, delete(handler))
    }

    /// Adds another set, whatever its state.
    #[must_use]
    pub fn merge<O>(mut self, other: Routes<O>) -> Self {
        self.router = self.router.merge(other.router);
        self.list.extend(other.list);
        self
    }

    /// The set without its state, to hand it over.
    #[must_use]
    pub fn finish(self) -> Routes {
        Routes { state: (), router: self.router, list: self.list }
    }

    fn add(mut self, method: Method, path: &'static str, access: Access, handlers: MethodRouter<S>) -> Self {
        let guarded = handlers
            .route_layer(middleware::from_fn_with_state(access.clone(), enforce))
            .with_state(self.state.clone());
        self.router = self.router.route(path, guarded);
        self.list.push(RouteInfo { method, path, access });
        self
    }
}

impl<S> Routes<S> {
    /// The routes as declared.
    #[must_use]
    pub fn list(&self) -> &[RouteInfo] {
        &self.list
    }

    /// The router: unknown paths are 404, wrong methods 405, and every failure knows its visitor.
    pub fn into_router(self) -> Router {
        self.router
            .fallback(|| async { Failure::from(Error::not_found()) })
            .method_not_allowed_fallback(|| async { wrong_method() })
            .layer(middleware::from_fn(complete_failures))
    }
}

fn wrong_method() -> Failure {
    let error =
        Error::new(Kind::Invalid, "This address can't be used in that way. Go back and use the page's own buttons.");
    Failure::with_status(error, StatusCode::METHOD_NOT_ALLOWED)
}

/// Hands the visitor to failures, so that their page has its frame, and makes failures of what axum's own extractors
/// refuse (a path or query that cannot be read), whose plain texts speak of types.
async fn complete_failures(visitor: Option<axum::Extension<Visitor>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return response;
    }
    if is_bare_rejection(&response) {
        let allow = response.headers().get(header::ALLOW).cloned();
        response = rejection(response.status()).into_response();
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
    }
    if let (Some(axum::Extension(visitor)), true) = (visitor, Failure::of(&response).is_some()) {
        response.extensions_mut().insert(visitor);
    }
    response
}

fn is_bare_rejection(response: &Response) -> bool {
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    let body = response.headers().get(header::CONTENT_TYPE);
    Failure::of(response).is_none() && body.is_none_or(|kind| *kind == plain)
}

fn rejection(status: StatusCode) -> Failure {
    let error = match status {
        StatusCode::NOT_FOUND => Error::not_found(),
        status if status.is_server_error() => Error::internal(format_args!("bare answer {status}")),
        StatusCode::PAYLOAD_TOO_LARGE => Error::new(Kind::TooLarge, "That is more than this address takes."),
        _ => {
            Error::new(Kind::Invalid, "A part of this address or request can't be read. Check the link and try again.")
        }
    };
    // A path parameter that is no id names nothing that exists.
    let status = if status.is_server_error() { StatusCode::INTERNAL_SERVER_ERROR } else { status };
    Failure::with_status(error, status)
}
