//! What one employee is working on: the five kinds, with a way to add each.

use std::sync::Arc;

use askama::Template;
use palisade_base::{Date, Error};
use palisade_records::{ListRequest, Record, RecordType, Records, policy};
use palisade_web::{
    Failure, Html, Icon, Visitor,
    component::{Badge, ButtonLink, Cell, EmptyState, Head, Row, Table},
};

use crate::{
    development::{Aim, Validity},
    scoring::CatalogueView,
    standing::{Standing, Standings},
    types::{CUSTOM_TOOL, EMPLOYEE, GOAL, QUALIFICATION, SPECIAL_SKILL, TRAINING_REQUEST},
};

/// More of one kind than one person has.
const MOST: u64 = 200;

/// One kind of record: its table, and where to add one.
struct Section {
    id: &'static str,
    heading: &'static str,
    table: Table,
    add: Option<ButtonLink>,
}

#[derive(Template)]
#[template(path = "development.html")]
struct Body {
    sections: Vec<Section>,
}

/// What a row is worked out with.
struct Context {
    catalogue: Arc<CatalogueView>,
    standing: Arc<Standing>,
    today: Date,
}

/// How a kind is shown.
struct Shape {
    ty: &'static RecordType,
    add: &'static str,
    heads: &'static [&'static str],
    empty: &'static str,
    cells: fn(&Record, &Context) -> Vec<Cell>,
}

const SHAPES: [Shape; 5] = [
    Shape {
        ty: &GOAL,
        add: "Add a goal",
        heads: &["Goal", "To reach", "By", "Where it is", "State"],
        empty: "A goal can be made from any gap: on the pages about skills and readiness, or here.",
        cells: goal_cells,
    },
    Shape {
        ty: &TRAINING_REQUEST,
        add: "Ask for training",
        heads: &["Training in", "State", "Answer"],
        empty: "Nothing was asked for.",
        cells: request_cells,
    },
    Shape {
        ty: &QUALIFICATION,
        add: "Add a qualification",
        heads: &["Name", "Kind", "Valid until", "State"],
        empty: "No certificate or licence was entered.",
        cells: qualification_cells,
    },
    Shape {
        ty: &SPECIAL_SKILL,
        add: "Add a special skill",
        heads: &["Skill", "How well", "State"],
        empty: "Here stands what the catalogue does not list.",
        cells: special_skill_cells,
    },
    Shape {
        ty: &CUSTOM_TOOL,
        add: "Add an own tool",
        heads: &["Tool", "Category", "Can operate it", "On the truck"],
        empty: "Here stand tools that the catalogue does not list.",
        cells: own_tool_cells,
    },
];

/// The body of the page about what this employee is working on, as far as the visitor may see it.
///
/// # Errors
/// The database can't be used.
pub(in crate::routes) async fn body(
    (records, standings): (&Records, &Standings),
    visitor: &Visitor,
    employee: &Record,
) -> Result<Html, Failure> {
    let caller = &visitor.caller;
    let context = Context {
        catalogue: standings.catalogue(caller).await?,
        standing: standings.of(caller, employee.id).await.unwrap_or_else(|_| Standing::empty(employee.id).into()),
        today: visitor.now.date_in(&visitor.navigation.zone),
    };
    let mut sections = Vec::new();
    for shape in &SHAPES {
        if !policy::readable(shape.ty, caller).is_closed() {
            sections.push(section(records, visitor, employee, (shape, &context)).await?);
        }
    }
    Html::of(&Body { sections })
}

async fn section(
    records: &Records,
    visitor: &Visitor,
    employee: &Record,
    (shape, context): (&Shape, &Context),
) -> Result<Section, Error> {
    let (caller, ty) = (&visitor.caller, shape.ty);
    let filters = ty.position("employee_id").map(|place| (place, employee.id.into())).into_iter().collect();
    let request = ListRequest { filters, limit: MOST, ..ListRequest::default() };
    let found = records.list(caller, ty, &request).await?.records;
    let rows =
        found.iter().map(|record| Row::link(format!("/{}/{}", ty.path, record.id), (shape.cells)(record, context)));
    let table = Table::new(ty.plural, shape.heads.iter().map(|head| Head::new(*head)))
        .rows(rows)
        .empty(EmptyState::new(format!("No {} yet", ty.plural.to_lowercase()), shape.empty));
    let mut conn = records.store().read().await?;
    let may_add = employee.archived_at.is_none()
        && records.reaches(&mut conn, caller, ty.verbs.create.permission, (&EMPLOYEE, employee.id)).await?
        && !(ty.field("name").is_some_and(|field| field.is_set_by_others) && is_own(visitor, employee));
    let add = may_add.then(|| {
        let path = format!("/{}/new?employee_id={}", ty.path, employee.id);
        ButtonLink::second(shape.add, path).small().icon(Icon::Plus)
    });
    Ok(Section { id: ty.name, heading: ty.plural, table, add })
}

fn is_own(visitor: &Visitor, employee: &Record) -> bool {
    visitor.caller.person.is_some() && employee.subject() == visitor.caller.person.map(palisade_base::RecordId::from)
}

fn text(record: &Record, field: &str) -> Cell {
    record.text(field).filter(|text| !text.is_empty()).map_or_else(Cell::none, Cell::text)
}

fn date(record: &Record, field: &str) -> Cell {
    let day = record.text(field).and_then(|day| day.parse().ok());
    day.map_or_else(Cell::none, Cell::day)
}

/// The state, with a meaning that is not told by colour alone.
fn state(record: &Record) -> Cell {
    let word = record.text("state").unwrap_or_default().to_lowercase();
    let badge = match word.as_str() {
        "reached" | "done" | "confirmed" | "approved" => Badge::ok(word),
        "declined" => Badge::warn(word),
        "dropped" => Badge::plain(word),
        _ => Badge::note(word),
    };
    Cell::badge(&badge)
}

fn goal_cells(record: &Record, context: &Context) -> Vec<Cell> {
    let is_open = record.text("state").is_some_and(|state| state == "Open");
    let progress = Aim::of(record).map(|aim| aim.progress(&context.catalogue, &context.standing).words());
    let is_overdue = is_open && record.text("target_date").is_some_and(|day| day < context.today.to_string());
    vec![
        Cell::text(record.title()),
        text(record, "target_tenths"),
        date(record, "target_date"),
        progress.filter(|_| is_open).map_or_else(Cell::none, Cell::text),
        if is_overdue { Cell::badge(&Badge::warn("overdue")) } else { state(record) },
    ]
}

fn request_cells(record: &Record, _: &Context) -> Vec<Cell> {
    vec![Cell::text(record.title()), state(record), text(record, "answer")]
}

fn qualification_cells(record: &Record, context: &Context) -> Vec<Cell> {
    let validity = Validity::of(record, context.today);
    vec![Cell::text(record.title()), text(record, "kind"), date(record, "expires_on"), Cell::badge(&validity.badge())]
}

fn special_skill_cells(record: &Record, _: &Context) -> Vec<Cell> {
    vec![Cell::text(record.title()), text(record, "level"), state(record)]
}

fn own_tool_cells(record: &Record, _: &Context) -> Vec<Cell> {
    vec![
        Cell::text(record.title()),
        text(record, "category_id"),
        text(record, "can_operate"),
        text(record, "truck_stock"),
    ]
}
