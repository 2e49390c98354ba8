//! Tool inventory: who can operate what, what is on the trucks, what to buy and where to train.

use std::cmp::Reverse;

use super::{
    Asked, Document, Made, Nothing, Row, Section, Table, Value,
    group::{Crowd, employee_path, percent},
};
use crate::{
    routes::figures::counted,
    scoring::{Group, Scored, Share, ToolCount, ToolFigures, ToolScore, group_tools, tool_counts, tool_total},
    standing::Member,
};

/// The half from which on enough people can operate a tool, or have it.
const HALF: u8 = 50;

pub(super) fn document(crowd: &Crowd, asked: &Asked, made: Made) -> Document {
    let counts = tool_counts(&crowd.catalogue, crowd.members.iter().map(|member| &*member.standing));
    let mut document = crowd.document(asked, made, lead(crowd, &counts));
    document.nothing = crowd.nobody().or_else(|| nothing_known(crowd));
    if document.nothing.is_none() {
        document.sections = vec![
            summary(crowd),
            missing(crowd, &counts),
            training(crowd, &counts),
            details(crowd, &counts),
            inventory(crowd),
        ];
    }
    document
}

fn nothing_known(crowd: &Crowd) -> Option<Nothing> {
    let is_known = crowd
        .members
        .iter()
        .flat_map(|member| &member.standing.tools)
        .any(|tool| crowd.catalogue.tool(tool.tool).is_some());
    (!is_known).then(|| Nothing {
        title: "No tools are known here yet",
        text: "What people can operate and carry comes from evaluations. As soon as one of these people is evaluated, the report has figures."
            .to_owned(),
    })
}

fn lead(crowd: &Crowd, counts: &[ToolCount]) -> String {
    let missing = counts.iter().filter(|count| is_missing(count.figures)).count();
    let training = counts.iter().filter(|count| needs_training(count.figures)).count();
    format!(
        "{}: {} missing on the trucks, {} to train on.",
        counted(crowd.members.len() as u64, "person", "people"),
        counted(missing as u64, "tool", "tools"),
        counted(training as u64, "tool", "tools"),
    )
}

/// More than half can operate it, and fewer than half have it.
const fn is_missing(figures: ToolFigures) -> bool {
    more_than_half(figures.operable_of_all()) && !figures.stocked_of_all().reaches(HALF)
}

/// Fewer than half can operate it.
const fn needs_training(figures: ToolFigures) -> bool {
    !figures.operable_of_all().reaches(HALF)
}

const fn more_than_half(share: Share) -> bool {
    share.part as u64 * 2 > share.whole as u64
}

const BASE: &str = "Shares are of all the people in this report. Whom nobody has asked about a tool counts as somebody \
                    who can't operate it and does not have it.";

fn summary(crowd: &Crowd) -> Section {
    let scores = group_tools(&crowd.catalogue, &crowd.scored);
    let tools = |score: &ToolScore| crowd.catalogue.tool_group(score.category).map_or(0, |group| group.items.len());
    let mut rows: Vec<Row> = scores
        .iter()
        .zip(crowd.catalogue.tools())
        .map(|(score, group)| summary_row(&group.name, tools(score), score.figures))
        .collect();
    rows.push(summary_row("All tools", crowd.catalogue.tool_count(), tool_total(&scores)));
    let heads =
        ["Category", "#Tools", "#Can operate", "#Can operate, share", "#On the trucks", "#On the trucks, share"];
    Section::new("Category Summary", "By category", Table::rows(heads, rows))
        .note(format!("Counted for each person and tool. {BASE}"))
}

fn summary_row(name: &str, tools: usize, figures: ToolFigures) -> Row {
    Row::new([
        name.into(),
        tools.into(),
        figures.operable.into(),
        percent(figures.operable_of_all()),
        figures.stocked.into(),
        percent(figures.stocked_of_all()),
    ])
}

