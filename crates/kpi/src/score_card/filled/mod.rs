//! A filled-in score card: who it is about, what is marked on it, and what could not be read.
//!
//! Reading is pure; nothing is guessed. A row with two marks, a date that two days could be meant by, a mark in a row
//! without a skill: each is named with its cell, and somebody who knows decides.

mod dates;
mod head;
mod marks;

use palisade_base::Date;
use palisade_sheets::{Place, Sheet, read_workbook};

use super::{LIMITS, Note, ScoreCardError, read::lay_out};

pub use dates::{DateOnCard, read_date};

/// What a filled-in score card says.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct FilledCard {
    /// The name behind "Name:".
    pub name: Option<String>,
    /// The day behind "Date:".
    pub date: DateOnCard,
    /// The number behind "Phone #:".
    pub phone: Option<String>,
    /// The ratings, in the order of the sheet.
    pub skills: Vec<MarkedSkill>,
    /// The answers about tools, in the order of the sheet.
    pub tools: Vec<MarkedTool>,
    /// Tools that the sheet does not list and somebody wrote on it.
    pub own_tools: Vec<OwnTool>,
    /// Special skills, one by one.
    pub special_skills: Vec<String>,
    /// Other free text, ready for the evaluation's notes; may be empty.
    pub notes: String,
    /// What must be put right on the sheet before it can be taken in.
    pub problems: Vec<Note>,
    /// What was passed over, for people to know.
    pub left_out: Vec<Note>,
}

/// A skill with the mark that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedSkill {
    /// Its category as the sheet has it.
    pub category: String,
    /// Its name as the sheet has it.
    pub name: String,
    /// 1 to 5.
    pub rating: u8,
    /// The cell of the mark.
    pub place: Place,
}

/// A tool with the marks that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkedTool {
    /// Its category as the sheet has it, or [`crate::catalogue::GENERAL_TOOLS`].
    pub category: String,
    /// Its name as the sheet has it.
    pub name: String,
    /// Yes or No; none where neither is marked.
    pub can_operate: Option<bool>,
    /// Whether TS is marked.
    pub truck_stock: bool,
    /// The cell of the first mark.
    pub place: Place,
}

/// A tool that no list has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTool {
    /// Its name, as written.
    pub name: String,
    /// Yes or No, where marked.
    pub can_operate: Option<bool>,
    /// Whether TS is marked.
    pub truck_stock: bool,
}

impl FilledCard {
    /// Whether there is nothing on it to make an evaluation of.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.skills.is_empty() && self.tools.is_empty()
    }

    /// The day, where it is clear.
    #[must_use]
    pub const fn day(&self) -> Option<Date> {
        match self.date {
            DateOnCard::Day(day) => Some(day),
            DateOnCard::Missing | DateOnCard::Unclear { .. } => None,
        }
    }
}

/// Reads the answers from an .xlsx score card.
///
/// # Errors
/// As [`super::read`]: the file is no workbook, hostile or damaged; no sheet is a score card; or a name is none. What is
/// wrong with single answers is in [`FilledCard::problems`] instead.
pub fn read_filled(bytes: &[u8]) -> Result<FilledCard, ScoreCardError> {
    read_filled_sheets(&read_workbook(bytes, &LIMITS)?)
}

/// As [`read_filled`], from sheets that were read already.
///
/// # Errors
/// No sheet is a score card, or a name is none.
pub fn read_filled_sheets(sheets: &[Sheet]) -> Result<FilledCard, ScoreCardError> {
    let mut layout = lay_out(sheets)?;
    let mut card = FilledCard { left_out: std::mem::take(&mut layout.notes), ..FilledCard::default() };
    head::read(&layout, &mut card);
    marks::read(&layout, &mut card);
    Ok(card)
}
