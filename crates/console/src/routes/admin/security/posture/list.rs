//! What is in force: what needs somebody first, then the rest, then what changed lately.

use axum::extract::State;
use palisade_posture::{Entry, Report, Turn, Verdict, may_read_posture};
use palisade_web::{
    Failure, Html, Outcome, Page, Visitor,
    component::{ActionForm, ButtonLink, Cell, Disclosure, EmptyState, Facts, Head, Row, Table},
};

use super::{GUIDE, badge, place};
use crate::{
    ConsoleState,
    parts::{Lines, Sections, button_row, code},
    words,
};

/// So many changes of the last time are listed.
const TURNS: u16 = 20;

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    let permit = may_read_posture(&visitor.caller)?;
    let report = state.posture.last(&permit).await?;
    let turns = state.posture.turns(&permit, TURNS).await?;
    let look = ActionForm::new("/admin/security/posture/look", &visitor.csrf, "Look again");
    let buttons = button_row([
        Html::from_component(&look),
        Html::from_component(&ButtonLink::second("From the guide to the command", GUIDE)),
    ]);
    let mut sections = Sections::new().part(&buttons);
    // What is known not to be in force before what nobody could look at.
    let mut groups = report.groups();
    groups.sort_by_key(|group| group.first().map(|entry| entry.sight.verdict()));
    for group in groups {
        if let [entry, others @ ..] = &group[..]
            && entry.sight.verdict().needs_somebody()
        {
            sections = sections.under(heading(entry, others), finding(&visitor, entry, others)?);
        }
    }
    sections = sections
        .under("What needs nobody", [Html::from_component(&rest(&visitor, &report))])
        .under("What changed lately", [Html::from_component(&changes(&visitor, &turns))]);
    Page::new(&visitor, "Posture").lead(lead(&visitor, &report)).body(&sections)
}

/// The answer first.
fn lead(visitor: &Visitor, report: &Report) -> String {
    let Some(at) = report.at else {
        return "Nobody has looked yet. The first look is made when the server starts.".to_owned();
    };
    let counts = report.counts();
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let wanting = counts.findings + counts.unseen;
    let of_all = words::count(number(counts.in_force + wanting), "check", "checks");
    let when = words::when(visitor, at).said().to_owned();
    match wanting {
        0 => format!("All of {of_all} are in force. Looked at {when}."),
        n => {
            let needs = words::count(number(n), "needs", "need");
            format!("{} of {of_all} are in force; {needs} somebody. Looked at {when}.", counts.in_force)
        }
    }
}

/// One thing that is not set up leaves many checks blind.
fn heading(entry: &Entry, others: &[&Entry]) -> String {
    match others.len() {
        0 => entry.about.title.clone(),
        n => format!("{}, and {n} more", entry.about.title),
    }
}

/// What was seen, and what to do: the same for each of a group.
fn finding(visitor: &Visitor, entry: &Entry, others: &[&Entry]) -> Result<Vec<Html>, Failure> {
    let sight = &entry.sight;
    let mut facts = Facts::new()
        .component("State", &badge(sight.verdict()))
        .text("Where", place(&entry.about.place))
        .text("What was seen", sight.seen());
    if let Some(mend) = sight.mend() {
        facts = facts.text("What to do", mend.what());
        if let Some(command) = mend.command() {
            facts = facts.html("Command", code(command)?);
        }
    }
    let facts = facts
        .component("Since", &words::when(visitor, entry.since))
        .text("Points of the guides", entry.about.points.join(", "));
    let mut parts = vec![Html::from_component(&facts)];
    if !others.is_empty() {
        let titles: Vec<String> = others.iter().map(|other| other.about.title.clone()).collect();
        let also = Html::of(&Lines { lines: &titles })?;
        parts.push(Html::from_component(&Disclosure::new("The same holds for", also)));
    }
    if !sight.evidence().is_empty() {
        let lines = Html::of(&Lines { lines: sight.evidence() })?;
        parts.push(Html::from_component(&Disclosure::new("Evidence", lines)));
    }
    Ok(parts)
}

/// Folded: it is long, and asks for nothing.
fn rest(visitor: &Visitor, report: &Report) -> Disclosure {
    let row = |entry: &Entry| {
        Row::new([
            Cell::text(&entry.about.title),
            Cell::text(place(&entry.about.place)),
            Cell::badge(&badge(entry.sight.verdict())),
            Cell::text(entry.sight.seen()),
            Cell::when(&words::when(visitor, entry.since)),
            Cell::text(entry.about.points.join(", ")),
        ])
    };
    let others = report.entries.iter().filter(|entry| !entry.sight.verdict().needs_somebody());
    let heads = ["What", "Where", "State", "What was seen", "Since", "Points"].map(Head::new);
    let empty = EmptyState::new("Nothing is known to be in force", "Have it looked at, above.");
    let counts = report.counts();
    let summary = format!("{} in force, {} that do not apply", counts.in_force, counts.not_applicable);
    let table = Table::new("What is in force", heads).rows(others.map(row)).empty(empty);
    Disclosure::new(summary, Html::from_component(&table))
}

fn changes(visitor: &Visitor, turns: &[Turn]) -> Table {
    let state = |verdict: Option<Verdict>| verdict.map_or_else(Cell::none, |verdict| Cell::badge(&badge(verdict)));
    let row = |turn: &Turn| {
        Row::new([
            Cell::text(&turn.title),
            state(turn.before),
            state(Some(turn.after)),
            Cell::text(&turn.seen),
            Cell::when(&words::when(visitor, turn.at)),
        ])
    };
    // What was looked at for the first time has not changed.
    let changed = turns.iter().filter(|turn| turn.before.is_some());
    let heads = ["What", "Before", "After", "What was seen", "When"].map(Head::new);
    let empty = EmptyState::new("Nothing has changed", "It is looked at every hour, and whenever you ask.");
    Table::new("What changed lately", heads).rows(changed.map(row)).empty(empty)
}
