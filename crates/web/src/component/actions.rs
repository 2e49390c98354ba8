//! What can be done: links that look like buttons, forms of one button, and the question before a dangerous act.

use askama::Template;

use super::{Field, Tone, html_safe};
use crate::{CsrfToken, Icon};

/// A link to a page where something is done.
#[derive(Template)]
#[template(
    source = r#"<a class="button{% if !first %} second{% endif %}{% if small %} small{% endif %}" href="{{ path }}">{% if let Some(icon) = icon %}{{ icon }}{% endif %}{{ label }}</a>"#,
    ext = "html"
)]
pub struct ButtonLink {
    label: String,
    path: String,
    icon: Option<Icon>,
    first: bool,
    small: bool,
}

impl ButtonLink {
    /// The page's main act. One of a page at most.
    pub fn first(label: impl Into<String>, path: impl Into<String>) -> Self {
        Self { label: label.into(), path: path.into(), icon: None, first: true, small: false }
    }

    /// Another act.
    pub fn second(label: impl Into<String>, path: impl Into<String>) -> Self {
        Self { first: false, ..Self::first(label, path) }
    }

    /// A small button, for table rows.
    #[must_use]
    pub const fn small(mut self) -> Self {
        self.small = true;
        self
    }

    /// With a picture.
    #[must_use]
    pub const fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }
}

/// A form of one button that does something at once.
#[derive(Template)]
#[template(
    source = r#"<form class="action" method="post" action="{{ path }}">{{ csrf }}
{%- for (name, value) in hidden %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor -%}
<button class="{{ class }}">{% if let Some(icon) = icon %}{{ icon }}{% endif %}{{ label }}{% if let Some(of) = of %}<span class="hidden"> {{ of }}</span>{% endif %}</button></form>"#,
    ext = "html"
)]
pub struct ActionForm {
    path: String,
    csrf: CsrfToken,
    label: String,
    of: Option<String>,
    hidden: Vec<(String, String)>,
    class: &'static str,
    icon: Option<Icon>,
}

impl ActionForm {
    /// A POST to `path`; the label is a verb.
    pub fn new(path: impl Into<String>, csrf: &CsrfToken, label: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            csrf: csrf.clone(),
            label: label.into(),
            of: None,
            hidden: Vec::new(),
            class: "second",
            icon: None,
        }
    }

    /// What it is done to, for assistive technology: buttons of the same word stand in many rows.
    #[must_use]
    pub fn of(mut self, thing: impl Into<String>) -> Self {
        self.of = Some(thing.into());
        self
    }

    /// A value that is sent along.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.hidden.push((name.into(), value.into()));
        self
    }

    /// The page's main act.
    #[must_use]
    pub const fn first(mut self) -> Self {
        self.class = "first";
        self
    }

    /// A small button, for table rows.
    #[must_use]
    pub const fn small(mut self) -> Self {
        self.class = "second small";
        self
    }

    /// Something that takes away.
    #[must_use]
    pub const fn danger(mut self) -> Self {
        self.class = "danger";
        self
    }

    /// With a picture.
    #[must_use]
    pub const fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }
}

/// The question before a dangerous act: what will happen to whom, perhaps a factor, then the verb or the way back.
#[derive(Template)]
#[template(
    source = r#"<form class="confirm {{ tone.class() }}" method="post" action="{{ path }}">{{ csrf }}
{%- for (name, value) in hidden %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor %}
<ul class="effects">{% for effect in effects %}<li>{{ effect }}</li>{% endfor %}</ul>
{%- for field in fields %}{{ field }}{% endfor %}
<div class="buttons"><button class="{% if self.is_danger() %}danger{% else %}first{% endif %}">{{ verb }}</button><a href="{{ back }}">Go back</a></div>
</form>"#,
    ext = "html"
)]
pub struct Confirm {
    path: String,
    csrf: CsrfToken,
    verb: String,
    back: String,
    effects: Vec<String>,
    fields: Vec<Field>,
    hidden: Vec<(String, String)>,
    tone: Tone,
}

impl Confirm {
    /// A POST to `path` whose button says `verb`; `back` is where nothing happens.
    pub fn new(path: impl Into<String>, csrf: &CsrfToken, verb: impl Into<String>, back: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            csrf: csrf.clone(),
            verb: verb.into(),
            back: back.into(),
            effects: Vec::new(),
            fields: Vec::new(),
            hidden: Vec::new(),
            tone: Tone::Stop,
        }
    }

    /// One thing that will happen, in a sentence that says to whom.
    #[must_use]
    pub fn effect(mut self, sentence: impl Into<String>) -> Self {
        self.effects.push(sentence.into());
        self
    }

    /// A field to fill, such as a code.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// A value that is sent along.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.hidden.push((name.into(), value.into()));
        self
    }

    /// Nothing is taken away: an ordinary button.
    #[must_use]
    pub const fn harmless(mut self) -> Self {
        self.tone = Tone::Note;
        self
    }

    fn is_danger(&self) -> bool {
        self.tone == Tone::Stop
    }
}

html_safe!(ButtonLink, ActionForm, Confirm);
