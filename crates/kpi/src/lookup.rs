//! Skills, tools and people by what files call them.

use std::collections::HashMap;

use palisade_base::{Caller, Error, PersonId, RecordId};
use palisade_records::{Archived, ListRequest, Record, RecordType, Records, directory::PERSON, parse_id};

use crate::{
    catalogue::name_key,
    types::{EMPLOYEE, SKILL, TOOL},
};

/// Far above what a company of this kind has.
const MOST: u64 = 20_000;

/// Things by their names, whatever case and spaces; `None` where two are called the same.
#[derive(Clone, Debug)]
struct Names<T>(HashMap<String, Option<T>>);

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T: Copy + PartialEq> Names<T> {
    fn add(&mut self, name: &str, thing: T) {
        let key = name_key(name);
        if !key.is_empty() {
            let entry = self.0.entry(key).or_insert(Some(thing));
            if *entry != Some(thing) {
                *entry = None;
            }
        }
    }

    /// The one thing of that name; why not, in words.
    fn find(&self, what: &str, name: &str, better: &str) -> Result<T, String> {
        match self.0.get(&name_key(name)) {
            Some(Some(thing)) => Ok(*thing),
            Some(None) => Err(format!("More than one {what} is called “{}”. {better}", short(name))),
            None => Err(format!("There is no {what} called “{}”.", short(name))),
        }
    }
}

fn short(name: &str) -> String {
    name.chars().take(60).collect()
}

/// The skills, or the tools, in use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Items {
    what: &'static str,
    by_category: HashMap<(String, String), RecordId>,
    by_name: Names<RecordId>,
    /// Category and name of each.
    called: HashMap<RecordId, (String, String)>,
}

impl Items {
    /// The skills or the tools that this caller may read.
    pub(crate) async fn load(records: &Records, caller: &Caller, ty: &'static RecordType) -> Result<Self, Error> {
        let mut items = Self { what: ty.singular, ..Self::default() };
        for record in all(records, caller, ty, Archived::Without).await? {
            let (category, name) = (record.text("category_id").unwrap_or_default(), record.title());
            items.by_category.insert((name_key(&category), name_key(&name)), record.id);
            items.by_name.add(&name, record.id);
            items.called.insert(record.id, (category, name));
        }
        Ok(items)
    }

    /// The one of this category and name; without a category, the only one of this name.
    pub(crate) fn find(&self, category: &str, name: &str) -> Result<RecordId, String> {
        if category.trim().is_empty() {
            return self.by_name.find(self.what, name, "Name its category, too.");
        }
        self.by_category
            .get(&(name_key(category), name_key(name)))
            .copied()
            .ok_or_else(|| format!("There is no {} called “{}” in “{}”.", self.what, short(name), short(category)))
    }

    /// All of them.
    pub(crate) fn ids(&self) -> Vec<RecordId> {
        let mut ids: Vec<RecordId> = self.called.keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// Category and name.
    pub(crate) fn called(&self, id: RecordId) -> Option<(&str, &str)> {
        self.called.get(&id).map(|(category, name)| (category.as_str(), name.as_str()))
    }
}

/// The skills in use.
pub(crate) async fn skills(records: &Records, caller: &Caller) -> Result<Items, Error> {
    Items::load(records, caller, &SKILL).await
}

/// The tools in use.
pub(crate) async fn tools(records: &Records, caller: &Caller) -> Result<Items, Error> {
    Items::load(records, caller, &TOOL).await
}

/// Somebody who works or has worked here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) id: RecordId,
    pub(crate) person: PersonId,
    pub(crate) name: String,
}

/// The people that the caller sees.
#[derive(Clone, Debug, Default)]
pub(crate) struct People {
    pub(crate) employees: HashMap<RecordId, Known>,
    by_number: Names<RecordId>,
    by_mail: Names<RecordId>,
    by_name: Names<RecordId>,
    /// Everybody of the directory, by name, mail address or employee number.
    persons: Names<PersonId>,
}

impl People {
    /// Everybody whom this caller sees, leavers too.
    pub(crate) async fn load(records: &Records, caller: &Caller) -> Result<Self, Error> {
        let mut people = Self::default();
        for record in all(records, caller, &EMPLOYEE, Archived::With).await? {
            people.add_employee(&record);
        }
        if caller.authority.scope(&palisade_base::Permission::new(PERSON.verbs.read.permission)).is_some() {
            for record in all(records, caller, &PERSON, Archived::With).await? {
                people.add_person(&record, PersonId(record.id.0));
            }
        }
        Ok(people)
    }

    fn add_employee(&mut self, record: &Record) {
        let Some(person) = record.subject().map(|id| PersonId(id.0)) else { return };
        let name = record.title();
        let number = record.text("number").unwrap_or_default();
        self.by_number.add(&number, record.id);
        self.by_mail.add(&record.text("email").unwrap_or_default(), record.id);
        for order in in_both_orders(record) {
            self.by_name.add(&order, record.id);
        }
        self.persons.add(&number, person);
        self.add_person(record, person);
        self.employees.insert(record.id, Known { id: record.id, person, name });
    }

    fn add_person(&mut self, record: &Record, person: PersonId) {
        self.persons.add(&record.text("email").unwrap_or_default(), person);
        for order in in_both_orders(record) {
            self.persons.add(&order, person);
        }
    }

    /// The employee that a row means: by number, else by mail address, else by name or id.
    pub(crate) fn employee(&self, number: &str, mail: &str, name: &str) -> Result<&Known, (Who, String)> {
        let better = "Give the employee number or the mail address.";
        let (who, found) = if !number.trim().is_empty() {
            (Who::Number, self.by_number.find("employee", number, better))
        } else if !mail.trim().is_empty() {
            (Who::Mail, self.by_mail.find("employee", mail, better))
        } else if let Some(id) = parse_id(name.trim()) {
            (Who::Name, Ok(id))
        } else {
            (Who::Name, self.by_name.find("employee", name, better))
        };
        let known = found
            .and_then(|id| self.employees.get(&id).ok_or_else(|| format!("There is no employee with the id “{id}”.")));
        known.map_err(|words| (who, words))
    }

    /// Somebody by name, mail address or employee number, whether or not they work here.
    pub(crate) fn person(&self, text: &str) -> Result<PersonId, String> {
        self.persons.find("person", text, "Give the mail address.")
    }
}

/// By which column somebody was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Number,
    Mail,
    Name,
}

/// "Ada King" and "King, Ada".
fn in_both_orders(record: &Record) -> [String; 2] {
    let part = |name: &str| record.text(name).unwrap_or_default();
    [record.title(), format!("{}, {}", part("family_name"), part("given_name"))]
}

async fn all(
    records: &Records,
    caller: &Caller,
    ty: &'static RecordType,
    archived: Archived,
) -> Result<Vec<Record>, Error> {
    let request = ListRequest { archived, limit: MOST, ..ListRequest::default() };
    Ok(records.list(caller, ty, &request).await?.records)
}
