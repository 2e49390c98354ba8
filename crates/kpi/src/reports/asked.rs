//! What somebody asked of a report, read from the parameters of its address.

use std::{collections::BTreeSet, fmt::Write as _};

use palisade_base::{Caller, Date, Error, FieldError, Permission, RecordId, Scope};
use palisade_records::parse_id;

use super::{Kind, Period};
use crate::types::READ_DETAILS;

/// Whose figures are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Group {
    /// The people whom the caller leads.
    Own,
    /// Everybody within the caller's reach.
    Everybody,
    /// One team.
    Team(RecordId),
    /// Those who were picked one by one.
    Picked(Vec<RecordId>),
}

/// What somebody asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Of which report.
    pub kind: Kind,
    /// About which employee.
    pub employee: Option<RecordId>,
    /// About which people.
    pub group: Group,
    /// Those on one tier.
    pub tier: Option<RecordId>,
    /// One category: of skills or of tools, as the report is about.
    pub category: Option<RecordId>,
    /// The days.
    pub period: Period,
    /// The table that a file of text is to hold.
    pub table: Option<String>,
    /// The parameters as they were given, for the addresses of the same report in other forms.
    given: Vec<(&'static str, String)>,
}

/// The parameters that every report takes.
const COMMON: [&str; 3] = ["from", "to", "table"];
/// The longest value of a parameter, in bytes: all of them are short.
const MAX_BYTES: usize = 60;
/// The parameter that names the picked employees, one each time that it is given.
pub(crate) const PICKED: &str = "employees";
/// The most people that can be picked: their ids stand in the address, which browsers and servers bound.
pub const MOST_PICKED: usize = 100;

impl Asked {
    /// Reads the parameters of an address.
    ///
    /// # Errors
    /// A parameter is unknown, given twice or can't be read: each with its field.
    pub fn parse(kind: Kind, pairs: &[(String, String)], caller: &Caller, today: Date) -> Result<Self, Error> {
        let (mut given, mut errors) = known(kind, pairs);
        // Who chooses another group in the form leaves the picked people behind.
        if given.iter().any(|(name, value)| *name == "team" && value != "picked") {
            given.retain(|(name, _)| *name != PICKED);
        }
        let picked = picked(&given, &mut errors);
        let value = |name: &str| given.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        let mut id = |name: &'static str| {
            let id = parse_id(value(name)?);
            if id.is_none() {
                errors.push(FieldError { field: name.into(), message: "Choose one of the list.".into() });
            }
            id
        };
        let (employee, tier, category) = (id("employee"), id("tier"), id("category"));
        let group = match value("team") {
            Some("picked") => Group::Picked(picked),
            None if !picked.is_empty() => Group::Picked(picked),
            None => usual_group(caller),
            Some("own") => Group::Own,
            Some("all") => Group::Everybody,
            Some(_) => id("team").map_or(Group::Own, Group::Team),
        };
        let table = value("table").map(str::to_owned);
        let period = Period::parse(value("from"), value("to"), today).unwrap_or_else(|wrong| {
            errors.extend(wrong);
            Period::year_to(today)
        });
        if errors.is_empty() {
            Ok(Self { kind, employee, group, tier, category, period, table, given })
        } else {
            Err(Error::invalid(errors))
        }
    }

    /// The employees who were picked, where some were.
    #[must_use]
    pub fn picked(&self) -> &[RecordId] {
        match &self.group {
            Group::Picked(employees) => employees,
            Group::Own | Group::Everybody | Group::Team(_) => &[],
        }
    }

    /// The query of the same report, without a choice of table: empty, or with its `?`.
    #[must_use]
    pub fn query(&self) -> String {
        let mut query = String::new();
        // Everything in it was read as an id, a date or one of our words, so there is nothing to encode.
        for (name, value) in self.given.iter().filter(|(name, _)| *name != "table") {
            let mark = if query.is_empty() { '?' } else { '&' };
            let _ = write!(query, "{mark}{name}={value}");
        }
        query
    }
}

/// The picked employees, each once.
fn picked(given: &[(&'static str, String)], errors: &mut Vec<FieldError>) -> Vec<RecordId> {
    let named = || given.iter().filter(|(name, _)| *name == PICKED);
    let mut wrong = |message: &str| errors.push(FieldError { field: PICKED.into(), message: message.to_owned() });
    let ids: BTreeSet<RecordId> = named().filter_map(|(_, value)| parse_id(value)).collect();
    if ids.len() < named().count() {
        wrong("Pick people of the list, each of them once.");
    } else if ids.len() > MOST_PICKED {
        wrong(&format!("At most {MOST_PICKED} people can be picked. For more, choose a team, a tier or everybody."));
    } else if ids.is_empty() && given.iter().any(|(name, value)| *name == "team" && value == "picked") {
        wrong("Pick at least one person.");
    }
    ids.into_iter().collect()
}

/// Whose figures a caller gets without asking: who leads some of the people sees theirs.
fn usual_group(caller: &Caller) -> Group {
    match caller.authority.scope(&Permission::new(READ_DETAILS)) {
        Some(Scope::All) => Group::Everybody,
        _ => Group::Own,
    }
}

/// The parameters that the report takes, trimmed and without empty ones; and what is wrong with the others.
fn known(kind: Kind, pairs: &[(String, String)]) -> (Vec<(&'static str, String)>, Vec<FieldError>) {
    let (mut given, mut errors): (Vec<(&'static str, String)>, Vec<FieldError>) = Default::default();
    let mut wrong = |name: &str, message: &str| {
        let short: String = name.chars().take(40).collect();
        let message = message.replace("{name}", &short);
        errors.push(FieldError { field: short.into(), message });
    };
    for (name, value) in pairs {
        let value = value.trim();
        let Some(name) = kind.parameters().iter().chain(&COMMON).find(|known| *known == name) else {
            wrong(name, "This report has no parameter “{name}”. Take it out of the address.");
            continue;
        };
        if *name != PICKED && given.iter().any(|(known, _)| known == name) {
            wrong(name, "This was given more than once.");
        } else if value.len() > MAX_BYTES {
            wrong(name, "This is too long to be right. Choose one of the list.");
        } else if !value.is_empty() {
            given.push((name, value.to_owned()));
        }
    }
    (given, errors)
}
