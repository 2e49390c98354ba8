//! Export and import.

use axum::extract::State;
use palisade_base::{Caller, Error, RecordId};
use palisade_web::{
    FileKind, ListQueryParts, Outcome, Visitor,
    component::{Cell, Head, Row, Table},
    download,
};

use super::{ImportWords, Importer, Pages};
use crate::{
    Field, Kind, RecordType, View,
    query::list_request,
    transfer::{Format, Import, Report},
};

pub(super) async fn export_csv(pages: State<Pages>, visitor: Visitor, query: ListQueryParts) -> Outcome {
    export(pages, visitor, query, Format::Csv).await
}

pub(super) async fn export_xlsx(pages: State<Pages>, visitor: Visitor, query: ListQueryParts) -> Outcome {
    export(pages, visitor, query, Format::Xlsx).await
}

async fn export(State(pages): State<Pages>, visitor: Visitor, query: ListQueryParts, format: Format) -> Outcome {
    let request = list_request(pages.ty, &query.read(&pages.spec)?)?;
    let file = pages.records.export(&visitor.caller, pages.ty, &request, format).await?;
    let kind = match format {
        Format::Csv => FileKind::Csv,
        Format::Xlsx => FileKind::Xlsx,
    };
    let date = visitor.now.date_in(&visitor.navigation.zone);
    Ok(download(kind, &format!("{}-{date}", pages.ty.path), file))
}

impl Importer for Pages {
    fn words(&self) -> ImportWords {
        ImportWords {
            list: self.list_path(),
            plural: self.ty.plural,
            row: self.ty.singular,
            hint: "Excel (.xlsx) or CSV (UTF-8), at most 2,000 rows.",
            gaps: "A column that is not there leaves its values as they are, an empty value takes them away.",
            advice: "The easiest way to a fitting file is to export the list, change it, and take it in again.",
        }
    }

    fn columns(&self, caller: &Caller) -> Table {
        columns(self.ty, caller)
    }

    async fn imports(&self, caller: &Caller) -> Result<Vec<Import>, Error> {
        self.records.imports(caller, self.ty).await
    }

    async fn check(&self, caller: &Caller, file: (&str, &[u8])) -> Result<RecordId, Error> {
        self.records.check_import(caller, self.ty, file).await
    }

    async fn preview(&self, caller: &Caller, id: RecordId) -> Result<Report, Error> {
        self.records.preview_import(caller, self.ty, id).await
    }

    async fn apply(&self, caller: &Caller, id: RecordId) -> Result<Report, Error> {
        self.records.apply_import(caller, self.ty, id).await
    }

    async fn undo(&self, caller: &Caller, id: RecordId) -> Result<(), Error> {
        self.records.undo_import(caller, self.ty, id).await.map(drop)
    }
}

fn columns(ty: &'static RecordType, caller: &Caller) -> Table {
    let view = View::new(ty, caller);
    let fields = view.fields(ty).filter(|(index, field)| Some(*index) != ty.base_link() && !field.is_by_program);
    let rows = fields.map(|(_, field)| {
        let must = if field.is_required { Cell::text("must be there") } else { Cell::text("may be empty").muted() };
        Row::new([Cell::text(field.label), Cell::text(expected(field)), must])
    });
    let active = Row::new([
        Cell::text("Active"),
        Cell::text("yes, or no for one that is out of use"),
        Cell::text("may be empty").muted(),
    ]);
    Table::new("Columns of the file", [Head::new("Column"), Head::new("Holds"), Head::new("For a new one")])
        .rows(rows.chain([active]))
}

fn expected(field: &Field) -> String {
    match field.kind {
        Kind::Text(max) | Kind::LongText(max) => format!("text, at most {max} characters"),
        Kind::Email => "a mail address".into(),
        Kind::Phone => "a telephone number".into(),
        Kind::Int { min, max } => format!("a whole number from {min} to {max}"),
        Kind::Tenths { .. } => "a number, such as 3 or 3.5".into(),
        Kind::Bool => "yes or no".into(),
        Kind::Date => "a date, such as 2026-03-31".into(),
        Kind::Choice(options) => options.iter().map(|(_, label)| *label).collect::<Vec<_>>().join(", "),
        Kind::Link(to) => format!("the name of {}", to.one()),
    }
}
