//! Ratings of many by many: a table whose cells are digits on shades. It is its own text alternative.

use askama::{Template, filters::HtmlSafe};
use palisade_web::Html;

use crate::chart::name_html;

/// The head of a column.
#[derive(Clone, Debug)]
pub struct GridHead {
    /// Its name.
    pub name: String,
    /// Where it leads.
    pub path: Option<String>,
}

/// A cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GridCell {
    /// The rating; `None` is blank. Only 1 to 5 is drawn.
    pub rating: Option<u8>,
    /// Whether nobody but the person themselves gave it: drawn with a dashed frame, and read as "own".
    pub is_unverified: bool,
}

/// A row.
#[derive(Clone)]
pub struct GridRow {
    /// Its name.
    pub name: String,
    /// Where it leads.
    pub path: Option<String>,
    /// What it belongs to, written above the first row of each group.
    pub group: String,
    /// A warning or a figure behind its name, such as a badge.
    pub note: Html,
    /// Its cells, in the order of the columns.
    pub cells: Vec<GridCell>,
}

/// A grid of ratings; stands in a template as `{{ grid }}`. It scrolls within itself, its heads and names stay.
#[derive(Template)]
#[template(path = "grid.html")]
pub struct Grid {
    caption: String,
    corner: String,
    note_head: String,
    heads: Vec<Html>,
    rows: Vec<Drawn>,
}

struct Drawn {
    name: Html,
    note: Html,
    group: Option<String>,
    cells: Vec<GridCell>,
}

impl HtmlSafe for Grid {}

impl Grid {
    /// A grid; the caption names it for assistive technology, `corner` what its rows are. `note_head` is the heading
    /// of [`GridRow::note`]; empty: no such column.
    pub fn new(
        caption: impl Into<String>,
        corner: impl Into<String>,
        note_head: impl Into<String>,
        heads: &[GridHead],
        rows: impl IntoIterator<Item = GridRow>,
    ) -> Self {
        let mut before = String::new();
        let drawn = |row: GridRow| {
            let begins = row.group != before;
            if begins {
                before.clone_from(&row.group);
            }
            Drawn {
                name: name_html(&row.name, row.path.as_deref()),
                note: row.note,
                group: (begins && !row.group.is_empty()).then_some(row.group),
                cells: row.cells,
            }
        };
        Self {
            caption: caption.into(),
            corner: corner.into(),
            note_head: note_head.into(),
            heads: heads.iter().map(|head| name_html(&head.name, head.path.as_deref())).collect(),
            rows: rows.into_iter().map(drawn).collect(),
        }
    }

    fn span(&self) -> usize {
        self.heads.len() + 1 + usize::from(!self.note_head.is_empty())
    }
}

impl GridCell {
    fn digit(self) -> Option<u8> {
        self.rating.filter(|rating| (1..=5).contains(rating))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_its_digit_and_a_blank_one_nothing() {
        let cell = |rating, is_unverified| GridCell { rating, is_unverified };
        let row = GridRow {
            name: "Build <Gate>".into(),
            path: None,
            group: "Fencing".into(),
            note: Html::empty(),
            cells: vec![cell(Some(4), false), cell(None, false), cell(Some(2), true), cell(Some(9), false)],
        };
        let heads = ["Ann", "Bob", "Cid", "Dan"].map(|name| GridHead { name: name.into(), path: None });
        let html = Grid::new("Who can", "Skill", "", &heads, [row]).to_string();
        let cells =
            r#"<td class="r4">4</td><td></td><td class="r2 own">2<span class="hidden"> own</span></td><td></td>"#;
        assert!(html.contains(cells), "{html}");
        assert!(html.contains("Build &#60;Gate&#62;") && html.contains(r#"colspan="5""#), "{html}");
    }
}
