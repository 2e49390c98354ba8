//! The drawings of reports. They show the figures of the tables beside them, written as there.

use palisade_base::RecordId;
use palisade_charts::{Axis, Bar, Bars, Chart, Radar, Scale, Stacked, StackedRow, fold_axes};

use super::group::Tier;
use crate::{
    routes::{
        figures::{counted, figure},
        trend::{TrendWords, quarter_days, trend_chart},
    },
    scoring::{CatalogueView, CategoryScore, GroupScore, Score, self_overall},
    standing::QuarterFigures,
};

/// Where one person stands in each category.
pub(super) fn radar(catalogue: &CatalogueView, scores: &[CategoryScore]) -> Chart {
    let named = catalogue.skills().iter().zip(scores).map(|(group, score)| (group.name.clone(), *score)).collect();
    let note = |score: &CategoryScore| format!("{} of {}", score.rated, score.total);
    let axis = |(name, score): &(String, CategoryScore)| Axis {
        name: name.clone(),
        path: None,
        first: score.manager_mean.map(figure),
        second: score.self_mean.map(figure),
        note: note(score),
    };
    let rest = |others: &[(String, CategoryScore)]| {
        let scores: Vec<CategoryScore> = others.iter().map(|(_, score)| *score).collect();
        Axis {
            name: format!("The other {}", others.len()),
            path: None,
            first: Score::mean(scores.iter().filter_map(|score| score.manager_mean)).map(figure),
            second: self_overall(&scores).map(figure),
            note: String::new(),
        }
    };
    let axes = fold_axes(named, |(_, score)| u64::from(score.rated), axis, rest);
    Radar {
        title: "Scores by category".to_owned(),
        finding: "From 1 in the middle to 5 at the edge. What is not rated is a gap.".to_owned(),
        series: ["By managers".to_owned(), "Own".to_owned()],
        axes,
        note_head: "Rated".to_owned(),
    }
    .chart()
}

/// How a group stands in each category.
pub(super) fn categories(catalogue: &CatalogueView, scores: &[GroupScore]) -> Chart {
    let bar = |(group, score): (&crate::scoring::Group, &GroupScore)| Bar {
        name: group.name.clone(),
        path: None,
        first: score.mean.map(figure),
        second: None,
        note: counted(score.people, "person", "people"),
    };
    Bars {
        title: "Average by category".to_owned(),
        finding: "The mean of people's scores. What nobody is rated in has no bar.".to_owned(),
        name_head: "Category".to_owned(),
        series: ["Average".to_owned(), String::new()],
        scale: Scale::RATING,
        bars: catalogue.skills().iter().zip(scores).map(bar).collect(),
        note_head: "People".to_owned(),
    }
    .chart()
}

/// How scores went, quarter by quarter; each leads to its evaluations, of one employee or of all.
pub(super) fn trend(quarters: &[QuarterFigures], employee: Option<RecordId>) -> Chart {
    let words = TrendWords { title: "By quarter".to_owned(), is_own_people: false };
    let whose = employee.map(|id| format!("employee_id={id}&")).unwrap_or_default();
    trend_chart(&words, quarters, |quarter| {
        let (first, last) = quarter_days(quarter);
        format!("/evaluations?{whose}from={first}&to={last}")
    })
}

/// How many people stand on each tier.
pub(super) fn tiers(counts: &[(&Tier, usize)]) -> Chart {
    let row = StackedRow {
        name: "Everybody in this report".to_owned(),
        path: None,
        counts: counts.iter().map(|(_, people)| *people as u64).collect(),
    };
    Stacked {
        title: "People by tier".to_owned(),
        finding: String::new(),
        name_head: "Who".to_owned(),
        kinds: counts.iter().map(|(tier, _)| tier.name.clone()).collect(),
        rows: vec![row],
    }
    .chart()
}
