//! The jails: their rules, what they have seen, and what stands in their way.

use axum::extract::State;
use palisade_bans::{JailReport, JailStatus, may_read_bans};
use palisade_base::Span;
use palisade_web::{
    Failure, Html, Outcome, Page, Visitor,
    component::{Badge, Callout, Cell, Disclosure, Head, Row, Table, Tone},
    path_segment,
};

use super::{JAILS, PATH, tabs};
use crate::{
    ConsoleState,
    parts::{Lines, Sections},
    words,
};

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    let report = state.bans.report(&may_read_bans(&visitor.caller)?).await?;
    let heads = [Head::new("Jail"), Head::new("Rule"), Head::new("Failing now").number(), Head::new("Banned").number()];
    let heads = heads.into_iter().chain([
        Head::new("Failures").number(),
        Head::new("Last failure"),
        Head::new("Undecided").number(),
    ]);
    let table = Table::new("Jails", heads).rows(report.jails.iter().map(|jail| row(&visitor, jail)));
    let mut sections = Sections::new().part(&Html::from_component(&table));
    for part in remarks(&report)? {
        sections = sections.part(&part);
    }
    let count = words::count(i64::try_from(report.jails.len()).unwrap_or(i64::MAX), "jail counts", "jails count");
    Page::new(&visitor, "Jails and Bans")
        .tabs(tabs(JAILS))
        .lead(format!("{count} failures and decides who is shut out."))
        .under(PATH)
        .body(&sections)
}

fn row(visitor: &Visitor, jail: &JailStatus) -> Row {
    let figures = &jail.figures;
    let last = figures.last_failure_at.map_or_else(Cell::none, |at| Cell::when(&words::when(visitor, at)));
    let shadow = if jail.is_shadow { Html::from_component(&Badge::note("Only reports")) } else { Html::empty() };
    let bans = format!("{PATH}?jail={}", path_segment(&jail.name));
    let cells = [
        Cell::html(Html::concat([Html::text(&jail.name), Html::text(" "), shadow])),
        Cell::text(rule(jail)),
        Cell::number(figures.failing),
        Cell::number(jail.banned),
        Cell::number(figures.failures),
        last,
        Cell::number(figures.undecided),
    ];
    Row::link(bans, cells)
}

/// `5 failures in 10 minutes: 1 hour`.
fn rule(jail: &JailStatus) -> String {
    let length = jail.ban_time.map_or_else(|| "until lifted".to_owned(), span);
    let growing = if jail.is_growing { ", longer each time" } else { "" };
    format!("{} failures in {}: {length}{growing}", jail.max_retry, span(jail.find_time))
}

fn span(span: Span) -> String {
    match span.as_seconds() {
        seconds if seconds % 60 == 0 => words::minutes(u32::try_from(seconds / 60).unwrap_or(u32::MAX)),
        seconds => words::count(seconds, "second", "seconds"),
    }
}

/// What has to be looked after, worst first.
fn remarks(report: &JailReport) -> Result<Vec<Html>, Failure> {
    let callout = |tone, text: &str| Html::from_component(&Callout::new(tone, text));
    let mut parts: Vec<Html> =
        report.broken.iter().map(|why| callout(Tone::Stop, &format!("Not used: {why}"))).collect();
    parts.extend(report.problems.iter().map(|problem| callout(Tone::Warn, problem)));
    for jail in &report.jails {
        parts.extend(jail.problems.iter().map(|problem| callout(Tone::Warn, &format!("{}: {problem}", jail.name))));
    }
    for jail in &report.jails {
        if !jail.log_paths.is_empty() {
            parts.push(folded(
                format!("{} reads these files ({} lines so far)", jail.name, jail.figures.lines),
                &jail.log_paths,
            )?);
        }
        if !jail.doubts.is_empty() {
            let head = format!("{} could not decide these lines; nobody was banned for them", jail.name);
            parts.push(folded(head, &jail.doubts)?);
        }
    }
    if !report.warnings.is_empty() {
        parts.push(folded("What works otherwise than in fail2ban".to_owned(), &report.warnings)?);
    }
    Ok(parts)
}

fn folded(head: String, lines: &[String]) -> Result<Html, Failure> {
    Ok(Html::from_component(&Disclosure::new(head, Html::of(&Lines { lines })?)))
}
