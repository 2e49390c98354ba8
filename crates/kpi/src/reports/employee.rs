//! Employee performance: how one person does. On paper it is the pack that a review is talked through with.

use std::sync::Arc;

use jiff::civil::Date;
use palisade_records::Record;

use super::{
    Asked, Document, Kind, Made, Nothing, Row, Section, Table, Value, drawing,
    group::{gap, percent, trend_section},
};
use crate::{
    development::Validity,
    routes::figures::{counted, source_words},
    scoring::{
        CatalogueView, CategoryScore, Difference, Group, Item, Score, Share, SkillMean, ToolFigures, category_scores,
        group_coverage, highest, lowest, overall, overall_difference, self_overall, skill_means, tool_scores,
        tool_total,
    },
    standing::{CurrentSkill, Member, QuarterFigures, Source},
    tiers::{Check, Readiness},
};

/// How many skills are shown as the strongest, and as those to work on.
const RANKED: usize = 5;

/// Everything that is known about one person, as far as the caller may see it.
pub(super) struct Person {
    pub(super) catalogue: Arc<CatalogueView>,
    pub(super) member: Member,
    pub(super) record: Record,
    pub(super) trend: Vec<QuarterFigures>,
    pub(super) evaluations: Vec<Record>,
    pub(super) plans: Plans,
}

/// What somebody is working towards, and what they bring besides the catalogue.
#[derive(Default)]
pub(super) struct Plans {
    /// How far they are from the next tier; none where the caller may not see that.
    pub(super) readiness: Option<Readiness>,
    pub(super) goals: Vec<Record>,
    pub(super) special_skills: Vec<Record>,
    pub(super) qualifications: Vec<Record>,
}

impl Person {
    pub(super) fn document(&self, asked: &Asked, made: Made) -> Document {
        let scores = category_scores(&self.catalogue, &self.member.standing);
        let is_known = !self.member.standing.skills.is_empty() || !self.member.standing.tools.is_empty();
        let nothing = (!is_known).then(|| Nothing {
            title: "Not evaluated yet",
            text: format!(
                "There is no finished evaluation of {}. As soon as one is handed in, the report has figures.",
                self.member.name
            ),
        });
        let sections = if is_known { self.sections(&scores, asked, &made) } else { Vec::new() };
        let family_name = self.record.text("family_name").unwrap_or_default();
        Document {
            kind: Kind::Employee,
            title: format!("{}: {}", Kind::Employee.title(), self.member.name),
            lead: lead(&scores),
            asked: vec![("Employee", self.member.name.clone()), ("Days", asked.period.to_string())],
            file_stem: Kind::Employee.file_stem(&family_name, made.day),
            made,
            sections,
            nothing,
        }
    }

    fn sections(&self, scores: &[CategoryScore], asked: &Asked, made: &Made) -> Vec<Section> {
        let means = skill_means(&self.catalogue, [&*self.member.standing]);
        let mut sections = vec![self.info(scores), self.skills_summary(scores)];
        sections.extend([self.improvement_areas(&means), self.strengths(&means)]);
        sections.push(
            trend_section("Trend", &self.trend, Some(self.member.employee))
                .note("What was not evaluated in a quarter stands as before."),
        );
        sections.extend(self.plans.readiness.as_ref().map(readiness));
        sections.extend([self.goals(), self.special_skills(), self.qualifications(made.day)]);
        sections.push(self.evaluations(asked));
        sections.extend([self.detailed_skills(), self.tools(), self.tool_list()]);
        sections
    }

    fn info(&self, scores: &[CategoryScore]) -> Section {
        let (member, standing) = (&self.member, &self.member.standing);
        let tools = tool_total(&tool_scores(&self.catalogue, standing));
        let coverage = group_coverage(&[scores]);
        let unverified: u32 = scores.iter().map(|score| score.unverified).sum();
        let facts = vec![
            ("Name", member.name.as_str().into()),
            ("Tier", format!("{}, {}", member.tier_number, member.tier_name).into()),
            ("Team", member.team_name.as_deref().into()),
            ("Employee number", self.record.text("number").into()),
            ("Hired on", date(&self.record, "hire_date").into()),
            ("Overall score", overall(scores).into()),
            ("Own rating overall", self_overall(scores).into()),
            ("Own − current", overall_difference(scores).into()),
            ("Skills rated", format!("{} of {}", coverage.part, coverage.whole).into()),
            ("Rated by nobody but themselves", unverified.into()),
            ("Tools they can operate", format!("{} of {}", tools.operable, tools.total).into()),
            ("Tools on the truck", format!("{} of {}", tools.stocked, tools.total).into()),
            ("Last evaluated by a manager", standing.manager_on.into()),
            ("Last evaluated by themselves", standing.self_on.into()),
        ];
        Section::new("Employee Info", "At a glance", Table::facts(facts)).note(
            "The overall score is the mean of the categories' scores. It never mixes in what people think of themselves \
             where a manager has rated.",
        )
    }

