//! The pages of an import: bring a file, look at what it would do, take it in, take it back.

use askama::Template;
use axum::{extract::State, response::Response};
use palisade_base::{Caller, Error, Kind as ErrorKind, RecordId};
use palisade_web::{
    CsrfToken, Failure, Fields, FormView, Html, Notice, Outcome, Page, PathId, ProtectedForm, ProtectedUpload, Routes,
    Visitor, Width,
    component::{
        ActionForm, Badge, Breadcrumbs, Callout, Cell, Field as Input, Head, Row, Stat, Stats, Table, Tone, When,
    },
    see_other, see_other_with,
};

use super::needs;
use crate::{
    Verbs,
    query::fixed,
    transfer::{Import, Report, RowOutcome},
};

/// Who takes files in, as these pages ask it. Every call decides for itself whether the caller may.
pub trait Importer: Clone + Send + Sync + 'static {
    /// What the pages are called by.
    fn words(&self) -> ImportWords;

    /// The columns that a file of this caller's may have.
    fn columns(&self, caller: &Caller) -> Table;

    /// The newest files.
    fn imports(&self, caller: &Caller) -> impl Future<Output = Result<Vec<Import>, Error>> + Send;

    /// Takes a file for checking.
    fn check(&self, caller: &Caller, file: (&str, &[u8])) -> impl Future<Output = Result<RecordId, Error>> + Send;

    /// What taking a checked file in would do.
    fn preview(&self, caller: &Caller, id: RecordId) -> impl Future<Output = Result<Report, Error>> + Send;

    /// Takes a checked file in.
    fn apply(&self, caller: &Caller, id: RecordId) -> impl Future<Output = Result<Report, Error>> + Send;

    /// Takes it back.
    fn undo(&self, caller: &Caller, id: RecordId) -> impl Future<Output = Result<(), Error>> + Send;
}

/// What the pages of an import are called by.
#[derive(Clone, Debug)]
pub struct ImportWords {
    /// The page of the list that the import belongs to, with its slash: `/employees`.
    pub list: String,
    /// The heading of that list.
    pub plural: &'static str,
    /// What a row of the file is: `one employee`.
    pub row: &'static str,
    /// Which files it takes.
    pub hint: &'static str,
    /// What a column that is not there, and a value that is empty, do.
    pub gaps: &'static str,
    /// How to come by a fitting file.
    pub advice: &'static str,
}

impl ImportWords {
    fn path(&self) -> String {
        format!("{}/import", self.list)
    }
}

/// The routes of an import's pages.
pub fn import_routes<I: Importer>(importer: I, verbs: &Verbs) -> Routes {
    let list = importer.words().list;
    let path = |rest: &str| fixed(format!("{list}/import{rest}"));
    Routes::new(importer)
        .get(path(""), needs(verbs.import), show::<I>)
        .post(path(""), needs(verbs.import), upload::<I>)
        .get(path("/{id}"), needs(verbs.import), preview::<I>)
        .post(path("/{id}/apply"), needs(verbs.import), apply::<I>)
        .post(path("/{id}/undo"), needs(verbs.undo_import), undo::<I>)
        .finish()
}

#[derive(Template)]
#[template(path = "import.html")]
struct Upload<'a> {
    path: String,
    csrf: &'a CsrfToken,
    file: Input,
    words: &'a ImportWords,
    columns: Table,
    history: Table,
    has_history: bool,
}

async fn show<I: Importer>(State(importer): State<I>, visitor: Visitor) -> Outcome {
    upload_page(&importer, &visitor, FormView::new()).await
}

async fn upload_page<I: Importer>(importer: &I, visitor: &Visitor, kept: FormView) -> Outcome {
    let imports = importer.imports(&visitor.caller).await?;
    let words = importer.words();
    let file = Input::file("file", "File", ".xlsx,.csv").hint(words.hint);
    let body = Upload {
        path: words.path(),
        csrf: &visitor.csrf,
        file: kept.fill(file.required()),
        words: &words,
        columns: importer.columns(&visitor.caller),
        has_history: !imports.is_empty(),
        history: history(&words, visitor, &imports),
    };
    Page::new(visitor, format!("Import {}", words.plural.to_lowercase()))
        .crumbs(Breadcrumbs::new().link(words.plural, words.list.as_str()))
        .lead("The file is checked first, row by row. Nothing changes before you say so, and it can be taken back.")
        .errors(kept.summary())
        .body(&body)
}

fn history(words: &ImportWords, visitor: &Visitor, imports: &[Import]) -> Table {
    let heads = [
        Head::new("File"),
        Head::new("Checked"),
        Head::new("State"),
        Head::new("Added").number(),
        Head::new("Changed").number(),
        Head::new("Take back").hidden(),
    ];
    Table::new("Earlier files", heads).rows(imports.iter().map(|import| history_row(words, visitor, import)))
}

fn history_row(words: &ImportWords, visitor: &Visitor, import: &Import) -> Row {
    let base = format!("{}/{}", words.path(), import.id);
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

async fn upload<I: Importer>(State(importer): State<I>, visitor: Visitor, upload: ProtectedUpload) -> Outcome {
    let checked = async {
        upload.fields.expect_only(&[], &[])?;
        let file = upload.file("file")?;
        importer.check(&visitor.caller, (&file.name, &file.content)).await
    };
    match checked.await {
        Ok(id) => Ok(see_other(format!("{}/{id}", importer.words().path()))),
        Err(error) if error.kind() == ErrorKind::Invalid => {
            upload_page(&importer, &visitor, FormView::new().failed(&error)).await
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

async fn preview<I: Importer>(State(importer): State<I>, visitor: Visitor, PathId(id): PathId<RecordId>) -> Outcome {
    let report = importer.preview(&visitor.caller, id).await?;
    let words = importer.words();
    let path = words.path();
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
        .crumbs(Breadcrumbs::new().link(words.plural, words.list.as_str()).link("Import", path))
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

async fn apply<I: Importer>(
    State(importer): State<I>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(_): ProtectedForm<Fields>,
) -> Result<Response, Failure> {
    let report = importer.apply(&visitor.caller, id).await?;
    let notice =
        Notice::ok(format!("The file was taken in: {} added, {} changed.", report.created(), report.changed()));
    Ok(see_other_with(importer.words().path(), &notice))
}

async fn undo<I: Importer>(
    State(importer): State<I>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    ProtectedForm(_): ProtectedForm<Fields>,
) -> Result<Response, Failure> {
    importer.undo(&visitor.caller, id).await?;
    let notice = Notice::ok("The import was taken back: its records are as they were before.");
    Ok(see_other_with(importer.words().path(), &notice))
}
