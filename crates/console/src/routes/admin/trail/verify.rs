//! Whether the trail is whole.

use axum::extract::State;
use palisade_trail::{Report, TrailStatus, VerifyOptions};
use palisade_web::{
    Failure, FormView, Html, Outcome, Page, ProtectedForm, Visitor, Width,
    component::{Badge, Callout, Cell, EmptyState, Facts, Field, Head, Row, SecretOnce, Table, Tone},
};
use serde::Deserialize;

use super::{crumbs, trace};
use crate::{
    ConsoleState,
    parts::{FormBody, Sections, paragraph},
    words,
};

#[derive(Deserialize)]
pub(super) struct VerifyForm {
    #[serde(default)]
    seals: String,
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    page(&state, &visitor, &FormView::new(), None).await
}

pub(super) async fn run(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(form): ProtectedForm<VerifyForm>,
) -> Outcome {
    trace(&state, &visitor, "trail.verify", "").await?;
    let report = state.trail.verify(VerifyOptions::default().against_text(&form.seals)).await?;
    page(&state, &visitor, &FormView::new().value("seals", form.seals), Some(&report)).await
}

async fn page(state: &ConsoleState, visitor: &Visitor, view: &FormView, report: Option<&Report>) -> Outcome {
    let status = state.trail.status().await?;
    let mut sections = Sections::new();
    if let Some(report) = report {
        sections = sections.under("What was found", found(report));
    }
    let sections = sections
        .under("Verify now", [form(visitor, view)?])
        .under("How the trail is doing", [Html::from_component(&facts(visitor, &status))])
        .under("Places that seals are brought to", [Html::from_component(&sinks(visitor, &status))])
        .under("The key that checks its seals", [key(&status)?]);
    Page::new(visitor, "Verify the trail").crumbs(crumbs()).lead(lead(&status)).width(Width::Reading).body(&sections)
}

fn lead(status: &TrailStatus) -> String {
    let leaves = words::count(i64::try_from(status.leaves).unwrap_or(i64::MAX), "entry", "entries");
    format!("{leaves}, {} of them sealed.", status.sealed)
}

fn found(report: &Report) -> Vec<Html> {
    let took = format!("{} entries and {} seals read in {} ms.", report.leaves, report.seals, report.duration_ms);
    if report.ok {
        let words = format!("The trail is whole: nothing was edited, removed, added or moved. {took}");
        return vec![Html::from_component(&Callout::new(Tone::Ok, words))];
    }
    let rows = report.findings.iter().map(|finding| {
        let place = if finding.first == finding.last {
            format!("Entry {}", finding.first)
        } else {
            format!("Entries {} to {}", finding.first, finding.last)
        };
        Row::new([Cell::text(place), Cell::text(&finding.message)])
    });
    let table = Table::new("Findings", ["Where", "What is wrong"].map(Head::new)).rows(rows);
    let more = match report.more_findings {
        0 => String::new(),
        n => format!(" {n} more are not listed."),
    };
    let words =
        format!("The trail was tampered with. {took}{more} Keep a copy of the database and of the seals outside.");
    vec![Html::from_component(&Callout::new(Tone::Stop, words)), Html::from_component(&table)]
}

fn form(visitor: &Visitor, view: &FormView) -> Result<Html, Failure> {
    let seals = Field::area("seals", "Seals that were kept outside", 5)
        .hint("Paste one or more, as they stand in the file or log outside. They show even a trail that was wholly rewritten and signed again.")
        .optional();
    let form = FormBody::new("/admin/trail/verify", &visitor.csrf, "Verify")
        .before(paragraph("Every entry is read and compared with the signed seals.")?)
        .field(&view.fill(seals));
    Html::of(&form)
}

fn facts(visitor: &Visitor, status: &TrailStatus) -> Facts {
    let state =
        if status.problems.is_empty() { Badge::ok("All is well") } else { Badge::stop(status.problems.join(" ")) };
    let facts = Facts::new()
        .component("State", &state)
        .text("Entries", status.leaves.to_string())
        .text("Sealed", status.sealed.to_string())
        .text("Waiting for a number", status.pending.to_string());
    match status.sealed_at {
        Some(at) => facts.component("Last seal", &words::when(visitor, at)),
        None => facts.text("Last seal", "None yet"),
    }
}

fn sinks(visitor: &Visitor, status: &TrailStatus) -> Table {
    let rows = status.sinks.iter().map(|sink| {
        let state = match &sink.error {
            None => Badge::ok("Up to date"),
            Some(problem) => Badge::warn(problem),
        };
        let last = sink.delivered_at.map_or_else(Cell::none, |at| Cell::when(&words::when(visitor, at)));
        Row::new([Cell::text(&sink.name), Cell::number(sink.delivered), last, Cell::badge(&state)])
    });
    let heads =
        [Head::new("Place"), Head::new("Sealed entries there").number(), Head::new("Last brought"), Head::new("State")];
    let empty = EmptyState::new(
        "Seals stay on this machine",
        "Name a file elsewhere or a syslog server in palisade.toml: only seals outside show a trail that was wholly rewritten.",
    );
    Table::new("Places", heads).rows(rows).empty(empty)
}

fn key(status: &TrailStatus) -> Result<Html, Failure> {
    let why = paragraph(
        "Note it down outside, once: with it anybody can check an export or a seal without trusting this machine.",
    )?;
    Ok(Html::concat([why, Html::from_component(&SecretOnce::new("vkey", "Public key", &status.vkey))]))
}
