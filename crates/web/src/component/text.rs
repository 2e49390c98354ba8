//! Facts, figures, explanations, and the places where nothing is yet.

use askama::Template;

use super::{Tone, html_safe};
use crate::Html;

/// What stands where nothing is yet: what is missing, why, and what to do.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"<div class="empty"><p class="empty-title">{{ title }}</p><p>{{ text }}</p>
{%- if let Some((label, path)) = action %}<p><a class="button second" href="{{ path }}">{{ label }}</a></p>{% endif %}</div>"#,
    ext = "html"
)]
pub struct EmptyState {
    title: String,
    text: String,
    action: Option<(String, String)>,
}

impl EmptyState {
    /// What is missing ("No teams yet"), and why or what to do.
    pub fn new(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { title: title.into(), text: text.into(), action: None }
    }

    /// The way to change it.
    #[must_use]
    pub fn action(mut self, label: impl Into<String>, path: impl Into<String>) -> Self {
        self.action = Some((label.into(), path.into()));
        self
    }
}

/// A paragraph that must not be overlooked.
#[derive(Template)]
#[template(source = r#"<div class="notice {{ tone.class() }}">{{ tone.icon() }}<p>{{ text }}</p></div>"#, ext = "html")]
pub struct Callout {
    tone: Tone,
    text: String,
}

impl Callout {
    /// A paragraph with its meaning.
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }
}

/// Something that can be unfolded.
#[derive(Template)]
#[template(
    source = r#"<details class="disclosure"{% if open %} open{% endif %}><summary>{{ summary }}</summary><div>{{ content }}</div></details>"#,
    ext = "html"
)]
pub struct Disclosure {
    summary: String,
    content: Html,
    open: bool,
}

impl Disclosure {
    /// Folded, under a line that says what is in it.
    pub fn new(summary: impl Into<String>, content: Html) -> Self {
        Self { summary: summary.into(), content, open: false }
    }

    /// Unfolded, or not.
    #[must_use]
    pub const fn open(mut self, open: bool) -> Self {
        self.open = open;
        self
    }
}

/// Names and values of one thing.
#[derive(Default, Template)]
#[template(
    source = r#"<dl class="facts">{% for (name, value) in facts %}<div><dt>{{ name }}</dt><dd>{{ value }}</dd></div>{% endfor %}</dl>"#,
    ext = "html"
)]
pub struct Facts {
    facts: Vec<(String, Html)>,
}

impl Facts {
    /// No facts yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A text; an empty one is a dash.
    #[must_use]
    pub fn text(self, name: impl Into<String>, value: impl AsRef<str>) -> Self {
        let value = value.as_ref();
        self.html(name, Html::text(if value.is_empty() { "–" } else { value }))
    }

    /// A component, such as a badge.
    #[must_use]
    pub fn component(self, name: impl Into<String>, component: &impl askama::filters::HtmlSafe) -> Self {
        self.html(name, Html::from_component(component))
    }

    /// Markup of a template.
    #[must_use]
    pub fn html(mut self, name: impl Into<String>, value: Html) -> Self {
        self.facts.push((name.into(), value));
        self
    }
}

/// A figure with its name; it leads to what it is made of.
#[derive(Clone, Debug)]
pub struct Stat {
    /// The figure, written as people read it.
    pub figure: String,
    /// What it counts.
    pub label: String,
    /// The records that it is made of.
    pub path: Option<String>,
}

/// Figures side by side.
#[derive(Template)]
#[template(
    source = r#"<ul class="stats">{% for stat in stats %}<li>{% if let Some(path) = stat.path %}<a href="{{ path }}">{% endif %}<span class="figure">{{ stat.figure }}</span> <span class="stat-name">{{ stat.label }}</span>{% if stat.path.is_some() %}</a>{% endif %}</li>{% endfor %}</ul>"#,
    ext = "html"
)]
pub struct Stats {
    stats: Vec<Stat>,
}

impl Stats {
    /// These figures.
    pub fn new(stats: impl IntoIterator<Item = Stat>) -> Self {
        Self { stats: stats.into_iter().collect() }
    }
}

/// A secret that is shown once: to be copied, never to come again.
#[derive(Template)]
#[template(
    source = r#"<div class="secret"><p class="secret-name" id="{{ id }}-name">{{ label }}</p>
<div class="line"><code id="{{ id }}" aria-labelledby="{{ id }}-name">{{ value }}</code><button type="button" class="second small" data-copy="{{ id }}" hidden>{{ crate::Icon::Copy }}<span>Copy</span></button></div></div>"#,
    ext = "html"
)]
pub struct SecretOnce {
    id: String,
    label: String,
    value: String,
}

impl SecretOnce {
    /// `id` is the element's id, unique on the page.
    pub fn new(id: impl Into<String>, label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { id: id.into(), label: label.into(), value: value.into() }
    }
}

html_safe!(EmptyState, Callout, Disclosure, Facts, Stats, SecretOnce);