fn details(crowd: &Crowd, counts: &[ToolCount]) -> Section {
    let row = |count: &ToolCount| {
        let (category, tool) = crowd.tool_names(count.tool);
        let figures = count.figures;
        Row::about(
            format!("/tools/{}", count.tool),
            [
                tool,
                category,
                figures.operable.into(),
                percent(figures.operable_of_all()),
                figures.stocked.into(),
                percent(figures.stocked_of_all()),
                (figures.total - figures.answered).into(),
            ],
        )
    };
    let heads = [
        "Tool",
        "Category",
        "#Can operate",
        "#Can operate, share",
        "#On the trucks",
        "#On the trucks, share",
        "#Not answered",
    ];
    Section::new("Tool Details", "Every tool", Table::rows(heads, counts.iter().map(row).collect()))
        .note(BASE)
        .on_new_page()
}

/// What an amount lacks to another, in percent of the people.
fn percent_gap(more: u32, less: u32, people: u32) -> Value {
    percent(Share { part: more.saturating_sub(less), whole: people })
}

fn missing(crowd: &Crowd, counts: &[ToolCount]) -> Section {
    let lacking = |count: &ToolCount| count.figures.operable.saturating_sub(count.figures.stocked);
    let mut found: Vec<&ToolCount> = counts.iter().filter(|count| is_missing(count.figures)).collect();
    // Sorting is stable: equal gaps stay in the order of the catalogue.
    found.sort_by_key(|count| Reverse(lacking(count)));
    let row = |count: &&ToolCount| {
        let (category, tool) = crowd.tool_names(count.tool);
        let figures = count.figures;
        Row::new([
            tool,
            category,
            percent(figures.operable_of_all()),
            percent(figures.stocked_of_all()),
            percent_gap(figures.operable, figures.stocked, figures.total),
            lacking(count).into(),
        ])
    };
    let heads = ["Tool", "Category", "#Can operate", "#On the trucks", "#Gap", "#Pieces"];
    Section::new("Missing Tools", "Missing on the trucks", Table::rows(heads, found.iter().map(row).collect()))
        .note(
            "Tools that more than half can operate and fewer than half have. The gap is the one share less the other.",
        )
        .empty("Nothing is missing: where more than half can operate a tool, at least half have it.")
}

fn training(crowd: &Crowd, counts: &[ToolCount]) -> Section {
    let mut found: Vec<&ToolCount> = counts.iter().filter(|count| needs_training(count.figures)).collect();
    found.sort_by_key(|count| count.figures.operable);
    let row = |count: &&ToolCount| {
        let (category, tool) = crowd.tool_names(count.tool);
        let figures = count.figures;
        Row::new([
            tool,
            category,
            figures.operable.into(),
            percent(figures.operable_of_all()),
            percent_gap(figures.total, figures.operable, figures.total),
        ])
    };
    let heads = ["Tool", "Category", "#Can operate", "#Can operate, share", "#Gap to everybody"];
    Section::new("Training Needs", "Where training is needed", Table::rows(heads, found.iter().map(row).collect()))
        .note("Tools that fewer than half can operate, the fewest first.")
        .empty("At least half can operate every tool.")
        .on_new_page()
}

fn inventory(crowd: &Crowd) -> Section {
    let row = |(member, scored): (&Member, &Scored)| {
        let figures = tool_total(&scored.tools);
        Row::about(
            employee_path(member.employee),
            [
                member.name.as_str().into(),
                member.tier_name.as_str().into(),
                member.team_name.as_deref().into(),
                figures.operable.into(),
                percent(figures.operable_of_all()),
                figures.stocked.into(),
                percent(figures.stocked_of_all()),
                on_truck(crowd, member).into(),
            ],
        )
    };
    let rows = crowd.members.iter().zip(&crowd.scored).map(row).collect();
    let heads = [
        "Employee",
        "Tier",
        "Team",
        "#Can operate",
        "#Can operate, share",
        "#On the truck",
        "#On the truck, share",
        "What is on the truck",
    ];
    Section::new("Employee Inventory", "Person by person", Table::rows(heads, rows)).on_new_page()
}

/// The names of the tools on somebody's truck, in the order of the catalogue.
fn on_truck(crowd: &Crowd, member: &Member) -> String {
    let carried = |group: &Group| {
        let has = |id| member.standing.tool(id).is_some_and(|tool| tool.truck_stock);
        group.items.iter().filter(|item| has(item.id)).map(|item| item.name.clone()).collect::<Vec<_>>()
    };
    crowd.catalogue.tools().iter().flat_map(carried).collect::<Vec<_>>().join(", ")
}
