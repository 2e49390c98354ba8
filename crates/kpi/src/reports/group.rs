//! What the reports about many people have in common.

use std::sync::Arc;

use palisade_base::RecordId;

use super::{Asked, Document, Kind, Made, Nothing, Row, Section, Table, Value, drawing};
use crate::{
    scoring::{
        CatalogueView, Group, GroupScore, Item, Score, Scored, Share, group_overall, group_scores, tier_distribution,
    },
    standing::{Member, QuarterFigures},
};

/// A tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tier {
    pub(super) id: RecordId,
    pub(super) name: String,
}

/// The people of a report, with their figures.
pub(super) struct Crowd {
    pub(super) catalogue: Arc<CatalogueView>,
    pub(super) members: Vec<Member>,
    /// Of each member, in their order.
    pub(super) scored: Vec<Scored>,
    pub(super) categories: Vec<GroupScore>,
    pub(super) trend: Vec<QuarterFigures>,
    pub(super) tiers: Vec<Tier>,
    /// People, tier and category in words, where they were chosen.
    words: [Option<String>; 3],
}

impl Crowd {
    pub(super) fn new(
        catalogue: Arc<CatalogueView>,
        (members, scored): (Vec<Member>, Vec<Scored>),
        trend: Vec<QuarterFigures>,
        tiers: Vec<Tier>,
        words: [Option<String>; 3],
    ) -> Self {
        let categories = group_scores(&catalogue, &scored);
        Self { catalogue, members, scored, categories, trend, tiers, words }
    }

    /// The mean of the people's overall scores.
    pub(super) fn average(&self) -> Option<Score> {
        group_overall(&self.scored)
    }

    /// A document about these people, without its parts yet.
    pub(super) fn document(&self, asked: &Asked, made: Made, lead: String) -> Document {
        let [people, tier, category] = &self.words;
        let words = |words: &Option<String>, all: &str| words.clone().unwrap_or_else(|| all.to_owned());
        let mut asked_words = vec![("People", words(people, "Everybody")), ("Tier", words(tier, "All tiers"))];
        if asked.kind.parameters().contains(&"category") {
            asked_words.push(("Category", words(category, "All categories")));
        }
        asked_words.push(("Days", asked.period.to_string()));
        let chosen = match asked.kind {
            _ if !asked.picked().is_empty() => "picked people".to_owned(),
            Kind::Team | Kind::Employee => words(tier, "all tiers"),
            Kind::Skills | Kind::Tools => words(category, "all categories"),
        };
        Document {
            kind: asked.kind,
            title: asked.kind.title().to_owned(),
            lead,
            asked: asked_words,
            file_stem: asked.kind.file_stem(&chosen, made.day),
            made,
            sections: Vec::new(),
            nothing: None,
        }
    }

    /// What is missing for a report about skills, if anything is.
    pub(super) fn nothing_rated(&self) -> Option<Nothing> {
        self.nobody().or_else(|| {
            let is_rated = self.scored.iter().flat_map(|scored| &*scored.categories).any(|score| score.rated > 0);
            (!is_rated).then(|| Nothing {
                title: "Nobody is rated here yet",
                text: "Ratings come from evaluations. As soon as one of these people is evaluated, the report has figures."
                    .to_owned(),
            })
        })
    }

    /// What is missing where there are no people.
    pub(super) fn nobody(&self) -> Option<Nothing> {
        self.members.is_empty().then(|| Nothing {
            title: "Nobody to report on",
            text: "No employee fits what you chose, or none of them is yours to see. Choose other people, or another tier."
                .to_owned(),
        })
    }

    /// How many of them stand on each tier.
    pub(super) fn tier_counts(&self) -> Vec<(&Tier, usize)> {
        let ids: Vec<RecordId> = self.tiers.iter().map(|tier| tier.id).collect();
        let counts = tier_distribution(&self.members, &ids);
        self.tiers.iter().zip(counts).map(|(tier, (_, people))| (tier, people)).collect()
    }

    /// The names of a tool's category and of the tool.
    pub(super) fn tool_names(&self, tool: RecordId) -> (Value, Value) {
        named(self.catalogue.tool(tool))
    }

    /// The names of a skill's category and of the skill.
    pub(super) fn skill_names(&self, skill: RecordId) -> (Value, Value) {
        named(self.catalogue.skill(skill))
    }

    /// How things went, quarter by quarter.
    pub(super) fn trend_section(&self, sheet: &'static str) -> Section {
        trend_section(sheet, &self.trend, None).note(
            "Who was not evaluated in a quarter stands as before. The course is shown of the people whom you lead, and of \
             everybody to those who run the app.",
        )
    }
}

fn named(found: Option<(&Group, &Item)>) -> (Value, Value) {
    found.map_or((Value::None, Value::None), |(group, item)| (group.name.as_str().into(), item.name.as_str().into()))
}

/// A table and a drawing of quarters.
pub(super) fn trend_section(sheet: &'static str, quarters: &[QuarterFigures], employee: Option<RecordId>) -> Section {
    let row = |figures: &QuarterFigures| {
        Row::new([
            figures.quarter.to_string().into(),
            figures.mean.into(),
            figures.self_mean.into(),
            figures.people.into(),
            figures.ratings.into(),
            figures.self_ratings.into(),
        ])
    };
    let heads = ["Quarter", "#Score", "#Own rating", "#People rated", "#Ratings by managers", "#Ratings of themselves"];
    Section::new(sheet, "Course by quarter", Table::rows(heads, quarters.iter().map(row).collect()))
        .chart(drawing::trend(quarters, employee))
}

/// How a group stands in each category: category, mean, gap, people, ratings, own rating, difference.
pub(super) fn category_rows(catalogue: &CatalogueView, scores: &[GroupScore]) -> Vec<Row> {
    let row = |(group, score): (&Group, &GroupScore)| {
        Row::new([
            group.name.as_str().into(),
            score.mean.into(),
            score.mean.map_or(Value::None, gap),
            score.people.into(),
            score.rated.into(),
            score.self_mean.into(),
            score.difference.into(),
        ])
    };
    catalogue.skills().iter().zip(scores).map(row).collect()
}

/// The heads of [`category_rows`].
pub(super) const CATEGORY_HEADS: [&str; 7] =
    ["Category", "#Average", "#Gap to 5", "#People rated", "#Ratings", "#Own rating", "#Own − current"];

/// What is missing to an expert's rating.
pub(super) fn gap(score: Score) -> Value {
    Value::Gap(Score::from_tenths(50).minus(score))
}

/// The page of an employee.
pub(super) fn employee_path(employee: RecordId) -> String {
    format!("/employees/{employee}")
}

/// A share in whole percent.
pub(super) fn percent(share: Share) -> Value {
    share.percent().map_or(Value::None, Value::Percent)
}
