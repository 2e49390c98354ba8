//! The reports: what there is, each as a page that prints well, as files, and for programs.

mod calls;
mod choose;
mod page;
mod pick;

use axum::extract::{Query, State, rejection::QueryRejection};
use http::StatusCode;
use palisade_base::{Error, Kind as ErrorKind, RecordId};
use palisade_records::Records;
use palisade_web::{
    Failure, FileKind, Icon, NavItem, Outcome, Routes, Visitor, component::date_words, download, json_data, see_other,
};

use crate::{
    reports::{Asked, Choices, Document, Form, Kind, Made, Reports, csv, xlsx},
    standing::Standings,
    tiers::Tiers,
};

pub(super) use calls::calls;

const LIST: &str = "/reports";

/// The pairs of an address's query.
type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// The entry in the site's rail.
pub(super) fn nav_item() -> NavItem {
    NavItem {
        section: "",
        label: "Reports",
        path: LIST,
        icon: Icon::Sheet,
        permission: Some(Kind::Employee.permission()),
        phone_rank: None,
    }
}

/// The routes. Each report has its own, so that each says who may open it.
pub(super) fn routes(records: &Records, standings: &Standings, tiers: &Tiers) -> Routes {
    let reports = Reports::new(records.clone(), standings.clone(), tiers.clone());
    let [employee, team, skills, tools] = Kind::ALL.map(|kind| move || kind.access());
    Routes::new(reports)
        .get(LIST, employee(), choose::list)
        .get("/reports/employee", employee(), async |s, v, q| show(Kind::Employee, s, v, q).await)
        .get("/reports/employee.xlsx", employee(), async |s, v, q| workbook(Kind::Employee, s, v, q).await)
        .get("/reports/employee.csv", employee(), async |s, v, q| table(Kind::Employee, s, v, q).await)
        .get("/reports/team", team(), async |s, v, q| show(Kind::Team, s, v, q).await)
        .get("/reports/team.xlsx", team(), async |s, v, q| workbook(Kind::Team, s, v, q).await)
        .get("/reports/team.csv", team(), async |s, v, q| table(Kind::Team, s, v, q).await)
        .get("/reports/team/pick", team(), pick::show)
        .get("/reports/skills", skills(), async |s, v, q| show(Kind::Skills, s, v, q).await)
        .get("/reports/skills.xlsx", skills(), async |s, v, q| workbook(Kind::Skills, s, v, q).await)
        .get("/reports/skills.csv", skills(), async |s, v, q| table(Kind::Skills, s, v, q).await)
        .get("/reports/tools", tools(), async |s, v, q| show(Kind::Tools, s, v, q).await)
        .get("/reports/tools.xlsx", tools(), async |s, v, q| workbook(Kind::Tools, s, v, q).await)
        .get("/reports/tools.csv", tools(), async |s, v, q| table(Kind::Tools, s, v, q).await)
        .get("/api/v1/reports/employee", employee(), async |s, v, q| json(Kind::Employee, s, v, q).await)
        .get("/api/v1/reports/team", team(), async |s, v, q| json(Kind::Team, s, v, q).await)
        .get("/api/v1/reports/skills", skills(), async |s, v, q| json(Kind::Skills, s, v, q).await)
        .get("/api/v1/reports/tools", tools(), async |s, v, q| json(Kind::Tools, s, v, q).await)
        .finish()
}

/// What an address asks for, and what could be chosen instead.
struct Question {
    kind: Kind,
    pairs: Vec<(String, String)>,
    choices: Choices,
    asked: Result<Asked, Error>,
}

impl Question {
    async fn read(kind: Kind, reports: &Reports, visitor: &Visitor, pairs: Pairs) -> Result<Self, Failure> {
        let Query(pairs) = pairs.map_err(|e| {
            Error::new(ErrorKind::Invalid, "This address can't be read. Choose the report again.").caused_by(e)
        })?;
        let choices = reports.choices(&visitor.caller, kind).await?;
        let asked = Asked::parse(kind, &pairs, &visitor.caller, reports.records().today());
        let asked = asked.map(|mut asked| {
            asked.employee = asked.employee.or_else(|| only(kind, &choices));
            asked
        });
        Ok(Self { kind, pairs, choices, asked })
    }

    /// The report, or what is wrong with the question.
    async fn answer(&self, reports: &Reports, visitor: &Visitor, form: Form) -> Result<(Document, &Asked), Error> {
        let asked = match &self.asked {
            Ok(asked) => asked,
            Err(error) => return Err(again(error)),
        };
        let document = reports.give(&visitor.caller, asked, made(visitor), form).await?;
        Ok((document, asked))
    }
}

