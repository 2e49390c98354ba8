//! What somebody should look at: what expires, what is overdue, what waits for their word.

use palisade_base::{Caller, Date, Error, Permission, RecordId};
use palisade_records::{ListRequest, Record, RecordType, Records, policy};
use palisade_store::Value;
use palisade_web::component::Tone;

use super::{
    store,
    validity::{Validity, days_from},
};
use crate::types::{
    CONFIRM_SPECIAL_SKILL, DECIDE_TRAINING_REQUEST, GOAL, QUALIFICATION, SPECIAL_SKILL, TEAM, TRAINING_REQUEST, id_in,
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
    /// The employee that it is about.
    pub employee: Option<RecordId>,
    /// Whether that is the caller.
    pub is_own: bool,
}

/// For whom, and about whom.
#[derive(Clone, Copy)]
struct Asked<'a> {
    records: &'a Records,
    caller: &'a Caller,
    /// None: everybody whom the caller sees.
    employee: Option<RecordId>,
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
    gather((records, caller), None, today).await
}

/// The same, of one employee only.
///
/// # Errors
/// The database can't be used.
pub async fn attention_of(
    records: &Records,
    caller: &Caller,
    employee: RecordId,
    today: Date,
) -> Result<Vec<Attention>, Error> {
    gather((records, caller), Some(employee), today).await
}

async fn gather(
    (records, caller): (&Records, &Caller),
    employee: Option<RecordId>,
    today: Date,
) -> Result<Vec<Attention>, Error> {
    let asked = Asked { records, caller, employee };
    let mut all = qualifications(asked, today).await?;
    all.extend(goals(asked, today).await?);
    if employee.is_none() {
        all.extend(teams_of_leavers(asked).await?);
    }
    for kind in &WAITING {
        for record in waiting_for(asked, kind).await? {
            let words = format!("{} {}: {}", name_of(&record), kind.does, record.title());
            all.push(item(caller, &record, words, (None, Tone::Note)));
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

fn item(caller: &Caller, record: &Record, words: String, (when, tone): (Option<Date>, Tone)) -> Attention {
    let employee = id_in(record.value("employee_id").cloned());
    let path = format!("/{}/{}", record.ty.path, record.id);
    Attention { words, path, when, tone, employee, is_own: is_own(caller, record) }
}

fn name_of(record: &Record) -> String {
    record.text("employee_id").unwrap_or_default()
}

fn is_own(caller: &Caller, record: &Record) -> bool {
    caller.person.is_some() && record.subject() == caller.person.map(RecordId::from)
}

/// Records of this type in a state, as far as the caller sees them, in the type's own order.
async fn in_state(asked: Asked<'_>, ty: &'static RecordType, state: Option<&str>) -> Result<Vec<Record>, Error> {
    if policy::readable(ty, asked.caller).is_closed() {
        return Ok(Vec::new());
    }
    let state = ty.position("state").zip(state.map(Value::from));
    let employee = ty.position("employee_id").zip(asked.employee.map(Value::from));
    let filters = state.into_iter().chain(employee).collect();
    let request = ListRequest { filters, limit: MOST, ..ListRequest::default() };
    Ok(asked.records.list(asked.caller, ty, &request).await?.records)
}

/// Qualifications that end soon, or have ended: they come first in their list.
async fn qualifications(asked: Asked<'_>, today: Date) -> Result<Vec<Attention>, Error> {
    let caller = asked.caller;
    let found = in_state(asked, &QUALIFICATION, None).await?;
    let due =
        found.iter().map(|record| (record, Validity::of(record, today))).filter(|(_, validity)| validity.is_due());
    let words = |record: &Record, validity: Validity| match is_own(caller, record) {
        true => format!("Your {} {}", record.title(), validity.words()),
        false => format!("{}: {} {}", name_of(record), record.title(), validity.words()),
    };
    let due = due.map(|(record, validity)| {
        let when = record.text("expires_on").and_then(|day| day.parse().ok());
        item(caller, record, words(record, validity), (when, validity.tone().unwrap_or(Tone::Note)))
    });
    Ok(due.collect())
}

/// Open goals whose day is over.
async fn goals(asked: Asked<'_>, today: Date) -> Result<Vec<Attention>, Error> {
    let caller = asked.caller;
    let mut overdue = Vec::new();
    for record in in_state(asked, &GOAL, Some("open")).await? {
        let Some(day) = record.text("target_date").and_then(|day| day.parse::<Date>().ok()) else { continue };
        if day < today {
            let since = match days_from(day, today) {
                1 => "since yesterday".to_owned(),
                days => format!("for {days} days"),
            };
            let whose =
                if is_own(caller, &record) { "Your goal".to_owned() } else { format!("{}: goal", name_of(&record)) };
            overdue.push(item(
                caller,
                &record,
                format!("{whose} {} is overdue {since}", record.title()),
                (Some(day), Tone::Warn),
            ));
        }
    }
    Ok(overdue)
}

/// Teams whose leader has left, for who can give them another: nobody in them is evaluated until then.
async fn teams_of_leavers(asked: Asked<'_>) -> Result<Vec<Attention>, Error> {
    let teams = policy::reached_with(&TEAM, asked.caller, TEAM.verbs.update.permission);
    if teams.is_closed() {
        return Ok(Vec::new());
    }
    let found = store::led_by_leavers(&mut *asked.records.store().read().await?, &teams).await?;
    let told = found.into_iter().map(|(team, name, leader)| Attention {
        words: format!("Team {name} is led by {leader}, who does not work here any more"),
        path: format!("/{}/{team}", TEAM.path),
        when: None,
        tone: Tone::Warn,
        employee: None,
        is_own: false,
    });
    Ok(told.collect())
}

/// What others ask and this caller may decide.
async fn waiting_for(asked: Asked<'_>, kind: &Waiting) -> Result<Vec<Record>, Error> {
    let Asked { records, caller, .. } = asked;
    if caller.authority.scope(&Permission::new(kind.permission)).is_none() {
        return Ok(Vec::new());
    }
    let found = in_state(asked, kind.ty, Some(kind.state)).await?;
    let mut conn = records.store().read().await?;
    let mut waiting = Vec::new();
    for record in found.into_iter().filter(|record| !is_own(caller, record)) {
        if records.reaches(&mut conn, caller, kind.permission, (kind.ty, record.id)).await? {
            waiting.push(record);
        }
    }
    Ok(waiting)
}
