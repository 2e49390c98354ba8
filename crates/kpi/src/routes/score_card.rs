//! The score card's pages: download it, and take a changed one in, after a look at what that would change.

use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, header};
use palisade_base::{Error, Permission, RecordId, Scope};
use palisade_records::{ListRequest, Record, Records};
use palisade_web::{
    Access, FormView, Html, Icon, NavItem, Notice, Outcome, Page, ProtectedForm, ProtectedUpload, Routes, Visitor,
    Width,
    component::{
        Breadcrumbs, ButtonLink, Callout, Cell, Choice, Confirm, Disclosure, Field, Head, Row, Stat, Stats, Table, Tone,
    },
    see_other_with,
};
use serde::Deserialize;

use crate::{
    catalogue::Catalogue,
    routes::figures::{counted, upper_first},
    score_card::{self, Cardholder, Difference, Item, ItemKind, MAX_NAMES, Note},
    types::{EMPLOYEE, EVALUATE},
};

const READ: Permission = Permission::new("kpi.skill.read");
const IMPORT: Permission = Permission::new("kpi.skill.import");

const PAGE: &str = "/skills/score-card";
const APPLY: &str = "/skills/score-card/apply";
const DOWNLOAD: &str = "/skills/score-card.xlsx";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// More people than a list to choose from can show.
const MOST_PEOPLE: u64 = 1_000;

/// The entry in the site's rail.
pub(super) fn nav_item() -> NavItem {
    NavItem {
        section: "Catalogue",
        label: "Score card",
        path: PAGE,
        icon: Icon::Sheet,
        permission: Some((READ, Scope::Own)),
        phone_rank: None,
    }
}

/// The routes.
pub(super) fn routes(records: &Records) -> Routes {
    let read = || Access::Permission(READ, Scope::Own);
    let import = || Access::Permission(IMPORT, Scope::All);
    Routes::new(records.clone())
        .get(PAGE, read(), show)
        .get(DOWNLOAD, read(), download)
        .post(PAGE, import(), check)
        .post(APPLY, import(), apply)
        .finish()
}

#[derive(Template)]
#[template(path = "score_card.html")]
struct ScoreCardBody<'a> {
    visitor: &'a Visitor,
    blank: ButtonLink,
    download: &'static str,
    person: Option<Field>,
    upload: Option<Field>,
    may_evaluate: bool,
}

async fn show(State(records): State<Records>, visitor: Visitor) -> Outcome {
    show_with(&records, &visitor, &FormView::new()).await
}

async fn show_with(records: &Records, visitor: &Visitor, form: &FormView) -> Outcome {
    let catalogue = score_card::current(records, &visitor.caller).await?;
    let people = people(records, visitor).await?;
    let may_import = visitor.caller.authority.scope(&IMPORT) == Some(Scope::All);
    let file = || {
        Field::file("file", "Score card", ".xlsx")
            .hint("The workbook (.xlsx), blank or filled in. Marks and notes on it are not looked at here, only what it lists.")
            .required()
    };
    let body = ScoreCardBody {
        visitor,
        blank: ButtonLink::second("Download a blank score card", DOWNLOAD),
        download: DOWNLOAD,
        person: (!people.is_empty()).then(|| Field::select("employee", "Whose name stands on it", people)),
        upload: may_import.then(|| form.fill(file())),
        may_evaluate: visitor.caller.authority.scope(&Permission::new(EVALUATE)).is_some(),
    };
    Page::new(visitor, "Score card")
        .width(Width::Reading)
        .crumbs(crumbs())
        .lead(catalogue_words(&catalogue))
        .errors(form.summary())
        .body(&body)
}

fn crumbs() -> Breadcrumbs {
    Breadcrumbs::new().link("Skills", "/skills")
}

/// Those whom the visitor may see, to choose from.
async fn people(records: &Records, visitor: &Visitor) -> Result<Vec<Choice>, Error> {
    if visitor.caller.authority.scope(&Permission::new(EMPLOYEE.verbs.read.permission)).is_none() {
        return Ok(Vec::new());
    }
    let request = ListRequest { limit: MOST_PEOPLE, ..ListRequest::default() };
    let page = records.list(&visitor.caller, &EMPLOYEE, &request).await?;
    Ok(page.records.iter().map(|record| Choice::new(record.id.to_string(), record.title())).collect())
}

