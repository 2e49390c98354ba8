//! A filled-in score card: what is read from it, and what is said about what can't be.

use palisade_base::Date;
use palisade_kpi::{
    catalogue::{Catalogue, GENERAL_TOOLS},
    score_card::{Cardholder, DateOnCard, FilledCard, OwnTool, read_filled, write},
};
use palisade_sheets::{Cell, Limits, Sheet, read_workbook, write_xlsx};
use proptest::prelude::*;

use super::{NOW, header, workbook};

/// Our own blank sheet of the company's catalogue, and the marks that somebody puts on it.
pub(crate) struct Pen(Sheet);

impl Pen {
    pub(crate) fn new(catalogue: &Catalogue, holder: Option<&Cardholder>) -> Self {
        let bytes = write(catalogue, holder, NOW).unwrap();
        Self(read_workbook(&bytes, &Limits::default()).unwrap().remove(0))
    }

    fn row_of(&self, column: usize, name: &str, after: usize) -> usize {
        let is_it = |row: &usize| self.0.cell(*row, column).display().trim() == name;
        (after..self.0.rows.len()).find(is_it).expect(name)
    }

    pub(crate) fn put(&mut self, row: usize, column: usize, cell: Cell) {
        let cells = &mut self.0.rows[row];
        cells.resize(cells.len().max(column + 1), Cell::Empty);
        cells[column] = cell;
    }

    /// Rates a skill as people do: an x in the digit's column.
    pub(crate) fn rate(&mut self, category: &str, skill: &str, rating: usize) {
        let row = self.row_of(0, skill, self.row_of(0, category, 0));
        self.put(row, rating, Cell::text("x"));
    }

    /// Marks a tool: step 1 is Yes, 2 No, 3 TS.
    pub(crate) fn tick(&mut self, category: &str, tool: &str, step: usize) {
        let row = self.row_of(7, tool, self.row_of(if category == GENERAL_TOOLS { 7 } else { 0 }, category, 0));
        self.put(row, 7 + step, Cell::text("x"));
    }

    pub(crate) fn head(&mut self, text: &str) {
        self.put(0, 1, Cell::text(text));
    }

    /// Writes into the box under this heading.
    pub(crate) fn write_below(&mut self, heading: &str, text: &str) {
        let row = self.row_of(0, heading, 0) + 1;
        if self.0.rows.len() <= row {
            self.0.rows.resize(row + 1, Vec::new());
        }
        self.put(row, 0, Cell::text(text));
    }

    pub(crate) fn file(self) -> Vec<u8> {
        write_xlsx(&[self.0], NOW).unwrap()
    }
}

fn pen() -> Pen {
    Pen::new(&Catalogue::company().unwrap(), None)
}

fn read(file: &[u8]) -> FilledCard {
    read_filled(file).unwrap()
}

fn problems(card: &FilledCard) -> Vec<String> {
    card.problems.iter().map(|note| format!("{}: {}", note.place, note.text)).collect()
}

