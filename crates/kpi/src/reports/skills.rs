//! Skills analysis: which skills a group has, and where its largest gaps are.

use std::collections::HashMap;

use palisade_base::RecordId;

use super::{
    Asked, Document, Made, Row, Section, Table, Value, drawing,
    group::{CATEGORY_HEADS, Crowd, Tier, category_rows, gap},
};
use crate::routes::figures::counted;
use crate::scoring::{
    Group, Item, Score, Scored, SkillMean, group_overall, group_self_overall, highest, lowest, overall, rating_means,
};

/// How many of the highest skills are shown.
const TOP: usize = 5;
/// How many of the largest gaps are shown.
const GAPS: usize = 10;

pub(super) fn document(crowd: &Crowd, asked: &Asked, made: Made) -> Document {
    let means = rating_means(&crowd.catalogue, crowd.scored.iter().map(|scored| &scored.ratings));
    let mut document = crowd.document(asked, made, lead(crowd, &means));
    document.nothing = crowd.nothing_rated();
    if document.nothing.is_none() {
        document.sections = vec![summary(crowd), top(crowd, &means), gaps(crowd, &means), details(crowd, &means)];
        document.sections.push(crowd.trend_section("Trend Analysis").on_new_page());
        document.sections.extend(tier_comparison(crowd));
    }
    document
}

fn lead(crowd: &Crowd, means: &[SkillMean]) -> String {
    let people = counted(crowd.members.len() as u64, "person", "people");
    match lowest(means, 1).first().and_then(|mean| Some((crowd.catalogue.skill(mean.skill)?.1, mean.mean))) {
        Some((skill, mean)) => format!(
            "{people}, {} of {} skills rated. The largest gap is {}, with an average of {}.",
            means.len(),
            crowd.catalogue.skill_count(),
            skill.name,
            mean.two_decimals()
        ),
        None => format!("{people}, no skill rated yet."),
    }
}

fn summary(crowd: &Crowd) -> Section {
    let rows = category_rows(&crowd.catalogue, &crowd.categories);
    Section::new("Category Summary", "By category", Table::rows(CATEGORY_HEADS, rows))
        .chart(drawing::categories(&crowd.catalogue, &crowd.categories))
        .note("The average of a category is the mean of people's scores in it.")
}

fn skill_row(crowd: &Crowd, mean: &SkillMean) -> Row {
    let (category, skill) = crowd.skill_names(mean.skill);
    Row::about(
        format!("/skills/{}", mean.skill),
        [skill, category, mean.mean.into(), gap(mean.mean), mean.people.into()],
    )
}

const SKILL_HEADS: [&str; 5] = ["Skill", "Category", "#Average", "#Gap to 5", "#People rated"];

fn top(crowd: &Crowd, means: &[SkillMean]) -> Section {
    let rows = highest(means, TOP).iter().map(|mean| skill_row(crowd, mean)).collect();
    Section::new("Top Skills", "The five strongest skills", Table::rows(SKILL_HEADS, rows)).on_new_page()
}

fn gaps(crowd: &Crowd, means: &[SkillMean]) -> Section {
    let below: Vec<SkillMean> = means.iter().filter(|mean| mean.mean < Score::from_tenths(50)).copied().collect();
    let rows = lowest(&below, GAPS).iter().map(|mean| skill_row(crowd, mean)).collect();
    Section::new("Skill Gaps", "The ten largest gaps", Table::rows(SKILL_HEADS, rows))
        .note(
            "The gap is what an average lacks to 5. A skill that nobody is rated on is in the list below, without one.",
        )
        .empty("Every skill that is rated stands at 5.")
}

fn details(crowd: &Crowd, means: &[SkillMean]) -> Section {
    let known: HashMap<RecordId, &SkillMean> = means.iter().map(|mean| (mean.skill, mean)).collect();
    let row = |(group, item): (&Group, &Item)| match known.get(&item.id) {
        Some(mean) => skill_row(crowd, mean),
        None => Row::about(
            format!("/skills/{}", item.id),
            [item.name.as_str().into(), group.name.as_str().into(), Value::None, Value::None, 0_u32.into()],
        ),
    };
    let items = crowd.catalogue.skills().iter().flat_map(|group| group.items.iter().map(move |item| (group, item)));
    let rows = items.map(row).collect();
    Section::new("Skill Details", "Every skill", Table::rows(SKILL_HEADS, rows)).on_new_page()
}

/// How tiers compare; only where there is more than one.
fn tier_comparison(crowd: &Crowd) -> Option<Section> {
    let counts = crowd.tier_counts();
    if counts.iter().filter(|(_, people)| *people > 0).count() < 2 {
        return None;
    }
    let row = |(tier, people): &(&Tier, usize)| {
        let scores = of_tier(crowd, tier);
        let rated = scores.iter().filter(|scored| overall(&scored.categories).is_some()).count();
        Row::new([
            tier.name.as_str().into(),
            (*people).into(),
            rated.into(),
            group_overall(&scores).into(),
            group_self_overall(&scores).into(),
        ])
    };
    let rows = counts.iter().map(row).collect();
    let heads = ["Tier", "#People", "#People rated", "#Average", "#Own rating"];
    Some(Section::new("Tier Comparison", "By tier", Table::rows(heads, rows)))
}

fn of_tier(crowd: &Crowd, tier: &Tier) -> Vec<Scored> {
    let people = crowd.members.iter().zip(&crowd.scored).filter(|(member, _)| member.tier == tier.id);
    people.map(|(_, scored)| scored.clone()).collect()
}
