//! From rows to evaluations: whom, what and which day they mean, and what is there already. Pure.

use std::collections::{BTreeMap, HashMap};

use palisade_base::{Date, Instant, PersonId, RecordId};
use palisade_records::transfer::{Report, Row, RowOutcome};

use super::{
    columns::Column,
    read::{ReadRow, RowMark, TableRow},
};
use crate::{
    evaluation::{EvaluationKind, EvaluationOrigin, Marks, PastEvaluation, SkillMark, State, ToolMark},
    lookup::{Items, People, Who},
};

/// Whom an evaluation is about, who wrote it, and its day: there is one for each.
pub(super) type Key = (RecordId, PersonId, Date);

/// What a table is held against.
pub(super) struct Book {
    pub(super) people: People,
    pub(super) skills: Items,
    pub(super) tools: Items,
    /// Who brings the table, for rows that leave open who evaluated or reviewed.
    pub(super) caller: Option<PersonId>,
    pub(super) now: Instant,
}

/// What a table comes to.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) report: Report,
    /// The evaluations, each with the row that it begins in.
    pub(super) past: Vec<(usize, PastEvaluation)>,
}

/// An evaluation that rows are put into.
struct Group {
    first: usize,
    past: PastEvaluation,
    kind: EvaluationKind,
    name: String,
    skills: HashMap<RecordId, usize>,
    tools: HashMap<RecordId, usize>,
}

impl Book {
    /// Puts rows together to evaluations.
    pub(super) fn plan(&self, rows: Vec<ReadRow>) -> Plan {
        let mut plan = Plan::default();
        let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
        let mut firsts: HashMap<Key, usize> = HashMap::new();
        for row in rows {
            let (number, done) = match row {
                Ok(row) => (row.number, self.take(&row, &mut firsts, &mut groups)),
                Err((number, wrong)) => (number, Err(wrong)),
            };
            if let Err(wrong) = done {
                plan.report.rows.push(Row { number, outcome: RowOutcome::Wrong(wrong) });
            }
        }
        for (first, group) in groups {
            plan.report.rows.push(Row { number: first, outcome: RowOutcome::Created(group.title()) });
            plan.past.push((first, group.past));
        }
        plan.report.rows.sort_by_key(|row| row.number);
        plan
    }

    fn take(
        &self,
        row: &TableRow,
        firsts: &mut HashMap<Key, usize>,
        groups: &mut BTreeMap<usize, Group>,
    ) -> Result<(), Vec<String>> {
        let mut wrong = Vec::new();
        let who = self.who(row).map_err(|words| wrong.push(words)).ok();
        let mark = self.mark(row).map_err(|words| wrong.push(words)).ok();
        let (Some((group, key)), Some(mark)) = (who, mark) else { return Err(wrong) };
        let first = *firsts.entry(key).or_insert(row.number);
        let group = groups.entry(first).or_insert(group);
        group.add(row, mark).map_err(|words| vec![words])
    }

    /// The evaluation that a row belongs to, still empty.
    fn who(&self, row: &TableRow) -> Result<(Group, Key), String> {
        let [number, mail, name] = &row.who;
        let employee = self.people.employee(number, mail, name).map_err(|(who, words)| {
            let column = match who {
                Who::Number => Column::Number,
                Who::Mail => Column::Mail,
                Who::Name => Column::Employee,
            };
            in_column(column, &words)
        })?;
        let evaluator = self.evaluator(row, employee.person)?;
        let reviewed = self.reviewed(row, employee.person, evaluator)?;
        let past = PastEvaluation {
            employee: employee.id,
            evaluator,
            evaluated_on: row.date,
            reviewed,
            tier: None,
            origin: EvaluationOrigin::Table,
            notes: None,
            marks: Marks::default(),
        };
        let name = employee.name.clone();
        let (skills, tools) = (HashMap::new(), HashMap::new());
        let key = (employee.id, evaluator, row.date);
        Ok((Group { first: row.number, past, kind: row.kind, name, skills, tools }, key))
    }

    fn evaluator(&self, row: &TableRow, subject: PersonId) -> Result<PersonId, String> {
        let given = match row.evaluator.as_str() {
            "" => None,
            text => Some(self.people.person(text).map_err(|words| in_column(Column::Evaluator, &words))?),
        };
        match (row.kind, given.or(self.caller)) {
            (EvaluationKind::SelfRated, _) if given.is_none_or(|given| given == subject) => Ok(subject),
            (EvaluationKind::SelfRated, _) => {
                Err(in_column(Column::Evaluator, "In a self-evaluation this is the employee, or empty."))
            }
            (EvaluationKind::Manager, None) => Err(in_column(Column::Evaluator, "Say who wrote this evaluation.")),
            (EvaluationKind::Manager, Some(person)) if person == subject => {
                Err(in_column(Column::Evaluator, "Nobody is their own manager: name who wrote it, or write self."))
            }
            (EvaluationKind::Manager, Some(person)) => Ok(person),
        }
    }