/// covers K0.1 (part)
#[test]
fn marks_name_date_phone_and_free_text_are_read() {
    let holder = Cardholder {
        name: "Ada King".to_owned(),
        phone: "(303) 555-0142".to_owned(),
        date: Some(Date::constant(2026, 3, 4)),
    };
    let mut pen = Pen::new(&Catalogue::company().unwrap(), Some(&holder));
    pen.rate("Crawl space", "Wall Framing", 4);
    pen.rate("Garage/Sheds", "Wall Framing", 2);
    pen.rate("Commercial", "Commercial Flooring", 5);
    pen.tick("Concrete", "Bull Float", 1);
    pen.tick("Concrete", "Bull Float", 3);
    pen.tick("Crawl space", "Ram Set", 2);
    pen.write_below("List any tools you specialize in that are not listed", "Theodolite, Laser level\n- Track saw");
    pen.write_below("List any SPECIAL SKILLS", "Welding; speaks Spanish");
    let card = read(&pen.file());

    assert_eq!(problems(&card), Vec::<String>::new());
    assert_eq!((card.name.as_deref(), card.phone.as_deref()), (Some("Ada King"), Some("(303) 555-0142")));
    assert_eq!(card.date, DateOnCard::Day(Date::constant(2026, 3, 4)));
    let skills: Vec<_> = card.skills.iter().map(|s| (s.category.as_str(), s.name.as_str(), s.rating)).collect();
    assert_eq!(
        skills,
        [
            ("Crawl space", "Wall Framing", 4),
            ("Garage/Sheds", "Wall Framing", 2),
            ("Commercial", "Commercial Flooring", 5),
        ]
    );
    let tools: Vec<_> = card.tools.iter().map(|t| (t.name.as_str(), t.can_operate, t.truck_stock)).collect();
    assert_eq!(tools, [("Ram Set", Some(false), false), ("Bull Float", Some(true), true)]);
    let own: Vec<_> = card.own_tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(own, ["Theodolite", "Laser level", "Track saw"]);
    assert_eq!(card.special_skills, ["Welding", "speaks Spanish"]);
    assert_eq!(card.notes, "");
}

#[test]
fn a_blank_card_has_no_answers() {
    let card = read(&pen().file());
    assert!(card.is_blank() && card.problems.is_empty() && card.own_tools.is_empty() && card.special_skills.is_empty());
    assert_eq!((card.name, card.date, card.phone), (None, DateOnCard::Missing, None));
}

#[test]
fn two_marks_in_one_row_are_named_with_their_cells() {
    let mut pen = pen();
    pen.rate("Crawl space", "Wall Framing", 2);
    pen.rate("Crawl space", "Wall Framing", 4);
    pen.tick("Concrete", "Bull Float", 1);
    pen.tick("Concrete", "Bull Float", 2);
    let card = read(&pen.file());
    assert!(card.is_blank(), "neither of two marks is taken");
    let said = problems(&card);
    assert_eq!(
        said[0],
        "in sheet “Score card”, cell C9: “Wall Framing” has more than one mark, in C9 and E9: leave one"
    );
    assert!(said[1].contains("“Bull Float” has both Yes and No") && said.len() == 2, "{said:?}");
}

#[test]
fn any_mark_is_a_mark_and_unticked_boxes_are_none() {
    let card = read(&workbook(&[
        &header("Concrete"),
        &["Set Forms:", "", "", "✓"],
        &["Pour", "", "", "", "4"],
        &["Lay Bricks", "", "1"],
        &["Trowel", "Y"],
        &["Curb", " "],
    ]));
    let ratings: Vec<_> = card.skills.iter().map(|skill| (skill.name.as_str(), skill.rating)).collect();
    assert_eq!(ratings, [("Set Forms", 3), ("Pour", 4), ("Lay Bricks", 2), ("Trowel", 1)]);
    let mut sheet =
        Pen(read_workbook(&workbook(&[&header("Concrete"), &["Pour"]]), &Limits::default()).unwrap().remove(0));
    for column in 1..=5 {
        sheet.put(1, column, Cell::Bool(column == 3));
    }
    assert_eq!(read(&sheet.file()).skills[0].rating, 3, "boxes to tick: one is ticked");
}

#[test]
fn a_number_in_the_column_of_another_is_asked_about() {
    let card =
        read(&workbook(&[&header("Concrete"), &["Pour", "", "4"], &["Set Forms", "", "", "3.5"], &["Curb", "no"]]));
    assert!(card.is_blank());
    let said = problems(&card);
    assert!(said[0].contains("cell C2: 4 stands in the column for 2"), "{said:?}");
    assert!(said[1].contains("cell D3: 3.5 stands in the column for 3"), "{said:?}");
    assert!(said[2].contains("cell B4: “No” is no rating"), "{said:?}");
}

