//! The overview at `/`, and the same figures for programs.

mod api;
mod panels;

use askama::Template;
use axum::extract::State;
use palisade_base::{Caller, Error, FieldError, Permission, RecordId, Scope};
use palisade_records::{ListRequest, RecordType, Records, api::Calls, parse_id};
use palisade_web::{
    Access, Html, ListQuery, ListQueryParts, ListSpec, Order, Outcome, Page, Routes, Visitor, Width,
    component::{Choice, EmptyState, Field, FilterForm, Stats, date_words},
};

use super::{
    development::{KeptAttention, needs_attention},
    figures::counted,
};
use crate::{
    dashboard::{Asked, Dashboard, Dashboards, Period, Range},
    kept::Kept,
    standing::{Filter, People, READ_STANDING, Standings},
    types::{READ_DETAILS, TEAM, TIER},
};

pub(super) use panels::View;

/// What the overview works with.
#[derive(Clone)]
pub(super) struct Overview {
    records: Records,
    standings: Standings,
    dashboards: Dashboards,
    /// The teams and the tiers to choose from.
    choices: Kept<(), [Vec<Choice>; 2]>,
    attention: KeptAttention,
}

const SPEC: ListSpec = ListSpec {
    sorts: &["name"],
    default_sort: ("name", Order::Ascending),
    filters: &["range", "from", "to", "category", "people", "team", "tier", "employee"],
    per_page: 20,
};

/// The most people among whom one is picked from a list; of more, a team is chosen first.
const MOST_TO_PICK: usize = 60;

/// The routes.
pub(super) fn routes(records: &Records, standings: &Standings) -> Routes {
    let dashboards = Dashboards::new(records.clone(), standings.clone());
    let overview = Overview {
        records: records.clone(),
        standings: standings.clone(),
        dashboards,
        choices: Kept::default(),
        attention: KeptAttention::default(),
    };
    let read = Access::Permission(Permission::new(READ_STANDING), Scope::Own);
    Routes::new(overview).get("/", Access::SignedIn, show).get("/api/v1/dashboard", read, api::show).finish()
}

/// The calls that the routes answer.
pub(super) fn calls() -> Calls {
    api::calls()
}

#[derive(Template)]
#[template(path = "dashboard.html")]
struct Body {
    filters: FilterForm,
    scope_note: String,
    waiting: Option<String>,
    attention: Html,
    cards: Stats,
    panels: Vec<Vec<Html>>,
    wide: Vec<Html>,
}

async fn show(State(overview): State<Overview>, visitor: Visitor, query: ListQueryParts) -> Outcome {
    let caller = &visitor.caller;
    let query = query.read(&SPEC)?;
    if caller.authority.scope(&Permission::new(READ_STANDING)).is_none() {
        let empty = EmptyState::new("Nothing to see here", "Your role does not show you where anybody stands.");
        return Page::new(&visitor, "Overview").body_html(&Html::from_component(&empty));
    }
    let asked = asked(caller, &query, overview.records.today())?;
    let dashboard = overview.dashboards.show(caller, &asked).await?;
    let fields = overview.filter_fields(caller, &asked, &dashboard).await?;
    let view = panels::View { caller, asked: &asked, dashboard: &dashboard };
    // Of these the overview itself has left its leaf.
    let seen: Vec<RecordId> = dashboard.members.iter().map(|member| member.employee).collect();
    let body = Body {
        filters: FilterForm::new(&query, fields),
        scope_note: scope_note(&asked, &dashboard),
        waiting: waiting(&dashboard),
        attention: needs_attention((&overview.records, &overview.attention), &visitor, (dashboard.as_of, &seen))
            .await?,
        cards: view.cards(),
        panels: view.panels(),
        wide: vec![view.categories(), view.tools()],
    };
    Page::new(&visitor, "Overview").lead(lead(caller, &dashboard)).width(Width::Wide).body(&body)
}

/// What the address asks for. Who leads people begins with those.
fn asked(caller: &Caller, query: &ListQuery, today: palisade_base::Date) -> Result<Asked, Error> {
    let mut wrong: Vec<FieldError> = Vec::new();
    let mut id = |name: &'static str| -> Option<RecordId> {
        let text = query.filter(name)?;
        let id = parse_id(text);
        if id.is_none() {
            wrong.push(FieldError { field: name.into(), message: "Choose one from the list.".into() });
        }
        id
    };
    let (category, team, tier, employee) = (id("category"), id("team"), id("tier"), id("employee"));
    let people = match query.filter("people") {
        None if begins_with_own(caller) && employee.is_none() && team.is_none() => People::Own,
        None | Some("all") => People::All,
        Some("own") => People::Own,
        Some(_) => {
            wrong.push(FieldError { field: "people".into(), message: "Use own or all.".into() });
            People::Own
        }
    };
    let period = Period::parse(query.filter("range"), query.filter("from"), query.filter("to"), today);
    let period = period.map_err(|mut errors| {
        wrong.append(&mut errors);
    });
    match period {
        Ok(period) if wrong.is_empty() => {
            Ok(Asked { filter: Filter { team, tier, employee, category, people }, period })
        }
        _ => Err(Error::invalid(wrong)),
    }
}

