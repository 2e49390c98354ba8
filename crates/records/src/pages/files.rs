//! Export and import.

use askama::Template;
use axum::{extract::State, response::Response};
use palisade_base::{Caller, Kind as ErrorKind, RecordId};
use palisade_web::{
    CsrfToken, Failure, Fields, FileKind, FormView, Html, ListQueryParts, Notice, Outcome, Page, PathId, ProtectedForm,
    ProtectedUpload, Visitor, Width,
    component::{
        ActionForm, Badge, Breadcrumbs, Callout, Cell, Field as Input, Head, Row, Stat, Stats, Table, Tone, When,
    },
    download, see_other, see_other_with,
};

use super::Pages;
use crate::{
    Field, Kind, RecordType, View,
    query::list_request,
    transfer::{Format, Import, Report, RowOutcome},
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

#[derive(Template)]
#[template(path = "import.html")]
struct Upload<'a> {
    path: String,
    csrf: &'a CsrfToken,
    file: Input,
    back: String,
    singular: &'static str,
    columns: Table,
    history: Table,
    has_history: bool,
}

pub(super) async fn show_import(State(pages): State<Pages>, visitor: Visitor) -> Outcome {
    upload_page(&pages, &visitor, FormView::new()).await
}

async fn upload_page(pages: &Pages, visitor: &Visitor, kept: FormView) -> Outcome {
    let imports = pages.records.imports(&visitor.caller, pages.ty).await?;
    let path = format!("{}/import", pages.list_path());
    let file = Input::file("file", "File", ".xlsx,.csv").hint("Excel (.xlsx) or CSV (UTF-8), at most 2,000 rows.");
    let body = Upload {
        path,
        csrf: &visitor.csrf,
        file: kept.fill(file.required()),
        back: pages.list_path(),
        singular: pages.ty.singular,
        columns: columns(pages.ty, &visitor.caller),
        has_history: !imports.is_empty(),
        history: history(pages, visitor, &imports),
    };
    Page::new(visitor, format!("Import {}", pages.ty.plural.to_lowercase()))
        .crumbs(Breadcrumbs::new().link(pages.ty.plural, pages.list_path()))
        .lead("The file is checked first, row by row. Nothing changes before you say so, and it can be taken back.")
        .errors(kept.summary())
        .body(&body)
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

fn history(pages: &Pages, visitor: &Visitor, imports: &[Import]) -> Table {
    let heads = [
        Head::new("File"),
        Head::new("Checked"),
        Head::new("State"),
        Head::new("Added").number(),
        Head::new("Changed").number(),
        Head::new("Take back").hidden(),
    ];
    Table::new("Earlier files", heads).rows(imports.iter().map(|import| history_row(pages, visitor, import)))
}

fn history_row(pages: &Pages, visitor: &Visitor, import: &Import) -> Row {
    let base = format!("{}/import/{}", pages.list_path(), import.id);
    let when = When::new(import.made_at, visitor.now, &visitor.navigation.zone);
    let (state, act) = match (import.applied_at, import.undone_at) {
        (None, _) => (Badge::note("waits"), Cell::none()),
        (Some(_), Some(_)) => (Badge::plain("taken back"), Cell::none()),
        (Some(_), None) => {
            let undo =
                ActionForm::new(format!("{base}/undo"), &visitor.csrf, "Take back").of(&import.file_name).small();
            (Badge::ok("taken in"), Cell::html(Html::from_component(&undo)))
        }
    };
    let cells = [
        Cell::text(&import.file_name),
        Cell::when(&when),
        Cell::badge(&state),
        Cell::number(import.created),
        Cell::number(import.changed),
        act,
    ];
    let waits_for_caller = import.applied_at.is_none() && import.made_by == visitor.caller.actor.to_string();
    if waits_for_caller { Row::link(base, cells) } else { Row::new(cells) }
}

pub(super) async fn upload(State(pages): State<Pages>, visitor: Visitor, upload: ProtectedUpload) -> Outcome {
    let checked = async {
        upload.fields.expect_only(&[], &[])?;
        let file = upload.file("file")?;
        pages.records.check_import(&visitor.caller, pages.ty, (&file.name, &file.content)).await
    };
    match checked.await {
        Ok(id) => Ok(see_other(format!("{}/import/{id}", pages.list_path()))),
        Err(error) if error.kind() == ErrorKind::Invalid => {
            upload_page(&pages, &visitor, FormView::new().failed(&error)).await
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "import_report.html")]
struct ReportBody<'a> {
    stats: Stats,
    callout: Option<Callout>,
    is_applicable: bool,
    path: String,
    csrf: &'a CsrfToken,
    back: String,
    table: Table,
}

pub(super) async fn preview(State(pages): State<Pages>, visitor: Visitor, PathId(id): PathId<RecordId>) -> Outcome {
    let report = pages.records.preview_import(&visitor.caller, pages.ty, id).await?;
    let path = format!("{}/import", pages.list_path());
    let body = ReportBody {
        stats: stats(&report),
        callout: callout(&report),
        is_applicable: report.is_applicable(),
        path: format!("{path}/{id}/apply"),
        csrf: &visitor.csrf,
        back: path.clone(),
        table: rows_table(&report),
    };
    Page::new(&visitor, "What the file would do")
        .crumbs(Breadcrumbs::new().link(pages.ty.plural, pages.list_path()).link("Import", path))
        .width(Width::Wide)
        .body(&body)
}

fn stats(report: &Report) -> Stats {
    let same = report.rows.len() - report.created() - report.changed() - report.wrong();
    let stat = |figure: usize, label: &str| Stat { figure: figure.to_string(), label: label.to_owned(), path: None };
    Stats::new([
        stat(report.created(), "would be added"),
        stat(report.changed(), "would be changed"),
        stat(same, "are like that already"),
        stat(report.wrong(), "can't be taken in"),
    ])
}

fn callout(report: &Report) -> Option<Callout> {
    if report.wrong() > 0 {
        let text =
            "Nothing can be taken in while a row is wrong. Mend the rows below in the file, and upload it again.";
        return Some(Callout::new(Tone::Stop, text));
    }
    let text = "Everything in the file is there already.";
    (!report.is_applicable()).then(|| Callout::new(Tone::Note, text))
}

/// Rows that a page shows at most; what is wrong comes first.
const MOST_SHOWN: usize = 500;

fn rows_table(report: &Report) -> Table {
    let mut rows: Vec<_> = report.rows.iter().filter(|row| !matches!(row.outcome, RowOutcome::Same(_))).collect();
    rows.sort_by_key(|row| (!matches!(row.outcome, RowOutcome::Wrong(_)), row.number));
    let rows = rows.into_iter().take(MOST_SHOWN).map(|row| {
        let (badge, what) = match &row.outcome {
            RowOutcome::Created(title) => (Badge::ok("add"), title.clone()),
            RowOutcome::Changed(title, changes) => (Badge::note("change"), changed_words(title, changes)),
            RowOutcome::Same(title) => (Badge::plain("same"), title.clone()),
            RowOutcome::Wrong(reasons) => (Badge::stop("wrong"), reasons.join(" ")),
        };
        Row::new([Cell::number(row.number), Cell::badge(&badge), Cell::text(what)])
    });
    Table::new("Rows of the file", [Head::new("Row").number(), Head::new("Would"), Head::new("What")]).rows(rows)
}

fn changed_words(title: &str, changes: &[(&'static str, String, String)]) -> String {
    let shown = |text: &str| if text.is_empty() { "nothing".to_owned() } else { format!("“{text}”") };
    let change =
        |(label, before, after): &(&str, String, String)| format!("{label} from {} to {}", shown(before), shown(after));
    format!("{title}: {}", changes.iter().map(change).collect::<Vec<_>>().join("; "))
}

pub(super) async fn apply(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(_): ProtectedForm<Fields>,
) -> Result<Response, Failure> {
    let report = pages.records.apply_import(&visitor.caller, pages.ty, id).await?;
    let notice =
        Notice::ok(format!("The file was taken in: {} added, {} changed.", report.created(), report.changed()));
    Ok(see_other_with(format!("{}/import", pages.list_path()), &notice))
}

pub(super) async fn undo(
    State(pages): State<Pages>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(_): ProtectedForm<Fields>,
) -> Result<Response, Failure> {
    pages.records.undo_import(&visitor.caller, pages.ty, id).await?;
    let notice = Notice::ok("The import was taken back: its records are as they were before.");
    Ok(see_other_with(format!("{}/import", pages.list_path()), &notice))
}
