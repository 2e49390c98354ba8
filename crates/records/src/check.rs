//! Checks a draft against the declaration: first each field by itself, then what needs the database.

use palisade_base::{Caller, Error, FieldError, Kind as ErrorKind, RecordId};
use palisade_store::{Conn, Value};

use crate::{
    Draft, Field, Kind, Record, RecordType, Values, View,
    policy::{self, RowFilter},
    store,
};

/// The values that a draft sets, by place of the field; each is checked.
pub(crate) struct Checked {
    pub(crate) values: Vec<(usize, Value)>,
}

/// What a draft is checked against.
pub(crate) struct Target<'a> {
    pub(crate) ty: &'static RecordType,
    pub(crate) caller: &'a Caller,
    /// The record as it is; `None` for a new one.
    pub(crate) current: Option<&'a Record>,
}

#[derive(Default)]
struct Findings {
    wrong: Vec<FieldError>,
    taken: Vec<FieldError>,
}

/// Checks the whole draft and tells everything that is wrong at once.
///
/// # Errors
/// `Invalid` with the fields; `Conflict` where the only thing wrong is that something exists already.
pub(crate) async fn check(conn: &mut Conn, target: &Target<'_>, draft: &Draft) -> Result<Checked, Error> {
    let mut findings = Findings::default();
    let values = read_fields(target, draft, &mut findings.wrong);
    if let (true, Some(rule)) = (findings.wrong.is_empty(), target.ty.check) {
        findings.wrong = rule(&Values { ty: target.ty, set: &values, current: target.current });
    }
    check_links(conn, target, &values, &mut findings.wrong).await?;
    check_unique(conn, target, &values, &mut findings.taken).await?;
    match (findings.wrong.is_empty(), findings.taken.is_empty()) {
        (true, true) => Ok(Checked { values }),
        (true, false) => {
            Err(Error::new(ErrorKind::Conflict, "This exists already: no two can be alike here.").about(findings.taken))
        }
        (false, _) => {
            findings.wrong.append(&mut findings.taken);
            Err(Error::invalid(findings.wrong))
        }
    }
}

/// The part that needs no database.
fn read_fields(target: &Target<'_>, draft: &Draft, wrong: &mut Vec<FieldError>) -> Vec<(usize, Value)> {
    let ty = target.ty;
    let mut say = |field: String, message: String| wrong.push(FieldError { field: field.into(), message });
    for (at, (name, _)) in draft.given.iter().enumerate() {
        if ty.position(name).is_none() {
            say(name.chars().take(40).collect(), "There is no field of this name.".into());
        } else if draft.given[..at].iter().any(|(earlier, _)| earlier == name) {
            say(name.clone(), "This was given twice.".into());
        }
    }
    let view = View::new(ty, target.caller);
    let links_base = target.current.is_none() && gives_base(ty, draft);
    let mut values = Vec::new();
    for (index, field) in ty.fields.iter().enumerate() {
        match read_field(target, draft, &view, (index, field), links_base) {
            Ok(Some(value)) => values.push((index, value)),
            Ok(None) => {}
            Err(message) => say(field.name.to_owned(), message),
        }
    }
    values
}

/// Whether the draft of a new record names an existing record as its base.
fn gives_base(ty: &RecordType, draft: &Draft) -> bool {
    let Some(index) = ty.base_link() else { return false };
    let field = &ty.fields[index];
    let given = draft.given.iter().find(|(name, _)| name == field.name);
    given.is_some_and(|(_, given)| field.read_value(given).map_or(true, |value| !value.is_null()))
}

/// The value that the draft sets in this field; `None` where it leaves it as it is.
fn read_field(
    target: &Target<'_>,
    draft: &Draft,
    view: &View,
    (index, field): (usize, &Field),
    links_base: bool,
) -> Result<Option<Value>, String> {
    let given = draft.given.iter().find(|(name, _)| name == field.name).map(|(_, given)| given);
    if field.is_by_program && target.current.is_none() {
        return if gives_nothing(field, given) { Ok(None) } else { Err(BY_PROGRAM.into()) };
    }
    let current = target.current.and_then(|record| record.cells.get(index));
    let may_set = current.map_or_else(|| view.may_set(index), |cell| cell.is_settable);
    let is_open = may_set && !(target.current.is_some() && field.is_fixed);
    let value = match given {
        Some(given) => field.read_value(given)?,
        None if target.current.is_none() || (draft.is_whole && is_open) => Value::Null(field.kind.stored_as()),
        None => return Ok(None),
    };
    if current.is_some_and(|cell| cell.is_shown && cell.value == value) || (current.is_none() && value.is_null()) {
        // Nothing to set; only that a new record lacks something may be wrong.
        let is_missing = value.is_null() && field.is_required && current.is_none() && !(field.is_shared && links_base);
        return if is_missing { Err(missing(field)) } else { Ok(None) };
    }
    if !is_open {
        return Err(if field.is_by_program {
            BY_PROGRAM
        } else if may_set && !field.changed_by.is_empty() {
            field.changed_by
        } else if may_set {
            "This was settled when the record was made."
        } else {
            "Your role does not let you set this."
        }
        .into());
    }
    if field.is_shared && links_base {
        return Err("Leave this empty: it comes with the one who is in the directory already.".into());
    }
    if value.is_null() && field.is_required { Err(missing(field)) } else { Ok(Some(value)) }
}

