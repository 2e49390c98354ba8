//! Records given out as a file: the rows and fields that the caller may see, and no others.

use palisade_base::{Caller, Category, Error, Kind as ErrorKind, Resource, TrailEntry};
use palisade_sheets::{Cell, Sheet, write_csv, write_xlsx};
use palisade_store::Value;

use super::columns::{self, ACTIVE, ID};
use crate::{
    Field, Kind, ListRequest, Record, RecordType, Records, View,
    policy::{self, Export},
    store,
};

/// The kinds of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values.
    Csv,
    /// An Excel workbook.
    Xlsx,
}

/// The most rows of an export.
const MAX_ROWS: u64 = 50_000;
/// Rows that are read at once.
const BATCH: u64 = 1_000;

impl Records {
    /// The records that a list would show, without paging, as a file. That they were given out is in the trail first.
    ///
    /// # Errors
    /// `Denied` (traced), `TooLarge` beyond 50,000 records, or the database can't be used.
    pub async fn export(
        &self,
        caller: &Caller,
        ty: &'static RecordType,
        request: &ListRequest,
        format: Format,
    ) -> Result<Vec<u8>, Error> {
        let rows = self.export_rows(caller, ty, request).await;
        let rows = self.trace_denial(caller, ty, ty.verbs.export, None, rows).await?;
        let entry = TrailEntry::new(Category::Access, caller, ty.verbs.export.action, Resource::whole(ty.name))
            .note("records", rows.len().saturating_sub(1))
            .note("search", request.search.clone())
            .note("filters", filter_notes(ty, request));
        self.store.append(&[entry]).await?;
        match format {
            Format::Csv => Ok(write_csv(&rows)),
            Format::Xlsx => {
                let sheet = Sheet { name: ty.plural.to_owned(), rows };
                write_xlsx(&[sheet], self.store.env().now()).map_err(Error::internal)
            }
        }
    }

    async fn export_rows(
        &self,
        caller: &Caller,
        ty: &'static RecordType,
        request: &ListRequest,
    ) -> Result<Vec<Vec<Cell>>, Error> {
        let (_permit, reach) = policy::permit::<Export>(ty, caller)?;
        let view = View::new(ty, caller).narrowed_to(reach);
        let mut conn = self.store.read().await?;
        if store::count(&mut conn, ty, &view, request).await? > MAX_ROWS {
            let message =
                format!("This is more than {MAX_ROWS} records. Filter the list first, and export it in parts.");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        let fields = columns::fields(ty, &view);
        let labels = fields.iter().map(|(_, field)| field.label);
        let mut rows = vec![std::iter::once(ID).chain(labels).chain([ACTIVE]).map(Cell::text).collect()];
        for offset in (0..MAX_ROWS).step_by(1_000) {
            let request = ListRequest { offset, limit: BATCH, ..request.clone() };
            let records = store::list(&mut conn, ty, &view, &request).await?;
            rows.extend(records.iter().map(|record| row(record, &fields)));
            if (records.len() as u64) < BATCH {
                break;
            }
        }
        Ok(rows)
    }
}

fn filter_notes(ty: &RecordType, request: &ListRequest) -> serde_json::Value {
    let filter = |(index, value): &(usize, Value)| {
        let field = &ty.fields[*index];
        (field.name.to_owned(), field.kind.write_json(value))
    };
    request.filters.iter().map(filter).collect::<serde_json::Map<_, _>>().into()
}

fn row(record: &Record, fields: &[(usize, &Field)]) -> Vec<Cell> {
    let cells = fields.iter().map(|(index, field)| cell(record, *index, field));
    let active = Cell::text(if record.archived_at.is_none() { "yes" } else { "no" });
    std::iter::once(Cell::text(record.id.to_string())).chain(cells).chain([active]).collect()
}

fn cell(record: &Record, index: usize, field: &Field) -> Cell {
    let cell = &record.cells[index];
    match (field.kind, &cell.value) {
        (_, Value::Null(_)) => Cell::Empty,
        #[expect(clippy::cast_precision_loss, reason = "declared numbers are far below 2^53")]
        (Kind::Tenths { .. }, Value::Int(number)) => Cell::Number(*number as f64 / 10.0),
        #[expect(clippy::cast_precision_loss, reason = "declared numbers are far below 2^53")]
        (_, Value::Int(number)) => Cell::Number(*number as f64),
        (Kind::Date, Value::Text(text)) => text.parse().map_or_else(|_| Cell::text(text), Cell::Date),
        (Kind::Link(_), _) => Cell::text(cell.linked_title.clone().unwrap_or_default()),
        (kind, value) => Cell::text(kind.write_text(value)),
    }
}