/// Who reaches one person alone need not choose: an employee's report is their own.
fn only(kind: Kind, choices: &Choices) -> Option<RecordId> {
    match (kind, choices.employees.as_slice()) {
        (Kind::Employee, [(only, _)]) => Some(*only),
        _ => None,
    }
}

/// The same error once more; errors can't be copied.
fn again(error: &Error) -> Error {
    Error::invalid(error.fields().to_vec())
}

/// When a report is made, and for whom.
fn made(visitor: &Visitor) -> Made {
    let there = visitor.now.to_timestamp().to_zoned(visitor.navigation.zone.clone());
    let by = visitor.display_name.clone();
    Made {
        at: visitor.now,
        day: there.date(),
        words: format!("{}, {:02}:{:02}", date_words(there.date()), there.hour(), there.minute()),
        by: by.unwrap_or_else(|| "a program with an API key".to_owned()),
    }
}

async fn show(kind: Kind, State(reports): State<Reports>, visitor: Visitor, pairs: Pairs) -> Outcome {
    let question = Question::read(kind, &reports, &visitor, pairs).await?;
    if let (Kind::Employee, Ok(Asked { employee: None, .. })) = (kind, &question.asked) {
        return choose::whose(&question, &visitor);
    }
    match question.answer(&reports, &visitor, Form::Page).await {
        Ok((document, asked)) => page::report(&question, asked, &document, &visitor),
        Err(error) => mend(&question, (&reports, &visitor), error).await,
    }
}

/// The question again, with what is wrong with it.
async fn mend(question: &Question, (reports, visitor): (&Reports, &Visitor), error: Error) -> Outcome {
    if pick::is_about_picked(&error) {
        return pick::mend(reports, visitor, question, error).await;
    }
    choose::mend(question, visitor, error)
}

/// A file of the report; where there is nothing to write, its page, which says why.
async fn file(
    question: &Question,
    (reports, visitor): (&Reports, &Visitor),
    form: Form,
    write: impl FnOnce(&Document, &Asked) -> Result<(FileKind, Vec<u8>), Error>,
) -> Outcome {
    if let (Kind::Employee, Ok(Asked { employee: None, .. })) = (question.kind, &question.asked) {
        return choose::whose(question, visitor);
    }
    match question.answer(reports, visitor, form).await {
        Ok((document, asked)) if document.nothing.is_some() => {
            Ok(see_other(format!("{}{}", question.kind.path(), asked.query())))
        }
        Ok((document, asked)) => match write(&document, asked) {
            Ok((kind, content)) => Ok(download(kind, &document.file_stem, content)),
            Err(error) => mend(question, (reports, visitor), error).await,
        },
        Err(error) => mend(question, (reports, visitor), error).await,
    }
}

async fn workbook(kind: Kind, State(reports): State<Reports>, visitor: Visitor, pairs: Pairs) -> Outcome {
    let question = Question::read(kind, &reports, &visitor, pairs).await?;
    file(&question, (&reports, &visitor), Form::Xlsx, |document, _| Ok((FileKind::Xlsx, xlsx(document)?))).await
}

async fn table(kind: Kind, State(reports): State<Reports>, visitor: Visitor, pairs: Pairs) -> Outcome {
    let question = Question::read(kind, &reports, &visitor, pairs).await?;
    let write = |document: &Document, asked: &Asked| Ok((FileKind::Csv, csv(document, asked.table.as_deref())?));
    file(&question, (&reports, &visitor), Form::Csv, write).await
}

async fn json(kind: Kind, State(reports): State<Reports>, visitor: Visitor, pairs: Pairs) -> Outcome {
    let question = Question::read(kind, &reports, &visitor, pairs).await?;
    // What a parameter names is no address: where it is not there, the parameter is wrong.
    let answer = question.answer(&reports, &visitor, Form::Json).await;
    let (document, _) = answer.map_err(|e| if e.kind() == ErrorKind::NotFound { again(&e) } else { e })?;
    json_data(&document.json())
}

/// The status of a page that tells what is wrong with its question.
const fn status_of(kind: ErrorKind) -> Option<StatusCode> {
    match kind {
        ErrorKind::Invalid => Some(StatusCode::UNPROCESSABLE_ENTITY),
        ErrorKind::NotFound => Some(StatusCode::NOT_FOUND),
        _ => None,
    }
}
