//! Evaluations: what is mine to do, then all that I see.

use askama::Template;
use axum::extract::State;
use palisade_base::{Caller, Category, Date, Error, Permission, RecordId, Resource, Scope, TrailEntry};
use palisade_records::ListRequest;
use palisade_store::Value;
use palisade_web::{
    Icon, ListQuery, ListQueryParts, ListSpec, Order, Outcome, Page, Visitor, Width,
    component::{
        Badge, ButtonLink, Cell, Choice, EmptyState, Field, FilterForm, Head, Paging, Row, Table, When, date_words,
    },
};

use super::{
    LIST, Pages,
    show::{holds, may_review},
    words::{kind_words, path, path_to, state_badge, title},
};
use crate::{
    dashboard::due_after,
    evaluation::{Evaluation, EvaluationKind, State as Stage},
    routes::figures::{counted, upper_first},
    standing::{Filter, Member, People},
    types::{EVALUATE, EVALUATION, REVIEW},
};

const SPEC: ListSpec = ListSpec {
    sorts: &["evaluation_date", "employee_id", "evaluator_id", "status"],
    default_sort: ("evaluation_date", Order::Descending),
    filters: &["employee_id", "evaluation_type", "status", "from", "to"],
    per_page: 25,
};

/// The most that is shown to do at once.
const MOST_TO_DO: u64 = 100;

#[derive(Template)]
#[template(path = "evaluation/list.html")]
struct Body {
    drafts: Vec<ToDo>,
    reviews: Vec<ToDo>,
    people: Option<Table>,
    rest: usize,
    is_alone: bool,
    filters: FilterForm,
    table: Table,
    paging: Option<Paging>,
}

/// Something that waits for the visitor.
struct ToDo {
    title: String,
    about: String,
    when: Option<When>,
    button: ButtonLink,
}

pub(super) async fn show(State(pages): State<Pages>, visitor: Visitor, query: ListQueryParts) -> Outcome {
    let query = query.read(&SPEC)?;
    let caller = &visitor.caller;
    let drafts = drafts(&pages, &visitor).await?;
    let reviews = if holds(caller, REVIEW) { reviews(&pages, caller).await? } else { Vec::new() };
    let team = if holds(caller, EVALUATE) { team(&pages, caller).await? } else { Vec::new() };
    let (found, total) = found(&pages, caller, &query).await?;
    let people = people_of(&found, caller);
    if people > 0 {
        trace(&pages, caller, &query, people).await?;
    }
    let today = pages.records.today();
    let lead = lead((drafts.len(), reviews.len()), &team, caller, today);
    let body = Body {
        drafts,
        reviews,
        is_alone: team.len() == 1,
        rest: team.len().saturating_sub(MOST_PEOPLE),
        people: (!team.is_empty()).then(|| people_table(&team, caller, today)),
        filters: FilterForm::new(&query, filter_fields(&team)),
        paging: (total > 0)
            .then(|| Paging::new(&query, found.len(), total, if total == 1 { "evaluation" } else { "evaluations" })),
        table: table(&query, &found, sees_own_only(caller)),
    };
    let mut page = Page::new(&visitor, "Evaluations").lead(lead).width(Width::Wide);
    if holds(caller, EVALUATE) {
        page = page
            .action(ButtonLink::first("New evaluation", "/evaluations/new").icon(Icon::Plus))
            .action(ButtonLink::second("Take in a score card", "/evaluations/score-card").icon(Icon::Sheet));
    }
    if holds(caller, EVALUATION.verbs.import.permission) {
        page = page.action(ButtonLink::second("Import", "/evaluations/import").icon(Icon::Import));
    }
    if holds(caller, EVALUATION.verbs.export.permission) {
        let rest = export_query(&query);
        page = page
            .action(
                ButtonLink::second("Export to Excel", format!("/evaluations/export.xlsx?{rest}")).icon(Icon::Export),
            )
            .action(ButtonLink::second("Export as CSV", format!("/evaluations/export.csv?{rest}")).icon(Icon::Export));
    }
    page.body(&body)
}

/// What the list is filtered by, as far as the export knows it.
fn export_query(query: &ListQuery) -> String {
    let employee = query.filter("employee_id").and_then(palisade_records::parse_id).map(|id| format!("employee={id}"));
    let day = |name| query.filter(name).and_then(|text| text.parse::<Date>().ok()).map(|day| format!("{name}={day}"));
    [employee, day("from"), day("to")].into_iter().flatten().collect::<Vec<_>>().join("&")
}

fn lead((drafts, reviews): (usize, usize), team: &[Member], caller: &Caller, today: Date) -> String {
    let due = |own: bool| {
        team.iter().filter(|member| is_oneself(member, caller) == own && is_due(member, caller, today)).count()
    };
    let mut words = Vec::new();
    if drafts > 0 {
        words.push(format!("{} to finish", counted(drafts, "draft", "drafts")));
    }
    if reviews > 0 {
        words.push(format!("{reviews} to review"));
    }
    if due(false) > 0 {
        words.push(format!("{} due for an evaluation", counted(due(false), "person is", "people are")));
    }
    if due(true) > 0 {
        words.push("your self-evaluation is due".to_owned());
    }
    if words.is_empty() { "Nothing waits for you.".to_owned() } else { upper_first(&format!("{}.", words.join(", "))) }
}