    fn skills_summary(&self, scores: &[CategoryScore]) -> Section {
        let row = |(group, score): (&Group, &CategoryScore)| {
            Row::new([
                group.name.as_str().into(),
                score.mean.into(),
                score.mean.map_or(Value::None, of_five),
                score.rated.into(),
                score.total.into(),
                percent(score.coverage()),
                score.self_mean.into(),
                score.difference.into(),
            ])
        };
        let rows = self.catalogue.skills().iter().zip(scores).map(row).collect();
        let heads = ["Category", "#Score", "#Of 5", "#Rated", "#Skills", "#Coverage", "#Own rating", "#Own − current"];
        Section::new("Skills Summary", "Skills by category", Table::rows(heads, rows))
            .chart(drawing::radar(&self.catalogue, scores))
            .note(
                "What is not rated is blank and counts for nothing. The difference is measured over the skills that both \
                 have rated.",
            )
            .on_new_page()
    }

    fn detailed_skills(&self) -> Section {
        let rated = self.catalogue.skills().iter().flat_map(|group| {
            let current = |item: &Item| Some((item.name.clone(), *self.member.standing.skill(item.id)?));
            group
                .items
                .iter()
                .filter_map(current)
                .map(|(name, skill)| skill_row(&group.name, &name, &skill))
                .collect::<Vec<_>>()
        });
        let heads = ["Category", "Skill", "#Rating", "Whose word", "Rated on", "#Own rating", "#Own − current"];
        let rows: Vec<Row> = rated.collect();
        let unrated = self.catalogue.skill_count().saturating_sub(rows.len());
        Section::new("Detailed Skills", "Every rating", Table::rows(heads, rows))
            .note(format!("{} not rated and not in this list.", are(unrated as u64, "skill", "skills")))
            .empty("No skill is rated yet.")
            .on_new_page()
    }

    fn tools(&self) -> Section {
        let scores = tool_scores(&self.catalogue, &self.member.standing);
        let row = |(group, figures): (&str, ToolFigures)| {
            Row::new([
                group.into(),
                figures.total.into(),
                figures.operable.into(),
                percent(figures.operable_of_all()),
                figures.stocked.into(),
                percent(figures.stocked_of_all()),
                (figures.total - figures.answered).into(),
            ])
        };
        let categories = self.catalogue.tools().iter().zip(&scores);
        let mut rows: Vec<Row> = categories.map(|(group, score)| row((group.name.as_str(), score.figures))).collect();
        rows.push(row(("All tools", tool_total(&scores))));
        let heads = [
            "Category",
            "#Tools",
            "#Can operate",
            "#Can operate, share",
            "#On the truck",
            "#On the truck, share",
            "#Not answered",
        ];
        Section::new("Tools", "Tools by category", Table::rows(heads, rows)).on_new_page()
    }

    fn tool_list(&self) -> Section {
        let known = self.catalogue.tools().iter().flat_map(|group| {
            let row = |item: &Item| {
                let tool = self.member.standing.tool(item.id)?;
                Some(Row::new([
                    group.name.as_str().into(),
                    item.name.as_str().into(),
                    tool.can_operate.into(),
                    tool.truck_stock.into(),
                    tool.rated_on.into(),
                ]))
            };
            group.items.iter().filter_map(row).collect::<Vec<_>>()
        });
        let heads = ["Category", "Tool", "Can operate", "On the truck", "Said on"];
        Section::new("Tool List", "Every tool", Table::rows(heads, known.collect()))
            .note("Tools that nobody has answered for are not in this list.")
            .empty("Nobody has answered for a tool yet.")
    }

    fn improvement_areas(&self, means: &[SkillMean]) -> Section {
        let below: Vec<SkillMean> = means.iter().filter(|mean| mean.mean < Score::from_tenths(50)).copied().collect();
        let row = |mean: &SkillMean| {
            let [category, skill] = self.names(mean);
            let step = self.member.standing.skill(mean.skill).map(|current| next_step(current.rating));
            Row::new([skill, category, mean.mean.into(), gap(mean.mean), step.into()])
        };
        let rows = lowest(&below, RANKED).iter().map(row).collect();
        let heads = ["Skill", "Category", "#Rating", "#Gap to 5", "Next step"];
        Section::new("Improvement Areas", "What to work on", Table::rows(heads, rows))
            .note("The lowest current ratings, with the step that the scale asks for next.")
            .empty("Every rated skill stands at 5.")
    }

    fn strengths(&self, means: &[SkillMean]) -> Section {
        let row = |mean: &SkillMean| {
            let [category, skill] = self.names(mean);
            Row::new([skill, category, mean.mean.into()])
        };
        let rows = highest(means, RANKED).iter().map(row).collect();
        Section::new("Strengths", "Strengths", Table::rows(["Skill", "Category", "#Rating"], rows))
            .note("The highest current ratings.")
            .empty("No skill is rated yet.")
    }

    fn names(&self, mean: &SkillMean) -> [Value; 2] {
        match self.catalogue.skill(mean.skill) {
            Some((group, item)) => [group.name.as_str().into(), item.name.as_str().into()],
            None => [Value::None, Value::None],
        }
    }

