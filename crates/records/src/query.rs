//! What an address asks of a list: the same names on pages and in the API, read into a [`ListRequest`].

use palisade_base::FieldError;
use palisade_store::Value;
use palisade_web::{Failure, ListQuery, ListSpec, Order};

use crate::{Archived, Given, ListRequest, RecordType};

/// The parameter of the search.
pub(crate) const SEARCH: &str = "q";
/// The parameter that shows records out of use.
pub(crate) const ARCHIVED: &str = "archived";
/// What the parameter may be.
pub(crate) const ARCHIVED_VALUES: [&str; 3] = ["false", "true", "all"];

/// Text that lives as long as the program. For what is put together from declarations once at start, never from input.
pub(crate) fn fixed(text: String) -> &'static str {
    text.leak()
}

/// What the lists of this type let people ask for. Called once for each type at start.
pub(crate) fn list_spec(ty: &'static RecordType, per_page: u64) -> ListSpec {
    let sorts: Vec<&'static str> = ty.fields.iter().filter(|field| field.is_listed).map(|field| field.name).collect();
    let filters = ty.fields.iter().filter(|field| field.is_filter).map(|field| field.name);
    let filters: Vec<&'static str> = [SEARCH, ARCHIVED].into_iter().chain(filters).collect();
    let first = ty.sort.first().copied().unwrap_or("id");
    ListSpec { sorts: sorts.leak(), default_sort: (first, Order::Ascending), filters: filters.leak(), per_page }
}

/// Reads the values of the filters by the kinds of their fields.
///
/// # Errors
/// A value that no record could have: 422 with its name.
pub(crate) fn list_request(ty: &'static RecordType, query: &ListQuery) -> Result<ListRequest, Failure> {
    let mut request = ListRequest {
        search: query.filter(SEARCH).map(str::to_owned),
        sort: ty.position(query.sort),
        is_descending: query.order == Order::Descending,
        offset: query.offset(),
        limit: query.per_page,
        ..ListRequest::default()
    };
    let mut wrong = Vec::new();
    match query.filter(ARCHIVED).map(archived) {
        Some(Some(archived)) => request.archived = archived,
        Some(None) => wrong.push(FieldError { field: ARCHIVED.into(), message: "Use false, true or all.".into() }),
        None => {}
    }
    for (index, field) in ty.fields.iter().enumerate().filter(|(_, field)| field.is_filter) {
        let Some(text) = query.filter(field.name) else { continue };
        match field.read_value(&Given::Text(text.to_owned())) {
            Ok(Value::Null(_)) => {}
            Ok(value) => request.filters.push((index, value)),
            Err(message) => wrong.push(FieldError { field: field.name.into(), message }),
        }
    }
    if wrong.is_empty() { Ok(request) } else { Err(palisade_base::Error::invalid(wrong).into()) }
}

fn archived(text: &str) -> Option<Archived> {
    match text {
        "false" => Some(Archived::Without),
        "true" => Some(Archived::Only),
        "all" => Some(Archived::With),
        _ => None,
    }
}
