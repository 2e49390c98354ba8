//! Sites and Limits: what is served, how it is, and what holds there.

use axum::extract::State;
use palisade_web::{
    Failure, Html, Outcome, Page, Visitor,
    component::{Badge, Callout, Cell, Disclosure, Facts, Head, Row, Table, Tone},
};

use super::limits;
use crate::{
    CertificateReport, ConsoleState, SiteReport, UpstreamReport,
    parts::{Sections, paragraph},
    words,
};

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    let sites = state.sites.sites();
    let mut sections = Sections::new();
    for site in &sites {
        sections = sections.under(site.name.clone(), parts_of(&visitor, site)?);
    }
    let limits = limits::parts(&visitor, &state.sites.limits(), state.now())?;
    let sections = sections.under("Limits", limits).under("Where this is changed", [where_changed(&state)?]);
    let count = i64::try_from(sites.len()).unwrap_or(i64::MAX);
    Page::new(&visitor, "Sites and Limits")
        .lead(format!(
            "{}: where each is, whether it answers, and what holds there.",
            words::count(count, "site", "sites")
        ))
        .body(&sections)
}

fn parts_of(visitor: &Visitor, site: &SiteReport) -> Result<Vec<Html>, Failure> {
    let warnings = site.warnings.iter().map(|text| Html::from_component(&Callout::new(Tone::Warn, text)));
    let mut parts: Vec<Html> = warnings.collect();
    parts.push(Html::from_component(&facts(site)));
    if !site.upstream.is_empty() {
        parts.push(Html::from_component(&address_table(&site.upstream)));
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

fn address_table(addresses: &[UpstreamReport]) -> Table {
    let row = |address: &UpstreamReport| {
        let badge = match (address.asked, address.healthy && address.failures == 0) {
            (false, _) => Badge::note("Not asked yet"),
            (true, true) => Badge::ok("Answers"),
            (true, false) => Badge::stop("Does not answer"),
        };
        Row::new([
            Cell::text(&address.address),
            Cell::badge(&badge),
            Cell::number(address.outstanding),
            Cell::number(address.failures),
        ])
    };
    let heads = ["Address", "Health", "Requests under way", "Failures in a row"].map(Head::new);
    Table::new("Addresses of the application", heads).rows(addresses.iter().map(row))
}

fn certificate_table(visitor: &Visitor, certificates: &[CertificateReport]) -> Table {
    let row = |certificate: &CertificateReport| {
        let left = certificate.days_left;
        let badge = match left {
            ..0 => Badge::stop("Ended"),
            0..14 => Badge::warn(words::count(left, "day left", "days left")),
            _ => Badge::ok(words::count(left, "day left", "days left")),
        };
        Row::new([
            Cell::text(&certificate.host),
            Cell::text(&certificate.source),
            Cell::when(&words::when(visitor, certificate.ends)),
            Cell::badge(&badge),
        ])
    };
    Table::new("Certificates", ["Host", "From", "Ends", "Left"].map(Head::new)).rows(certificates.iter().map(row))
}

fn headers(site: &SiteReport) -> Html {
    let facts = site.headers.iter().fold(Facts::new(), |facts, (name, value)| facts.text(name, value));
    Html::from_component(&facts)
}

fn where_changed(state: &ConsoleState) -> Result<Html, Failure> {
    paragraph(&format!(
        "Sites and limits stand in {} on the server. After a change, `palisade config check` says whether it is sound, \
         and `palisade reload` puts it into force without losing a request.",
        state.sites.file()
    ))
}
