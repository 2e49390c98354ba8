//! Which certificate each host shows, and until when it is good.

use axum::extract::State;
use palisade_base::{Error, Instant, Kind, Scope};
use palisade_certificates::{CertificateSource, CertificateStatus, may_manage_certificates};
use palisade_identity::permissions::CERTIFICATE_MANAGE;
use palisade_web::{
    Failure, FileKind, Html, Notice, Outcome, Page, ProtectedForm, Visitor,
    component::{ActionForm, Badge, ButtonLink, Callout, Cell, Disclosure, EmptyState, Facts, Head, Row, Table, Tone},
    download, see_other_with,
};
use serde::Deserialize;

use crate::{
    ConsoleState,
    parts::{Sections, button_row, paragraph},
    words,
};

const PAGE: &str = "/admin/system/certificates";

#[derive(Deserialize)]
pub(super) struct RenewForm {
    site: String,
}

pub(super) async fn list(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    let (certificates, now) = (state.certificates.status(), state.now());
    let heads = ["Host", "State", "Good until", "Next one", "Comes from"].map(Head::new);
    let may_renew = visitor.caller.authority.allows(&CERTIFICATE_MANAGE, Scope::All);
    let table = Table::new("Certificates", heads.into_iter().chain([Head::new("Renew").hidden()]))
        .rows(certificates.iter().map(|status| row(&visitor, status, now, may_renew)))
        .empty(EmptyState::new("No site yet", "A site is a [[site]] block in palisade.toml."));
    let mut sections = Sections::new();
    for problem in certificates.iter().filter_map(|status| status.problem(now)) {
        sections = sections.part(&Callout::new(Tone::Warn, format!("{}.", sentence(&problem))));
    }
    sections = sections.part(&table).under("Details", certificates.iter().map(|status| details(&visitor, status)));
    if state.certificates.local_root().is_some() {
        sections = sections.under("The root of your own CA", root_parts()?);
    }
    Page::new(&visitor, "Certificates").lead(lead(&certificates, now)).body(&sections)
}

fn lead(certificates: &[CertificateStatus], now: Instant) -> String {
    let wanting = certificates.iter().filter(|status| status.problem(now).is_some()).count();
    match i64::try_from(wanting).unwrap_or(i64::MAX) {
        0 => "Every host shows a certificate that is good.".to_owned(),
        n => format!(
            "{}.",
            words::count(n, "host needs somebody to look after it", "hosts need somebody to look after them")
        ),
    }
}

fn row(visitor: &Visitor, status: &CertificateStatus, now: Instant, may_renew: bool) -> Row {
    let next = match status.next_renewal {
        Some(next) if next > now => Cell::when(&words::when(visitor, next)),
        Some(_) => Cell::text("Due now"),
        None => Cell::text("When you put new files there"),
    };
    let renew = ActionForm::new(format!("{PAGE}/renew"), &visitor.csrf, "Renew now")
        .of(format!("the certificate of {}", status.site))
        .with("site", status.site.clone())
        .small();
    let renews = matches!(status.source, CertificateSource::Acme | CertificateSource::LocalCa);
    let act = if may_renew && renews { Html::from_component(&renew) } else { Html::empty() };
    Row::new([
        Cell::text(status.host.to_string()),
        Cell::badge(&state_of(status, now)),
        Cell::when(&words::when(visitor, status.facts.not_after)),
        next,
        Cell::text(source(status.source)),
        Cell::html(act),
    ])
}

fn state_of(status: &CertificateStatus, now: Instant) -> Badge {
    if status.ordering {
        Badge::note("Being ordered")
    } else if status.facts.not_after <= now {
        Badge::stop("Expired")
    } else if status.stand_in {
        Badge::warn("Self-signed until one is issued")
    } else if status.problem(now).is_some() {
        Badge::warn("Look at it")
    } else if status.facts.self_issued {
        Badge::note("Self-signed")
    } else {
        Badge::ok("Good")
    }
}

fn issuer(status: &CertificateStatus) -> String {
    if status.facts.self_issued { "Itself".to_owned() } else { status.facts.issuer.clone() }
}

const fn source(source: CertificateSource) -> &'static str {
    match source {
        CertificateSource::Files => "Your files",
        CertificateSource::SelfSigned => "Made here",
        CertificateSource::LocalCa => "Your own CA",
        CertificateSource::Acme => "A CA, by ACME",
    }
}

fn details(visitor: &Visitor, status: &CertificateStatus) -> Html {
    let facts = &status.facts;
    let mut shown = Facts::new()
        .text("Site", &status.site)
        .text("Names", facts.names.join(", "))
        .text("Issued by", issuer(status))
        .component("Good from", &words::when(visitor, facts.not_before))
        .component("Good until", &words::when(visitor, facts.not_after))
        .text("SHA-256", &facts.fingerprint);
    if let Some(trouble) = &status.last_error {
        shown = shown
            .text("What went wrong last", sentence(&trouble.what))
            .component("That was", &words::when(visitor, trouble.at));
    }
    Html::from_component(&Disclosure::new(status.host.to_string(), Html::from_component(&shown)))
}

fn root_parts() -> Result<[Html; 3], Failure> {
    let link = ButtonLink::second("Download the root", format!("{PAGE}/root.pem"));
    Ok([
        paragraph(
            "Sites whose certificate comes from your own CA are trusted by devices that have its root. It can vouch for private names and for your own hosts only.",
        )?,
        button_row([Html::from_component(&link)]),
        Html::of(&HowToInstall)?,
    ])
}

/// Where devices take a root.
#[derive(askama::Template)]
#[template(
    source = "<ul class=\"bullets\">\
<li>Windows: open the file, Install Certificate, Local Machine, \u{201c}Trusted Root Certification Authorities\u{201d}; or by group policy for all computers.</li>\
<li>macOS: open it in Keychain Access, then Trust: Always Trust.</li>\
<li>Android: Settings, Security, Encryption and credentials, Install a certificate, CA certificate.</li>\
<li>iPhone and iPad: open it, install the profile, then Settings, General, About, Certificate Trust Settings.</li>\
<li>Debian and Ubuntu: save it as /usr/local/share/ca-certificates/palisade.crt and run update-ca-certificates.</li>\
<li>Firefox: Settings, Privacy and Security, View Certificates, Authorities, Import.</li></ul>",
    ext = "html"
)]
struct HowToInstall;

/// With a capital letter, and without the full stop that the sentence gets anyway.
fn sentence(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}

pub(super) async fn root(State(state): State<ConsoleState>, _visitor: Visitor) -> Outcome {
    let missing = || Error::new(Kind::NotFound, "There is no CA of your own: no site has certificate = \"local-ca\".");
    let root = state.certificates.local_root().ok_or_else(missing)?;
    Ok(download(FileKind::Pem, "palisade-local-ca", root.into_bytes()))
}

/// Renewing replaces a good certificate by a good one: nothing that asks for a proof of who sits there.
pub(super) async fn renew(
    State(state): State<ConsoleState>,
    visitor: Visitor,
    ProtectedForm(form): ProtectedForm<RenewForm>,
) -> Outcome {
    let permit = may_manage_certificates(&visitor.caller)?;
    state.certificates.request(&visitor.caller, &permit, &form.site).await?;
    let words = "It is being renewed. Open this page again in a minute to see how it went.";
    Ok(see_other_with(PAGE, &Notice::ok(words)))
}
