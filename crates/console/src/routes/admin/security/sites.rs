//! Sites and Limits: what is served, how it is, and what holds there.

use askama::Template;
use axum::extract::State;
use palisade_base::Instant;
use palisade_web::{
    Failure, Html, Outcome, Page, Visitor,
    component::{Badge, Callout, Cell, Disclosure, Facts, Head, Row, Table, Tone},
};

use super::limits;
use crate::{
    At, CertificateReport, ConsoleState, SiteReport, UpstreamReport, UpstreamState, UpstreamTrouble,
    parts::{Sections, paragraph},
    words,
};

/// So many days before its end a certificate is worth a word.
const ENDING: i64 = 14;

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    let sites = state.sites.sites();
    let mut sections = Sections::new();
    let ending = sites.iter().flat_map(|site| &site.certificates).filter(|own| own.days_left < ENDING);
    for trouble in silent(&sites).map(|(site, address)| trouble_of(&visitor, site, address)) {
        sections = sections.part(&Callout::new(Tone::Stop, trouble));
    }
    for own in ending {
        sections = sections.part(&Callout::new(Tone::Warn, ending_words(&visitor, own)));
    }
    for site in &sites {
        sections = sections.under(site.name.clone(), parts_of(&visitor, site)?);
    }
    let limits = limits::parts(&state, &visitor).await?;
    let sections = sections.under("Limits", limits).under("Where this is changed", [where_changed(&state)?]);
    Page::new(&visitor, "Sites and Limits").lead(lead(&sites)).body(&sections)
}

/// The answer first: whether what is guarded can be reached.
fn lead(sites: &[SiteReport]) -> String {
    let count = |n: usize, one, several| words::count(i64::try_from(n).unwrap_or(i64::MAX), one, several);
    let served = count(sites.len(), "site is served", "sites are served");
    let silent = silent(sites).count();
    if silent > 0 {
        format!("{served}. {}.", count(silent, "application does not answer", "applications do not answer"))
    } else if sites.iter().any(|site| !site.upstream.is_empty()) {
        format!("{served}. No application is known to be out of order.")
    } else {
        format!("{served}.")
    }
}

fn ending_words(visitor: &Visitor, own: &CertificateReport) -> String {
    let verb = if own.days_left < 0 { "ended" } else { "ends" };
    format!(
        "The certificate of {} {verb} on {}. See System Settings > Certificates.",
        own.host,
        clock(visitor, own.ends.0)
    )
}

fn silent(sites: &[SiteReport]) -> impl Iterator<Item = (&SiteReport, &UpstreamReport)> {
    let all = sites.iter().flat_map(|site| site.upstream.iter().map(move |address| (site, address)));
    all.filter(|(_, address)| address.state == UpstreamState::Silent)
}

/// What somebody who was woken wants to know: who, since when, and why.
fn trouble_of(visitor: &Visitor, site: &SiteReport, address: &UpstreamReport) -> String {
    let since = address.since.map_or_else(String::new, |At(at)| format!(", since {}", clock(visitor, at)));
    let error = address.last_error.as_ref().map_or_else(String::new, |error| format!(" Last error: {}.", error.what));
    format!("{}: {} does not answer{since}.{error}", site.name, address.address)
}

/// `22 Nov 2026, 03:14:07`.
fn clock(visitor: &Visitor, at: Instant) -> String {
    words::when(visitor, at).exactly().said().to_owned()
}

fn parts_of(visitor: &Visitor, site: &SiteReport) -> Result<Vec<Html>, Failure> {
    let warnings = site.warnings.iter().map(|text| Html::from_component(&Callout::new(Tone::Warn, text)));
    let mut parts: Vec<Html> = warnings.collect();
    parts.push(Html::from_component(&facts(site)));
    if !site.upstream.is_empty() {
        parts.push(Html::from_component(&address_table(visitor, &site.upstream)));
    }
    if !site.certificates.is_empty() {
        parts.push(Html::from_component(&certificate_table(visitor, &site.certificates)));
    }
    parts.push(Html::from_component(&Disclosure::new("Headers on every answer", headers(site))));
    if !site.ways_in.is_empty() {
        let ways = paragraph(&format!("Tries to sign in are counted at: {}.", site.ways_in.join(", ")))?;
        parts.push(Html::from_component(&Disclosure::new("Ways in", ways)));
    }
    Ok(parts)
}

