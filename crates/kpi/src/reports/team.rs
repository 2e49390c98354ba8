//! Team performance: how people compare, how tiers are spread, and who is best at what.

use std::cmp::Reverse;

use super::{
    Asked, Document, Made, Row, Section, Table, Value, drawing,
    group::{CATEGORY_HEADS, Crowd, category_rows, employee_path, percent},
};
use crate::{
    routes::figures::counted,
    scoring::{
        CategoryScore, Group, Score, Scored, Share, ToolCount, group_coverage, group_self_overall, group_tools,
        overall, overall_difference, self_overall, tool_counts, tool_total,
    },
    standing::Member,
};

/// How many tools are shown.
const TOOLS: usize = 20;
/// How many people are shown for each category.
const TOP: usize = 3;

pub(super) fn document(crowd: &Crowd, asked: &Asked, made: Made) -> Document {
    let mut document = crowd.document(asked, made, lead(crowd));
    document.nothing = crowd.nothing_rated();
    if document.nothing.is_none() {
        document.sections = vec![
            summary(crowd),
            tier_distribution(crowd),
            comparison(crowd),
            category_averages(crowd),
            top_performers(crowd),
            tool_proficiency(crowd),
            crowd.trend_section("Trend"),
        ];
    }
    document
}

fn lead(crowd: &Crowd) -> String {
    let people = counted(crowd.members.len() as u64, "person", "people");
    match crowd.average() {
        Some(score) => format!("{people} with an average of {} of 5.", score.two_decimals()),
        None => format!("{people}, none of them rated yet."),
    }
}

fn summary(crowd: &Crowd) -> Section {
    let rated = crowd.scored.iter().filter(|scored| overall(&scored.categories).is_some()).count();
    let coverage = group_coverage(&crowd.scored);
    let tools = tool_total(&group_tools(&crowd.catalogue, &crowd.scored));
    let facts = vec![
        ("People", crowd.members.len().into()),
        ("People rated", rated.into()),
        ("Average", crowd.average().into()),
        ("Own rating on average", group_self_overall(&crowd.scored).into()),
        ("Skills rated", percent(coverage)),
        ("Tools that people can operate", percent(tools.operable_of_all())),
        ("Tools on the trucks", percent(tools.stocked_of_all())),
    ];
    Section::new("Team Summary", "At a glance", Table::facts(facts))
        .note("The average is the mean of people's overall scores: who is rated on more counts no more.")
}

fn tier_distribution(crowd: &Crowd) -> Section {
    let counts = crowd.tier_counts();
    let everybody = u32::try_from(crowd.members.len()).unwrap_or(u32::MAX);
    let row = |(tier, people): &(&super::group::Tier, usize)| {
        let share = Share { part: u32::try_from(*people).unwrap_or(u32::MAX), whole: everybody };
        Row::new([tier.name.as_str().into(), (*people).into(), percent(share)])
    };
    let rows = counts.iter().map(row).collect();
    Section::new("Tier Distribution", "People by tier", Table::rows(["Tier", "#People", "#Share"], rows))
        .chart(drawing::tiers(&counts))
}

/// Everybody by their overall score, with their rank. Who has the same score shares a rank; who has none has none, and
/// comes last.
fn comparison(crowd: &Crowd) -> Section {
    let mut people: Vec<(&Member, &Scored)> = crowd.members.iter().zip(&crowd.scored).collect();
    let score = |scored: &Scored| overall(&scored.categories).map(Score::hundredths);
    // Sorting is stable: people come by name.
    people.sort_by_cached_key(|(_, scored)| Reverse(score(scored)));
    let all: Vec<Option<u32>> = people.iter().map(|(_, scored)| score(scored)).collect();
    let row = |(member, scored): &(&Member, &Scored)| {
        let scores = &scored.categories;
        Row::about(
            employee_path(member.employee),
            [
                member.name.as_str().into(),
                rank(score(scored), &all),
                member.tier_name.as_str().into(),
                member.team_name.as_deref().into(),
                overall(scores).into(),
                percent(group_coverage(&[scored])),
                self_overall(scores).into(),
                overall_difference(scores).into(),
                percent(tool_total(&scored.tools).operable_of_all()),
            ],
        )
    };
    let heads = [
        "Employee",
        "#Rank",
        "Tier",
        "Team",
        "#Overall",
        "#Skills rated",
        "#Own rating",
        "#Own − current",
        "#Tools they can operate",
    ];
    Section::new("Employee Comparison", "How people compare", Table::rows(heads, people.iter().map(row).collect()))
        .note("Who has the same score shares a rank. Who is not rated yet has none.")
        .on_new_page()
}

