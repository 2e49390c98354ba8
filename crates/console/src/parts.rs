//! The templates that most pages share.

use askama::{Template, filters::HtmlSafe};
use palisade_base::Error;
use palisade_web::{CsrfToken, Failure, FormView, Html, component::Field};

/// A form of one column.
#[derive(Template)]
#[template(path = "form.html")]
pub(crate) struct FormBody {
    action: String,
    csrf: CsrfToken,
    before: Html,
    hidden: Vec<(&'static str, String)>,
    fields: Html,
    verb: &'static str,
    back: Option<(&'static str, String)>,
    after: Html,
}

impl FormBody {
    pub(crate) fn new(action: impl Into<String>, csrf: &CsrfToken, verb: &'static str) -> Self {
        Self {
            action: action.into(),
            csrf: csrf.clone(),
            before: Html::empty(),
            hidden: Vec::new(),
            fields: Html::empty(),
            verb,
            back: None,
            after: Html::empty(),
        }
    }

    /// What stands above the form.
    pub(crate) fn before(mut self, html: Html) -> Self {
        self.before = Html::concat([self.before, html]);
        self
    }

    /// What stands below the form.
    pub(crate) fn after(mut self, html: Html) -> Self {
        self.after = html;
        self
    }

    pub(crate) fn hidden(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.hidden.push((name, value.into()));
        self
    }

    pub(crate) fn field(mut self, field: &Field) -> Self {
        self.fields = Html::concat([self.fields, Html::from_component(field)]);
        self
    }

    pub(crate) fn fields(self, fields: impl IntoIterator<Item = Field>) -> Self {
        fields.into_iter().fold(self, |form, field| form.field(&field))
    }

    /// Markup between the fields.
    pub(crate) fn html(mut self, html: Html) -> Self {
        self.fields = Html::concat([self.fields, html]);
        self
    }

    /// Where nothing is done.
    pub(crate) fn back(mut self, label: &'static str, path: impl Into<String>) -> Self {
        self.back = Some((label, path.into()));
        self
    }
}

/// Parts under headings.
#[derive(Template)]
#[template(path = "sections.html")]
pub(crate) struct Sections(Vec<Section>);

struct Section {
    heading: Option<String>,
    parts: Vec<Html>,
}

impl Sections {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// A part without a heading of its own.
    pub(crate) fn part(mut self, part: &impl HtmlSafe) -> Self {
        self.0.push(Section { heading: None, parts: vec![Html::from_component(part)] });
        self
    }

    /// Another page's parts after these.
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Parts under a heading.
    pub(crate) fn under(mut self, heading: impl Into<String>, parts: impl IntoIterator<Item = Html>) -> Self {
        self.0.push(Section { heading: Some(heading.into()), parts: parts.into_iter().collect() });
        self
    }
}

/// A paragraph.
#[derive(Template)]
#[template(source = "<p>{{ text }}</p>", ext = "html")]
struct Paragraph<'a> {
    text: &'a str,
}

pub(crate) fn paragraph(text: &str) -> Result<Html, Failure> {
    Html::of(&Paragraph { text })
}

/// Buttons side by side.
#[derive(Template)]
#[template(source = r#"<div class="buttons">{{ buttons }}</div>"#, ext = "html")]
struct ButtonRow {
    buttons: Html,
}

impl HtmlSafe for ButtonRow {}

pub(crate) fn button_row(buttons: impl IntoIterator<Item = Html>) -> Html {
    Html::from_component(&ButtonRow { buttons: Html::concat(buttons) })
}

/// Whether an error is about what was typed, so that the form can be shown again; any other error passes on.
pub(crate) fn is_about_input(error: &Error) -> bool {
    !error.fields().is_empty()
}

/// The form's view after an error about what was typed; every other error is the page's.
pub(crate) fn view_of(view: FormView, error: Error) -> Result<FormView, Failure> {
    if is_about_input(&error) { Ok(view.failed(&error)) } else { Err(error.into()) }
}

/// Lines of evidence, one below the other.
#[derive(Template)]
#[template(
    source = r#"<ul class="evidence">{% for line in lines %}<li><code>{{ line }}</code></li>{% endfor %}</ul>"#,
    ext = "html"
)]
pub(crate) struct Lines<'a> {
    pub(crate) lines: &'a [String],
}

/// Something to be typed.
#[derive(Template)]
#[template(source = "<code>{{ text }}</code>", ext = "html")]
struct Code<'a> {
    text: &'a str,
}

pub(crate) fn code(text: &str) -> Result<Html, Failure> {
    Html::of(&Code { text })
}
