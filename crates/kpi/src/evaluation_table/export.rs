//! Evaluations given out as a table that can be taken in again, here or elsewhere.

use palisade_base::{Caller, Category, Error, Kind as ErrorKind, Resource, TrailEntry};
use palisade_records::{
    policy::{self, Export, RecordAction as _},
    transfer::Format,
};
use palisade_sheets::{Cell, Sheet, write_csv, write_xlsx};

use super::{
    EvaluationTables, Which,
    columns::{COLUMNS, Column},
    store::{self, Header},
};
use crate::{evaluation::Marks, lookup::Items, types::EVALUATION};

/// The most marks in one file: twice what one import takes, and what a spreadsheet still opens quickly.
pub const MAX_MARKS: u64 = 100_000;

impl EvaluationTables {
    /// The evaluations that were handed in and that the caller may give out, a row for each mark. That they were given
    /// out is in the trail first: how many, of how many people, never what they say.
    ///
    /// # Errors
    /// `Denied` (traced), `TooLarge` beyond [`MAX_MARKS`] marks, or the database can't be used.
    pub async fn export(&self, caller: &Caller, which: &Which, format: Format) -> Result<Vec<u8>, Error> {
        self.records.permit::<Export>(caller, &EVALUATION).await?;
        let verb = Export::verb(&EVALUATION.verbs);
        let reach = policy::reached_with(&EVALUATION, caller, verb.permission);
        let mut conn = self.records.store().read().await?;
        if store::count_marks(&mut conn, reach, which).await? > MAX_MARKS {
            let message =
                format!("These are more than {MAX_MARKS} marks. Choose one person or fewer days, and export in parts.");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        let headers = store::headers(&mut conn, reach, which).await?;
        let ids: Vec<_> = headers.iter().map(|header| header.id).collect();
        let marks = store::marks(&mut conn, reach, &ids).await?;
        drop(conn);
        let names =
            (crate::lookup::skills(&self.records, caller).await?, crate::lookup::tools(&self.records, caller).await?);
        let mut rows = vec![COLUMNS.iter().map(|(_, heading, ..)| Cell::text(*heading)).collect::<Vec<_>>()];
        for header in &headers {
            if let Some(marks) = marks.get(&header.id) {
                rows.extend(rows_of(header, marks, &names));
            }
        }
        self.trace(caller, &headers, which).await?;
        match format {
            Format::Csv => Ok(write_csv(&rows)),
            Format::Xlsx => {
                let sheet = Sheet { name: EVALUATION.plural.to_owned(), rows };
                write_xlsx(&[sheet], self.records.store().env().now()).map_err(Error::internal)
            }
        }
    }

    async fn trace(&self, caller: &Caller, headers: &[Header], which: &Which) -> Result<(), Error> {
        let mut people: Vec<_> = headers.iter().map(|header| header.employee).collect();
        people.sort_unstable();
        people.dedup();
        let action = EVALUATION.verbs.export.action;
        let day = |date: Option<palisade_base::Date>| date.map(|date| date.to_string());
        let entry = TrailEntry::new(Category::Access, caller, action, Resource::whole(EVALUATION.name))
            .note("records", headers.len())
            .note("people", people.len())
            .note("employee", which.employee.map(|id| id.to_string()))
            .note("from", day(which.from))
            .note("to", day(which.to));
        self.records.store().append(&[entry]).await.map(drop).map_err(Error::from)
    }
}

/// The rows of one evaluation. What is out of use has no name any more that could be found again, and is left out.
fn rows_of(header: &Header, marks: &Marks, (skills, tools): &(Items, Items)) -> Vec<Vec<Cell>> {
    let mut rows: Vec<Vec<(Column, Cell)>> = Vec::new();
    for mark in &marks.skills {
        if let (Some((category, name)), Some(rating)) = (skills.called(mark.skill), mark.rating) {
            rows.push(vec![
                (Column::SkillCategory, Cell::text(category)),
                (Column::Skill, Cell::text(name)),
                (Column::Rating, Cell::Number(f64::from(rating))),
                (Column::Note, Cell::text(mark.note.clone().unwrap_or_default())),
            ]);
        }
    }
    for mark in &marks.tools {
        if let Some((category, name)) = tools.called(mark.tool) {
            rows.push(vec![
                (Column::ToolCategory, Cell::text(category)),
                (Column::Tool, Cell::text(name)),
                (Column::CanOperate, flag(mark.can_operate)),
                (Column::TruckStock, flag(mark.truck_stock)),
                (Column::Note, Cell::text(mark.note.clone().unwrap_or_default())),
            ]);
        }
    }
    let heads = heads(header);
    rows.into_iter()
        .enumerate()
        .map(|(place, mark)| {
            let cell = |column: Column| {
                // The notes on the whole stand in its first row only.
                let head = heads.iter().find(|(head, _)| *head == column && (place == 0 || column != Column::Notes));
                let found = mark.iter().find(|(own, _)| *own == column).or(head);
                found.map_or(Cell::Empty, |(_, cell)| cell.clone())
            };
            COLUMNS.iter().map(|(column, ..)| cell(*column)).collect()
        })
        .collect()
}

fn heads(header: &Header) -> Vec<(Column, Cell)> {
    let text = |text: &Option<String>| Cell::text(text.clone().unwrap_or_default());
    vec![
        (Column::Number, text(&header.number)),
        (Column::Employee, Cell::text(&header.employee_name)),
        (Column::Date, Cell::Date(header.evaluated_on)),
        (Column::Type, Cell::text(header.kind.as_str())),
        (Column::Evaluator, Cell::text(&header.evaluator_name)),
        (Column::State, Cell::text(header.state.as_str())),
        (Column::ReviewedBy, text(&header.reviewer_name)),
        (Column::ReviewedOn, header.reviewed_on.map_or(Cell::Empty, Cell::Date)),
        (Column::Notes, text(&header.notes)),
    ]
}

fn flag(flag: Option<bool>) -> Cell {
    flag.map_or(Cell::Empty, |is| Cell::text(if is { "yes" } else { "no" }))
}