fn catalogue_words(catalogue: &Catalogue) -> String {
    let skills: usize = catalogue.categories.iter().map(|category| category.skills.len()).sum();
    let tools: usize = catalogue.tool_categories().map(|(_, tools)| tools.len()).sum();
    format!(
        "The company's sheet for rating oneself: {} in {} and {}.",
        counted(skills, "skill", "skills"),
        counted(catalogue.categories.len(), "category", "categories"),
        counted(tools, "tool", "tools"),
    )
}

#[derive(Deserialize)]
struct Whose {
    employee: Option<String>,
}

async fn download(
    State(records): State<Records>,
    visitor: Visitor,
    whose: Result<Query<Whose>, QueryRejection>,
) -> Outcome {
    let Query(whose) = whose.map_err(|e| Error::field("employee", "Choose one person.").caused_by(e))?;
    let catalogue = score_card::current(&records, &visitor.caller).await?;
    let holder = match whose.employee.as_deref().filter(|id| !id.is_empty()) {
        Some(id) => {
            let id: RecordId = id.parse().map_err(|_| Error::not_found())?;
            Some(holder(&visitor, &records.view(&visitor.caller, &EMPLOYEE, id).await?))
        }
        None => None,
    };
    let bytes = score_card::write(&catalogue, holder.as_ref(), visitor.now)?;
    Ok(file_response(bytes, &file_name(holder.as_ref())))
}

/// What the visitor may see of this employee; the phone number stays open where it is not theirs to see.
fn holder(visitor: &Visitor, employee: &Record) -> Cardholder {
    Cardholder {
        name: employee.title(),
        phone: employee.text("phone").unwrap_or_default(),
        date: Some(visitor.now.date_in(&visitor.navigation.zone)),
    }
}

/// `score-card-maria-ortega.xlsx`: letters and digits of the name only, since it goes into a header.
fn file_name(holder: Option<&Cardholder>) -> String {
    let name = holder.map_or("", |holder| holder.name.as_str()).to_lowercase();
    let words: Vec<String> =
        name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let parts: Vec<String> = std::iter::once("score-card".to_owned()).chain(words).collect();
    format!("{}.xlsx", parts.join("-"))
}

fn file_response(bytes: Vec<u8>, name: &str) -> Response {
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(XLSX)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, bytes).into_response()
}

#[derive(Template)]
#[template(path = "score_card_check.html")]
struct CheckBody {
    stats: Stats,
    added: Option<Table>,
    blocked: Option<Callout>,
    notes: Vec<String>,
    missing: Option<Disclosure>,
    confirm: Option<Confirm>,
    back: ButtonLink,
}

/// The dry run: what the file would change.
async fn check(State(records): State<Records>, visitor: Visitor, upload: ProtectedUpload) -> Outcome {
    let read = match upload.file("file") {
        Ok(file) => {
            let bytes = file.content.clone();
            // Unpacking and reading keep a processor busy; other requests must not wait for that.
            tokio::task::spawn_blocking(move || score_card::read(&bytes).map_err(Error::from))
                .await
                .map_err(Error::internal)?
        }
        Err(error) => Err(error),
    };
    match read {
        Ok(card) => {
            let difference = score_card::plan(&records, &visitor.caller, &card.catalogue).await?;
            show_difference(&visitor, &card.catalogue, &card.notes, &difference)
        }
        Err(error) => show_with(&records, &visitor, &FormView::new().failed(&error)).await,
    }
}

fn show_difference(visitor: &Visitor, card: &Catalogue, notes: &[Note], difference: &Difference) -> Outcome {
    let lead = if difference.is_empty() {
        "Nothing would change: the catalogue has everything that this score card lists.".to_owned()
    } else {
        format!("{} would be added. Nothing would be changed or removed.", item_words(&difference.added))
    };
    let json = serde_json::to_string(card).map_err(Error::internal)?;
    let confirm = || {
        Confirm::new(APPLY, &visitor.csrf, add_words(difference.added.len()), PAGE)
            .effect("Everybody finds the new entries in the catalogue at once.")
            .effect("What is there already stays as it is, its spelling too.")
            .with("catalogue", json.as_str())
            .harmless()
    };
    let body = CheckBody {
        stats: figures(difference),
        added: (!difference.added.is_empty()).then(|| table("What would be added", &difference.added)),
        blocked: blocked_words(&difference.blocked),
        notes: notes.iter().map(|note| format!("{}: {}.", upper_first(&note.place.to_string()), note.text)).collect(),
        missing: (!difference.missing.is_empty()).then(|| missing(&difference.missing)),
        confirm: (!difference.is_empty()).then(confirm),
        back: ButtonLink::second("Back to the score card", PAGE),
    };
    Page::new(visitor, "Check the score card").crumbs(crumbs().link("Score card", PAGE)).lead(lead).body(&body)
}