#[test]
fn the_two_copies_of_the_general_list_must_agree() {
    let list = ["TOOL LIST", "Yes", "No", "TS", "", "", "", "TOOL LIST", "Yes", "No", "TS"];
    let card = read(&workbook(&[
        &header("Concrete"),
        &["Pour"],
        &list,
        &["Calculator:", "x", "", "", "", "", "", "Calculator", "", "x"],
        &["Shop Vac", "x", "", "", "", "", "", "Shop Vac", "x", "", "x"],
        &["Hard Hat", "", "", "", "", "", "", "Hard Hat", "", "N"],
        &["Other: Laser level", "x", "", "x", "", "", "", "Other: ____"],
    ]));
    let said = problems(&card);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("cell J4: “Calculator” has another answer in sheet “Sheet1”, cell B4"), "{said:?}");
    let tools: Vec<_> = card.tools.iter().map(|t| (t.name.as_str(), t.can_operate, t.truck_stock)).collect();
    assert_eq!(tools[1..], [("Shop Vac", Some(true), true), ("Hard Hat", Some(false), false)]);
    assert!(card.tools.iter().all(|tool| tool.category == GENERAL_TOOLS));
    let laser = OwnTool { name: "Laser level".to_owned(), can_operate: Some(true), truck_stock: true };
    assert_eq!(card.own_tools, [laser]);
}

#[test]
fn letters_answer_under_y_or_n_and_contradict_under_yes_and_no() {
    let y_or_n = ["Crawl space", "1", "2", "3", "4", "5", "", "Tools", "Y or N", "", "TS"];
    let card = read(&workbook(&[
        &y_or_n,
        &["Framing", "", "", "", "", "", "", "Ram Set", "N"],
        &["Joists", "", "", "", "", "", "", "Plumb Bob", "y", "", "x"],
        &["Siding", "", "", "", "", "", "", "Chalk Box", "", "x"],
        &header("Concrete"),
        &["Pour", "", "", "", "", "", "", "Boots", "n"],
    ]));
    let tools: Vec<_> = card.tools.iter().map(|t| (t.name.as_str(), t.can_operate, t.truck_stock)).collect();
    assert_eq!(
        tools,
        [("Ram Set", Some(false), false), ("Plumb Bob", Some(true), true), ("Chalk Box", Some(false), false)]
    );
    assert!(problems(&card)[0].contains("cell I6: “No” stands in the column for Yes"), "{:?}", problems(&card));
}

#[test]
fn a_mark_that_belongs_to_nothing_is_not_lost_without_a_word() {
    let card = read(&workbook(&[
        &header("Concrete"),
        &["Pour", "", "x"],
        &["", "", "x", "", "", "", "", "", "x"],
        &["Curb", "x"],
    ]));
    let said = problems(&card);
    assert!(said.iter().any(|p| p.contains("cell C3: a mark stands in a row without a skill")), "{said:?}");
    assert!(said.iter().any(|p| p.contains("cell I3: a mark stands in a row without a tool")), "{said:?}");
}

#[test]
fn additional_tools_become_a_note() {
    let card = read(&workbook(&[
        &header("Concrete"),
        &["Pour", "", "", "", "", "", "", "Additional tools needed: bull float"],
        &["Curb", "", "", "", "", "", "", "knee pads"],
    ]));
    assert_eq!(
        card.notes,
        "Additional tools needed (Concrete): bull float\nAdditional tools needed (Concrete): knee pads"
    );
}

#[test]
fn an_unclear_date_is_asked_about_and_a_real_date_in_its_own_cell_is_taken() {
    let mut unclear = pen();
    unclear.head("Name: Ada King  Date: 3/4/26");
    let card = read(&unclear.file());
    assert_eq!(card.name.as_deref(), Some("Ada King"));
    let DateOnCard::Unclear { candidates, .. } = card.date else { panic!("{:?}", card.date) };
    assert_eq!(candidates, [Date::constant(2026, 3, 4), Date::constant(2026, 4, 3)]);

    let mut apart = pen();
    apart.head("Name: Ada King  Date:");
    apart.put(0, 6, Cell::DateTime(Date::constant(2026, 3, 4).at(9, 30, 0, 0)));
    assert_eq!(read(&apart.file()).day(), Some(Date::constant(2026, 3, 4)));
}