    fn reviewed(
        &self,
        row: &TableRow,
        subject: PersonId,
        evaluator: PersonId,
    ) -> Result<Option<(PersonId, Date)>, String> {
        if row.state != State::Reviewed {
            return Ok(None);
        }
        let person = match (row.reviewed_by.as_str(), self.caller) {
            ("", Some(caller)) => caller,
            ("", None) => return Err(in_column(Column::ReviewedBy, "Say who has reviewed it.")),
            (text, _) => self.people.person(text).map_err(|words| in_column(Column::ReviewedBy, &words))?,
        };
        if person == subject || (row.kind == EvaluationKind::Manager && person == evaluator) {
            let words = "Somebody else than the employee and the manager who wrote it must have reviewed it.";
            return Err(in_column(Column::ReviewedBy, words));
        }
        let day = row.reviewed_on.unwrap_or(row.date);
        if day < row.date {
            return Err(in_column(Column::ReviewedOn, "This is before the day of the evaluation."));
        }
        Ok(Some((person, day)))
    }

    fn mark(&self, row: &TableRow) -> Result<Mark, String> {
        let note = (!row.note.is_empty()).then(|| row.note.clone());
        let tapped_at = self.now;
        match &row.mark {
            RowMark::Skill { category, name, rating } => {
                let skill = self.skills.find(category, name).map_err(|words| in_column(Column::Skill, &words))?;
                Ok(Mark::Skill(SkillMark { skill, rating: Some(*rating), note, tapped_at }))
            }
            RowMark::Tool { category, name, can_operate, truck_stock } => {
                let tool = self.tools.find(category, name).map_err(|words| in_column(Column::Tool, &words))?;
                let (can_operate, truck_stock) = (*can_operate, *truck_stock);
                Ok(Mark::Tool(ToolMark { tool, can_operate, truck_stock, note, tapped_at }))
            }
        }
    }
}

enum Mark {
    Skill(SkillMark),
    Tool(ToolMark),
}

impl Group {
    fn add(&mut self, row: &TableRow, mark: Mark) -> Result<(), String> {
        if row.state != State::Completed && self.past.reviewed.is_none()
            || row.state == State::Completed && self.past.reviewed.is_some()
        {
            return Err(in_column(
                Column::State,
                &format!("Row {} says otherwise of the same evaluation.", self.first),
            ));
        }
        let notes = self.past.notes.as_deref().unwrap_or_default();
        if !row.notes.is_empty() && !notes.is_empty() && notes != row.notes {
            return Err(in_column(
                Column::Notes,
                &format!("Row {} has other notes on the same evaluation.", self.first),
            ));
        }
        if !row.notes.is_empty() {
            self.past.notes = Some(row.notes.clone());
        }
        let twice = |other: usize| format!("Row {other} of this file says this already of the same evaluation.");
        match mark {
            Mark::Skill(mark) => match self.skills.insert(mark.skill, row.number) {
                Some(other) => return Err(in_column(Column::Skill, &twice(other))),
                None => self.past.marks.skills.push(mark),
            },
            Mark::Tool(mark) => match self.tools.insert(mark.tool, row.number) {
                Some(other) => return Err(in_column(Column::Tool, &twice(other))),
                None => self.past.marks.tools.push(mark),
            },
        }
        Ok(())
    }

    fn title(&self) -> String {
        title(&self.name, self.past.evaluated_on, self.kind, &self.past.marks)
    }
}

/// "Ada King, 2026-03-31, self-evaluation: 60 ratings, 12 tools".
fn title(name: &str, day: Date, kind: EvaluationKind, marks: &Marks) -> String {
    let counted = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let ratings = counted(marks.skills.len(), "rating", "ratings");
    let tools = counted(marks.tools.len(), "tool", "tools");
    format!("{name}, {day}, {}: {ratings}, {tools}", kind.label().to_lowercase())
}

fn in_column(column: Column, words: &str) -> String {
    format!("{}: {words}", column.heading())
}

/// Whether two sets of marks say the same, whenever they were made.
pub(crate) fn say_the_same(a: &Marks, b: &Marks) -> bool {
    let skills = |marks: &Marks| -> BTreeMap<RecordId, (Option<u8>, Option<String>)> {
        marks.skills.iter().map(|mark| (mark.skill, (mark.rating, mark.note.clone()))).collect()
    };
    let tools = |marks: &Marks| -> BTreeMap<RecordId, (Option<bool>, bool, Option<String>)> {
        let said = |mark: &ToolMark| (mark.can_operate, mark.truck_stock == Some(true), mark.note.clone());
        marks.tools.iter().map(|mark| (mark.tool, said(mark))).collect()
    };
    skills(a) == skills(b) && tools(a) == tools(b)
}
