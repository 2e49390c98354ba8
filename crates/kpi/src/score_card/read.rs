//! Reading the score card, blank or filled in: what it lists, and where marks and free text may stand on it.

use std::collections::HashSet;

use palisade_sheets::{Cell, Limits, Place, Sheet, read_workbook};

use super::{
    ADDITIONAL_TOOLS, LIST_ANY, ScoreCardError, TOOL_LIST,
    layout::{LAST, SKILL, TOOL},
};
use crate::catalogue::{Catalogue, Category, GENERAL_TOOLS, MAX_NAME_CHARS, name_key};

/// What a score card may be at most; the company's has 294 rows and 11 columns in one sheet.
pub const LIMITS: Limits = Limits {
    file_bytes: 2 << 20,
    entries: 128,
    part_bytes: 8 << 20,
    unpacked_bytes: 16 << 20,
    ratio: 200,
    depth: 64,
    sheets: 16,
    rows: 5_000,
    columns: 256,
    cells: 200_000,
    cell_chars: 32_767,
    text_bytes: 4 << 20,
};

/// How many names a score card may list; far above the 335 names of the company's sheet.
pub const MAX_NAMES: usize = 1_000;

/// Rows in H that ask for an answer and name no tool.
const PROMPTS: [&str; 2] = ["list hvac testing", "you own"];

/// A score card, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreCard {
    /// What it lists.
    pub catalogue: Catalogue,
    /// What was left out on purpose, for people to see before they say yes.
    pub notes: Vec<Note>,
}

/// Something in the file that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Where it stands.
    pub place: Place,
    /// What it is, and why it was left out.
    pub text: String,
}

/// Reads the catalogue from an .xlsx score card.
///
/// Names are taken as they stand, typing errors included, without spaces and colons at the end. Marks and free text of a
/// filled-in sheet are not looked at.
///
/// # Errors
/// The file is no workbook, hostile or damaged; no sheet is a score card; or a name is none.
pub fn read(bytes: &[u8]) -> Result<ScoreCard, ScoreCardError> {
    read_sheets(&read_workbook(bytes, &LIMITS)?)
}

/// As [`read`], from sheets that were read already.
///
/// # Errors
/// No sheet is a score card, or a name is none.
pub fn read_sheets(sheets: &[Sheet]) -> Result<ScoreCard, ScoreCardError> {
    let layout = lay_out(sheets)?;
    Ok(ScoreCard { catalogue: layout.catalogue, notes: layout.notes })
}

/// A score card with the place of everything that can be answered.
pub(super) struct Layout<'a> {
    pub(super) sheet: &'a Sheet,
    pub(super) catalogue: Catalogue,
    pub(super) notes: Vec<Note>,
    pub(super) lines: Vec<Line>,
    pub(super) texts: Vec<FreeText>,
}

/// A row, or the right half of one, that can be marked.
pub(super) struct Line {
    pub(super) is_skill: bool,
    /// As it stands on the sheet; the general list's is [`GENERAL_TOOLS`].
    pub(super) category: String,
    pub(super) name: String,
    pub(super) row: usize,
    /// Where its name stands; the boxes for marks follow.
    pub(super) column: usize,
    /// Whether one heading, "Y or N", stands over the boxes for Yes and No.
    pub(super) is_y_or_n: bool,
}

/// What people wrote where the sheet leaves room for it.
pub(super) struct FreeText {
    pub(super) kind: FreeTextKind,
    pub(super) category: String,
    pub(super) row: usize,
    pub(super) column: usize,
    pub(super) text: String,
}

/// Which room that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FreeTextKind {
    /// "Additional tools needed".
    AdditionalTools,
    /// An answer to a question within a list of tools, "Other" for one.
    Answer,
    /// "Tools you specialize in that are not listed".
    OwnTools,
    /// "Special skills".
    SpecialSkills,
}

/// Finds the score card among the sheets of a file, and everything on it.
pub(super) fn lay_out(sheets: &[Sheet]) -> Result<Layout<'_>, ScoreCardError> {
    let mut cards = sheets.iter().filter(|sheet| (0..sheet.rows.len()).any(|row| is_header(sheet, row)));
    let sheet = cards.next().ok_or(ScoreCardError::NotAScoreCard)?;
    let mut reader = Reader::new(sheet);
    reader.read()?;
    for other in cards {
        reader.layout.notes.push(Note {
            place: Place::Sheet(other.name.clone()),
            text: format!("only the first score card in the file is read, “{}”", sheet.name),
        });
    }
    if reader.layout.catalogue.categories.iter().all(|category| category.skills.is_empty()) {
        return Err(ScoreCardError::NoSkills);
    }
    Ok(reader.layout)
}

/// Whether this row begins a category: a name in A, the digits 1 to 5 in B to F.
pub(super) fn is_header(sheet: &Sheet, row: usize) -> bool {
    let digits = (1..=5).all(|digit: usize| sheet.cell(row, digit).display().trim() == digit.to_string());
    digits && !sheet.cell(row, SKILL).is_blank()
}

