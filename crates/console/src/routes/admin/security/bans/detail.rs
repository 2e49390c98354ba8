//! One ban: who, why, on what evidence, until when, and what else there is about the same client.

use axum::extract::State;
use palisade_bans::{Ban, BanFilter, MANUAL, Measure, Which, may_read_bans};
use palisade_base::{Instant, Scope};
use palisade_identity::permissions::{BAN_MANAGE, TRAIL_READ};
use palisade_web::{
    Failure, Html, Outcome, Page, PathId, Visitor,
    component::{Breadcrumbs, ButtonLink, Cell, EmptyState, Facts, Head, Row, Table},
};
use uuid::Uuid;

use super::{NEW, PATH, shown};
use crate::{
    ConsoleState,
    names::Names,
    parts::{Lines, Sections},
    words,
};

/// So many other bans of the same client are listed.
const OTHERS: u64 = 20;

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, PathId(id): PathId<Uuid>) -> Outcome {
    let permit = may_read_bans(&visitor.caller)?;
    let ban = state.bans.one(&permit, id).await?;
    let touching = BanFilter { which: Which::All, touching: Some(ban.target), limit: OTHERS, ..BanFilter::default() };
    let (mut others, _) = state.bans.list(&permit, &touching).await?;
    others.retain(|other| other.id != ban.id);
    let makers = std::iter::once(&ban).chain(&others).map(|ban| ban.made_by.as_str());
    let lifters = ban.lifted.iter().map(|(_, by)| by.as_str());
    let actors: Vec<&str> = makers.chain(lifters).collect();
    let names = Names::of(&state, &actors).await?;
    let sections = Sections::new()
        .part(&facts(&visitor, &names, &ban))
        .under("Evidence", [evidence(&ban)?])
        .under("Other bans that touch it", [Html::from_component(&other_table(&visitor, &names, &others))]);
    let mut page = Page::new(&visitor, ban.target.to_string())
        .crumbs(Breadcrumbs::new().link("Jails and Bans", PATH))
        .under(PATH)
        .lead(lead(&visitor, &names, &ban));
    if visitor.caller.authority.allows(&BAN_MANAGE, Scope::All) {
        if ban.holds_at(visitor.now) {
            page = page.action(shown::lift(&visitor, &ban).first());
        }
        page = page.action(ButtonLink::second("Change how long", format!("{NEW}?network={}", ban.target)));
    }
    if visitor.caller.authority.allows(&TRAIL_READ, Scope::All) {
        page = page.action(ButtonLink::second("In the trail", format!("/admin/trail?resource=ban:{}", ban.target)));
    }
    page.body(&sections)
}

/// The answer first: in force or not, and until when.
fn lead(visitor: &Visitor, names: &Names, ban: &Ban) -> String {
    let said = |at| words::when(visitor, at).said().to_owned();
    if let Some((at, by)) = &ban.lifted {
        return format!("Lifted by {}, {}.", names.say(by), said(*at));
    }
    let until = match ban.ends_at {
        Some(end) if end <= visitor.now => return format!("Over: it ended by itself, {}.", said(end)),
        Some(end) => format!("until {}", exact_and_said(visitor, end)),
        None => "until somebody lifts it".to_owned(),
    };
    match ban.measure {
        Measure::Ban => format!("Shut out of every site {until}."),
        Measure::Slow => format!("A company network is never shut out: each try to sign in from there waits, {until}."),
        Measure::Shadow => format!("Nothing is done: its jail only reports whom it would shut out, {until}."),
    }
}

/// `22 Nov 2026, 05:28:39 (in 57 minutes)`.
fn exact_and_said(visitor: &Visitor, at: Instant) -> String {
    let when = words::when(visitor, at);
    let near = if when.said().starts_with("in ") { format!(" ({})", when.said()) } else { String::new() };
    format!("{}{near}", when.exactly().said())
}

fn facts(visitor: &Visitor, names: &Names, ban: &Ban) -> Facts {
    let exactly = |at| words::when(visitor, at).exactly();
    let facts = Facts::new()
        .component("State", &shown::state(visitor, ban))
        .text("Who", format!("{}, {}", ban.target, shown::extent(ban.target)))
        .text("Why", shown::reason(ban))
        .text("Shut out by", shown::by(names, ban))
        .component("Since", &exactly(ban.began_at));
    let facts = match ban.ends_at {
        Some(end) => facts.component("Until", &exactly(end)),
        None => facts.text("Until", "Somebody lifts it"),
    };
    let facts = match &ban.lifted {
        Some((at, by)) => facts.component("Lifted", &exactly(*at)).text("Lifted by", names.say(by)),
        None => facts,
    };
    if ban.jail == MANUAL {
        return facts;
    }
    facts.text("Failures", ban.failures.to_string()).text("Bans by this jail so far", ban.offences.to_string())
}

/// The lines that led to it, as they were seen.
fn evidence(ban: &Ban) -> Result<Html, Failure> {
    if !ban.evidence.is_empty() {
        return Html::of(&Lines { lines: &ban.evidence });
    }
    let why = if ban.jail == MANUAL {
        "Somebody shut it out by hand; what they wrote stands above."
    } else {
        "The jail kept none."
    };
    Ok(Html::from_component(&EmptyState::new("No lines", why)))
}

fn other_table(visitor: &Visitor, names: &Names, others: &[Ban]) -> Table {
    let row = |ban: &Ban| {
        Row::link(
            format!("{PATH}/{}", ban.id),
            [
                Cell::text(ban.target.to_string()),
                Cell::badge(&shown::state(visitor, ban)),
                Cell::text(shown::reason(ban)),
                Cell::text(shown::by(names, ban)),
                Cell::when(&words::when(visitor, ban.began_at)),
                Cell::html(shown::until(visitor, ban)),
            ],
        )
    };
    Table::new("Other bans", ["Address", "State", "Why", "By", "Since", "Until"].map(Head::new))
        .rows(others.iter().map(row))
        .empty(EmptyState::new("None", "Neither this client nor a network around it has been banned otherwise."))
}
