//! What every chart has around its drawing.

use askama::{Template, filters::HtmlSafe};
use palisade_web::{
    Html,
    component::{Disclosure, Table},
};

/// A drawing with its title, its finding, its key, and its figures as a table. Stands in a template as `{{ chart }}`.
#[derive(Clone, Template)]
#[template(path = "chart.html")]
pub struct Chart {
    kind: &'static str,
    title: String,
    finding: String,
    key: Vec<Key>,
    drawing: Html,
    table: Html,
}

/// A series as the key names it.
#[derive(Clone, Debug)]
struct Key {
    class: String,
    name: String,
}

impl HtmlSafe for Chart {}

impl Chart {
    pub(crate) fn new(kind: &'static str, title: &str, finding: &str, drawing: &impl HtmlSafe) -> Self {
        Self {
            kind,
            title: title.to_owned(),
            finding: finding.to_owned(),
            key: Vec::new(),
            drawing: Html::from_component(drawing),
            table: Html::empty(),
        }
    }

    /// Adds a series to the key, by the class that draws it.
    pub(crate) fn key(mut self, class: impl Into<String>, name: &str) -> Self {
        if !name.is_empty() {
            self.key.push(Key { class: class.into(), name: name.to_owned() });
        }
        self
    }

    /// The same figures, behind a disclosure.
    pub(crate) fn table(mut self, table: &Table) -> Self {
        let folded = Disclosure::new("The figures as a table", Html::from_component(table));
        self.table = Html::from_component(&folded);
        self
    }
}

/// A link where there is a path, plain text otherwise. It may break behind a slash.
pub(crate) fn name_html(name: &str, path: Option<&str>) -> Html {
    Html::from_component(&Name { parts: name.split_inclusive('/').collect(), path })
}

#[derive(Template)]
#[template(
    source = r#"{% if let Some(path) = path %}<a href="{{ path }}">{% endif %}{% for part in parts %}{% if !loop.first %}<wbr>{% endif %}{{ part }}{% endfor %}{% if path.is_some() %}</a>{% endif %}"#,
    ext = "html"
)]
struct Name<'a> {
    parts: Vec<&'a str>,
    path: Option<&'a str>,
}

impl HtmlSafe for Name<'_> {}