/// Whether this row begins the general list: its heading in A and "Yes" beside it, so that a skill of that name is none.
fn is_tool_list(sheet: &Sheet, row: usize) -> bool {
    name_key(&name_in(sheet, row, SKILL)) == name_key(TOOL_LIST) && name_key(&name_in(sheet, row, 1)) == "yes"
}

/// The name in a cell: line breaks as spaces, no spaces and colons at the end.
fn name_in(sheet: &Sheet, row: usize, column: usize) -> String {
    let text = sheet.cell(row, column).display().replace(|c: char| c.is_whitespace() || c.is_control(), " ");
    text.trim().trim_end_matches([':', ' ']).to_owned()
}

fn starts_with(name: &str, prefix: &str) -> bool {
    name_key(name).starts_with(&name_key(prefix.trim_end_matches(':')))
}

/// Which list a row belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Section {
    /// Name, phone, instructions; and the boxes for free text at the end.
    Outside,
    /// A category whose tools go on.
    Category,
    /// A category whose tools have ended.
    ToolsEnded,
    /// The general list.
    General,
    /// A box for free text.
    Box(FreeTextKind),
}

struct Reader<'a> {
    sheet: &'a Sheet,
    section: Section,
    layout: Layout<'a>,
    /// Whether the current category asks "Y or N" in one heading.
    is_y_or_n: bool,
    /// The names of the current category, or of the general list: `s` for skills, `t` for tools.
    seen: HashSet<(char, String)>,
    names: usize,
}

impl<'a> Reader<'a> {
    fn new(sheet: &'a Sheet) -> Self {
        Self {
            sheet,
            section: Section::Outside,
            layout: Layout {
                sheet,
                catalogue: Catalogue::default(),
                notes: Vec::new(),
                lines: Vec::new(),
                texts: Vec::new(),
            },
            is_y_or_n: false,
            seen: HashSet::new(),
            names: 0,
        }
    }

    fn read(&mut self) -> Result<(), ScoreCardError> {
        for row in 0..self.sheet.rows.len() {
            if is_header(self.sheet, row) {
                self.begin_category(row)?;
            } else if is_tool_list(self.sheet, row) {
                self.section = Section::General;
                self.seen.clear();
            } else if starts_with(&name_in(self.sheet, row, SKILL), LIST_ANY) {
                self.begin_box(row);
            } else {
                self.row(row)?;
            }
        }
        Ok(())
    }

    fn begin_box(&mut self, row: usize) {
        let heading = name_key(&name_in(self.sheet, row, SKILL));
        let kind = if heading.contains("special skill") { FreeTextKind::SpecialSkills } else { FreeTextKind::OwnTools };
        self.section = Section::Box(kind);
        // Somebody may write behind the heading, in its cell or beside it.
        let text = self.sheet.cell(row, SKILL).display();
        if let Some((_, answer)) = text.split_once(':') {
            self.free_text(kind, (row, SKILL), answer);
        }
        self.box_row(kind, row, SKILL + 1);
    }

    /// Whatever stands in a row of a box, from this column on.
    fn box_row(&mut self, kind: FreeTextKind, row: usize, from: usize) {
        for column in from..=usize::from(LAST) {
            let text = self.sheet.cell(row, column).display();
            self.free_text(kind, (row, column), &text);
        }
    }

    fn free_text(&mut self, kind: FreeTextKind, (row, column): (usize, usize), text: &str) {
        let text = text.trim().trim_matches('_').trim();
        if !text.is_empty() {
            let category = self.layout.catalogue.categories.last().map_or_else(String::new, |last| last.name.clone());
            self.layout.texts.push(FreeText { kind, category, row, column, text: text.to_owned() });
        }
    }

    fn line(&mut self, is_skill: bool, (row, column): (usize, usize), name: &str) {
        let category = match self.section {
            Section::General => GENERAL_TOOLS.to_owned(),
            _ => self.layout.catalogue.categories.last().map_or_else(String::new, |last| last.name.clone()),
        };
        let is_y_or_n = self.is_y_or_n && self.section == Section::Category && !is_skill;
        self.layout.lines.push(Line { is_skill, category, name: name.to_owned(), row, column, is_y_or_n });
    }

    fn begin_category(&mut self, row: usize) -> Result<(), ScoreCardError> {
        let Some(name) = self.name(row, SKILL)? else { return Ok(()) };
        let key = name_key(&name);
        if self.layout.catalogue.categories.iter().any(|category| name_key(&category.name) == key) {
            // Its rows would belong to the category before it; better none than wrong ones.
            self.note(row, SKILL, format!("the category “{name}” stands twice; what is listed here was left out"));
            self.section = Section::Outside;
            return Ok(());
        }
        self.layout.catalogue.categories.push(Category { name, ..Category::default() });
        self.section = Section::Category;
        self.is_y_or_n = name_key(&name_in(self.sheet, row, TOOL + 1)).contains(" or ");
        self.seen.clear();
        Ok(())
    }