fn facts(site: &SiteReport) -> Facts {
    let app = if site.app == "upstream" { "An application that is guarded" } else { site.app.as_str() };
    let facts = Facts::new()
        .text("Hosts", site.hosts.join(", "))
        .text("App", app)
        .text("Preset", &site.preset)
        .text("Largest request", site.body_bytes.map_or_else(|| "No limit".to_owned(), size));
    if site.app != "upstream" {
        return facts;
    }
    let sign_in = if site.sign_in == "required" { "At the console, first" } else { "The application's own" };
    facts.text("Sign-in", sign_in).text("WebSockets", if site.websockets { "Let through" } else { "Refused" })
}

fn size(bytes: u64) -> String {
    let mib = bytes / 1_048_576;
    if mib == 0 { format!("{} KiB", bytes / 1_024) } else { format!("{mib} MiB") }
}

fn address_table(visitor: &Visitor, addresses: &[UpstreamReport]) -> Table {
    let row = |address: &UpstreamReport| {
        let at = |at: Option<At>| at.map_or_else(Cell::none, |At(at)| Cell::when(&words::when(visitor, at)));
        let error = address.last_error.as_ref();
        Row::new([
            Cell::text(&address.address),
            Cell::badge(&state_of(address.state)),
            at(address.since),
            Cell::number(address.outstanding),
            Cell::number(address.failures),
            error.map_or_else(Cell::none, |error| last_error(visitor, error)),
        ])
    };
    let heads = [
        Head::new("Address"),
        Head::new("State"),
        Head::new("Since"),
        Head::new("Under way").number(),
        Head::new("Failures in a row").number(),
        Head::new("Last error"),
    ];
    Table::new("Addresses of the application", heads).rows(addresses.iter().map(row))
}

/// What it was, and below it when.
fn last_error(visitor: &Visitor, error: &UpstreamTrouble) -> Cell {
    Cell::remarked(&error.what, Html::from_component(&words::when(visitor, error.at.0)))
}

fn state_of(state: UpstreamState) -> Badge {
    match state {
        UpstreamState::NotAsked => Badge::note("Not asked yet"),
        UpstreamState::Answers => Badge::ok("Answers"),
        UpstreamState::LastFailed => Badge::warn("Last request failed"),
        UpstreamState::Silent => Badge::stop("Does not answer"),
    }
}

fn certificate_table(visitor: &Visitor, certificates: &[CertificateReport]) -> Table {
    let row = |certificate: &CertificateReport| {
        let left = certificate.days_left;
        let badge = match left {
            ..0 => Badge::stop("Ended"),
            0..ENDING => Badge::warn(words::count(left, "day left", "days left")),
            _ => Badge::ok(words::count(left, "day left", "days left")),
        };
        Row::new([
            Cell::text(&certificate.host),
            Cell::text(&certificate.source),
            Cell::when(&words::when(visitor, certificate.ends.0)),
            Cell::badge(&badge),
        ])
    };
    Table::new("Certificates", ["Host", "From", "Ends", "Left"].map(Head::new)).rows(certificates.iter().map(row))
}

fn headers(site: &SiteReport) -> Html {
    let facts = site.headers.iter().fold(Facts::new(), |facts, (name, value)| facts.text(name, value));
    let facts = match site.app.as_str() {
        "upstream" => facts.text(
            "On Palisade's own pages there",
            "the strict content-security-policy, whatever the application needs",
        ),
        _ => facts,
    };
    Html::from_component(&facts)
}

/// Where sites and limits are written down, and how a change is put into force.
#[derive(Template)]
#[template(
    source = "<p>Sites and limits stand in <code>{{ file }}</code> on the server. After a change, <code>palisade config check</code> says \
whether it is sound, and <code>palisade reload</code> puts it into force without losing a request.</p>",
    ext = "html"
)]
struct WhereChanged {
    file: String,
}

fn where_changed(state: &ConsoleState) -> Result<Html, Failure> {
    Html::of(&WhereChanged { file: state.sites.file() })
}
