//! Lists whose paging, sorting and filters stand in the address bar.

use std::fmt::Write as _;

use axum::extract::FromRequestParts;
use http::request::Parts;
use palisade_base::{Error, FieldError};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{Failure, PageMetadata};

/// The direction of a sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Smallest, earliest, A first.
    Ascending,
    /// Largest, latest, Z first.
    Descending,
}

impl Order {
    /// As in the address: `asc`, `desc`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }
}

/// What a list lets people ask for.
#[derive(Clone, Copy, Debug)]
pub struct ListSpec {
    /// The names that `sort` may have.
    pub sorts: &'static [&'static str],
    /// The sort where none is asked for.
    pub default_sort: (&'static str, Order),
    /// The names of the filters.
    pub filters: &'static [&'static str],
    /// Rows on a page where nothing is asked for.
    pub per_page: u64,
}

/// The most rows on a page that can be asked for.
const MAX_PER_PAGE: u64 = 100;
/// Pages beyond this are refused: no list is that long, and the offset must stay within 64 bits.
const MAX_PAGE: u64 = 1_000_000;
/// The longest value of a filter, in characters.
const MAX_FILTER_CHARS: usize = 200;

/// What somebody asked of a list: `?page=2&per_page=50&sort=name&order=desc&team=…`.
#[derive(Clone, Debug)]
pub struct ListQuery {
    /// The page, from 1.
    pub page: u64,
    /// Rows on a page, 1 to 100.
    pub per_page: u64,
    /// One of the names that the list sorts by.
    pub sort: &'static str,
    /// The direction.
    pub order: Order,
    path: String,
    spec: ListSpec,
    filters: Vec<(&'static str, String)>,
}

/// The pairs of a query, decoded; before a list's own names are known.
pub(crate) struct RawQuery {
    path: String,
    pairs: Vec<(String, String)>,
}

impl RawQuery {
    fn of(parts: &Parts) -> Self {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes()).map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
        Self { path: parts.uri.path().to_owned(), pairs }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ListQueryParts {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        Ok(Self(RawQuery::of(parts)))
    }
}

/// The query of a list's address as an extractor; [`ListQueryParts::read`] checks it against the list's [`ListSpec`].
pub struct ListQueryParts(RawQuery);

impl ListQueryParts {
    /// The query, checked.
    ///
    /// # Errors
    /// A number out of its limits, an unknown sort or parameter, a parameter given twice: 422, each with its name.
    pub fn read(self, spec: &ListSpec) -> Result<ListQuery, Failure> {
        ListQuery::read(self.0, spec)
    }
}

impl ListQuery {
    /// The query of this request, checked against the list's names.
    ///
    /// # Errors
    /// As [`ListQueryParts::read`].
    pub fn of(parts: &Parts, spec: &ListSpec) -> Result<Self, Failure> {
        Self::read(RawQuery::of(parts), spec)
    }

    fn read(raw: RawQuery, spec: &ListSpec) -> Result<Self, Failure> {
        let (sort, order) = spec.default_sort;
        let (page, per_page) = (1, spec.per_page);
        let mut query = Self { page, per_page, sort, order, path: raw.path, spec: *spec, filters: Vec::new() };
        let mut errors = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in &raw.pairs {
            let result = if seen.contains(&name.as_str()) {
                Err("This was given more than once.".to_owned())
            } else {
                query.take(name, value)
            };
            seen.push(name);
            if let Err(message) = result {
                errors.push(FieldError { field: name.chars().take(40).collect::<String>().into(), message });
            }
        }
        if errors.is_empty() { Ok(query) } else { Err(Error::invalid(errors).into()) }
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "page" => self.page = number(value, MAX_PAGE)?,
            "per_page" => self.per_page = number(value, MAX_PER_PAGE)?,
            "sort" => {
                let known = self.spec.sorts.iter().find(|sort| **sort == value);
                self.sort = known.ok_or_else(|| format!("Sort by one of: {}.", self.spec.sorts.join(", ")))?;
            }
            "order" => {
                self.order = match value {
                    "asc" => Order::Ascending,
                    "desc" => Order::Descending,
                    _ => return Err("Use asc or desc.".to_owned()),
                }
            }
            _ => self.take_filter(name, value)?,
        }
        Ok(())
    }

