//! What the wizard's script sends: the taps of one category, each with its age.

use axum::extract::State;
use palisade_base::{Caller, Error, FieldError, Instant, Kind, RecordId, Span};
use palisade_web::{Outcome, PathId, ProtectedJson, Visitor, json_data};
use serde::{Deserialize, Serialize};

use super::{Pages, fill};
use crate::evaluation::{Marks, Saved, SkillMark, State as Stage, ToolMark};

/// The most taps of a batch: far more than a category has.
const MOST_TAPS: usize = 1_000;

/// A tap that waited longer on a device is taken for as old as this.
const OLDEST: Span = Span::days(90);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Batch {
    #[serde(default)]
    skills: Vec<SkillTap>,
    #[serde(default)]
    tools: Vec<ToolTap>,
    /// What is said about the whole, where that was changed.
    notes: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct SkillTap {
    id: RecordId,
    rating: Option<u8>,
    note: Option<String>,
    /// How long ago it was tapped, by the device's own clock: clocks of devices are wrong, their ages are not.
    #[serde(default, skip_serializing)]
    age_ms: u64,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct ToolTap {
    id: RecordId,
    can_operate: Option<bool>,
    truck_stock: Option<bool>,
    note: Option<String>,
    #[serde(default, skip_serializing)]
    age_ms: u64,
}

/// What the server now has for what was sent: where that was older than another device's tap, the other's.
#[derive(Serialize)]
struct Answer {
    skills: Vec<SkillTap>,
    tools: Vec<ToolTap>,
    older: usize,
}

pub(super) async fn save(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedJson(batch): ProtectedJson<Batch>,
) -> Outcome {
    if batch.skills.len() + batch.tools.len() > MOST_TAPS {
        return Err(Error::new(Kind::TooLarge, format!("Send at most {MOST_TAPS} taps at once.")).into());
    }
    expect_draft(&pages, &visitor.caller, id).await?;
    let marks = marks_of(&batch, visitor.now)?;
    let saved = match marks.is_empty() {
        true => Saved { marks, older: 0, saved_at: visitor.now },
        false => pages.evaluations.mark(&visitor.caller, id, &marks).await?,
    };
    if let Some(notes) = &batch.notes {
        save_notes(&pages, &visitor.caller, id, notes).await?;
    }
    json_data(&answer(&batch, saved))
}

/// The script tells apart "no draft any more", after which no tap will be taken, from what is wrong with a tap.
async fn expect_draft(pages: &Pages, caller: &Caller, id: RecordId) -> Result<(), Error> {
    if pages.peek(caller, id).await?.state == Stage::Draft {
        return Ok(());
    }
    Err(Error::new(Kind::Conflict, "This evaluation is no draft any more, so nothing was changed."))
}

/// Somebody may have changed date or reviewer on another device at this moment; the notes are theirs alone, so a second
/// try is right.
async fn save_notes(pages: &Pages, caller: &Caller, id: RecordId, notes: &str) -> Result<(), Error> {
    match fill::save_notes(pages, caller, id, notes).await {
        Err(error) if error.kind() == Kind::Conflict => fill::save_notes(pages, caller, id, notes).await,
        done => done,
    }
}

fn marks_of(batch: &Batch, now: Instant) -> Result<Marks, Error> {
    let at = |age_ms: u64| now - Span::millis(i64::try_from(age_ms).unwrap_or(i64::MAX)).min(OLDEST);
    let wrong: Vec<FieldError> = batch
        .skills
        .iter()
        .filter(|tap| tap.rating.is_some_and(|rating| !(1..=5).contains(&rating)))
        .map(|tap| FieldError {
            field: format!("skills.{}.rating", tap.id).into(),
            message: "A rating is a number from 1 to 5, or null.".to_owned(),
        })
        .collect();
    if !wrong.is_empty() {
        return Err(Error::invalid(wrong));
    }
    let skill = |tap: &SkillTap| SkillMark {
        skill: tap.id,
        rating: tap.rating,
        note: tap.note.clone(),
        tapped_at: at(tap.age_ms),
    };
    let tool = |tap: &ToolTap| ToolMark {
        tool: tap.id,
        can_operate: tap.can_operate,
        truck_stock: tap.truck_stock,
        note: tap.note.clone(),
        tapped_at: at(tap.age_ms),
    };
    Ok(Marks { skills: batch.skills.iter().map(skill).collect(), tools: batch.tools.iter().map(tool).collect() })
}

/// Every skill and tool that was sent, as it is now: one that another device has cleared since comes back blank.
fn answer(batch: &Batch, saved: Saved) -> Answer {
    let skill = |tap: &SkillTap| {
        let mark = saved.marks.skills.iter().find(|mark| mark.skill == tap.id);
        let (rating, note) = mark.map_or((None, None), |mark| (mark.rating, mark.note.clone()));
        SkillTap { id: tap.id, rating, note, age_ms: 0 }
    };
    let tool = |tap: &ToolTap| {
        let mark = saved.marks.tools.iter().find(|mark| mark.tool == tap.id);
        ToolTap {
            id: tap.id,
            can_operate: mark.and_then(|mark| mark.can_operate),
            truck_stock: mark.and_then(|mark| mark.truck_stock),
            note: mark.and_then(|mark| mark.note.clone()),
            age_ms: 0,
        }
    };
    Answer {
        skills: batch.skills.iter().map(skill).collect(),
        tools: batch.tools.iter().map(tool).collect(),
        older: saved.older,
    }
}