#[test]
fn failed_formulas_and_huge_texts_are_said_and_cut() {
    let sheet = |mark: Cell| {
        let bytes = workbook(&[&header("Concrete"), &["Pour"], &["List any SPECIAL SKILLS"], &[" "]]);
        let mut pen = Pen(read_workbook(&bytes, &Limits::default()).unwrap().remove(0));
        pen.put(1, 2, mark);
        pen
    };
    let card = palisade_kpi::score_card::read_filled(&sheet(Cell::text("x")).file()).unwrap();
    assert_eq!(card.skills.len(), 1);
    let mut long = sheet(Cell::text("=1+1"));
    long.write_below("List any SPECIAL SKILLS", &"very long ".repeat(3_000));
    let card = read(&long.file());
    assert_eq!(card.skills[0].rating, 2, "whatever stands there is a mark");
    assert!(card.special_skills.is_empty() && card.notes.chars().count() <= 3_000);
    assert!(card.left_out.iter().any(|note| note.text.contains("longer than 3000 characters")), "{:?}", card.left_out);
}

/// The company's own workbook, where it lies beside the repository, with marks put on it by the paper's cell names.
#[test]
fn marks_on_the_companys_own_sheet_are_read() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let beside = |folder: &std::path::Path| folder.join("shared/data/craftsman-score-card.xlsx");
    let Some(file) = root.ancestors().skip(2).map(beside).find(|file| file.exists()) else { return };
    let mut pen = Pen(read_workbook(&std::fs::read(file).unwrap(), &Limits::default()).unwrap().remove(0));
    pen.head("Name: Ada King   Date: 14 Mar 2026");
    // D9 Wall Framing, F216 Commercial Flooring; I8 and K8 the first tool, J219 Back Saw, K164 beside a question.
    for (row, column, mark) in
        [(9, 3, "x"), (216, 5, "x"), (8, 8, "Y"), (8, 10, "x"), (219, 9, "x"), (164, 8, "manometer")]
    {
        pen.put(row - 1, column, Cell::text(mark));
    }
    let card = read(&pen.file());
    assert_eq!(problems(&card), Vec::<String>::new());
    assert_eq!((card.name.as_deref(), card.day()), (Some("Ada King"), Some(Date::constant(2026, 3, 14))));
    let skills: Vec<_> = card.skills.iter().map(|skill| (skill.name.as_str(), skill.rating)).collect();
    assert_eq!(skills, [("Wall Framing", 3), ("Commercial Flooring", 5)]);
    let tools: Vec<_> = card.tools.iter().map(|t| (t.name.as_str(), t.can_operate, t.truck_stock)).collect();
    assert_eq!(tools, [("Hand Broom", Some(true), true), ("Back Saw or equivalent", Some(false), false)]);
    assert_eq!(card.notes, "Heating/Cooling, tools: manometer");
}

fn any_cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        3 => Just(Cell::Empty),
        2 => "[xXyYnN1-5 ]{1,3}".prop_map(Cell::text),
        1 => any::<f64>().prop_map(Cell::Number),
        1 => any::<bool>().prop_map(Cell::Bool),
        1 => ".{0,12}".prop_map(Cell::text),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever stands in the boxes: it is read, or named with its cell; it never ends the program, and nothing is rated twice.
    #[test]
    fn any_marks_are_read_or_named(cells in prop::collection::vec((0_usize..60, 0_usize..12, any_cell()), 0..60)) {
        let mut pen = pen();
        for (row, column, cell) in cells {
            pen.put(row, column, cell);
        }
        if let Ok(card) = read_filled(&pen.file()) {
            let mut names: Vec<_> = card.skills.iter().map(|s| (s.category.to_lowercase(), s.name.to_lowercase())).collect();
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            prop_assert_eq!(names.len(), count);
            prop_assert!(card.skills.iter().all(|skill| (1..=5).contains(&skill.rating)));
        }
    }
}
