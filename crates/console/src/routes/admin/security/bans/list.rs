//! Who is banned: who, why, on what evidence, until when.

use askama::Template;
use axum::extract::State;
use palisade_bans::{Ban, BanFilter, MANUAL, Measure, Target, Which, may_read_bans};
use palisade_base::{Error, Scope};
use palisade_identity::permissions::BAN_MANAGE;
use palisade_web::{
    Failure, Html, Icon, ListQuery, ListQueryParts, ListSpec, Order, Outcome, Page, Visitor,
    component::{ActionForm, Badge, ButtonLink, Cell, Choice, EmptyState, Field, FilterForm, Head, Paging, Row, Table},
};

use super::{NEW, PATH, tabs};
use crate::{ConsoleState, names::Names, parts::Sections, words};

const SPEC: ListSpec = ListSpec {
    sorts: &["since"],
    default_sort: ("since", Order::Descending),
    filters: &["q", "state", "jail"],
    per_page: 50,
};

/// The lines that show why.
#[derive(Template)]
#[template(
    source = r#"{{ reason }}{% if !lines.is_empty() %}<details class="disclosure"><summary>{{ summary }}</summary><ul class="evidence">{% for line in lines %}<li><code>{{ line }}</code></li>{% endfor %}</ul></details>{% endif %}"#,
    ext = "html"
)]
struct Why<'a> {
    reason: &'a str,
    summary: String,
    lines: &'a [String],
}

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor, query: ListQueryParts) -> Outcome {
    let query = query.read(&SPEC)?;
    let filter = filter(&query)?;
    let (bans, total) = state.bans.list(&may_read_bans(&visitor.caller)?, &filter).await?;
    let makers: Vec<&str> = bans.iter().map(|ban| ban.made_by.as_str()).collect();
    let names = Names::of(&state, &makers).await?;
    let may_lift = visitor.caller.authority.allows(&BAN_MANAGE, Scope::All);
    let heads = ["Address", "Why", "By", "Since", "Until"].map(Head::new);
    let mut rows = Vec::new();
    for ban in &bans {
        rows.push(row(&visitor, &names, ban, may_lift)?);
    }
    let table =
        Table::new("Bans", heads.into_iter().chain([Head::new("State").hidden()])).rows(rows).empty(empty(&query));
    let paging = Paging::new(&query, bans.len(), total, if total == 1 { "ban" } else { "bans" });
    let sections = Sections::new()
        .part(&filters(&query))
        .part(&Html::concat([Html::from_component(&table), Html::from_component(&paging)]));
    let mut page = Page::new(&visitor, "Jails and Bans").tabs(tabs(PATH)).lead(lead(&filter, total));
    if may_lift {
        page = page.action(ButtonLink::first("Ban an address", NEW).icon(Icon::Plus));
    }
    page.body(&sections)
}

fn lead(filter: &BanFilter, total: u64) -> String {
    let count = words::count(i64::try_from(total).unwrap_or(i64::MAX), "ban", "bans");
    match filter.which {
        Which::Live if total == 0 => "Nobody is shut out.".to_owned(),
        Which::Live => format!("{count} in force. Whoever is shut out meets the ban page on every site."),
        Which::Over | Which::All => format!("{count}."),
    }
}

fn filter(query: &ListQuery) -> Result<BanFilter, Failure> {
    let which = match query.filter("state") {
        None => Which::Live,
        Some("over") => Which::Over,
        Some("all") => Which::All,
        Some(_) => return Err(Error::field("state", "Choose over or all, or leave it out.").into()),
    };
    let touching = query.filter("q").map(Target::parse).transpose();
    let touching = touching.map_err(|message| Error::field("q", message))?;
    let jail = query.filter("jail").map(str::to_owned);
    Ok(BanFilter { which, touching, jail, offset: query.offset(), limit: query.per_page })
}

fn filters(query: &ListQuery) -> FilterForm {
    let states = [Choice::new("", "In force"), Choice::new("over", "Over"), Choice::new("all", "All")];
    FilterForm::new(
        query,
        [
            Field::search("q", "Address or network").max_length(60),
            Field::select("state", "State", states),
            Field::text("jail", "Jail").max_length(60),
        ],
    )
}

fn empty(query: &ListQuery) -> EmptyState {
    if query.is_filtered() {
        EmptyState::new("Nothing fits", "There is no such ban. Take a filter away.")
            .action("Show what is in force", query.unfiltered_path())
    } else {
        EmptyState::new(
            "Nobody is banned",
            "After five failed tries to sign in within ten minutes an address is shut out by itself.",
        )
    }
}

fn row(visitor: &Visitor, names: &Names, ban: &Ban, may_lift: bool) -> Result<Row, Failure> {
    let until = match ban.ends_at {
        Some(end) => Cell::when(&words::when(visitor, end)),
        None => Cell::text("until lifted"),
    };
    Ok(Row::new([
        Cell::text(ban.target.to_string()),
        Cell::html(why(ban)?),
        Cell::text(if ban.jail == MANUAL { names.say(&ban.made_by) } else { format!("Jail {}", ban.jail) }),
        Cell::when(&words::when(visitor, ban.began_at)),
        until,
        Cell::html(state_of(visitor, ban, may_lift)),
    ]))
}

fn why(ban: &Ban) -> Result<Html, Failure> {
    let summary = match ban.offences {
        0 | 1 => words::count(i64::try_from(ban.evidence.len()).unwrap_or(i64::MAX), "line", "lines"),
        more => format!("{} lines; ban number {more} of this client", ban.evidence.len()),
    };
    let reason = if ban.reason.is_empty() { "No reason given" } else { &ban.reason };
    Html::of(&Why { reason, summary, lines: &ban.evidence })
}

/// What is in force can be lifted; the rest says how it ended.
fn state_of(visitor: &Visitor, ban: &Ban, may_lift: bool) -> Html {
    let badge = |badge: Badge| Html::from_component(&badge);
    if !ban.holds_at(visitor.now) {
        let word = if ban.lifted.is_some() { "Lifted" } else { "Over" };
        return badge(Badge::plain(word));
    }
    let measure = match ban.measure {
        Measure::Ban if may_lift => Html::empty(),
        Measure::Ban => badge(Badge::stop("Shut out")),
        Measure::Slow => badge(Badge::warn("Slowed: company network")),
        Measure::Shadow => badge(Badge::note("Would be banned")),
    };
    if !may_lift {
        return measure;
    }
    let lift = ActionForm::new("/admin/security/bans/lift", &visitor.csrf, "Lift")
        .of(format!("the ban of {}", ban.target))
        .with("network", ban.target.to_string())
        .small();
    Html::concat([measure, Html::from_component(&lift)])
}
