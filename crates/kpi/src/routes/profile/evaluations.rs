//! What was evaluated about one employee, as far as the visitor sees it.

use askama::Template;
use axum::extract::State;
use palisade_base::{Permission, RecordId, Scope};
use palisade_records::ListRequest;
use palisade_web::{
    Icon, ListQueryParts, ListSpec, Order, Outcome, PathId, Visitor,
    component::{ButtonLink, Cell, EmptyState, Head, Paging, Row, Table},
};

use super::{Profile, Tab, is_own, open};
use crate::{
    evaluation::{Evaluation, EvaluationKind, State as Stage},
    routes::evaluation::state_badge,
    types::{EVALUATE, EVALUATION},
};

const SPEC: ListSpec = ListSpec {
    sorts: &["evaluated_on"],
    default_sort: ("evaluated_on", Order::Descending),
    filters: &[],
    per_page: 50,
};

#[derive(Template)]
#[template(source = "{{ table }}{% if let Some(paging) = paging %}{{ paging }}{% endif %}", ext = "html")]
struct Body {
    table: Table,
    paging: Option<Paging>,
}

pub(super) async fn show(
    State(profile): State<Profile>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    query: ListQueryParts,
) -> Outcome {
    let query = query.read(&SPEC)?;
    let caller = &visitor.caller;
    let (record, mut page) = open(&profile.records, &visitor, id, Tab::Evaluations).await?;
    let of_employee = EVALUATION.position("employee_id").map(|place| (place, id.into()));
    let request = ListRequest {
        filters: of_employee.into_iter().collect(),
        sort: EVALUATION.position(query.sort),
        is_descending: query.order == Order::Descending,
        offset: query.offset(),
        limit: query.per_page,
        ..ListRequest::default()
    };
    let found = profile.records.list(caller, &EVALUATION, &request).await?;
    let evaluations: Vec<Evaluation> =
        found.records.into_iter().map(Evaluation::from_record).collect::<Result<_, _>>()?;
    if let Some(path) = comparison(&evaluations) {
        page = page.action(ButtonLink::second("Compare both views", path));
    }
    let is_own = is_own(caller, &record);
    let needed = if is_own { Scope::Own } else { Scope::Team };
    if record.archived_at.is_none() && caller.authority.allows(&Permission::new(EVALUATE), needed) {
        let verb = if is_own { "Rate yourself" } else { "Evaluate" };
        page = page.action(ButtonLink::first(verb, format!("/evaluations/new?employee={id}")).icon(Icon::Plus));
    }
    let noun = if found.total == 1 { "evaluation" } else { "evaluations" };
    let empty = EmptyState::new("No evaluations yet", "Once one is handed in, it stands here.");
    let table = Table::new("Evaluations", ["Date", "Kind", "By", "State"].map(Head::new))
        .rows(evaluations.iter().map(row))
        .empty(empty);
    let paging = (found.total > 0).then(|| Paging::new(&query, evaluations.len(), found.total, noun));
    page.lead(format!("{} {noun}.", found.total)).body(&Body { table, paging })
}

fn row(one: &Evaluation) -> Row {
    let cells = [
        Cell::day(one.evaluated_on),
        Cell::text(one.kind.label()),
        Cell::text(&one.evaluator_name),
        Cell::badge(&state_badge(one.state)),
    ];
    Row::link(format!("/evaluations/{}", one.id()), cells)
}

/// The newest by a manager beside the newest by themselves.
fn comparison(evaluations: &[Evaluation]) -> Option<String> {
    let newest = |kind: EvaluationKind| {
        evaluations.iter().find(|one| one.kind == kind && one.state != Stage::Draft).map(Evaluation::id)
    };
    let (manager, own) = (newest(EvaluationKind::Manager)?, newest(EvaluationKind::SelfRated)?);
    Some(format!("/evaluations/{manager}/compare?with={own}"))
}
