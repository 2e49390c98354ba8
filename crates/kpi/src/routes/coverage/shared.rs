//! What the three pages share: their filters, and how they speak.

use palisade_base::{Caller, Error, RecordId};
use palisade_records::{ListRequest, RecordType, Records, parse_id};
use palisade_web::{
    ListQuery,
    component::{Choice, Field},
};

use crate::{scoring::Group, standing::Filter, types};

/// The most teams or tiers that a drop-down list has.
const MOST: u64 = 1_000;

/// The id in a filter of the address.
pub(super) fn id(name: &'static str, text: Option<&str>) -> Result<Option<RecordId>, Error> {
    let read = |text| parse_id(text).ok_or_else(|| Error::field(name, "Choose one from the list."));
    text.filter(|text| !text.is_empty()).map(read).transpose()
}

/// The people that the address asks about.
pub(super) fn people(query: &ListQuery) -> Result<Filter, Error> {
    let (team, tier) = (id("team", query.filter("team"))?, id("tier", query.filter("tier"))?);
    Ok(Filter { team, tier, ..Filter::default() })
}

/// Every record in use of a small type, to choose from.
pub(super) async fn choices(
    records: &Records,
    caller: &Caller,
    ty: &'static RecordType,
    all: &str,
) -> Result<Vec<Choice>, Error> {
    let request = ListRequest { limit: MOST, ..ListRequest::default() };
    let found = records.list(caller, ty, &request).await?.records;
    let found = found.iter().map(|record| Choice::new(record.id.to_string(), record.title()));
    Ok(std::iter::once(Choice::new("", all)).chain(found).collect())
}

/// The filters by team and by tier.
pub(super) async fn people_fields(records: &Records, caller: &Caller) -> Result<[Field; 2], Error> {
    Ok([
        Field::select("team", "Team", choices(records, caller, &types::TEAM, "Everybody").await?),
        Field::select("tier", "Tier", choices(records, caller, &types::TIER, "All tiers").await?),
    ])
}

/// The categories of the catalogue, to choose from.
pub(super) fn category_field(groups: &[Group], all: &str) -> Field {
    let groups = groups.iter().map(|group| Choice::new(group.id.to_string(), &*group.name));
    Field::select("category", "Category", std::iter::once(Choice::new("", all)).chain(groups))
}

/// What a filter asks for, in the words of its fields: `Team: North; Tier: Craftsman`. For the trail.
pub(super) fn filter_words(query: &ListQuery, fields: &[Field]) -> String {
    let chosen = fields.iter().filter_map(|field| {
        let value = query.filter(field.name())?;
        field.choice_label(value).map(|label| format!("{}: {label}", field.label()))
    });
    chosen.collect::<Vec<_>>().join("; ")
}

/// What a rating means, after "can do it".
pub(super) const fn rating_words(rating: u8) -> &'static str {
    match rating {
        0 | 1 => "at all",
        2 => "after a try or two",
        3 => "with help",
        4 => "alone",
        _ => "as an expert",
    }
}

/// The page of an employee.
pub(super) fn employee_path(employee: RecordId) -> String {
    format!("/employees/{employee}")
}