    fn take_filter(&mut self, name: &str, value: &str) -> Result<(), String> {
        let Some(known) = self.spec.filters.iter().find(|filter| **filter == name) else {
            return Err("This list has no such parameter.".to_owned());
        };
        let value = value.trim();
        if value.chars().count() > MAX_FILTER_CHARS {
            return Err(format!("Use at most {MAX_FILTER_CHARS} characters."));
        }
        // PostgreSQL takes no NUL in text, and nobody means one.
        if value.contains('\0') {
            return Err("This has a character that can't be searched for.".to_owned());
        }
        if !value.is_empty() {
            self.filters.push((known, value.to_owned()));
        }
        Ok(())
    }

    /// A filter's value; `None` where it is not set.
    #[must_use]
    pub fn filter(&self, name: &str) -> Option<&str> {
        self.filters.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Whether any filter is set.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        !self.filters.is_empty()
    }

    /// The path of the list.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Rows before this page.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        (self.page - 1) * self.per_page
    }

    /// For the API's envelope.
    #[must_use]
    pub const fn metadata(&self, total: u64) -> PageMetadata {
        PageMetadata { page: self.page, per_page: self.per_page, total }
    }

    /// The address of another page of the same list.
    #[must_use]
    pub fn page_path(&self, page: u64) -> String {
        self.address(page, self.sort, self.order, &self.filters)
    }

    /// The address of the same list, sorted otherwise, from its first page.
    #[must_use]
    pub fn sorted_path(&self, sort: &'static str) -> String {
        let order = if sort == self.sort { self.order.reversed() } else { Order::Ascending };
        self.address(1, sort, order, &self.filters)
    }

    /// The address of the same list without filters.
    #[must_use]
    pub fn unfiltered_path(&self) -> String {
        self.address(1, self.sort, self.order, &[])
    }

    /// The query of the same rows without paging, for an export's address; empty or with its `?`.
    #[must_use]
    pub fn export_query(&self) -> String {
        let address = self.address(1, self.sort, self.order, &self.filters);
        address.strip_prefix(&self.path).unwrap_or_default().to_owned()
    }

    /// The filters that are set, in the order in which they came.
    pub fn set_filters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.filters.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// The address of the same list with other filters, from its first page.
    #[must_use]
    pub fn path_with<'a>(&self, filters: impl IntoIterator<Item = (&'static str, &'a str)>) -> String {
        let filters: Vec<_> = filters.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        self.address(1, self.sort, self.order, &filters)
    }

    /// What a filter form must carry along besides its own fields: sort, order, rows on a page, where not the usual ones.
    #[must_use]
    pub fn carried(&self) -> Vec<(&'static str, String)> {
        let mut carried = Vec::new();
        if (self.sort, self.order) != self.spec.default_sort {
            carried.push(("sort", self.sort.to_owned()));
            carried.push(("order", self.order.as_str().to_owned()));
        }
        if self.per_page != self.spec.per_page {
            carried.push(("per_page", self.per_page.to_string()));
        }
        carried
    }

    fn address(&self, page: u64, sort: &str, order: Order, filters: &[(&'static str, String)]) -> String {
        let mut address = self.path.clone();
        let mut mark = '?';
        let mut add = |name: &str, value: &str| {
            let _ = write!(address, "{mark}{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
            mark = '&';
        };
        for (name, value) in filters {
            add(name, value);
        }
        if (sort, order) != self.spec.default_sort {
            add("sort", sort);
            add("order", order.as_str());
        }
        if self.per_page != self.spec.per_page {
            add("per_page", &self.per_page.to_string());
        }
        if page > 1 {
            add("page", &page.to_string());
        }
        address
    }
}

fn number(value: &str, max: u64) -> Result<u64, String> {
    match value.parse::<u64>() {
        Ok(n) if (1..=max).contains(&n) => Ok(n),
        _ => Err(format!("Use a number from 1 to {max}.")),
    }
}
