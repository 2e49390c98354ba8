//! How an employee came to where they stand: the whole, and every category as a line of its own.

use askama::Template;
use axum::extract::State;
use palisade_base::RecordId;
use palisade_charts::{Scale, sparkline};
use palisade_web::{
    Html, Outcome, PathId, Visitor,
    component::{Cell, Head, Row, Table},
};

use super::{Profile, Tab, open};
use crate::{
    routes::{
        figures::{counted, figure, score_words},
        trend::{TrendWords, quarter_days, trend_chart},
    },
    scoring::Score,
    standing::{Filter, People, Quarter, QuarterFigures},
};

/// How far back it goes: five years.
const QUARTERS: u16 = 20;

#[derive(Template)]
#[template(path = "profile_progress.html")]
struct Body {
    chart: Html,
    table: Table,
}

pub(super) async fn show(State(profile): State<Profile>, visitor: Visitor, PathId(id): PathId<RecordId>) -> Outcome {
    let caller = &visitor.caller;
    let (_, page) = open(&profile.records, &visitor, id, Tab::Progress).await?;
    let filter = Filter { employee: Some(id), people: People::Own, ..Filter::default() };
    let quarters = Quarter::of(profile.records.today()).last(QUARTERS);
    let figures = profile.standings.trend(caller, &filter, &quarters).await?;
    let known = begin(&figures);
    let catalogue = profile.standings.catalogue(caller).await?;
    let ids: Vec<RecordId> = catalogue.skills().iter().map(|group| group.id).collect();
    let quarters = quarters.get(known..).unwrap_or_default();
    let courses = profile.standings.trends_by_category(caller, &filter, quarters, &ids).await?;
    let words = TrendWords { title: "The whole, quarter by quarter".to_owned(), is_own_people: false };
    let path = |quarter| {
        let (from, to) = quarter_days(quarter);
        format!("/evaluations?employee_id={id}&from={from}&to={to}")
    };
    let shown = figures.get(known..).unwrap_or_default();
    let rows = catalogue.skills().iter().zip(&courses).map(|(group, course)| {
        let link = format!("/employees/{id}/skills?category={0}#c-{0}", group.id);
        row(&group.name, link, course)
    });
    let heads = [
        Head::new("Category"),
        Head::new("Course"),
        Head::new("First").number(),
        Head::new("Now").number(),
        Head::new("Change").number(),
    ];
    let body = Body {
        chart: Html::from_component(&trend_chart(&words, shown, path)),
        table: Table::new("Every category’s course", heads).rows(rows),
    };
    page.lead(lead(&courses)).body(&body)
}

/// The first quarter in which anything was known; the last one where nothing ever was.
fn begin(figures: &[QuarterFigures]) -> usize {
    let is_known = |figures: &QuarterFigures| figures.mean.is_some() || figures.self_mean.is_some();
    figures.iter().position(is_known).unwrap_or_else(|| figures.len().saturating_sub(1))
}

/// The first and the last score of a course.
fn ends(course: &[QuarterFigures]) -> Option<(Score, Score)> {
    let first = course.iter().find_map(|figures| figures.mean)?;
    Some((first, course.iter().rev().find_map(|figures| figures.mean)?))
}

fn lead(courses: &[Vec<QuarterFigures>]) -> String {
    let ends: Vec<_> = courses.iter().filter_map(|course| ends(course)).collect();
    let (up, down) = ends.iter().fold((0, 0), |(up, down), (first, last)| match last.cmp(first) {
        std::cmp::Ordering::Greater => (up + 1, down),
        std::cmp::Ordering::Less => (up, down + 1),
        std::cmp::Ordering::Equal => (up, down),
    });
    if ends.is_empty() {
        return "Nothing has been rated yet, so there is no progress to show.".to_owned();
    }
    let parts = [(up, "rose"), (down, "fell"), (ends.len() - up - down, "stayed")];
    let parts: Vec<_> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    format!("Of {}, {}.", counted(ends.len(), "rated category", "rated categories"), parts.join(", "))
}

fn row(name: &str, path: String, course: &[QuarterFigures]) -> Row {
    let figures: Vec<_> = course.iter().map(|figures| figures.mean.map(figure)).collect();
    let (first, last) = ends(course).unzip();
    let change = first.zip(last).map_or_else(|| "–".to_owned(), |(first, last)| last.minus(first).to_string());
    let cells = [
        Cell::text(name),
        Cell::html(sparkline(name, &figures, Scale::RATING_LINE)),
        Cell::number(score_words(first)),
        Cell::number(score_words(last)),
        Cell::number(change),
    ];
    Row::link(path, cells)
}
