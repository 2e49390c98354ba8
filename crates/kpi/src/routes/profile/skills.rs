//! The current ratings of an employee, category by category: whose word each is, how old, and what they say themselves.

use askama::{Template, filters::HtmlSafe};
use axum::extract::State;
use palisade_base::RecordId;
use palisade_charts::{Bar, Bars, Scale};
use palisade_web::{
    Html, ListQueryParts, Outcome, PathId, Visitor,
    component::{Cell, Head, Row, Table},
};

use super::{Profile, SPEC, Tab, open};
use crate::{
    routes::{
        development::GoalLinks,
        figures::{counted, figure, part_words, rated_words, score_words},
    },
    scoring::{CatalogueView, CategoryScore, Group, Item, category_scores, overall, self_overall, skills_at},
    standing::{Source, Standing},
};

#[derive(Template)]
#[template(path = "profile_items.html")]
pub(super) struct Body {
    pub(super) chart: Html,
    pub(super) groups: Vec<Folded>,
    pub(super) note: &'static str,
}

/// A category that can be unfolded.
pub(super) struct Folded {
    pub(super) id: RecordId,
    pub(super) name: String,
    pub(super) figure: String,
    pub(super) words: String,
    pub(super) is_open: bool,
    pub(super) table: Table,
}

pub(super) async fn show(
    State(profile): State<Profile>,
    visitor: Visitor,
    PathId(id): PathId<RecordId>,
    query: ListQueryParts,
) -> Outcome {
    let query = query.read(&SPEC)?;
    let caller = &visitor.caller;
    let standing = profile.standings.of(caller, id).await?;
    let (_, page) = open(&profile.records, &visitor, id, Tab::Skills).await?;
    let catalogue = profile.standings.catalogue(caller).await?;
    let scores = category_scores(&catalogue, &standing);
    let chosen = query.filter("category");
    let links = GoalLinks::new(&profile.records, caller, (id, profile.records.today())).await?;
    let groups = catalogue.skills().iter().zip(&scores);
    let groups = groups.map(|(group, score)| folded(group, score, (&standing, links.as_ref()), chosen));
    let body = Body {
        chart: chart(&catalogue, &scores, id),
        groups: groups.collect(),
        note: "Reviewed ratings go before newer ones that nobody has reviewed; any by a manager goes before one’s own, \
               which is unverified until then. The difference is one’s own rating minus the manager’s.",
    };
    page.lead(lead(&catalogue, &scores, &standing)).body(&body)
}

fn lead(catalogue: &CatalogueView, scores: &[CategoryScore], standing: &Standing) -> String {
    let Some(average) = overall(scores) else { return "No skill has been rated yet.".to_owned() };
    let experts = skills_at(catalogue, standing, None, 5).part;
    let own = self_overall(scores).map_or_else(String::new, |own| format!(" Their own view: {own}."));
    format!("{average} of 5 on average; {} at 5.{own}", counted(experts, "skill", "skills"))
}

fn chart(catalogue: &CatalogueView, scores: &[CategoryScore], id: RecordId) -> Html {
    let bar = |(group, score): (&Group, &CategoryScore)| Bar {
        name: group.name.clone(),
        path: Some(format!("/employees/{id}/skills?category={0}#c-{0}", group.id)),
        first: score.mean.map(figure),
        second: score.self_mean.map(figure),
        note: format!("{} rated", part_words(score.coverage())),
    };
    let blank = scores.iter().filter(|score| score.mean.is_none()).count();
    let bars = Bars {
        title: "Every category".to_owned(),
        finding: match blank {
            0 => "Every category has ratings.".to_owned(),
            blank => format!("{blank} of {} categories have no rating yet.", scores.len()),
        },
        name_head: "Category".to_owned(),
        series: ["Current".to_owned(), "Own".to_owned()],
        scale: Scale::RATING,
        bars: catalogue.skills().iter().zip(scores).map(bar).collect(),
        note_head: "Rated".to_owned(),
    };
    Html::from_component(&bars.chart())
}

fn folded(
    group: &Group,
    score: &CategoryScore,
    (standing, links): (&Standing, Option<&GoalLinks>),
    chosen: Option<&str>,
) -> Folded {
    let mut heads = vec![
        Head::new("Skill"),
        Head::new("Rating"),
        Head::new("Whose word, of when"),
        Head::new("Own").number(),
        Head::new("Difference").number(),
    ];
    heads.extend(links.map(|_| Head::new("Goal").hidden()));
    let rows = group.items.iter().map(|item| row(item, standing, links));
    Folded {
        id: group.id,
        name: group.name.clone(),
        figure: score_words(score.mean),
        words: format!("{} rated", part_words(score.coverage())),
        is_open: chosen.is_some_and(|id| id == group.id.to_string()),
        table: Table::new(group.name.as_str(), heads).rows(rows),
    }
}

fn row(item: &Item, standing: &Standing, links: Option<&GoalLinks>) -> Row {
    let name = Cell::text(&item.name);
    let Some(skill) = standing.skill(item.id) else {
        let cells = [name, blank(), Cell::text("not rated").muted(), blank(), blank()];
        return Row::new(cells.into_iter().chain(links.map(|_| Cell::text(""))));
    };
    let own = skill.self_rating.map_or_else(blank, Cell::number);
    let apart = match skill.self_rating {
        Some(own) if skill.source != Source::SelfRated => {
            Cell::number(signed(i16::from(own) - i16::from(skill.rating)))
        }
        _ => blank(),
    };
    let rating = Cell::html(Html::from_component(&Digit { rating: skill.rating }));
    let cells = [name, rating, Cell::text(rated_words(skill)), own, apart];
    Row::new(cells.into_iter().chain(links.map(|links| goal_cell(links, item, skill.rating))))
}

/// The way from a weak skill to a goal: the next rating. Who can do it alone has no gap.
fn goal_cell(links: &GoalLinks, item: &Item, rating: u8) -> Cell {
    links.to_next_rating((item.id, &item.name), rating).map_or_else(|| Cell::text(""), Cell::html)
}

/// Nothing, in a column of figures.
fn blank() -> Cell {
    Cell::number("–")
}

fn signed(difference: i16) -> String {
    match difference {
        0 => "0".to_owned(),
        more if more > 0 => format!("+{more}"),
        less => format!("−{}", less.unsigned_abs()),
    }
}

/// A rating on its shade.
#[derive(Template)]
#[template(source = r#"<span class="rating r{{ rating }}">{{ rating }}</span>"#, ext = "html")]
struct Digit {
    rating: u8,
}

impl HtmlSafe for Digit {}
