//! Values as pages show them.

use askama::Template;
use palisade_base::Date;
use palisade_store::Value;
use palisade_web::{Html, component::date_words};

use crate::{Cell, Field, Kind};

#[derive(Template)]
#[template(source = r#"<a href="{{ path }}">{{ title }}</a>"#, ext = "html")]
struct Link<'a> {
    path: String,
    title: &'a str,
}

/// A value as people read it.
pub(crate) fn words(field: &Field, cell: &Cell) -> String {
    match (field.kind, &cell.value) {
        (Kind::Date, Value::Text(text)) => text.parse::<Date>().map_or_else(|_| text.clone(), date_words),
        (Kind::Link(_), _) => cell.linked_title.clone().unwrap_or_default(),
        (kind, value) => kind.write_text(value),
    }
}

/// A value as markup: a link leads to its record where `is_open` says that the caller may go there.
pub fn cell_html(field: &Field, cell: &Cell, is_open: bool) -> Html {
    let text = words(field, cell);
    match (field.kind, &cell.value) {
        (Kind::Link(to), Value::Id(id)) if is_open => {
            let link = Link { path: format!("/{}/{id}", to.path), title: &text };
            Html::of(&link).unwrap_or_else(|_| Html::text(&text))
        }
        _ if text.is_empty() => Html::text("–"),
        _ => Html::text(&text),
    }
}
