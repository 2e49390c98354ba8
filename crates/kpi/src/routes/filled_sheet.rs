//! A filled-in score card: brought, looked at, taken in as an evaluation.

use askama::Template;
use axum::extract::{Query, State, rejection::QueryRejection};
use palisade_base::{Date, Error, Kind as ErrorKind, Permission, RecordId, Scope};
use palisade_records::Records;
use palisade_web::{
    Access, CsrfToken, FormView, Html, Notice, Outcome, Page, PathId, ProtectedForm, ProtectedUpload, Routes, Visitor,
    Width,
    component::{Breadcrumbs, Callout, Cell, Choice, Disclosure, Field, Head, Row, Stat, Stats, Table, Tone},
    see_other, see_other_with,
};
use serde::Deserialize;

use crate::{
    evaluation::{EvaluationKind, Evaluations},
    routes::figures::counted,
    score_card::{Chosen, DateOnCard, Differs, FilledSheets, Note, Proposal},
    types::{EVALUATE, EVALUATION},
};

const PAGE: &str = "/evaluations/score-card";

/// The routes.
pub(super) fn routes(records: &Records) -> Routes {
    let may = || Access::Permission(Permission::new(EVALUATE), Scope::Own);
    Routes::new(FilledSheets::new(records.clone(), Evaluations::new(records.clone())))
        .get(PAGE, may(), show)
        .post(PAGE, may(), upload)
        .get("/evaluations/score-card/{id}", may(), look)
        .post("/evaluations/score-card/{id}/apply", may(), apply)
        .finish()
}

#[derive(Template)]
#[template(path = "filled_sheet.html")]
struct UploadBody<'a> {
    csrf: &'a CsrfToken,
    file: Field,
}

async fn show(visitor: Visitor) -> Outcome {
    upload_page(&visitor, &FormView::new())
}

fn upload_page(visitor: &Visitor, form: &FormView) -> Outcome {
    let file = Field::file("file", "Filled-in score card", ".xlsx")
        .hint("The company's workbook (.xlsx) with marks on it, at most 2 MB.")
        .required();
    Page::new(visitor, "Take in a filled-in score card")
        .width(Width::Reading)
        .crumbs(Breadcrumbs::new().link(EVALUATION.plural, format!("/{}", EVALUATION.path)))
        .lead("The sheet is read first. You see what it says, and nothing is written before you say so.")
        .errors(form.summary())
        .body(&UploadBody { csrf: &visitor.csrf, file: form.fill(file) })
}

async fn upload(State(sheets): State<FilledSheets>, visitor: Visitor, upload: ProtectedUpload) -> Outcome {
    let checked = async {
        upload.fields.expect_only(&[], &[])?;
        let file = upload.file("file")?;
        sheets.check(&visitor.caller, (&file.name, &file.content)).await
    };
    match checked.await {
        Ok(id) => Ok(see_other(format!("{PAGE}/{id}"))),
        Err(error) if error.kind() == ErrorKind::Invalid => upload_page(&visitor, &FormView::new().failed(&error)),
        Err(error) => Err(error.into()),
    }
}

/// What was chosen where the sheet leaves it open, as forms send it.
#[derive(Clone, Default, Deserialize)]
struct Given {
    employee: Option<String>,
    date: Option<String>,
    own_words: Option<String>,
    /// What the pressed button does.
    act: Option<String>,
}

impl Given {
    fn chosen(&self) -> Result<Chosen, Error> {
        let filled =
            |text: &Option<String>| text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
        let employee = filled(&self.employee).map(|text| {
            palisade_records::parse_id(&text).ok_or_else(|| Error::field("employee", "Choose a person from the list."))
        });
        let date = filled(&self.date)
            .map(|text| palisade_records::read_date(&text).map_err(|wrong| Error::field("date", wrong)));
        let own_words = filled(&self.own_words).is_some_and(|word| word == "yes");
        Ok(Chosen { employee: employee.transpose()?, date: date.transpose()?, own_words })
    }
}

async fn look(
    State(sheets): State<FilledSheets>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    given: Result<Query<Given>, QueryRejection>,
) -> Outcome {
    let Query(given) = given.map_err(|e| Error::field("employee", "Choose one person and one day.").caused_by(e))?;
    look_at(&sheets, &visitor, (id, &given), None).await
}

