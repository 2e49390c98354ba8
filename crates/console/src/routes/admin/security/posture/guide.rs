//! From the guide to the command: each line of both guides, where it is seen, and whether it is in force here.

use askama::Template;
use axum::extract::State;
use palisade_posture::{Point, Report, guide_points, may_read_posture};
use palisade_web::{
    Failure, Html, Outcome, Page, Visitor,
    component::{Badge, Breadcrumbs, Cell, Head, Row, Table},
};

use super::{PATH, badge};
use crate::{ConsoleState, navigation, parts::Sections};

pub(super) async fn show(State(state): State<ConsoleState>, visitor: Visitor) -> Outcome {
    let report = state.posture.last(&may_read_posture(&visitor.caller)?).await?;
    let of = |guide: &'static str| guide_points().iter().filter(move |point| point.id.starts_with(guide));
    let sections = Sections::new()
        .under("TEMS Production Security Configuration Guide", [table("TEMS guide", of("T"), &report)?])
        .under("Security Best Practices Guide (Handyman KPI System)", [table("KPI guide", of("K"), &report)?]);
    Page::new(&visitor, "From the guide to the command")
        .crumbs(Breadcrumbs::new().link("Posture", PATH))
        .under(PATH)
        .lead(lead(&report))
        .body(&sections)
}

fn lead(report: &Report) -> String {
    let points = guide_points();
    let looked_at = points.iter().filter(|point| report.of_point(point.id).next().is_some()).count();
    format!("{} lines of the guides; checks look at {looked_at} of them here.", points.len())
}

fn table(caption: &str, points: impl Iterator<Item = &'static Point>, report: &Report) -> Result<Html, Failure> {
    let rows: Vec<Row> = points.map(|point| row(point, report)).collect::<Result<_, _>>()?;
    let heads = ["Point", "Section", "What is asked", "Here", "Page and command"].map(Head::new);
    Ok(Html::from_component(&Table::new(caption, heads).rows(rows)))
}

fn row(point: &Point, report: &Report) -> Result<Row, Failure> {
    let way = match (point.page, point.command) {
        (None, None) => Cell::none(),
        (page, command) => Cell::html(Html::of(&Way { page: page.map(|path| (path, label(path))), command })?),
    };
    Ok(Row::new([
        Cell::text(point.id).whole(),
        Cell::text(point.source).whole(),
        Cell::text(point.requirement),
        Cell::badge(&state(point, report)),
        way,
    ]))
}

/// What people call the page, as the navigation does; the longest path that leads to it counts.
fn label(path: &'static str) -> &'static str {
    let leads = navigation().into_iter().filter(|item| path.starts_with(item.path));
    leads.max_by_key(|item| item.path.len()).map_or(path, |item| item.label)
}

/// The worst of what stands for it.
fn state(point: &Point, report: &Report) -> Badge {
    let worst = report.of_point(point.id).map(|entry| entry.sight.verdict()).min();
    match (worst, point.page.is_none() && point.command.is_none()) {
        (Some(verdict), _) => badge(verdict),
        (None, true) => Badge::stop("Not in this release"),
        (None, false) => Badge::note("No check looks at it"),
    }
}

/// The page, and below it the command.
#[derive(Template)]
#[template(
    source = r#"{% if let Some((path, label)) = page %}<a href="{{ path }}">{{ label }}</a>{% endif %}{% if let Some(command) = command %}{% if page.is_some() %}<br>{% endif %}<code>{{ command }}</code>{% endif %}"#,
    ext = "html"
)]
struct Way {
    page: Option<(&'static str, &'static str)>,
    command: Option<&'static str>,
}
