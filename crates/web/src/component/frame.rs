//! What stands above a page's body.

use askama::Template;
use palisade_base::FieldError;

use super::html_safe;

/// The way to a page: links, and the page itself is not among them.
#[derive(Clone, Debug, Default, Template)]
#[template(
    source = r#"{% if !links.is_empty() %}<nav class="crumbs" aria-label="Breadcrumbs"><ol>
{%- for (label, path) in links %}<li><a href="{{ path }}">{{ label }}</a></li>{% endfor -%}
</ol></nav>{% endif %}"#,
    ext = "html"
)]
pub struct Breadcrumbs {
    links: Vec<(String, String)>,
}

impl Breadcrumbs {
    /// No links.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a step.
    #[must_use]
    pub fn link(mut self, label: impl Into<String>, path: impl Into<String>) -> Self {
        self.links.push((label.into(), path.into()));
        self
    }
}

/// Sister pages of one thing.
#[derive(Clone, Debug, Default, Template)]
#[template(
    source = r#"{% if !tabs.is_empty() %}<nav class="tabs" aria-label="Pages of this"><ul>
{%- for (label, path, current) in tabs %}<li><a href="{{ path }}"{% if *current %} aria-current="page"{% endif %}>{{ label }}</a></li>{% endfor -%}
</ul></nav>{% endif %}"#,
    ext = "html"
)]
pub struct Tabs {
    tabs: Vec<(String, String, bool)>,
}

impl Tabs {
    /// No tabs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is none: then nothing is shown.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.tabs.is_empty()
    }

    /// Adds a page; `current` marks the one that is open.
    #[must_use]
    pub fn tab(mut self, label: impl Into<String>, path: impl Into<String>, current: bool) -> Self {
        self.tabs.push((label.into(), path.into(), current));
        self
    }
}

/// What is wrong with a form, on top of the page, each line leading to its field.
#[derive(Clone, Debug, Template)]
#[template(
    source = r##"{% if let Some(message) = message %}<div class="summary" role="alert" tabindex="-1" autofocus>
<h2>{{ crate::Icon::Stop }}{{ message }}</h2>
{%- if !errors.is_empty() %}<ul>{% for error in errors %}<li>{% if error.field.is_empty() %}{{ error.message }}{% else %}<a href="#f-{{ error.field }}">{{ error.message }}</a>{% endif %}</li>{% endfor %}</ul>{% endif %}
</div>{% endif %}"##,
    ext = "html"
)]
pub struct ErrorSummary {
    message: Option<String>,
    errors: Vec<FieldError>,
}

impl ErrorSummary {
    /// Nothing is wrong: it shows nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self { message: None, errors: Vec::new() }
    }

    /// The message, and a line for each field.
    pub fn new(message: impl Into<String>, errors: &[FieldError]) -> Self {
        Self { message: Some(message.into()), errors: errors.to_vec() }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.message.is_none()
    }
}

html_safe!(Breadcrumbs, Tabs, ErrorSummary);
