//! The marks in their boxes, and the free text.

use std::collections::{HashMap, HashSet};

use palisade_sheets::{Cell, Place, Sheet, column_name};

use super::{
    super::{
        Note,
        layout::{LAST, SKILL, TOOL},
        read::{FreeText, FreeTextKind, Layout, Line, other_tool},
    },
    FilledCard, MarkedSkill, MarkedTool, OwnTool,
};
use crate::catalogue::{MAX_NAME_CHARS, name_key};

/// More things than anybody writes into a box; the rest becomes a note.
const MOST_ITEMS: usize = 50;
/// The most that free text adds to the notes.
const MAX_NOTES_CHARS: usize = 3_000;

/// Reads all marks into the card.
pub(super) fn read(layout: &Layout<'_>, card: &mut FilledCard) {
    let mut reader = Reader { sheet: layout.sheet, card, seen: HashMap::new() };
    for line in &layout.lines {
        if line.is_skill { reader.skill(line) } else { reader.tool(line) }
    }
    reader.lost_marks(layout);
    for text in &layout.texts {
        reader.free_text(text);
    }
    reader.cut_notes();
}

struct Reader<'a> {
    sheet: &'a Sheet,
    card: &'a mut FilledCard,
    /// Where in the card something that was marked before stands: a line may be printed twice.
    seen: HashMap<(bool, String, String), usize>,
}

/// What stands in a box.
enum Mark {
    None,
    /// A tick, a cross, a one: anything that says "here".
    Tick,
    Yes,
    No,
    /// A number that says something of its own.
    Number(String),
}

