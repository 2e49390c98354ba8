//! The frame of every page.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use palisade_base::{Kind, RequestId};

use crate::{
    Failure, Html, Icon, Outcome, Visitor, assets,
    component::{Breadcrumbs, ErrorSummary, Tabs},
    cookie,
    navigation::{Entry, Search, Section},
    render::RenderState,
};

/// How wide a page's content may become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Width {
    /// Tables: all the room there is.
    #[default]
    Wide,
    /// Forms and texts: one column of readable length.
    Reading,
    /// Signing in: a card in the middle, without rail and bars.
    Card,
}

impl Width {
    const fn class(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Reading => "reading",
            Self::Card => "card-page",
        }
    }
}

/// A page under construction: its one heading, and what stands around the body.
///
/// ```no_run
/// # use askama::Template;
/// # use palisade_web::{Outcome, Page, Visitor, component::Breadcrumbs};
/// # #[derive(Template)] #[template(source = "<p>40</p>", ext = "html")] struct Employees;
/// async fn list(visitor: Visitor) -> Outcome {
///     Page::new(&visitor, "Employees")
///         .crumbs(Breadcrumbs::new().link("Home", "/"))
///         .lead("40 people in 6 teams.")
///         .body(&Employees)
/// }
/// ```
#[must_use = "a page is shown by `body`"]
pub struct Page<'a> {
    visitor: &'a Visitor,
    title: String,
    lead: Option<String>,
    crumbs: Breadcrumbs,
    actions: Html,
    tabs: Tabs,
    summary: ErrorSummary,
    width: Width,
    status: StatusCode,
    script: Option<&'static str>,
    under: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a> {
    page: &'a Page<'a>,
    visitor: &'a Visitor,
    body: &'a Html,
    css: &'static str,
    favicon: &'static str,
    sections: Vec<Section<'a>>,
    phone: Vec<Entry<'a>>,
    search: Option<&'a Search>,
    framed: bool,
}

impl<'a> Page<'a> {
    /// A page whose one h1 names the thing that it shows.
    pub fn new(visitor: &'a Visitor, title: impl Into<String>) -> Self {
        Self {
            visitor,
            title: title.into(),
            lead: None,
            crumbs: Breadcrumbs::new(),
            actions: Html::empty(),
            tabs: Tabs::new(),
            summary: ErrorSummary::none(),
            width: Width::Wide,
            status: StatusCode::OK,
            script: None,
            under: None,
        }
    }

    /// The first line: the answer, in words or figures.
    pub fn lead(mut self, lead: impl Into<String>) -> Self {
        self.lead = Some(lead.into());
        self
    }

    /// The way here.
    pub fn crumbs(mut self, crumbs: Breadcrumbs) -> Self {
        self.crumbs = crumbs;
        self
    }

    /// What can be done on this page: buttons beside the heading. May be called again for more.
    pub fn action(mut self, action: impl askama::filters::HtmlSafe) -> Self {
        self.actions = Html::concat([self.actions, Html::from_component(&action)]);
        self
    }

    /// Sister pages.
    pub fn tabs(mut self, tabs: Tabs) -> Self {
        self.tabs = tabs;
        self
    }

    /// What is wrong with the form on it. The page is then answered with 422, unless another status was set.
    pub fn errors(mut self, summary: ErrorSummary) -> Self {
        if !summary.is_empty() && self.status == StatusCode::OK {
            self.status = StatusCode::UNPROCESSABLE_ENTITY;
        }
        self.summary = summary;
        self
    }

    /// How wide it is.
    pub fn width(mut self, width: Width) -> Self {
        self.width = width;
        self
    }

    /// Another status than 200.
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Marks another entry of the rail than the one that the address lies under.
    pub const fn under(mut self, path: &'static str) -> Self {
        self.under = Some(path);
        self
    }

    /// A script that only this page needs, by its name among the assets.
    pub fn script(mut self, name: &'static str) -> Self {
        self.script = Some(assets::path(name));
        self
    }

    /// The page with its body.
    ///
    /// # Errors
    /// The template could not be rendered: a defect of ours.
    pub fn body(self, body: &impl Template) -> Outcome {
        let body = Html::of(body)?;
        self.body_html(&body)
    }