    fn evaluations(&self, asked: &Asked) -> Section {
        let handed_in = |record: &&Record| {
            record.text("status").is_some_and(|state| state != "Draft")
                && date(record, "evaluation_date").is_some_and(|day| asked.period.has(day))
        };
        let row = |record: &Record| {
            let text = |name| Value::from(record.text(name));
            let on = Value::from(date(record, "evaluation_date"));
            Row::about(
                format!("/evaluations/{}", record.id),
                [on, text("evaluation_type"), text("evaluator_id"), text("status"), text("reviewed_by"), text("notes")],
            )
        };
        let rows = self.evaluations.iter().rev().filter(handed_in).map(row).collect();
        let heads = ["Date", "Kind", "By", "State", "Reviewed by", "Notes"];
        Section::new("Evaluations", "Evaluations", Table::rows(heads, rows))
            .note(format!("Handed in between {}.", asked.period.to_string().replace(" to ", " and ")))
            .empty("None was made in these days.")
    }

    fn goals(&self) -> Section {
        let row = |record: &Record| {
            let text = |name| Value::from(record.text(name));
            Row::about(
                format!("/goals/{}", record.id),
                [
                    record.title().into(),
                    text("target_tenths"),
                    date(record, "target_date").into(),
                    text("state"),
                    text("actions"),
                ],
            )
        };
        let heads = ["Goal", "#Rating to reach", "By", "State", "What will be done"];
        Section::new("Goals", "Goals", Table::rows(heads, self.plans.goals.iter().map(row).collect()))
            .empty("No goals are set.")
    }

    fn special_skills(&self) -> Section {
        let row = |record: &Record| {
            let text = |name| Value::from(record.text(name));
            Row::about(
                format!("/special-skills/{}", record.id),
                [text("name"), text("level"), date(record, "acquired_on").into(), text("state"), text("description")],
            )
        };
        let rows = self.plans.special_skills.iter().map(row).collect();
        let heads = ["Skill", "#How well", "Since", "State", "What it is"];
        Section::new("Special Skills", "Special skills", Table::rows(heads, rows)).empty("None are written down.")
    }

    fn qualifications(&self, today: Date) -> Section {
        let row = |record: &Record| {
            let text = |name| Value::from(record.text(name));
            let valid = Validity::of(record, today).words();
            Row::about(
                format!("/qualifications/{}", record.id),
                [text("name"), text("kind"), text("issuer"), date(record, "expires_on").into(), valid.into()],
            )
        };
        let rows = self.plans.qualifications.iter().map(row).collect();
        let heads = ["Qualification", "Kind", "Issued by", "Valid until", "Now"];
        Section::new("Qualifications", "Qualifications", Table::rows(heads, rows)).empty("None are written down.")
    }
}

/// The checklist of the next tier.
fn readiness(readiness: &Readiness) -> Section {
    let row = |check: &Check| {
        let state = if check.is_met { "met" } else { "not met" };
        Row::new([check.words.as_str().into(), state.into(), check.finding.as_str().into()])
    };
    let heading = match &readiness.next {
        Some(next) => format!("On the way to {}", next.name),
        None => "Tier".to_owned(),
    };
    let rows = readiness.checks.iter().map(row).collect();
    Section::new("Readiness", heading, Table::rows(["What the tier asks for", "State", "What is there"], rows))
        .note(readiness.answer())
        .empty("There is nothing to check.")
}

fn lead(scores: &[CategoryScore]) -> String {
    let coverage = group_coverage(&[scores]);
    let rated = format!("{} of {} rated", coverage.part, counted(coverage.whole, "skill", "skills"));
    match overall(scores) {
        Some(score) => format!("Overall {} of 5, with {rated}.", score.two_decimals()),
        None => "No skill is rated yet.".to_owned(),
    }
}

fn skill_row(category: &str, name: &str, skill: &CurrentSkill) -> Row {
    let of_manager = skill.source != Source::SelfRated;
    let own = skill.self_rating.filter(|_| of_manager);
    let difference = own.map(|own| apart(own, skill.rating));
    Row::new([
        category.into(),
        name.into(),
        u32::from(skill.rating).into(),
        source_words(skill.source).into(),
        skill.rated_on.into(),
        skill.self_rating.map(u32::from).into(),
        difference.into(),
    ])
}

/// How much higher somebody rates themselves.
fn apart(own: u8, current: u8) -> Difference {
    Score::from_tenths(own * 10).minus(Score::from_tenths(current * 10))
}

/// From one rating to the next.
const fn next_step(rating: u8) -> &'static str {
    match rating {
        0 | 1 => "Watch somebody do it, then try it together.",
        2 => "Do it on the next jobs, with somebody who can.",
        3 => "Do it alone, with somebody to ask.",
        _ => "Do the hard cases, and show others.",
    }
}

/// A score in percent of five.
fn of_five(score: Score) -> Value {
    percent(Share { part: score.hundredths(), whole: 500 })
}

fn date(record: &Record, field: &str) -> Option<Date> {
    record.text(field)?.parse().ok()
}

fn are(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", counted(count, one, many), if count == 1 { "is" } else { "are" })
}
