//! The rows of a table, each read for itself: no database, no names looked up.

use std::collections::HashMap;

use palisade_base::{Date, Error};
use palisade_sheets::{Cell, Limits, Sheet};

use super::columns::{Column, read_headings};
use crate::{
    catalogue::name_key,
    evaluation::{EvaluationKind, State},
    score_card::{DateOnCard, read_date},
};

/// The most rows of a file: while they are written, nobody else can write.
pub const MAX_ROWS: usize = 50_000;

/// What a file may be at most.
pub const LIMITS: Limits = Limits {
    file_bytes: 12 << 20,
    entries: 128,
    part_bytes: 48 << 20,
    unpacked_bytes: 64 << 20,
    ratio: 200,
    depth: 64,
    sheets: 16,
    rows: MAX_ROWS + 1,
    columns: 64,
    cells: 1_000_000,
    cell_chars: 4_000,
    text_bytes: 32 << 20,
};

/// The longest note on one skill or tool, and on the whole.
const MAX_NOTE: usize = 1_000;
const MAX_NOTES: usize = 4_000;

/// A row as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// Its number, as spreadsheet programs count: the headings are row 1.
    pub number: usize,
    /// Whom it is about: employee number, mail address, name; whatever is given.
    pub who: [String; 3],
    /// The day of the evaluation.
    pub date: Date,
    /// Who evaluates.
    pub kind: EvaluationKind,
    /// Who wrote it; empty where it follows.
    pub evaluator: String,
    /// Handed in, or reviewed.
    pub state: State,
    /// Who has reviewed it, and when.
    pub reviewed_by: String,
    /// When it was reviewed.
    pub reviewed_on: Option<Date>,
    /// About the evaluation as a whole.
    pub notes: String,
    /// What it says.
    pub mark: RowMark,
    /// About this skill or tool.
    pub note: String,
}

/// What a row says about a skill or a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowMark {
    /// A rated skill.
    Skill {
        /// Its category; may be empty.
        category: String,
        /// Its name.
        name: String,
        /// 1 to 5.
        rating: u8,
    },
    /// A tool.
    Tool {
        /// Its category; may be empty.
        category: String,
        /// Its name.
        name: String,
        /// Whether they can operate it.
        can_operate: Option<bool>,
        /// Whether it is on their truck.
        truck_stock: Option<bool>,
    },
}

/// A row that was read, or what is wrong with it.
pub type ReadRow = Result<TableRow, (usize, Vec<String>)>;

/// Reads every row that is not blank.
///
/// # Errors
/// The headings are not those of such a table.
pub fn read_rows(sheet: &Sheet) -> Result<Vec<ReadRow>, Error> {
    let columns = read_headings(sheet.rows.first().map_or(&[][..], Vec::as_slice))?;
    let rows = sheet.rows.iter().enumerate().skip(1).filter(|(_, cells)| !cells.iter().all(Cell::is_blank));
    Ok(rows.map(|(index, cells)| read_row(index + 1, &columns, cells)).collect())
}

fn read_row(number: usize, columns: &[Option<Column>], cells: &[Cell]) -> ReadRow {
    if cells.get(columns.len()..).is_some_and(|extra| extra.iter().any(|cell| !cell.is_blank())) {
        return Err((number, vec!["There are values beyond the last heading.".to_owned()]));
    }
    let places = columns.iter().enumerate().filter_map(|(place, column)| column.map(|column| (column, place)));
    let mut row = RowReader { cells, places: places.collect(), wrong: Vec::new() };
    let read = TableRow {
        number,
        who: [row.text(Column::Number, 100), row.text(Column::Mail, 254), row.text(Column::Employee, 210)],
        date: row.needed_date(Column::Date),
        kind: row.kind(),
        evaluator: row.text(Column::Evaluator, 254),
        state: row.state(),
        reviewed_by: row.text(Column::ReviewedBy, 254),
        reviewed_on: row.date(Column::ReviewedOn),
        notes: row.text(Column::Notes, MAX_NOTES),
        mark: row.mark(),
        note: row.text(Column::Note, MAX_NOTE),
    };
    if read.who.iter().all(String::is_empty) {
        row.say(Column::Employee, "Say whom it is about: number, mail address or name.");
    }
    if row.wrong.is_empty() { Ok(read) } else { Err((number, row.wrong)) }
}

struct RowReader<'a> {
    cells: &'a [Cell],
    places: HashMap<Column, usize>,
    wrong: Vec<String>,
}

