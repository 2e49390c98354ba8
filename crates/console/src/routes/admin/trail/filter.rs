//! What somebody looks for in the trail, as it stands in the address.

use jiff::{civil::DateTime, tz::TimeZone};
use palisade_base::{Category, Error, FieldError, Instant};
use palisade_identity::policy::permit_read_users;
use palisade_trail::TrailFilter;
use palisade_web::{
    Failure, ListQuery, ListQueryParts, ListSpec, Order, Visitor,
    component::{Choice, Field, FilterForm},
};

use crate::{ConsoleState, words};

const SPEC: ListSpec = ListSpec {
    sorts: &["newest"],
    default_sort: ("newest", Order::Descending),
    filters: &[
        "q", "category", "actor", "action", "resource", "outcome", "from", "until", "address", "session", "before",
    ],
    per_page: 50,
};

/// The address, read.
pub(super) struct Looked {
    pub(super) query: ListQuery,
    pub(super) filter: TrailFilter,
    /// Only entries with lower numbers.
    pub(super) before: Option<u64>,
}

impl Looked {
    /// Reads the address.
    ///
    /// # Errors
    /// A parameter can't be read: each with its name.
    pub(super) async fn read(state: &ConsoleState, visitor: &Visitor, parts: ListQueryParts) -> Result<Self, Failure> {
        let query = parts.read(&SPEC)?;
        let mut wrong = Vec::new();
        let zone = &visitor.navigation.zone;
        let filter = TrailFilter {
            category: keep(&mut wrong, "category", query.filter("category").map(read_category).transpose()),
            actor: keep(&mut wrong, "actor", read_actor(state, visitor, query.filter("actor")).await),
            action: query.filter("action").map(str::to_owned),
            resource: query.filter("resource").map(str::to_owned),
            succeeded: keep(&mut wrong, "outcome", query.filter("outcome").map(read_outcome).transpose()),
            address: query.filter("address").map(str::to_owned),
            session: query.filter("session").map(str::to_owned),
            from: keep(&mut wrong, "from", query.filter("from").map(|text| read_time(text, zone)).transpose()),
            until: keep(&mut wrong, "until", query.filter("until").map(|text| read_time(text, zone)).transpose()),
            text: query.filter("q").map(str::to_owned),
        };
        let before = keep(&mut wrong, "before", query.filter("before").map(read_number).transpose());
        if wrong.is_empty() { Ok(Self { query, filter, before }) } else { Err(Error::invalid(wrong).into()) }
    }

    /// The address of the entries before this number.
    pub(super) fn older_path(&self, before: u64) -> String {
        let others = self.query.set_filters().filter(|(name, _)| *name != "before");
        let before = before.to_string();
        self.query.path_with(others.chain([("before", before.as_str())]))
    }

    /// The address without the place in the list.
    pub(super) fn newest_path(&self) -> String {
        self.query.path_with(self.query.set_filters().filter(|(name, _)| *name != "before"))
    }

    /// What was looked for, for the trail itself.
    pub(super) fn said(&self) -> String {
        let said: Vec<_> = self.query.set_filters().map(|(name, value)| format!("{name}={value}")).collect();
        said.join(" ")
    }

    pub(super) fn form(&self) -> FilterForm {
        let categories = Category::ALL.map(|category| Choice::new(category.as_str(), words::category(category)));
        let outcomes =
            [Choice::new("", "Any"), Choice::new("success", "Done"), Choice::new("failure", "Failed or refused")];
        let fields = [
            Field::search("q", "Text").max_length(200),
            Field::text("actor", "Who").max_length(200),
            Field::select("category", "Kind", std::iter::once(Choice::new("", "Any")).chain(categories)),
            Field::text("action", "Action").max_length(100),
            Field::text("resource", "On").max_length(200),
            Field::select("outcome", "Result", outcomes),
            Field::date_time("from", "From"),
            Field::date_time("until", "Until"),
        ];
        FilterForm::new(&self.query, fields)
    }
}

/// Takes what could be read, and notes what could not.
fn keep<T>(wrong: &mut Vec<FieldError>, field: &'static str, read: Result<Option<T>, String>) -> Option<T> {
    read.unwrap_or_else(|message| {
        wrong.push(FieldError { field: field.into(), message });
        None
    })
}

fn read_category(text: &str) -> Result<Category, String> {
    let known = Category::ALL.into_iter().find(|category| category.as_str() == text);
    known.ok_or_else(|| "There is no such kind of entry.".to_owned())
}

fn read_outcome(text: &str) -> Result<bool, String> {
    match text {
        "success" => Ok(true),
        "failure" => Ok(false),
        _ => Err("Choose success or failure.".to_owned()),
    }
}

fn read_number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "This is no number of an entry.".to_owned())
}

/// A date, or a date and time of day, in the company's time zone; or an exact instant with its offset.
fn read_time(text: &str, zone: &TimeZone) -> Result<Instant, String> {
    if let Ok(exact) = Instant::parse(text) {
        return Ok(exact);
    }
    let local = text.parse::<DateTime>().ok().and_then(|local| local.to_zoned(zone.clone()).ok());
    local
        .map(|local| Instant::from_micros(local.timestamp().as_microsecond()))
        .ok_or_else(|| "Give a date like 2026-03-01, or with a time like 2026-03-01T09:30.".to_owned())
}

/// `user:<id>` and the like as they are; a user name or mail address becomes the user that has it.
async fn read_actor(state: &ConsoleState, visitor: &Visitor, text: Option<&str>) -> Result<Option<String>, String> {
    let Some(text) = text else { return Ok(None) };
    if text.contains(':') || text == "anonymous" {
        return Ok(Some(text.to_owned()));
    }
    let unknown = || "No user has this user name or e-mail address.".to_owned();
    let permit = permit_read_users(&visitor.caller).map_err(|_| unknown())?;
    let user = state.identity.find_user(&permit, text).await.map_err(|_| unknown())?;
    Ok(Some(format!("user:{}", user.id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_companys_zone() {
        let denver = TimeZone::get("America/Denver").unwrap();
        let read = |text| read_time(text, &denver).map(|at| at.to_string());
        assert_eq!(read("2026-03-01").unwrap(), "2026-03-01T07:00:00Z");
        assert_eq!(read("2026-03-01T09:30").unwrap(), "2026-03-01T16:30:00Z");
        assert_eq!(read("2026-03-01T09:30:00Z").unwrap(), "2026-03-01T09:30:00Z");
        for odd in ["yesterday", "2026-13-01", "09:30", "", "99999-01-01"] {
            assert!(read(odd).is_err(), "{odd}");
        }
    }
}
