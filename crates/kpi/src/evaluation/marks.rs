//! Marks as they come in: checked, and told by place and name what is wrong with them.

use std::collections::HashMap;

use palisade_base::{Error, FieldError, Instant, RecordId};
use palisade_records::{ChildRow, Field, Given};
use palisade_store::Conn;

use super::{Marks, store};
use crate::types::{NOTE, SKILL_MARKS, TOOL_MARKS};

/// More than anybody can mark: several times the catalogue.
pub(super) const MOST: usize = 2_000;

/// The rows that marks become.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    pub(super) skills: Vec<ChildRow>,
    pub(super) tools: Vec<ChildRow>,
}

/// Skills and tools that marks name, as they are.
pub(super) struct Known {
    skills: HashMap<RecordId, store::Item>,
    tools: HashMap<RecordId, store::Item>,
}

impl Known {
    /// Looks up what these marks name.
    pub(super) async fn read(conn: &mut Conn, all: &[&Marks]) -> Result<Self, Error> {
        let skills = all.iter().flat_map(|marks| marks.skills.iter().map(|mark| mark.skill));
        let tools = all.iter().flat_map(|marks| marks.tools.iter().map(|mark| mark.tool));
        let once = |ids: &mut Vec<RecordId>| {
            ids.sort_unstable();
            ids.dedup();
        };
        let (mut skills, mut tools): (Vec<_>, Vec<_>) = (skills.collect(), tools.collect());
        once(&mut skills);
        once(&mut tools);
        Ok(Self {
            skills: store::items(conn, SKILL_MARKS.of.table, &skills).await?,
            tools: store::items(conn, TOOL_MARKS.of.table, &tools).await?,
        })
    }
}

/// How strict the check is about the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Catalogue {
    /// Marks are made now: only on what is in use.
    InUse,
    /// Marks were made once, perhaps on what is out of use today.
    Past,
}

/// Checks marks and makes rows of them. `at` stands before each place: `evaluations[2].`. A tap of the future was made now.
pub(super) fn check(
    marks: &Marks,
    (known, catalogue): (&Known, Catalogue),
    (at, now): (&str, Instant),
    wrong: &mut Vec<FieldError>,
) -> Rows {
    let mut rows = Rows::default();
    if marks.skills.len().max(marks.tools.len()) > MOST {
        let message = format!("That is too many at once: send at most {MOST} marks on skills and {MOST} on tools.");
        wrong.push(FieldError { field: format!("{at}skills").into(), message });
        return rows;
    }
    for (place, mark) in marks.skills.iter().enumerate() {
        let place = format!("{at}skills[{place}]");
        if mark.rating.is_some_and(|rating| !(1..=5).contains(&rating)) {
            let message = "A rating is a whole number from 1 to 5.".to_owned();
            wrong.push(FieldError { field: format!("{place}.rating").into(), message });
        }
        let notes = clean_note(mark.note.as_deref(), &place, wrong);
        check_item((&known.skills, catalogue), mark.skill, ("skill", format!("{place}.skill_id")), wrong);
        rows.skills.push(ChildRow::from(&super::SkillMark {
            note: notes,
            tapped_at: mark.tapped_at.min(now),
            ..mark.clone()
        }));
    }
    for (place, mark) in marks.tools.iter().enumerate() {
        let place = format!("{at}tools[{place}]");
        let notes = clean_note(mark.note.as_deref(), &place, wrong);
        check_item((&known.tools, catalogue), mark.tool, ("tool", format!("{place}.tool_id")), wrong);
        rows.tools.push(ChildRow::from(&super::ToolMark {
            note: notes,
            tapped_at: mark.tapped_at.min(now),
            ..mark.clone()
        }));
    }
    rows
}

fn clean_note(note: Option<&str>, place: &str, wrong: &mut Vec<FieldError>) -> Option<String> {
    match clean_text(&NOTE, note.unwrap_or_default()) {
        Ok(note) => note,
        Err(message) => {
            wrong.push(FieldError { field: format!("{place}.notes").into(), message });
            None
        }
    }
}

/// A text by the rules of its field.
pub(super) fn clean_text(field: &Field, text: &str) -> Result<Option<String>, String> {
    match field.read_value(&Given::Text(text.to_owned()))? {
        palisade_store::Value::Text(text) => Ok(Some(text)),
        _ => Ok(None),
    }
}

fn check_item(
    (known, catalogue): (&HashMap<RecordId, store::Item>, Catalogue),
    id: RecordId,
    (noun, field): (&str, String),
    wrong: &mut Vec<FieldError>,
) {
    let message = match known.get(&id) {
        None => format!("There is no such {noun}."),
        Some((name, false)) if catalogue == Catalogue::InUse => {
            format!("“{name}” is out of use and is not rated any more.")
        }
        Some(_) => return,
    };
    wrong.push(FieldError { field: field.into(), message });
}
