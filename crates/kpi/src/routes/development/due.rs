//! Qualifications to renew: what has ended, and what ends soon.

use std::collections::HashSet;

use askama::Template;
use axum::extract::State;
use palisade_base::{Error, RecordId};
use palisade_records::{ListRequest, Record, Records};
use palisade_web::{
    ListQueryParts, ListSpec, Order, Outcome, Page, Visitor,
    component::{Breadcrumbs, Cell, Choice, EmptyState, Field, FilterForm, Head, Row, Table},
};

use super::trace;
use crate::{
    development::{REMINDER_DAYS, Validity},
    routes::figures::counted,
    types::QUALIFICATION,
};

pub(super) const PATH: &str = "/qualifications/due";

/// More than are due at once anywhere.
const MOST: u64 = 1_000;

const SPEC: ListSpec = ListSpec {
    sorts: &["expires_on"],
    default_sort: ("expires_on", Order::Ascending),
    filters: &["days"],
    per_page: 100,
};

#[derive(Template)]
#[template(source = "{{ filters }}{{ table }}", ext = "html")]
struct Body {
    filters: FilterForm,
    table: Table,
}

pub(super) async fn show(State(records): State<Records>, visitor: Visitor, query: ListQueryParts) -> Outcome {
    let query = query.read(&SPEC)?;
    let days = match query.filter("days") {
        None => REMINDER_DAYS,
        Some("30") => 30,
        Some("7") => 7,
        Some("0") => 0,
        Some(_) => return Err(Error::field("days", "Choose 60, 30, 7 or 0 days.").into()),
    };
    let today = visitor.now.date_in(&visitor.navigation.zone);
    // Their list begins with those that end first.
    let request = ListRequest { limit: MOST, ..ListRequest::default() };
    let found = records.list(&visitor.caller, &QUALIFICATION, &request).await?.records;
    let validity = |record: Record| (Validity::of(&record, today), record);
    let due: Vec<_> = found.into_iter().map(validity).filter(|(validity, _)| is_within(*validity, days)).collect();
    trace(&records, &visitor.caller, "qualification.due", others(&due, &visitor)).await?;
    let choices = [("", "within 60 days"), ("30", "within 30 days"), ("7", "within 7 days"), ("0", "has ended")];
    let choices = choices.map(|(value, label)| Choice::new(value, label));
    let body = Body { filters: FilterForm::new(&query, [Field::select("days", "Ends", choices)]), table: table(&due) };
    let ended = due.iter().filter(|(validity, _)| matches!(validity, Validity::Over(_))).count();
    let lead = format!(
        "{} to renew, of which {ended} no longer valid.",
        counted(due.len(), "qualification", "qualifications")
    );
    Page::new(&visitor, "Qualifications to renew")
        .crumbs(Breadcrumbs::new().link(QUALIFICATION.plural, "/qualifications"))
        .lead(lead)
        .body(&body)
}

/// How many people besides the visitor these are about.
fn others(due: &[(Validity, Record)], visitor: &Visitor) -> usize {
    let own = visitor.caller.person.map(RecordId::from);
    let subjects = due.iter().filter_map(|(_, record)| record.subject()).filter(|subject| Some(*subject) != own);
    subjects.collect::<HashSet<_>>().len()
}

const fn is_within(validity: Validity, days: i32) -> bool {
    match validity {
        Validity::Over(_) => true,
        Validity::Left(left) => days > 0 && left <= days,
        Validity::Unlimited | Validity::Ahead(_) => false,
    }
}

fn table(due: &[(Validity, Record)]) -> Table {
    let heads = [Head::new("Name"), Head::new("Employee"), Head::new("Valid until"), Head::new("State")];
    let rows = due.iter().map(|(validity, record)| {
        let day = record.text("expires_on").and_then(|day| day.parse().ok());
        let cells = [
            Cell::text(record.title()),
            Cell::text(record.text("employee_id").unwrap_or_default()),
            day.map_or_else(Cell::none, Cell::day),
            Cell::badge(&validity.badge()),
        ];
        Row::link(format!("/qualifications/{}", record.id), cells)
    });
    let empty = EmptyState::new("Nothing to renew", "No qualification that you may see ends in this time.");
    Table::new("Qualifications to renew", heads).rows(rows).empty(empty)
}