fn add_words(count: usize) -> String {
    if count == 1 { "Add this entry".to_owned() } else { format!("Add these {count} entries") }
}

fn figures(difference: &Difference) -> Stats {
    let stat =
        |items: &[Item], label: &str| Stat { figure: items.len().to_string(), label: label.to_owned(), path: None };
    Stats::new([
        stat(&difference.added, "would be added"),
        stat(&difference.unchanged, "there already"),
        stat(&difference.missing, "not on this score card, and kept"),
    ])
}

fn table(caption: &str, items: &[Item]) -> Table {
    let rows = items.iter().map(|item| {
        let category = if item.category.is_empty() { Cell::none() } else { Cell::text(&item.category) };
        Row::new([Cell::text(&item.name), Cell::text(kind_words(item.kind).0), category])
    });
    Table::new(caption, [Head::new("Name"), Head::new("What"), Head::new("Category")]).rows(rows)
}

fn missing(items: &[Item]) -> Disclosure {
    let summary = format!("Not on this score card, and kept: {}", item_words(items));
    Disclosure::new(summary, Html::from_component(&table("Not on this score card", items)))
}

fn blocked_words(items: &[Item]) -> Option<Callout> {
    let first = items.first()?;
    let text = format!(
        "{} can't be added, because their category is out of use (“{}”, for one). Take it into use again first, or leave them out.",
        item_words(items),
        first.category
    );
    Some(Callout::new(Tone::Warn, text))
}

#[derive(Deserialize)]
struct Apply {
    catalogue: String,
}

/// Takes in what was shown. The list comes back from the page, so it is checked like any other input.
async fn apply(State(records): State<Records>, visitor: Visitor, ProtectedForm(form): ProtectedForm<Apply>) -> Outcome {
    let card = parse_catalogue(&form.catalogue)?;
    let difference = score_card::apply(&records, &visitor.caller, &card).await?;
    let notice = if difference.is_empty() {
        Notice::note("Nothing was added: the catalogue has everything that this score card lists.")
    } else {
        Notice::ok(format!("Added {}.", item_words(&difference.added)))
    };
    Ok(see_other_with(PAGE, &notice))
}

fn parse_catalogue(json: &str) -> Result<Catalogue, Error> {
    let again = "This can't be read. Upload the score card once more.";
    let card: Catalogue = serde_json::from_str(json).map_err(|e| Error::field("catalogue", again).caused_by(e))?;
    let names =
        card.categories.iter().map(|c| 1 + c.skills.len() + c.tools.len()).sum::<usize>() + card.general_tools.len();
    if names > MAX_NAMES { Err(Error::field("catalogue", again)) } else { Ok(card) }
}

/// Singular and plural of a kind.
const fn kind_words(kind: ItemKind) -> (&'static str, &'static str) {
    match kind {
        ItemKind::SkillCategory => ("skill category", "skill categories"),
        ItemKind::Skill => ("skill", "skills"),
        ItemKind::ToolCategory => ("tool category", "tool categories"),
        ItemKind::Tool => ("tool", "tools"),
    }
}

/// "1 skill category, 3 skills and 2 tools".
fn item_words(items: &[Item]) -> String {
    let kinds = [ItemKind::SkillCategory, ItemKind::Skill, ItemKind::ToolCategory, ItemKind::Tool];
    let mut words: Vec<String> = Vec::new();
    for kind in kinds {
        let count = items.iter().filter(|item| item.kind == kind).count();
        let (one, many) = kind_words(kind);
        if count > 0 {
            words.push(counted(count, one, many));
        }
    }
    match words.pop() {
        Some(last) if !words.is_empty() => format!("{} and {last}", words.join(", ")),
        Some(only) => only,
        None => "nothing".to_owned(),
    }
}