impl RowReader<'_> {
    fn cell(&self, column: Column) -> &Cell {
        self.places.get(&column).and_then(|place| self.cells.get(*place)).unwrap_or(&Cell::Empty)
    }

    fn say(&mut self, column: Column, words: &str) {
        self.wrong.push(format!("{}: {words}", column.heading()));
    }

    fn text(&mut self, column: Column, most: usize) -> String {
        if matches!(self.cell(column), Cell::Error(_)) {
            self.say(column, "This is the error of a failed formula. Write the value itself.");
        }
        let text = self.cell(column).display().trim().replace("\r\n", "\n");
        let is_long = matches!(column, Column::Note | Column::Notes);
        if text.chars().any(|c| c.is_control() && !(is_long && matches!(c, '\n' | '\t'))) {
            self.say(column, "Take out the control characters and line breaks.");
        }
        let length = text.chars().count();
        if length > most {
            self.say(column, &format!("Use at most {most} characters; these are {length}."));
            return String::new();
        }
        text
    }

    fn date(&mut self, column: Column) -> Option<Date> {
        let read = match self.cell(column) {
            Cell::Date(date) => return Some(*date),
            Cell::DateTime(at) => return Some(at.date()),
            cell => read_date(&cell.display()),
        };
        match read {
            DateOnCard::Day(date) => Some(date),
            DateOnCard::Missing => None,
            DateOnCard::Unclear { candidates, .. } if !candidates.is_empty() => {
                let days: Vec<String> = candidates.iter().map(Date::to_string).collect();
                self.say(column, &format!("This may be {}. Write the one that is meant like that.", days.join(" or ")));
                None
            }
            DateOnCard::Unclear { .. } => {
                self.say(column, "Write a date like 2026-03-31: year, month, day.");
                None
            }
        }
    }

    fn needed_date(&mut self, column: Column) -> Date {
        let before = self.wrong.len();
        self.date(column).unwrap_or_else(|| {
            if self.wrong.len() == before {
                self.say(column, "Enter the day of the evaluation.");
            }
            Date::ZERO
        })
    }

    fn kind(&mut self) -> EvaluationKind {
        match name_key(&self.cell(Column::Type).display()).as_str() {
            "self" | "self-evaluation" | "self evaluation" => EvaluationKind::SelfRated,
            "manager" | "by a manager" | "manager evaluation" => EvaluationKind::Manager,
            _ => {
                self.say(Column::Type, "Write self or manager.");
                EvaluationKind::Manager
            }
        }
    }

    fn state(&mut self) -> State {
        match name_key(&self.cell(Column::State).display()).as_str() {
            "" | "completed" => State::Completed,
            "reviewed" => State::Reviewed,
            _ => {
                self.say(Column::State, "Write completed or reviewed; drafts are not taken in.");
                State::Completed
            }
        }
    }

    fn mark(&mut self) -> RowMark {
        let (skill, tool) = (self.text(Column::Skill, 100), self.text(Column::Tool, 100));
        match (skill.is_empty(), tool.is_empty()) {
            (false, true) => {
                let category = self.text(Column::SkillCategory, 100);
                RowMark::Skill { category, name: skill, rating: self.rating() }
            }
            (true, false) => {
                let category = self.text(Column::ToolCategory, 100);
                let (can_operate, truck_stock) = (self.flag(Column::CanOperate), self.flag(Column::TruckStock));
                if can_operate.is_none() && truck_stock.is_none() {
                    self.say(Column::CanOperate, "Say whether they can operate it, or whether it is on their truck.");
                }
                RowMark::Tool { category, name: tool, can_operate, truck_stock }
            }
            _ => {
                self.say(Column::Skill, "Name a skill or a tool, one in each row.");
                RowMark::Skill { category: String::new(), name: skill, rating: 1 }
            }
        }
    }

    fn rating(&mut self) -> u8 {
        let text = self.cell(Column::Rating).display();
        let digit = ["1", "2", "3", "4", "5"].iter().position(|digit| *digit == text.trim());
        match digit.and_then(|at| u8::try_from(at + 1).ok()) {
            Some(rating) => rating,
            None => {
                self.say(Column::Rating, "Enter a whole number from 1 to 5.");
                1
            }
        }
    }

    fn flag(&mut self, column: Column) -> Option<bool> {
        match name_key(&self.cell(column).display()).as_str() {
            "" => None,
            "yes" | "y" | "true" | "1" | "x" => Some(true),
            "no" | "n" | "false" | "0" => Some(false),
            _ => {
                self.say(column, "Write yes or no, or nothing.");
                None
            }
        }
    }
}