/// One more than there are higher scores.
fn rank(score: Option<u32>, all: &[Option<u32>]) -> Value {
    score.map(|score| 1 + all.iter().flatten().filter(|other| **other > score).count()).into()
}

fn category_averages(crowd: &Crowd) -> Section {
    let rows = category_rows(&crowd.catalogue, &crowd.categories);
    Section::new("Category Averages", "Averages by category", Table::rows(CATEGORY_HEADS, rows))
        .chart(drawing::categories(&crowd.catalogue, &crowd.categories))
        .on_new_page()
}

fn top_performers(crowd: &Crowd) -> Section {
    let of_category = |(at, group): (usize, &Group)| top_of_category(crowd, at, group);
    let rows = crowd.catalogue.skills().iter().enumerate().flat_map(of_category).collect();
    let heads = ["Category", "#Rank", "Employee", "#Score", "#Rated", "#Skills"];
    Section::new("Top Performers", "The three best in each category", Table::rows(heads, rows))
        .note("Who has the same score shares a rank; who is rated on more of the category's skills then stands first.")
        .empty("Nobody is rated yet.")
        .on_new_page()
}

fn top_of_category(crowd: &Crowd, at: usize, group: &Group) -> Vec<Row> {
    let people = crowd.members.iter().zip(&crowd.scored);
    let mut best: Vec<(&Member, CategoryScore, u32)> = people
        .filter_map(|(member, scored)| {
            let score = scored.categories.get(at)?;
            Some((member, *score, score.mean?.hundredths()))
        })
        .collect();
    best.sort_by_key(|(_, score, mean)| Reverse((*mean, score.rated)));
    let all: Vec<Option<u32>> = best.iter().map(|(.., mean)| Some(*mean)).collect();
    let row = |(member, score, mean): &(&Member, CategoryScore, u32)| {
        Row::new([
            group.name.as_str().into(),
            rank(Some(*mean), &all),
            member.name.as_str().into(),
            score.mean.into(),
            score.rated.into(),
            score.total.into(),
        ])
    };
    best.iter().take(TOP).map(row).collect()
}

fn tool_proficiency(crowd: &Crowd) -> Section {
    let mut counts = tool_counts(&crowd.catalogue, crowd.members.iter().map(|member| &*member.standing));
    counts.retain(|count| count.figures.operable > 0);
    counts.sort_by_key(|count| Reverse((count.figures.operable, count.figures.stocked)));
    counts.truncate(TOOLS);
    let row = |count: &ToolCount| {
        let (group, tool) = crowd.tool_names(count.tool);
        Row::new([
            tool,
            group,
            count.figures.operable.into(),
            percent(count.figures.operable_of_all()),
            count.figures.stocked.into(),
            percent(count.figures.stocked_of_all()),
        ])
    };
    let heads = ["Tool", "Category", "#Can operate", "#Can operate, share", "#On the truck", "#On the truck, share"];
    Section::new(
        "Tool Proficiency",
        "Tools that most can operate",
        Table::rows(heads, counts.iter().map(row).collect()),
    )
    .note("The twenty tools that most people can operate. The tool inventory has all.")
    .empty("Nobody has answered for a tool yet.")
    .on_new_page()
}