impl Reader<'_> {
    fn skill(&mut self, line: &Line) {
        let marked: Vec<usize> = (1..=5).filter(|column| !self.is_unmarked(line.row, *column)).collect();
        let [column] = marked.as_slice() else {
            if let [first, .., last] = marked.as_slice() {
                let cells = format!("{} and {}", cell_name(line.row, *first), cell_name(line.row, *last));
                self.problem(
                    line.row,
                    *first,
                    format!("“{}” has more than one mark, in {cells}: leave one", line.name),
                );
            }
            return;
        };
        match self.mark(line.row, *column) {
            Mark::Number(number) if number != column.to_string() => {
                let text =
                    format!("{number} stands in the column for {column}: write an x into the right column instead");
                self.problem(line.row, *column, text);
            }
            Mark::No => {
                self.problem(line.row, *column, "“No” is no rating: leave the box empty, or mark another".into())
            }
            _ => self.rated(line, *column),
        }
    }

    fn rated(&mut self, line: &Line, column: usize) {
        let place = self.place(line.row, column);
        let Ok(rating) = u8::try_from(column) else { return };
        let key = (true, name_key(&line.category), name_key(&line.name));
        match self.seen.get(&key).and_then(|at| self.card.skills.get(*at)) {
            Some(first) if first.rating != rating => {
                let text =
                    format!("“{}” stands twice, and is rated {} {} already", line.name, first.rating, first.place);
                self.problem(line.row, column, text);
            }
            Some(_) => {}
            None => {
                self.seen.insert(key, self.card.skills.len());
                let (category, name) = (line.category.clone(), line.name.clone());
                self.card.skills.push(MarkedSkill { category, name, rating, place });
            }
        }
    }

    fn tool(&mut self, line: &Line) {
        let [yes, no, stock] = [1, 2, 3].map(|step| line.column + step);
        let answers = [self.answer(line, yes, true), self.answer(line, no, false)];
        let can_operate = match answers {
            [Some(a), Some(b)] if a != b => {
                let cells = format!("{} and {}", cell_name(line.row, yes), cell_name(line.row, no));
                self.problem(line.row, yes, format!("“{}” has both Yes and No, in {cells}: leave one", line.name));
                return;
            }
            [first, second] => first.or(second),
        };
        let truck_stock = !matches!(self.mark(line.row, stock), Mark::None | Mark::No);
        if can_operate.is_some() || truck_stock {
            let first = [yes, no, stock].into_iter().find(|column| !self.is_unmarked(line.row, *column)).unwrap_or(yes);
            self.answered(line, first, (can_operate, truck_stock));
        }
    }

    /// What the box for Yes or No says.
    fn answer(&mut self, line: &Line, column: usize, is_yes: bool) -> Option<bool> {
        let said = match self.mark(line.row, column) {
            Mark::None => return None,
            Mark::Yes => true,
            Mark::No => false,
            Mark::Tick => is_yes,
            Mark::Number(number) => {
                self.problem(line.row, column, format!("{number} is neither Yes nor No"));
                return None;
            }
        };
        if said != is_yes && !line.is_y_or_n {
            let (word, head) = if said { ("Yes", "No") } else { ("No", "Yes") };
            self.problem(line.row, column, format!("“{word}” stands in the column for {head}"));
            return None;
        }
        Some(said)
    }

    fn answered(&mut self, line: &Line, column: usize, (can_operate, truck_stock): (Option<bool>, bool)) {
        if let Some(name) = other_tool(&line.name) {
            self.own_tool(OwnTool { name: name.to_owned(), can_operate, truck_stock });
            return;
        }
        let place = self.place(line.row, column);
        let key = (false, name_key(&line.category), name_key(&line.name));
        let Some(at) = self.seen.get(&key).copied() else {
            self.seen.insert(key, self.card.tools.len());
            let (category, name) = (line.category.clone(), line.name.clone());
            self.card.tools.push(MarkedTool { category, name, can_operate, truck_stock, place });
            return;
        };
        let clash = self.card.tools.get_mut(at).and_then(|first| {
            if let (Some(a), Some(b)) = (first.can_operate, can_operate)
                && a != b
            {
                return Some(first.place.clone());
            }
            first.can_operate = first.can_operate.or(can_operate);
            first.truck_stock |= truck_stock;
            None
        });
        if let Some(other) = clash {
            self.problem(line.row, column, format!("“{}” has another answer {other}: make them the same", line.name));
        }
    }

    /// Marks in rows that name nothing would be lost without a word.
    fn lost_marks(&mut self, layout: &Layout<'_>) {
        let named: HashSet<usize> = layout.lines.iter().filter(|l| l.column == SKILL).map(|l| l.row).collect();
        let (Some(first), Some(last)) = (named.iter().min(), named.iter().max()) else { return };
        for row in *first..=*last {
            let has_name = named.contains(&row) || !self.sheet.cell(row, SKILL).is_blank();
            let marked = (1..=5).find(|column| !self.is_unmarked(row, *column));
            if let (false, Some(column)) = (has_name, marked) {
                self.problem(row, column, "a mark stands in a row without a skill".to_owned());
            }
        }
        let tools: HashSet<usize> = layout.lines.iter().filter(|l| l.column == TOOL).map(|l| l.row).collect();
        let texts: HashSet<usize> = layout.texts.iter().map(|text| text.row).collect();
        for row in *first..=*last {
            let is_empty = self.sheet.cell(row, TOOL).is_blank() && !tools.contains(&row) && !texts.contains(&row);
            let marked = (TOOL + 1..=usize::from(LAST)).find(|column| !self.is_unmarked(row, *column));
            if let (true, Some(column), false) = (is_empty, marked, super::super::read::is_header(self.sheet, row)) {
                self.problem(row, column, "a mark stands in a row without a tool".to_owned());
            }
        }
    }

    fn free_text(&mut self, text: &FreeText) {
        match text.kind {
            FreeTextKind::AdditionalTools => {
                self.note(&format!("Additional tools needed ({}): {}", text.category, text.text))
            }
            FreeTextKind::Answer => self.note(&format!("{}, tools: {}", text.category, text.text)),
            FreeTextKind::OwnTools => {
                for name in items(&text.text) {
                    self.own_tool(OwnTool { name, can_operate: Some(true), truck_stock: false });
                }
            }
            FreeTextKind::SpecialSkills => {
                for name in items(&text.text) {
                    self.special_skill(name, text);
                }
            }
        }
    }

    fn own_tool(&mut self, tool: OwnTool) {
        let is_there = self.card.own_tools.iter().any(|known| name_key(&known.name) == name_key(&tool.name));
        if is_there || tool.name.is_empty() {
            return;
        }
        if self.card.own_tools.len() < MOST_ITEMS && tool.name.chars().count() <= MAX_NAME_CHARS {
            self.card.own_tools.push(tool);
        } else {
            self.note(&format!("Tools of their own: {}", tool.name));
        }
    }

    fn special_skill(&mut self, name: String, text: &FreeText) {
        let is_there = self.card.special_skills.iter().any(|known| name_key(known) == name_key(&name));
        if is_there {
            let note = format!("“{name}” stands twice");
            self.card.left_out.push(Note { place: self.place(text.row, text.column), text: note });
        } else if self.card.special_skills.len() < MOST_ITEMS && name.chars().count() <= MAX_NAME_CHARS {
            self.card.special_skills.push(name);
        } else {
            self.note(&format!("Special skills: {name}"));
        }
    }

    fn note(&mut self, text: &str) {
        // Beyond this nothing more is kept anyway.
        if self.card.notes.len() <= 4 * MAX_NOTES_CHARS {
            if !self.card.notes.is_empty() {
                self.card.notes.push('\n');
            }
            self.card
                .notes
                .extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_NOTES_CHARS + 1));
        }
    }

    fn cut_notes(&mut self) {
        if self.card.notes.chars().count() > MAX_NOTES_CHARS {
            self.card.notes = self.card.notes.chars().take(MAX_NOTES_CHARS).collect();
            let text = format!("the free text is longer than {MAX_NOTES_CHARS} characters; the rest was left out");
            self.card.left_out.push(Note { place: Place::Sheet(self.sheet.name.clone()), text });
        }
    }

    fn mark(&mut self, row: usize, column: usize) -> Mark {
        match self.sheet.cell(row, column) {
            // A box to tick, unticked.
            Cell::Empty | Cell::Bool(false) => Mark::None,
            Cell::Bool(true) => Mark::Tick,
            Cell::Error(_) => {
                self.problem(row, column, "the formula here failed: write the mark itself".to_owned());
                Mark::None
            }
            cell => mark_of(&cell.display()),
        }
    }

    fn is_unmarked(&self, row: usize, column: usize) -> bool {
        let cell = self.sheet.cell(row, column);
        cell.is_blank() || matches!(cell, Cell::Bool(false))
    }

    fn place(&self, row: usize, column: usize) -> Place {
        Place::cell(&self.sheet.name, row, column)
    }

    fn problem(&mut self, row: usize, column: usize, text: String) {
        let note = Note { place: self.place(row, column), text };
        if !self.card.problems.contains(&note) {
            self.card.problems.push(note);
        }
    }
}

fn mark_of(text: &str) -> Mark {
    let key = name_key(text);
    match key.as_str() {
        "" => Mark::None,
        "y" | "yes" => Mark::Yes,
        "n" | "no" => Mark::No,
        // People tick boxes with a one as well.
        "1" => Mark::Tick,
        _ if key.parse::<f64>().is_ok_and(f64::is_finite) => Mark::Number(key.chars().take(12).collect()),
        _ => Mark::Tick,
    }
}

fn cell_name(row: usize, column: usize) -> String {
    format!("{}{}", column_name(column), row + 1)
}

/// The things that somebody listed: one a line, or parted by commas or semicolons, with or without bullets.
fn items(text: &str) -> impl Iterator<Item = String> + '_ {
    let bare = |item: &str| {
        let item = item.trim().trim_start_matches(['-', '*', '•', '–', '·']).trim();
        item.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    text.split(['\n', '\r', ',', ';']).map(bare).filter(|item| item.chars().any(char::is_alphanumeric))
}