/// Whether the caller sees everybody's standing, and more of some people's only.
fn begins_with_own(caller: &Caller) -> bool {
    let scope = |name| caller.authority.scope(&Permission::new(name));
    scope(READ_STANDING) > scope(READ_DETAILS)
}

fn sees_others(caller: &Caller) -> bool {
    caller.authority.allows(&Permission::new(READ_STANDING), Scope::Team)
}

impl Overview {
    async fn filter_fields(&self, caller: &Caller, asked: &Asked, dashboard: &Dashboard) -> Result<Vec<Field>, Error> {
        let ranges = Range::ALL.map(|range| Choice::new(range.as_str(), range.label()));
        let mut fields = vec![
            Field::select("range", "When", ranges).value(asked.period.range.as_str()),
            Field::date("from", "From"),
            Field::date("to", "To"),
        ];
        // Where one category was asked for, the figures know no other.
        let whole;
        let all = if asked.filter.category.is_some() {
            whole = self.standings.catalogue(caller).await?;
            &whole
        } else {
            &dashboard.catalogue
        };
        let categories = all.skills().iter().map(|group| Choice::new(group.id.to_string(), group.name.clone()));
        fields.push(Field::select("category", "Category", any().chain(categories)));
        if !sees_others(caller) {
            return Ok(fields);
        }
        if begins_with_own(caller) {
            let choices = [Choice::new("own", "My people"), Choice::new("all", "The company")];
            let set = if asked.filter.people == People::Own { "own" } else { "all" };
            fields.push(Field::select("people", "People", choices).value(set));
        }
        let choices = self.choices.get(dashboard.as_of, caller, (), self.find_choices(caller)).await?;
        let [teams, tiers] = &*choices;
        fields.push(Field::select("team", "Team", any().chain(teams.iter().cloned())));
        fields.push(Field::select("tier", "Tier", any().chain(tiers.iter().cloned())));
        let members = &dashboard.members;
        if members.len() <= MOST_TO_PICK {
            let people = members.iter().map(|member| Choice::new(member.employee.to_string(), member.name.clone()));
            fields.push(Field::select("employee", "Person", any().chain(people)));
        }
        Ok(fields)
    }

    async fn find_choices(&self, caller: &Caller) -> Result<[Vec<Choice>; 2], Error> {
        Ok([self.titles(caller, &TEAM).await?, self.titles(caller, &TIER).await?])
    }

    async fn titles(&self, caller: &Caller, ty: &'static RecordType) -> Result<Vec<Choice>, Error> {
        let request = ListRequest { limit: 200, ..ListRequest::default() };
        let found = self.records.list(caller, ty, &request).await?.records;
        Ok(found.iter().map(|record| Choice::new(record.id.to_string(), record.title())).collect())
    }
}

fn any() -> impl Iterator<Item = Choice> {
    [Choice::new("", "All")].into_iter()
}

fn lead(caller: &Caller, dashboard: &Dashboard) -> String {
    let members = &dashboard.members;
    let (who, their) = match members.as_slice() {
        [] => return "Nobody here is an employee, as far as your role shows it.".to_owned(),
        [one] if Some(one.person) == caller.person => ("You stand".to_owned(), "your"),
        [one] => (format!("{} stands", one.name), "their"),
        many => (format!("{} people stand", many.len()), "their"),
    };
    match dashboard.average {
        Some(average) => {
            let rated = dashboard.coverage.percent().unwrap_or_default();
            format!("{who} at {average} of 5 on average; {rated} % of {their} skills are rated.")
        }
        None => format!("No skill of {} has been rated yet.", if their == "your" { "yours" } else { "theirs" }),
    }
}

/// What the dates narrow, and what they don't.
fn scope_note(asked: &Asked, dashboard: &Dashboard) -> String {
    let today = date_words(dashboard.today);
    let when = match (asked.period.range, asked.period.from, asked.period.to) {
        (Range::Custom, Some(from), Some(to)) => format!("from {} to {}", date_words(from), date_words(to)),
        (Range::Custom, Some(from), None) => format!("since {}", date_words(from)),
        (Range::Custom, None, Some(to)) => format!("until {}", date_words(to)),
        (Range::All | Range::Custom, ..) => "of all time".to_owned(),
        (range, ..) => format!("of the {}", range.label().to_lowercase()),
    };
    format!("Ratings and tools are as of today, {today}. The trend and the evaluations are {when}.")
}

/// What the visitor has to do, in words that stand behind "You have".
fn waiting(dashboard: &Dashboard) -> Option<String> {
    let mut words = Vec::new();
    if dashboard.waiting.drafts > 0 {
        words.push(format!("{} to finish", counted(dashboard.waiting.drafts, "draft", "drafts")));
    }
    if dashboard.waiting.reviews > 0 {
        words.push(format!("{} to review", counted(dashboard.waiting.reviews, "evaluation", "evaluations")));
    }
    (!words.is_empty()).then(|| words.join(" and "))
}