fn place(name: &str) -> Result<usize, Error> {
    EVALUATION.position(name).ok_or_else(|| Error::internal("a field of evaluations is gone"))
}

async fn evaluations(pages: &Pages, caller: &Caller, filters: Vec<(usize, Value)>) -> Result<Vec<Evaluation>, Error> {
    let sort = Some(place("evaluation_date")?);
    let request = ListRequest { filters, sort, limit: MOST_TO_DO, ..ListRequest::default() };
    let found = pages.records.list(caller, &EVALUATION, &request).await?.records;
    found.into_iter().map(Evaluation::from_record).collect()
}

/// Mine to go on with.
async fn drafts(pages: &Pages, visitor: &Visitor) -> Result<Vec<ToDo>, Error> {
    let Some(person) = visitor.caller.person else { return Ok(Vec::new()) };
    let filters = vec![(place("status")?, Stage::Draft.as_str().into()), (place("evaluator_id")?, person.into())];
    let drafts = evaluations(pages, &visitor.caller, filters).await?;
    let to_do = drafts.iter().map(|draft| {
        let returned = draft.return_reason.as_ref().map(|reason| format!("Given back: {reason}"));
        ToDo {
            title: title(draft),
            about: returned.unwrap_or_else(|| format!("As of {}.", date_words(draft.evaluated_on))),
            when: Some(When::new(draft.record.updated_at, visitor.now, &visitor.navigation.zone)),
            button: ButtonLink::first("Continue", path_to(draft.id(), "fill")),
        }
    });
    Ok(to_do.collect())
}

/// Waiting for my review: what was sent to me first.
async fn reviews(pages: &Pages, caller: &Caller) -> Result<Vec<ToDo>, Error> {
    let filters = vec![(place("status")?, Stage::Completed.as_str().into())];
    let mut waiting = evaluations(pages, caller, filters).await?;
    waiting.retain(|evaluation| may_review(caller, evaluation));
    waiting.sort_by_key(|evaluation| evaluation.reviewer.is_none() || evaluation.reviewer != caller.person);
    let to_do = waiting.iter().map(|evaluation| {
        let asked = evaluation.reviewer.is_some() && evaluation.reviewer == caller.person;
        let asked = if asked { " You are asked to review it." } else { "" };
        let day = evaluation.completed_on.unwrap_or(evaluation.evaluated_on);
        ToDo {
            title: title(evaluation),
            about: format!("By {}, handed in {}.{asked}", evaluation.evaluator_name, date_words(day)),
            when: None,
            button: ButtonLink::second("Look at it", path(evaluation.id())),
        }
    });
    Ok(to_do.collect())
}

/// Those whom the caller may evaluate: who waits longest first.
async fn team(pages: &Pages, caller: &Caller) -> Result<Vec<Member>, Error> {
    let own = Filter { people: People::Own, ..Filter::default() };
    let mut team = pages.standings.all(caller, &own).await?;
    team.sort_by_key(|member| (is_oneself(member, caller), last_of(member, caller)));
    Ok(team)
}

fn is_oneself(member: &Member, caller: &Caller) -> bool {
    caller.person == Some(member.person)
}

/// The last evaluation of the kind that this caller would make.
fn last_of(member: &Member, caller: &Caller) -> Option<Date> {
    if is_oneself(member, caller) { member.standing.self_on } else { member.standing.manager_on }
}

fn is_due(member: &Member, caller: &Caller, today: Date) -> bool {
    last_of(member, caller).is_none_or(|last| due_after(last) <= today)
}

/// The most people that are listed to be evaluated; the others are found by name.
const MOST_PEOPLE: usize = 12;

fn people_table(team: &[Member], caller: &Caller, today: Date) -> Table {
    let rows = team.iter().take(MOST_PEOPLE).map(|member| {
        let last = last_of(member, caller);
        let due = match last.map(due_after) {
            None => Badge::warn("never yet"),
            Some(due) if due <= today => Badge::warn(format!("since {}", date_words(due))),
            Some(due) => Badge::plain(date_words(due)),
        };
        let name = if is_oneself(member, caller) { format!("{} (yourself)", member.name) } else { member.name.clone() };
        let verb = if is_oneself(member, caller) { "Rate yourself" } else { "Evaluate" };
        let button = ButtonLink::second(verb, format!("/evaluations/new?employee={}", member.employee)).small();
        Row::new([
            Cell::text(name),
            last.map_or_else(Cell::none, Cell::day),
            Cell::badge(&due),
            Cell::html(palisade_web::Html::from_component(&button)),
        ])
    });
    let heads = [Head::new("Name"), Head::new("Last"), Head::new("Due"), Head::new("Act").hidden()];
    Table::new("People to evaluate", heads).rows(rows)
}