async fn look_at(
    sheets: &FilledSheets,
    visitor: &Visitor,
    (id, given): (RecordId, &Given),
    failed: Option<&Error>,
) -> Outcome {
    let chosen = given.chosen();
    let form = match (&chosen, failed) {
        (Err(error), _) | (Ok(_), Some(error)) => FormView::new().failed(error),
        (Ok(_), None) => FormView::new(),
    };
    let chosen = chosen.unwrap_or_default();
    let proposal = sheets.propose(&visitor.caller, id, chosen).await?;
    let body = LookBody::new(visitor, id, &proposal, (&form, chosen));
    Page::new(visitor, "What the sheet says")
        .crumbs(
            Breadcrumbs::new()
                .link(EVALUATION.plural, format!("/{}", EVALUATION.path))
                .link("Take in a score card", PAGE),
        )
        .lead(lead(&proposal))
        .errors(form.summary())
        .body(&body)
}

async fn apply(
    State(sheets): State<FilledSheets>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(given): ProtectedForm<Given>,
) -> Outcome {
    let hand_in = given.act.as_deref() == Some("hand-in");
    let done = match given.chosen() {
        Ok(chosen) => sheets.apply(&visitor.caller, id, chosen, hand_in).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(made) => {
            let notice =
                if hand_in { "The sheet was taken in and handed in." } else { "The sheet was taken in as a draft." };
            Ok(see_other_with(format!("/{}/{made}", EVALUATION.path), &Notice::ok(notice)))
        }
        Err(error) if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Conflict) => {
            look_at(&sheets, &visitor, (id, &given), Some(&error)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// "Ada King, 4 March 2026: a self-evaluation with 60 ratings and 12 tools".
fn lead(proposal: &Proposal) -> String {
    let ratings: usize = proposal.categories.iter().map(|(_, count)| count).sum();
    let marks = format!(
        "{} and {}",
        counted(ratings, "rating", "ratings"),
        counted(proposal.card.tools.len(), "tool", "tools")
    );
    let who = match (&proposal.subject, proposal.kind) {
        (None, _) => return format!("Whom the sheet is about is not clear yet. It has {marks}."),
        (Some(subject), EvaluationKind::SelfRated) => format!("A self-evaluation of {}", subject.name),
        (Some(subject), EvaluationKind::Manager) => format!("An evaluation of {} by you", subject.name),
    };
    match proposal.date {
        Some(date) => format!("{who}, of {date}, with {marks}."),
        None => format!("{who}, of a day that is not clear yet, with {marks}."),
    }
}

#[derive(Template)]
#[template(path = "filled_sheet_check.html")]
struct LookBody<'a> {
    csrf: &'a CsrfToken,
    path: String,
    obstacle: Option<Callout>,
    employee: Field,
    date: Field,
    own_words: Option<Field>,
    stats: Stats,
    problems: Vec<String>,
    unknown: Vec<String>,
    left_out: Vec<String>,
    categories: Table,
    changes: Option<Disclosure>,
    extras: Vec<(&'static str, String)>,
    /// What is sent when it is taken in; none where something is open.
    sent: Option<[(&'static str, String); 3]>,
    only_handed_in: bool,
    again: &'static str,
}

impl<'a> LookBody<'a> {
    fn new(visitor: &'a Visitor, id: RecordId, proposal: &Proposal, (form, chosen): (&FormView, Chosen)) -> Self {
        let employee = proposal.subject.as_ref().map_or_else(String::new, |subject| subject.employee.to_string());
        let date = proposal.date.map_or_else(String::new, |date| date.to_string());
        let own_words = if chosen.own_words { "yes" } else { "" }.to_owned();
        let obstacle = proposal.obstacle();
        let about_other =
            proposal.subject.as_ref().is_some_and(|subject| Some(subject.person) != visitor.caller.person);
        let ask_kind = proposal.may_choose_kind && about_other;
        Self {
            csrf: &visitor.csrf,
            path: format!("{PAGE}/{id}"),
            obstacle: obstacle.map(|text| Callout::new(Tone::Warn, text)),
            employee: form.fill(employee_field(proposal, &employee)),
            date: form.fill(date_field(proposal, &date)),
            own_words: ask_kind.then(|| {
                let choices = [Choice::new("", "I did"), Choice::new("yes", "The employee did, about themselves")];
                Field::radios("own_words", "Who filled the sheet in", choices).value(own_words.clone())
            }),
            stats: figures(proposal),
            problems: lines(&proposal.card.problems),
            unknown: lines(&proposal.unknown),
            left_out: lines(&proposal.card.left_out),
            categories: categories(proposal),
            changes: proposal.last.as_ref().map(|(day, changes)| changes_since(*day, changes)),
            extras: extras(proposal),
            sent: obstacle.is_none().then_some([("employee", employee), ("date", date), ("own_words", own_words)]),
            only_handed_in: about_other && proposal.kind == EvaluationKind::SelfRated,
            again: PAGE,
        }
    }
}

fn employee_field(proposal: &Proposal, chosen: &str) -> Field {
    let people = proposal.subjects.iter().map(|one| Choice::new(one.employee.to_string(), one.name.clone()));
    let people: Vec<Choice> = std::iter::once(Choice::new("", "Choose")).chain(people).collect();
    let hint = match &proposal.card.name {
        Some(name) => format!("The sheet says “{name}”."),
        None => "The sheet has no name on it.".to_owned(),
    };
    Field::select("employee", "Whom it is about", people).hint(hint).value(chosen)
}

fn date_field(proposal: &Proposal, chosen: &str) -> Field {
    let hint = match &proposal.card.date {
        DateOnCard::Missing => "The sheet has no date on it.".to_owned(),
        DateOnCard::Day(day) => format!("The sheet says {day}."),
        DateOnCard::Unclear { written, candidates } if candidates.is_empty() => {
            format!("The sheet says “{written}”, which is no day.")
        }
        DateOnCard::Unclear { written, candidates } => {
            let days: Vec<String> = candidates.iter().map(Date::to_string).collect();
            format!("The sheet says “{written}”. That may be {}.", days.join(" or "))
        }
    };
    Field::date("date", "Its day").hint(hint).value(chosen)
}

fn figures(proposal: &Proposal) -> Stats {
    let stat = |figure: usize, label: &str| Stat { figure: figure.to_string(), label: label.to_owned(), path: None };
    Stats::new([
        stat(proposal.categories.iter().map(|(_, count)| count).sum(), "skills rated"),
        stat(proposal.tools(), "tools answered"),
        stat(proposal.card.problems.len(), "cells to mend"),
        stat(proposal.unknown.len(), "marks on what the catalogue has not"),
    ])
}

fn lines(notes: &[Note]) -> Vec<String> {
    notes.iter().map(|note| format!("{}: {}", note.place, note.text.trim_end_matches('.'))).collect()
}

fn categories(proposal: &Proposal) -> Table {
    let rows =
        proposal.categories.iter().map(|(category, count)| Row::new([Cell::text(category), Cell::number(*count)]));
    Table::new("Ratings on the sheet", [Head::new("Category"), Head::new("Rated").number()]).rows(rows)
}

fn changes_since(day: Date, changes: &[Differs]) -> Disclosure {
    let summary = match changes.len() {
        0 => format!("The same ratings as in the evaluation of {day}"),
        1 => format!("1 rating is other than in the evaluation of {day}"),
        many => format!("{many} ratings are other than in the evaluation of {day}"),
    };
    let rows = changes.iter().map(|change| {
        let before = change.before.map_or_else(Cell::none, Cell::number);
        let (category, name) = &change.skill;
        Row::new([Cell::text(name), Cell::text(category), before, Cell::number(change.after)])
    });
    let heads = [Head::new("Skill"), Head::new("Category"), Head::new("Then").number(), Head::new("Now").number()];
    Disclosure::new(summary, Html::from_component(&Table::new("Other than the last time", heads).rows(rows)))
}

fn extras(proposal: &Proposal) -> Vec<(&'static str, String)> {
    let card = &proposal.card;
    let tools: Vec<&str> = card.own_tools.iter().map(|tool| tool.name.as_str()).collect();
    let all = [
        ("Special skills, as proposals", card.special_skills.join(", ")),
        ("Own tools", tools.join(", ")),
        ("Notes", card.notes.clone()),
    ];
    all.into_iter().filter(|(_, text)| !text.is_empty()).collect()
}