    /// The page with markup that templates made.
    ///
    /// # Errors
    /// As [`Page::body`].
    pub fn body_html(self, body: &Html) -> Outcome {
        let html = Html::of(&self.layout(body))?.into_string();
        let mut response = html_response(self.status, html);
        if self.visitor.notice.is_some() {
            response.headers_mut().append(header::SET_COOKIE, cookie::clear(cookie::NOTICE));
        }
        Ok(response)
    }

    fn layout(&'a self, body: &'a Html) -> Layout<'a> {
        let navigation = &self.visitor.navigation;
        Layout {
            page: self,
            visitor: self.visitor,
            body,
            css: assets::path("palisade.css"),
            favicon: assets::path("favicon.svg"),
            sections: navigation.sections(self.visitor, self.under),
            phone: navigation.phone_entries(self.visitor, self.under),
            search: navigation.search_for(self.visitor),
            framed: self.width != Width::Card && self.visitor.is_signed_in(),
        }
    }
}

fn html_response(status: StatusCode, html: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        // Pages show what belongs to one person; they are asked for anew each time.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, html).into_response()
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorBody<'a> {
    message: &'a str,
    fields: &'a [palisade_base::FieldError],
    id: Option<String>,
    signed_in: bool,
    ours: bool,
}

#[derive(Template)]
#[template(path = "bare.html")]
struct BareLayout<'a> {
    title: &'a str,
    site_name: &'a str,
    body: &'a Html,
    css: &'a str,
    favicon: &'a str,
}

#[derive(Template)]
#[template(source = r#"<p>{{ words }}</p><p><a href="{{ path }}">{{ label }}</a></p>"#, ext = "html")]
struct PlainBody<'a> {
    words: &'a str,
    label: &'a str,
    path: &'a str,
}

/// A page without a frame that says one thing and leads on: for sites whose pages are not ours.
///
/// # Errors
/// The template could not be rendered: a defect of ours.
pub fn plain_page(state: &RenderState, title: &str, words: &str, (label, path): (&str, &str)) -> Outcome {
    bare_page(StatusCode::OK, title, state, &Html::of(&PlainBody { words, label, path })?)
}

/// The page of a failure: with its frame where the visitor is known, bare where not.
pub(crate) fn error_page(
    failure: &Failure,
    visitor: Option<&Visitor>,
    state: &RenderState,
    id: Option<RequestId>,
) -> Response {
    let error = failure.error();
    let body = ErrorBody {
        message: error.message(),
        fields: error.fields(),
        id: id.map(|id| id.to_string()),
        signed_in: visitor.is_some_and(Visitor::is_signed_in),
        ours: matches!(error.kind(), Kind::Internal | Kind::Unavailable),
    };
    let title = failure.title().unwrap_or_else(|| title_of(failure.status()));
    let rendered = Html::of(&body).and_then(|body| match visitor {
        Some(visitor) => Page::new(visitor, title).width(Width::Reading).status(failure.status()).body_html(&body),
        None => bare_page(failure.status(), title, state, &body),
    });
    rendered.unwrap_or_else(|_| (failure.status(), error.message().to_owned()).into_response())
}

fn bare_page(status: StatusCode, title: &str, state: &RenderState, body: &Html) -> Outcome {
    let file = |name: &str| format!("{}{}", state.files_under, assets::path(name));
    let (css, favicon) = (file("bare.css"), file("favicon.svg"));
    let layout = BareLayout { title, site_name: &state.site_name, body, css: &css, favicon: &favicon };
    Ok(html_response(status, Html::of(&layout)?.into_string()))
}

fn title_of(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "Sign in first",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::NOT_FOUND => "Nothing here",
        StatusCode::METHOD_NOT_ALLOWED => "Not in this way",
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => "Changed meanwhile",
        StatusCode::PAYLOAD_TOO_LARGE => "Too large",
        StatusCode::UNPROCESSABLE_ENTITY => "Needs another look",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests",
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY => "Not available at the moment",
        StatusCode::GATEWAY_TIMEOUT => "This took too long",
        status if status.is_server_error() => "This did not work",
        _ => "Can't be read",
    }
}
