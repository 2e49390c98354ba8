//! Rows as a program sends them: a JSON array of objects, read by the declaration, with the place of what is wrong.

use palisade_base::{FieldError, Instant, RecordId};
use palisade_store::Value;
use serde_json::{Map, Value as Json};

use super::{Child, ChildRow};
use crate::{Field, Given, Kind};

/// Reads an array of rows, given now. What is wrong is told by its place: `skills[3].rating`.
pub fn read_rows(child: &'static Child, json: &Json, now: Instant, wrong: &mut Vec<FieldError>) -> Vec<ChildRow> {
    let mut say = |field: String, message: String| wrong.push(FieldError { field: field.into(), message });
    let Json::Array(items) = json else {
        say(child.name.to_owned(), "This must be a list.".into());
        return Vec::new();
    };
    let mut rows = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        let at = format!("{}[{place}]", child.name);
        let Json::Object(members) = item else {
            say(at, "This must be an object.".into());
            continue;
        };
        let mut complain = |field: &str, message: String| say(format!("{at}.{field}"), message);
        rows.extend(read_row(child, members, &mut complain).map(|(key, values)| ChildRow {
            key,
            values,
            given_at: now,
        }));
    }
    rows
}

fn read_row(
    child: &'static Child,
    members: &Map<String, Json>,
    say: &mut dyn FnMut(&str, String),
) -> Option<(RecordId, Vec<Value>)> {
    for name in members.keys().filter(|name| *name != child.key && !child.fields.iter().any(|f| f.name == *name)) {
        let short: String = name.chars().take(40).collect();
        say(&short, "There is no field of this name.".into());
    }
    let mut read = |field: &Field| {
        let given = Given::Json(members.get(field.name).cloned().unwrap_or(Json::Null));
        field.read_value(&given).map_err(|message| say(field.name, message))
    };
    let key = read(&Field::new(child.key, "", Kind::Link(child.of)));
    let values: Vec<_> = child.fields.iter().map(read).collect();
    let values: Vec<Value> = values.into_iter().collect::<Result<_, ()>>().ok()?;
    let Ok(key) = key else { return None };
    match key {
        Value::Id(id) if !values.iter().all(Value::is_null) => Some((RecordId(id), values)),
        Value::Id(_) => {
            say(
                child.fields.first().map_or(child.key, |field| field.name),
                "Say something here, or leave it out.".into(),
            );
            None
        }
        _ => {
            say(child.key, format!("Say which {} this is about.", child.of.singular));
            None
        }
    }
}
