//! The columns of a table of evaluations.

use palisade_base::Error;
use palisade_records::transfer::plain_heading;
use palisade_sheets::Cell;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Column {
    Number,
    Employee,
    Mail,
    Date,
    Type,
    Evaluator,
    State,
    ReviewedBy,
    ReviewedOn,
    Notes,
    SkillCategory,
    Skill,
    Rating,
    ToolCategory,
    Tool,
    CanOperate,
    TruckStock,
    Note,
}

/// Heading, what else files call it, what it holds, and whether it may be empty; in the order of an export.
pub(super) const COLUMNS: [(Column, &str, &[&str], &str); 18] = {
    use Column as C;
    [
        (C::Number, "Employee number", &["number", "employee no", "employee id"], "as on the payroll"),
        (C::Employee, "Employee", &["name", "employee name"], "first and last name, where there is no number"),
        (C::Mail, "Mail address", &["email", "mail", "e mail", "email address"], "instead of the number"),
        (C::Date, "Date", &["evaluation date", "evaluated on"], "the day of the evaluation, such as 2026-03-31"),
        (C::Type, "Type", &["kind", "evaluation type"], "self or manager"),
        (C::Evaluator, "Evaluator", &["evaluated by"], "who wrote it: name, mail address or employee number"),
        (C::State, "State", &["status"], "completed or reviewed; completed where it is empty"),
        (C::ReviewedBy, "Reviewed by", &["reviewer"], "name, mail address or employee number"),
        (C::ReviewedOn, "Reviewed on", &["review date"], "a date"),
        (C::Notes, "Notes", &["evaluation notes"], "about the evaluation as a whole"),
        (C::SkillCategory, "Skill category", &["category"], "needed where two skills share a name"),
        (C::Skill, "Skill", &["skill name"], "its name in the catalogue"),
        (C::Rating, "Rating", &["score"], "1 to 5"),
        (C::ToolCategory, "Tool category", &[], "needed where two tools share a name"),
        (C::Tool, "Tool", &["tool name"], "its name in the catalogue"),
        (C::CanOperate, "Can operate", &["operate"], "yes, no, or nothing"),
        (C::TruckStock, "Truck stock", &["ts", "on the truck"], "yes, no, or nothing"),
        (C::Note, "Note", &["comment"], "about this skill or tool"),
    ]
};

impl Column {
    /// Its heading.
    pub(super) fn heading(self) -> &'static str {
        COLUMNS.iter().find(|(column, ..)| *column == self).map_or("", |(_, heading, ..)| heading)
    }
}

/// Reads the heading row, in any order; `None` is a column without heading.
///
/// # Errors
/// A heading is not known, or there twice, or one that is needed is missing.
pub(super) fn read_headings(headings: &[Cell]) -> Result<Vec<Option<Column>>, Error> {
    let mut columns: Vec<Option<Column>> = Vec::new();
    for cell in headings {
        let text = cell.display();
        let column = match plain_heading(&text).as_str() {
            "" => None,
            heading => Some(known(heading).ok_or_else(|| unknown(text.trim()))?),
        };
        if column.is_some() && columns.contains(&column) {
            let text: String = text.trim().chars().take(60).collect();
            return Err(Error::field("file", format!("The column “{text}” is there twice. Take one of them out.")));
        }
        columns.push(column);
    }
    let has = |wanted: &[Column]| wanted.iter().any(|column| columns.contains(&Some(*column)));
    let needed: [(&[Column], &str); 4] = [
        (&[Column::Number, Column::Employee, Column::Mail], "Employee"),
        (&[Column::Date], "Date"),
        (&[Column::Type], "Type"),
        (&[Column::Skill, Column::Tool], "Skill"),
    ];
    match needed.into_iter().find(|(any, _)| !has(any)) {
        None => Ok(columns),
        Some((_, missing)) => Err(Error::field(
            "file",
            format!("The first row must hold the headings, and “{missing}” is not among them. Known are: {}.", all()),
        )),
    }
}

fn known(heading: &str) -> Option<Column> {
    let is_it = |(_, label, others, _): &&(Column, &str, &[&str], &str)| {
        plain_heading(label) == heading || others.contains(&heading)
    };
    COLUMNS.iter().find(is_it).map(|(column, ..)| *column)
}

fn unknown(text: &str) -> Error {
    let short: String = text.chars().take(60).collect();
    Error::field("file", format!("There is no column “{short}” here. Rename it or take it out; known are: {}.", all()))
}

fn all() -> String {
    COLUMNS.iter().map(|(_, heading, ..)| *heading).collect::<Vec<_>>().join(", ")
}