/// The evaluations that the visitor asks for.
async fn found(pages: &Pages, caller: &Caller, query: &ListQuery) -> Result<(Vec<Evaluation>, u64), Error> {
    let mut filters = Vec::new();
    if let Some(id) = query.filter("employee_id") {
        let id: RecordId = id.parse().map_err(|_| Error::field("employee_id", "Choose somebody from the list."))?;
        filters.push((place("employee_id")?, Value::from(id)));
    }
    if let Some(kind) = query.filter("evaluation_type") {
        let kind =
            EvaluationKind::parse(kind).ok_or_else(|| Error::field("evaluation_type", "Choose self or manager."))?;
        filters.push((place("evaluation_type")?, kind.as_str().into()));
    }
    if let Some(state) = query.filter("status") {
        let state =
            Stage::parse(state).ok_or_else(|| Error::field("status", "Choose draft, completed or reviewed."))?;
        filters.push((place("status")?, state.as_str().into()));
    }
    let day = |name: &'static str| match query.filter(name).map(str::parse::<Date>) {
        None => Ok(None),
        Some(Ok(day)) => Ok(Some(Value::from(day.to_string()))),
        Some(Err(_)) => Err(Error::field(name, "Write the day as YYYY-MM-DD, such as 2026-03-12.")),
    };
    let request = ListRequest {
        filters,
        ranges: vec![(place("evaluation_date")?, day("from")?, day("to")?)],
        sort: Some(place(query.sort)?),
        is_descending: query.order == Order::Descending,
        offset: query.offset(),
        limit: query.per_page,
        ..ListRequest::default()
    };
    let page = pages.records.list(caller, &EVALUATION, &request).await?;
    let found = page.records.into_iter().map(Evaluation::from_record).collect::<Result<_, _>>()?;
    Ok((found, page.total))
}

/// How many people other than the caller the list speaks of.
fn people_of(found: &[Evaluation], caller: &Caller) -> usize {
    let own = caller.person.map(RecordId::from);
    let mut people: Vec<_> = found.iter().filter(|one| one.record.subject() != own).map(|one| one.employee).collect();
    people.sort_unstable();
    people.dedup();
    people.len()
}

/// That evaluations of others were listed is in the trail: of how many people, by what, never what they say.
async fn trace(pages: &Pages, caller: &Caller, query: &ListQuery, people: usize) -> Result<(), Error> {
    let filters: Vec<_> = query.set_filters().map(|(name, _)| name).collect();
    let entry = TrailEntry::new(Category::Access, caller, "evaluation.list", Resource::whole(EVALUATION.name))
        .note("people", people)
        .note("filtered_by", filters.join(", "));
    pages.records.store().append(&[entry]).await?;
    Ok(())
}

fn filter_fields(team: &[Member]) -> Vec<Field> {
    let all = || [Choice::new("", "All")].into_iter();
    let mut fields = Vec::new();
    if team.len() > 1 {
        let people = team.iter().map(|member| Choice::new(member.employee.to_string(), member.name.clone()));
        fields.push(Field::select("employee_id", "About", all().chain(people)));
    }
    let kinds = [EvaluationKind::SelfRated, EvaluationKind::Manager];
    let kinds = kinds.map(|kind| Choice::new(kind.as_str(), kind_words(kind)));
    let states = [(Stage::Draft, "Draft"), (Stage::Completed, "Handed in"), (Stage::Reviewed, "Reviewed")];
    let states = states.map(|(state, words)| Choice::new(state.as_str(), words));
    fields.extend([
        Field::select("evaluation_type", "Kind", all().chain(kinds)),
        Field::select("status", "State", all().chain(states)),
        Field::date("from", "From"),
        Field::date("to", "To"),
    ]);
    fields
}

/// Whether everything that this caller sees is about themselves: then nobody's name tells one from the other.
fn sees_own_only(caller: &Caller) -> bool {
    caller.authority.scope(&Permission::new(EVALUATION.verbs.read.permission)) == Some(Scope::Own)
}

fn table(query: &ListQuery, found: &[Evaluation], is_own: bool) -> Table {
    let from = usize::from(is_own);
    let rows = found.iter().map(|evaluation| {
        Row::link(
            path(evaluation.id()),
            [
                Cell::text(&evaluation.employee_name),
                Cell::day(evaluation.evaluated_on),
                Cell::text(kind_words(evaluation.kind)),
                Cell::text(&evaluation.evaluator_name),
                Cell::badge(&state_badge(evaluation.state)),
            ]
            .into_iter()
            .skip(from),
        )
    });
    let heads = [
        Head::new("About").sorts(query, "employee_id"),
        Head::new("As of").sorts(query, "evaluation_date"),
        Head::new("Kind"),
        Head::new("By").sorts(query, "evaluator_id"),
        Head::new("State").sorts(query, "status"),
    ];
    let empty = if query.is_filtered() {
        EmptyState::new("No evaluations match", "Take a filter away.").action("Show all", query.unfiltered_path())
    } else if query.page > 1 {
        EmptyState::new("The list ends before this page", "Go back to its beginning.").action("To the first page", LIST)
    } else {
        EmptyState::new("No evaluations yet", "They stand here as soon as somebody begins one.")
    };
    Table::new("Evaluations", heads.into_iter().skip(from)).rows(rows).empty(empty)
}
