//! The filters above a list and the pages below it.

use askama::Template;

use super::{Field, html_safe};
use crate::ListQuery;

/// The filters of a list: a GET form, so that the address can be shared. A phone shows its search field, and the rest
/// behind a line that says how many filters are set; wide screens show all of it.
#[derive(Template)]
#[template(
    source = r#"{%- macro buttons() -%}
<div class="buttons"><button class="second">Filter</button>{% if let Some(clear) = clear %}<a href="{{ clear }}">Clear</a>{% endif %}</div>
{%- endmacro -%}
<form class="filters" method="get" action="{{ path }}" role="search" aria-label="Filter">
{%- for (name, value) in carried %}<input type="hidden" name="{{ name }}" value="{{ value }}">{% endfor -%}
{%- if let Some(field) = search %}{{ field }}{% endif %}
{%- if !fields.is_empty() %}
<details class="fold"><summary>{% if search.is_some() %}More filters{% else %}Filters{% endif %}{% if set > 0 %} <b>{{ set }} set</b>{% endif %}</summary>
<div class="folded">{% for field in fields %}{{ field }}{% endfor %}{% if search.is_none() %}{% call buttons() %}{% endcall %}{% endif %}</div></details>
{%- endif %}
{%- if search.is_some() || fields.is_empty() %}{% call buttons() %}{% endcall %}{% endif %}
</form>"#,
    ext = "html"
)]
pub struct FilterForm {
    path: String,
    carried: Vec<(&'static str, String)>,
    search: Option<Field>,
    fields: Vec<Field>,
    /// How many of the fields behind the line are set.
    set: usize,
    clear: Option<String>,
}

impl FilterForm {
    /// The fields, named as the list's filters, filled with what is set.
    pub fn new(query: &ListQuery, fields: impl IntoIterator<Item = Field>) -> Self {
        let filled = fields.into_iter().map(|field| match query.filter(field.name()).map(str::to_owned) {
            Some(value) => field.value(value),
            None => field,
        });
        let mut fields: Vec<Field> = filled.collect();
        let search = fields.iter().position(Field::is_search).map(|place| fields.remove(place));
        let set = fields.iter().filter(|field| query.filter(field.name()).is_some()).count();
        Self {
            path: query.path().to_owned(),
            carried: query.carried(),
            search,
            fields,
            set,
            clear: query.is_filtered().then(|| query.unfiltered_path()),
        }
    }
}

/// How many rows there are, which of them are shown, and the ways to the others.
#[derive(Template)]
#[template(path = "component/paging.html")]
pub struct Paging {
    first: u64,
    last: u64,
    total: u64,
    noun: String,
    page: u64,
    pages: u64,
    previous: Option<String>,
    next: Option<String>,
    ends: (String, String),
}

impl Paging {
    /// For `total` rows, of which `shown` are on this page; `noun` in the plural.
    pub fn new(query: &ListQuery, shown: usize, total: u64, noun: impl Into<String>) -> Self {
        let pages = total.div_ceil(query.per_page).max(1);
        let shown = shown as u64;
        Self {
            first: if shown == 0 { 0 } else { query.offset() + 1 },
            last: if shown == 0 { 0 } else { query.offset() + shown },
            total,
            noun: noun.into(),
            page: query.page,
            pages,
            previous: (query.page > 1).then(|| query.page_path((query.page - 1).min(pages))),
            next: (query.page < pages).then(|| query.page_path(query.page + 1)),
            ends: (query.page_path(1), query.page_path(pages)),
        }
    }
}

html_safe!(FilterForm, Paging);