/// What is said to who sets a field of the program's.
const BY_PROGRAM: &str = "This follows from what is done with the record; nobody sets it by hand.";

fn gives_nothing(field: &Field, given: Option<&crate::Given>) -> bool {
    given.is_none_or(|given| field.read_value(given).is_ok_and(|value| value.is_null()))
}

pub(crate) fn missing(field: &Field) -> String {
    match field.kind {
        Kind::Link(_) | Kind::Choice(_) => format!("Choose the {}.", lower_first(field.label)),
        // Their labels are no nouns: "Hired on", "Trains others".
        Kind::Date => format!("Enter a date under “{}”.", field.label),
        Kind::Bool => format!("Answer “{}” with yes or no.", field.label),
        _ => format!("Enter the {}.", lower_first(field.label)),
    }
}

/// A label within a sentence.
pub(crate) fn lower_first(label: &str) -> String {
    let mut chars = label.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// A link must lead to a record that the caller sees and that is in use.
async fn check_links(
    conn: &mut Conn,
    target: &Target<'_>,
    values: &[(usize, Value)],
    wrong: &mut Vec<FieldError>,
) -> Result<(), Error> {
    for (index, value) in values {
        let field = &target.ty.fields[*index];
        let (Kind::Link(to), Value::Id(id)) = (field.kind, value) else { continue };
        let mut view = View::new(to, target.caller);
        view.seen.fill(RowFilter::everything());
        let problem = match store::find(conn, to, &view, RecordId(*id)).await? {
            Some(record) if record.archived_at.is_none() => continue,
            Some(record) => {
                format!("“{}” is out of use. Choose another, or take it into use again first.", record.title())
            }
            None => format!("Choose {} that you can see.", to.one()),
        };
        wrong.push(FieldError { field: field.name.into(), message: problem });
    }
    Ok(())
}

async fn check_unique(
    conn: &mut Conn,
    target: &Target<'_>,
    values: &[(usize, Value)],
    taken: &mut Vec<FieldError>,
) -> Result<(), Error> {
    let ty = target.ty;
    for set in ty.unique {
        check_unique_set(conn, target, (ty, target.current.map(|record| record.id)), set, values, taken).await?;
    }
    let Some(base) = &ty.base else { return Ok(()) };
    let base_id = target.current.and_then(|record| record.base).map(|(id, _)| id);
    for set in base.of.unique {
        check_unique_set(conn, target, (base.of, base_id), set, values, taken).await?;
    }
    Ok(())
}

/// Looks for another row of `table` that has the same values in all fields of the set.
async fn check_unique_set(
    conn: &mut Conn,
    target: &Target<'_>,
    (table, except): (&'static RecordType, Option<RecordId>),
    set: &'static [&'static str],
    values: &[(usize, Value)],
    taken: &mut Vec<FieldError>,
) -> Result<(), Error> {
    let mut wanted = Vec::new();
    let mut is_touched = false;
    for name in set {
        let Some(index) = target.ty.position(name) else { return Ok(()) };
        let new = values.iter().find(|(at, _)| *at == index).map(|(_, value)| value);
        let old = target.current.and_then(|record| record.cells.get(index)).map(|cell| &cell.value);
        is_touched |= new.is_some();
        match (new.or(old), table.position(name)) {
            (Some(value), Some(place)) if !value.is_null() => wanted.push((place, value.clone())),
            _ => return Ok(()),
        }
    }
    if !is_touched {
        return Ok(());
    }
    if let Some((_, is_archived)) = store::find_by_fields(conn, table, &wanted, except).await? {
        let advice = if is_archived { " It is out of use: take it into use again, or choose another." } else { "" };
        let field = set.last().copied().unwrap_or_default();
        let message = format!("There is {} with this already.{advice}", table.one());
        taken.push(FieldError { field: field.into(), message });
    }
    Ok(())
}

/// The filters that a written row must lie within: the verb's own, and those of the fields that were set.
pub(crate) fn write_filters(view: &View, rows: RowFilter, values: &[(usize, Value)]) -> Vec<RowFilter> {
    let fields = values.iter().filter_map(|(index, _)| view.settable.get(*index)).copied();
    std::iter::once(rows).chain(fields).filter(|filter| !policy::RowFilter::is_open(filter)).collect()
}
