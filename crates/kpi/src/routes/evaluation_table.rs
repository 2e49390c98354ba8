//! Evaluations as tables: the pages that take them in, and the files that give them out.

use axum::extract::{Query, State, rejection::QueryRejection};
use palisade_base::{Date, Error, Permission, RecordId, Scope};
use palisade_records::{Records, pages, transfer::Format};
use palisade_web::{Access, FileKind, Outcome, Routes, Visitor, download};
use serde::Deserialize;

use crate::{
    evaluation::Evaluations,
    evaluation_table::{EvaluationTables, Which},
    types::EVALUATION,
};

/// The routes.
pub(super) fn routes(records: &Records) -> Routes {
    let tables = EvaluationTables::new(records.clone(), Evaluations::new(records.clone()));
    let export = || Access::Permission(Permission::new(EVALUATION.verbs.export.permission), Scope::Own);
    Routes::new(tables.clone())
        .get("/evaluations/export.csv", export(), csv)
        .get("/evaluations/export.xlsx", export(), xlsx)
        .finish()
        .merge(pages::import_routes(tables, &EVALUATION.verbs))
}

/// What is asked for: everything where nothing is said.
#[derive(Deserialize)]
struct Asked {
    employee: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

async fn csv(
    tables: State<EvaluationTables>,
    visitor: Visitor,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Outcome {
    export(tables, visitor, asked, (Format::Csv, FileKind::Csv)).await
}

async fn xlsx(
    tables: State<EvaluationTables>,
    visitor: Visitor,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Outcome {
    export(tables, visitor, asked, (Format::Xlsx, FileKind::Xlsx)).await
}

async fn export(
    State(tables): State<EvaluationTables>,
    visitor: Visitor,
    asked: Result<Query<Asked>, QueryRejection>,
    (format, kind): (Format, FileKind),
) -> Outcome {
    let Query(asked) =
        asked.map_err(|e| Error::field("employee", "Ask for one person and one span of days.").caused_by(e))?;
    let which = Which {
        employee: given(asked.employee.as_deref()).map(employee).transpose()?,
        from: given(asked.from.as_deref()).map(|text| day("from", text)).transpose()?,
        to: given(asked.to.as_deref()).map(|text| day("to", text)).transpose()?,
    };
    let file = tables.export(&visitor.caller, &which, format).await?;
    let today = visitor.now.date_in(&visitor.navigation.zone);
    Ok(download(kind, &format!("{}-{today}", EVALUATION.path), file))
}

fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn employee(text: &str) -> Result<RecordId, Error> {
    palisade_records::parse_id(text).ok_or_else(Error::not_found)
}

fn day(field: &'static str, text: &str) -> Result<Date, Error> {
    text.parse().map_err(|_| Error::field(field, "Write a date like 2026-03-31: year, month, day."))
}
