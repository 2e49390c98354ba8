//! The pieces that pages are made of. Each escapes what it is given and stands in a template as `{{ it }}`.

mod actions;
mod badge;
mod field;
mod filters;
mod frame;
mod table;
mod text;
mod when;

pub use actions::{ActionForm, ButtonLink, Confirm};
pub use badge::{Badge, Tone};
pub use field::{Choice, Field};
pub use filters::{FilterForm, Paging};
pub use frame::{Breadcrumbs, ErrorSummary, Tabs};
pub use table::{Cell, Head, Row, Table};
pub use text::{Callout, Disclosure, EmptyState, Facts, SecretOnce, Stat, Stats};
pub use when::{When, date_words};

/// Gives a component its place in templates: what its own template wrote is not escaped again.
macro_rules! html_safe {
    ($($name:ident),* $(,)?) => {$(
        impl askama::filters::HtmlSafe for $name {}
    )*};
}
pub(crate) use html_safe;