    fn row(&mut self, row: usize) -> Result<(), ScoreCardError> {
        match self.section {
            Section::Outside => Ok(()),
            Section::Box(kind) => {
                self.box_row(kind, row, SKILL);
                Ok(())
            }
            Section::General => {
                // The list is printed twice, side by side, for convenience: whichever copy has a name counts.
                self.general_tool(row, SKILL, false)?;
                self.general_tool(row, TOOL, true)
            }
            Section::Category | Section::ToolsEnded => {
                self.skill(row)?;
                self.tool(row)
            }
        }
    }

    fn skill(&mut self, row: usize) -> Result<(), ScoreCardError> {
        let Some(name) = self.name(row, SKILL)? else { return Ok(()) };
        self.line(true, (row, SKILL), &name);
        if !self.seen.insert(('s', name_key(&name))) {
            self.note(row, SKILL, format!("“{name}” stands twice in its category"));
        } else if let Some(category) = self.layout.catalogue.categories.last_mut() {
            category.skills.push(name);
        }
        Ok(())
    }

    /// A tool of the current category, until the place for additional ones.
    fn tool(&mut self, row: usize) -> Result<(), ScoreCardError> {
        if self.section == Section::ToolsEnded {
            self.box_row(FreeTextKind::AdditionalTools, row, TOOL);
            return Ok(());
        }
        if starts_with(&name_in(self.sheet, row, TOOL), ADDITIONAL_TOOLS.trim_end_matches(" needed:")) {
            self.section = Section::ToolsEnded;
            let text = self.sheet.cell(row, TOOL).display();
            if let Some((_, answer)) = text.split_once(':') {
                self.free_text(FreeTextKind::AdditionalTools, (row, TOOL), answer);
            }
            self.box_row(FreeTextKind::AdditionalTools, row, TOOL + 1);
            return Ok(());
        }
        let Some(name) = self.name(row, TOOL)? else { return Ok(()) };
        if is_prompt(&name) {
            self.box_row(FreeTextKind::Answer, row, TOOL + 1);
            self.note(row, TOOL, format!("“{name}” asks for an answer and names no tool"));
            return Ok(());
        }
        self.line(false, (row, TOOL), &name);
        if !self.seen.insert(('t', name_key(&name))) {
            self.note(row, TOOL, format!("“{name}” stands twice in its category"));
        } else if let Some(category) = self.layout.catalogue.categories.last_mut() {
            category.tools.push(name);
        }
        Ok(())
    }

    fn general_tool(&mut self, row: usize, column: usize, is_copy: bool) -> Result<(), ScoreCardError> {
        let Some(name) = self.name(row, column)? else { return Ok(()) };
        if is_prompt(&name) {
            // The line "Other: ____" is on every sheet; only an answer on it is worth a word.
            if !is_blank_prompt(&name) {
                self.line(false, (row, column), &name);
                if !is_copy {
                    self.note(row, column, format!("“{name}” is an answer and no tool of the list"));
                }
            }
            return Ok(());
        }
        self.line(false, (row, column), &name);
        if self.seen.insert(('t', name_key(&name))) {
            self.layout.catalogue.general_tools.push(name);
        } else if !is_copy {
            self.note(row, column, format!("“{name}” stands twice in the list"));
        }
        Ok(())
    }

    /// The name in a cell, if there is one.
    fn name(&mut self, row: usize, column: usize) -> Result<Option<String>, ScoreCardError> {
        let place = || Place::cell(&self.sheet.name, row, column);
        if matches!(self.sheet.cell(row, column), Cell::Error(_)) {
            return Err(ScoreCardError::ErrorCell(place()));
        }
        let name = name_in(self.sheet, row, column);
        if name.is_empty() {
            return Ok(None);
        }
        if name.chars().count() > MAX_NAME_CHARS {
            return Err(ScoreCardError::NameTooLong(place()));
        }
        self.names += 1;
        if self.names > MAX_NAMES {
            return Err(ScoreCardError::TooManyNames(MAX_NAMES));
        }
        Ok(Some(name))
    }

    fn note(&mut self, row: usize, column: usize, text: String) {
        self.layout.notes.push(Note { place: Place::cell(&self.sheet.name, row, column), text });
    }
}

/// "Other", with nothing but underscores behind it.
fn is_blank_prompt(name: &str) -> bool {
    name.chars().filter(|c| c.is_alphanumeric()).count() == "Other".len()
}

/// What was written behind "Other:" in the general list.
pub(super) fn other_tool(name: &str) -> Option<&str> {
    let (prompt, answer) = name.split_once(':')?;
    (name_key(prompt) == "other").then(|| answer.trim().trim_matches('_').trim())
}

/// "List HVAC Testing", "You Own", "Other: ____".
fn is_prompt(name: &str) -> bool {
    let key = name_key(name);
    PROMPTS.contains(&key.as_str()) || key == "other" || key.starts_with("other:")
}
