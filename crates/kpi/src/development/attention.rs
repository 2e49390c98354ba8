//! What somebody should look at: what expires, what is overdue, what waits for their word.

use palisade_base::{Caller, Date, Error, Permission, RecordId};
use palisade_records::{ListRequest, Record, RecordType, Records, policy};
use palisade_store::Value;
use palisade_web::component::Tone;

use super::validity::{Validity, days_from};
use crate::types::{
    CONFIRM_SPECIAL_SKILL, DECIDE_TRAINING_REQUEST, GOAL, QUALIFICATION, SPECIAL_SKILL, TRAINING_REQUEST,
};

/// The most of one kind: who has more reads the list.
const MOST: u64 = 100;

/// One thing to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attention {
    /// What it is, in a sentence without its full stop.
    pub words: String,
    /// Where to do something about it.
    pub path: String,
    /// The day that it is about; none where it has none.
    pub when: Option<Date>,
    /// How pressing it is.
    pub tone: Tone,
}

/// Something that others ask for, and that waits for a word.
struct Waiting {
    ty: &'static RecordType,
    state: &'static str,
    permission: &'static str,
    does: &'static str,
}

const WAITING: [Waiting; 2] = [
    Waiting {
        ty: &TRAINING_REQUEST,
        state: "requested",
        permission: DECIDE_TRAINING_REQUEST,
        does: "asks for training",
    },
    Waiting {
        ty: &SPECIAL_SKILL,
        state: "proposed",
        permission: CONFIRM_SPECIAL_SKILL,
        does: "proposes a special skill",
    },
];

/// What this caller should look at on that day, most pressing first.
///
/// # Errors
/// The database can't be used.
pub async fn attention(records: &Records, caller: &Caller, today: Date) -> Result<Vec<Attention>, Error> {
    let mut all = qualifications(records, caller, today).await?;
    all.extend(goals(records, caller, today).await?);
    for kind in &WAITING {
        for record in waiting_for(records, caller, kind).await? {
            let words = format!("{} {}: {}", name_of(&record), kind.does, record.title());
            all.push(item(&record, words, None, Tone::Note));
        }
    }
    all.sort_by_key(|item| (rank(item.tone), item.when));
    Ok(all)
}

const fn rank(tone: Tone) -> u8 {
    match tone {
        Tone::Stop => 0,
        Tone::Warn => 1,
        _ => 2,
    }
}

fn item(record: &Record, words: String, when: Option<Date>, tone: Tone) -> Attention {
    Attention { words, path: format!("/{}/{}", record.ty.path, record.id), when, tone }
}

fn name_of(record: &Record) -> String {
    record.text("employee_id").unwrap_or_default()
}

fn is_own(caller: &Caller, record: &Record) -> bool {
    caller.person.is_some() && record.subject() == caller.person.map(RecordId::from)
}

/// Records of this type in a state, as far as the caller sees them, in the type's own order.
async fn in_state(
    records: &Records,
    caller: &Caller,
    ty: &'static RecordType,
    state: Option<&str>,
) -> Result<Vec<Record>, Error> {
    if policy::readable(ty, caller).is_closed() {
        return Ok(Vec::new());
    }
    let filters = ty.position("state").zip(state).map(|(index, state)| (index, Value::from(state)));
    let request = ListRequest { filters: filters.into_iter().collect(), limit: MOST, ..ListRequest::default() };
    Ok(records.list(caller, ty, &request).await?.records)
}

/// Qualifications that end soon, or have ended: they come first in their list.
async fn qualifications(records: &Records, caller: &Caller, today: Date) -> Result<Vec<Attention>, Error> {
    let found = in_state(records, caller, &QUALIFICATION, None).await?;
    let due =
        found.iter().map(|record| (record, Validity::of(record, today))).filter(|(_, validity)| validity.is_due());
    let words = |record: &Record, validity: Validity| match is_own(caller, record) {
        true => format!("Your {} {}", record.title(), validity.words()),
        false => format!("{}: {} {}", name_of(record), record.title(), validity.words()),
    };
    let due = due.map(|(record, validity)| {
        let when = record.text("expires_on").and_then(|day| day.parse().ok());
        item(record, words(record, validity), when, validity.tone().unwrap_or(Tone::Note))
    });
    Ok(due.collect())
}

/// Open goals whose day is over.
async fn goals(records: &Records, caller: &Caller, today: Date) -> Result<Vec<Attention>, Error> {
    let mut overdue = Vec::new();
    for record in in_state(records, caller, &GOAL, Some("open")).await? {
        let Some(day) = record.text("target_date").and_then(|day| day.parse::<Date>().ok()) else { continue };
        if day < today {
            let since = match days_from(day, today) {
                1 => "since yesterday".to_owned(),
                days => format!("for {days} days"),
            };
            let whose =
                if is_own(caller, &record) { "Your goal".to_owned() } else { format!("{}: goal", name_of(&record)) };
            overdue.push(item(
                &record,
                format!("{whose} {} is overdue {since}", record.title()),
                Some(day),
                Tone::Warn,
            ));
        }
    }
    Ok(overdue)
}

/// What others ask and this caller may decide.
async fn waiting_for(records: &Records, caller: &Caller, kind: &Waiting) -> Result<Vec<Record>, Error> {
    if caller.authority.scope(&Permission::new(kind.permission)).is_none() {
        return Ok(Vec::new());
    }
    let found = in_state(records, caller, kind.ty, Some(kind.state)).await?;
    let mut conn = records.store().read().await?;
    let mut waiting = Vec::new();
    for record in found.into_iter().filter(|record| !is_own(caller, record)) {
        if records.reaches(&mut conn, caller, kind.permission, (kind.ty, record.id)).await? {
            waiting.push(record);
        }
    }
    Ok(waiting)
}
