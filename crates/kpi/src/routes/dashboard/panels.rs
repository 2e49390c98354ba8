//! The parts of the overview. Each says what it finds, and each figure leads to what it is made of.

use askama::{Template, filters::HtmlSafe};
use palisade_base::{Caller, Date, RecordId};
use palisade_charts::{Axis, Bar, Bars, Radar, Scale, fold_axes};
use palisade_web::{
    Html,
    component::{Badge, Cell, EmptyState, Head, Row, Stat, Stats, Table, date_words},
};

use super::{Asked, sees_others};
use crate::{
    dashboard::{Dashboard, DueEvaluation, RecentEvaluation},
    evaluation::EvaluationKind,
    routes::{
        evaluation::state_badge,
        figures::{counted, figure, percent_figure, percent_words, score_words},
        trend::{TrendWords, quarter_days, trend_chart},
    },
    scoring::{Difference, GroupScore, Score, SkillMean},
    standing::{Member, People},
};

/// How many due evaluations are listed.
const DUE_SHOWN: usize = 6;

const WEAKEST: &str = "What is rated lowest: where practice helps most.";

/// What the parts are made from.
pub(in crate::routes) struct View<'a> {
    pub(in crate::routes) caller: &'a Caller,
    pub(in crate::routes) asked: &'a Asked,
    pub(in crate::routes) dashboard: &'a Dashboard,
}

/// A list with its heading and finding.
#[derive(Template)]
#[template(path = "listed.html")]
struct Listed {
    title: &'static str,
    finding: String,
    table: Table,
    more: Option<(&'static str, String)>,
}

impl HtmlSafe for Listed {}

impl View<'_> {
    /// The one person that all of it is about.
    fn only(&self) -> Option<&Member> {
        match self.dashboard.members.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// An address that carries the people's filters along.
    fn with_filters(&self, path: &str, team: &str, tier: &str, more: &[(&str, String)]) -> String {
        let filter = &self.asked.filter;
        let set = [(team, filter.team), (tier, filter.tier)];
        let ids = set.iter().filter_map(|(name, id)| Some(format!("{name}={}", (*id)?)));
        let more = more.iter().map(|(name, value)| format!("{name}={value}"));
        let parts: Vec<String> = ids.chain(more).collect();
        if parts.is_empty() { path.to_owned() } else { format!("{path}?{}", parts.join("&")) }
    }

    /// Where the ratings of a category are seen one by one.
    fn ratings_path(&self, category: Option<RecordId>) -> String {
        let category: Vec<_> =
            category.or(self.asked.filter.category).map(|id| ("category", id.to_string())).into_iter().collect();
        match self.only() {
            Some(member) => {
                let rest = category.first().map(|(name, id)| format!("?{name}={id}")).unwrap_or_default();
                format!("/employees/{}/skills{rest}", member.employee)
            }
            None => self.with_filters("/coverage", "team", "tier", &category),
        }
    }

    fn tools_path(&self, category: Option<RecordId>) -> String {
        let category: Vec<_> = category.map(|id| ("category", id.to_string())).into_iter().collect();
        match self.only() {
            Some(member) => format!("/employees/{}/tools", member.employee),
            None => self.with_filters("/truck-stock", "team", "tier", &category),
        }
    }

    fn evaluations_path(&self, from: Option<Date>, to: Option<Date>) -> String {
        let mut parts = Vec::new();
        if let Some(id) = self.asked.filter.employee {
            parts.push(format!("employee_id={id}"));
        }
        parts.extend(from.map(|day| format!("from={day}")));
        parts.extend(to.map(|day| format!("to={day}")));
        if parts.is_empty() { "/evaluations".to_owned() } else { format!("/evaluations?{}", parts.join("&")) }
    }

    pub(super) fn cards(&self) -> Stats {
        let all = self.dashboard;
        let stat =
            |figure: String, label: &str, path: String| Stat { figure, label: label.to_owned(), path: Some(path) };
        let mut stats = vec![
            stat(score_words(all.average), "average rating", self.ratings_path(None)),
            stat(percent_words(all.coverage), "of the skills rated", self.ratings_path(None)),
            stat(percent_words(all.tools.operable_of_all()), "of the tools can be operated", self.tools_path(None)),
            stat(
                all.evaluations.total().to_string(),
                if all.evaluations.total() == 1 { "evaluation" } else { "evaluations" },
                self.evaluations_path(self.asked.period.from, self.asked.period.to),
            ),
        ];
        if sees_others(self.caller) {
            let people = all.members.len();
            let label = if people == 1 { "employee" } else { "employees" };
            stats.push(stat(people.to_string(), label, self.with_filters("/employees", "team_id", "tier_id", &[])));
        }
        Stats::new(stats)
    }

    /// The parts; those of one group stand below each other.
    pub(super) fn panels(&self) -> Vec<Vec<Html>> {
        let mut panels = Vec::new();
        if self.dashboard.categories.len() > 2 {
            panels.push(vec![self.radar()]);
        }
        let due = self.due().map(|due| Html::from_component(&due));
        panels.push([self.trend()].into_iter().chain(due).collect());
        if !self.dashboard.top.is_empty() {
            panels.push(vec![self.ranked("Top skills", "What is rated highest.", &self.dashboard.top)]);
            panels.push(vec![self.ranked("Weakest skills", WEAKEST, &self.dashboard.weak)]);
        }
        if self.dashboard.members.len() > 1 && !self.dashboard.tiers.is_empty() {
            panels.push(vec![self.tiers()]);
        }
        panels.push(vec![Html::from_component(&self.recent())]);
        panels
    }

    /// The cards of the page of one person.
    pub(in crate::routes) fn cards_of_one(&self, with_evaluations: bool) -> Stats {
        let all = self.dashboard;
        let mut stats = vec![
            (score_words(all.average), "average rating", self.ratings_path(None)),
            (percent_words(all.coverage), "of the skills rated", self.ratings_path(None)),
            (percent_words(all.tools.operable_of_all()), "of the tools can be operated", self.tools_path(None)),
        ];
        let newest = self.only().and_then(|member| member.standing.manager_on.max(member.standing.self_on));
        if let (true, Some(member), Some(day)) = (with_evaluations, self.only(), newest) {
            let path = format!("/employees/{}/evaluations", member.employee);
            stats.push((date_words(day), "last evaluation", path));
        }
        let stat =
            |(figure, label, path): (String, &str, String)| Stat { figure, label: label.to_owned(), path: Some(path) };
        Stats::new(stats.into_iter().map(stat))
    }

    /// The parts of the page of one person; their course only for who sees how they came to where they stand.
    pub(in crate::routes) fn panels_of_one(&self, with_course: bool) -> Vec<Html> {
        let mut panels = vec![self.radar()];
        if with_course {
            panels.push(self.trend());
        }
        if !self.dashboard.top.is_empty() {
            panels.push(self.ranked("Top skills", "What is rated highest.", &self.dashboard.top));
            panels.push(self.ranked("Weakest skills", WEAKEST, &self.dashboard.weak));
        }
        panels
    }

    fn name_of(&self, category: RecordId) -> String {
        self.dashboard.catalogue.skill_group(category).map(|group| group.name.clone()).unwrap_or_default()
    }

    fn radar(&self) -> Html {
        // What is rated stays; of that, the categories with the most skills.
        let weight = |score: &&GroupScore| {
            let is_rated = score.manager_mean.is_some() || score.self_mean.is_some();
            let group = self.dashboard.catalogue.skill_group(score.category);
            u64::from(is_rated) * 100_000 + group.map_or(0, |group| group.items.len() as u64)
        };
        let axis = |score: &&GroupScore| Axis {
            name: self.name_of(score.category),
            path: Some(self.ratings_path(Some(score.category))),
            first: score.manager_mean.map(figure),
            second: score.self_mean.map(figure),
            note: percent_words(score.coverage()),
        };
        let rest = |scores: &[&GroupScore]| Axis {
            name: format!("The other {}", scores.len()),
            path: Some(self.ratings_path(None)),
            first: Score::mean(scores.iter().filter_map(|score| score.manager_mean)).map(figure),
            second: Score::mean(scores.iter().filter_map(|score| score.self_mean)).map(figure),
            note: String::new(),
        };
        let radar = Radar {
            title: "Skills by category".to_owned(),
            finding: self.radar_finding(),
            series: ["By managers".to_owned(), "Own".to_owned()],
            axes: fold_axes(self.dashboard.categories.iter().collect(), weight, axis, rest),
            note_head: "Rated".to_owned(),
        };
        Html::from_component(&radar.chart())
    }

    fn radar_finding(&self) -> String {
        let scores = &self.dashboard.categories;
        let rated = || scores.iter().filter_map(|score| Some((score.manager_mean?, score.category)));
        // Of equals the first in the catalogue is named.
        let best = rated().rev().max_by_key(|(mean, _)| *mean);
        let worst = rated().min_by_key(|(mean, _)| *mean);
        let blank = scores.iter().filter(|score| score.manager_mean.is_none()).count();
        let mut words = match (best, worst) {
            (Some((high, best)), Some((low, worst))) => format!(
                "By managers, strongest in {} ({high}), weakest in {} ({low}).",
                self.name_of(best),
                self.name_of(worst)
            ),
            _ => return "No manager has rated any of these yet.".to_owned(),
        };
        if blank > 0 {
            let (verb, all) = (if blank == 1 { "is" } else { "are" }, scores.len());
            words.push_str(&format!(" {blank} of {all} {verb} not rated by a manager: a gap, not a zero."));
        }
        words
    }

    fn trend(&self) -> Html {
        let narrowed = self.asked.filter.category.map(|id| self.name_of(id));
        let words = TrendWords {
            title: narrowed.map_or_else(|| "Trend by quarter".to_owned(), |name| format!("Trend by quarter: {name}")),
            is_own_people: self.shows_fewer_in_the_course(),
        };
        let path = |quarter| {
            let (from, to) = quarter_days(quarter);
            self.evaluations_path(Some(from), Some(to))
        };
        Html::from_component(&trend_chart(&words, &self.dashboard.trend, path))
    }

    /// Whether the course is of fewer people than the rest: of the caller's own.
    fn shows_fewer_in_the_course(&self) -> bool {
        self.only().is_none() && self.asked.filter.people == People::All && super::begins_with_own(self.caller)
    }

    fn ranked(&self, title: &str, finding: &str, means: &[SkillMean]) -> Html {
        let is_group = self.only().is_none();
        let bar = |mean: &SkillMean| {
            let found = self.dashboard.catalogue.skill(mean.skill);
            let category = self.name_of(mean.category);
            let people = counted(mean.people, "person", "people");
            Bar {
                name: found.map(|(_, item)| item.name.clone()).unwrap_or_default(),
                path: Some(self.ratings_path(Some(mean.category))),
                first: Some(figure(mean.mean)),
                second: None,
                note: if is_group { format!("{category} · {people}") } else { category },
            }
        };
        let bars = Bars {
            title: title.to_owned(),
            finding: finding.to_owned(),
            name_head: "Skill".to_owned(),
            series: ["Rating".to_owned(), String::new()],
            scale: Scale::RATING,
            bars: means.iter().map(bar).collect(),
            note_head: "Category".to_owned(),
        };
        Html::from_component(&bars.chart())
    }

    /// Every category, with what it rests on.
    pub(super) fn categories(&self) -> Html {
        let bar = |score: &GroupScore| Bar {
            name: self.name_of(score.category),
            path: Some(self.ratings_path(Some(score.category))),
            first: score.mean.map(figure),
            second: score.self_mean.map(figure),
            note: format!("{} rated", percent_words(score.coverage())),
        };
        // Of the same skills of the same people: not everybody's own ratings are the reader's to see.
        let apart = Difference::mean(self.dashboard.categories.iter().filter_map(|score| score.difference));
        let finding = match apart {
            Some(apart) => {
                format!("Where both have rated, people rate themselves {apart} from what their managers do on average.")
            }
            None => "The current ratings, and what people give themselves.".to_owned(),
        };
        let bars = Bars {
            title: "Every category".to_owned(),
            finding,
            name_head: "Category".to_owned(),
            series: ["Current".to_owned(), "Own".to_owned()],
            scale: Scale::RATING,
            bars: self.dashboard.categories.iter().map(bar).collect(),
            note_head: "Rated".to_owned(),
        };
        Html::from_component(&bars.chart())
    }

    /// What can be operated and what is on the trucks.
    pub(super) fn tools(&self) -> Html {
        let bar = |score: &crate::scoring::ToolScore| {
            let group = self.dashboard.catalogue.tool_group(score.category);
            Bar {
                name: group.map(|group| group.name.clone()).unwrap_or_default(),
                path: Some(self.tools_path(Some(score.category))),
                first: percent_figure(score.figures.operable_of_all()),
                second: percent_figure(score.figures.stocked_of_all()),
                note: counted(group.map_or(0, |group| group.items.len() as u64), "tool", "tools"),
            }
        };
        let total = self.dashboard.tools;
        let bars = Bars {
            title: "Tools by category".to_owned(),
            finding: format!(
                "{} of the tools can be operated, {} are on the truck. Where nobody has answered, it counts as no.",
                percent_words(total.operable_of_all()),
                percent_words(total.stocked_of_all())
            ),
            name_head: "Category".to_owned(),
            series: ["Can operate".to_owned(), "On the truck".to_owned()],
            scale: Scale::PERCENT,
            bars: self.dashboard.tool_categories.iter().map(bar).collect(),
            note_head: "Tools".to_owned(),
        };
        Html::from_component(&bars.chart())
    }

    fn tiers(&self) -> Html {
        let tiers = &self.dashboard.tiers;
        let figures: Vec<_> = tiers
            .iter()
            .map(|tier| palisade_charts::Figure::new(to_f64(tier.people), tier.people.to_string()))
            .collect();
        let most = tiers.iter().rev().max_by_key(|tier| tier.people);
        let path = |id: RecordId| {
            let team = self.asked.filter.team.map(|team| format!("&team_id={team}")).unwrap_or_default();
            format!("/employees?tier_id={id}{team}")
        };
        let bar = |(tier, figure): (&crate::dashboard::TierPeople, &palisade_charts::Figure)| Bar {
            name: tier.name.clone(),
            path: Some(path(tier.id)),
            first: Some(figure.clone()),
            second: None,
            note: String::new(),
        };
        let bars = Bars {
            title: "People by tier".to_owned(),
            finding: most.map(|tier| format!("Most are on {}.", tier.name)).unwrap_or_default(),
            name_head: "Tier".to_owned(),
            series: ["People".to_owned(), String::new()],
            scale: Scale::up_to_largest(&figures),
            bars: tiers.iter().zip(&figures).map(bar).collect(),
            note_head: String::new(),
        };
        Html::from_component(&bars.chart())
    }

    fn recent(&self) -> Listed {
        let row = |one: &RecentEvaluation| {
            let cells = [
                Cell::day(one.evaluated_on),
                Cell::text(&one.employee_name),
                Cell::text(if one.kind == EvaluationKind::SelfRated { "themselves" } else { &one.evaluator_name }),
                Cell::badge(&state_badge(one.state)),
            ];
            Row::link(format!("/evaluations/{}", one.id), cells)
        };
        let heads = ["Date", "About", "By", "State"].map(Head::new);
        let empty = EmptyState::new("No evaluations then", "Choose a longer time, or start one.");
        let counts = self.dashboard.evaluations;
        Listed {
            title: "Recent evaluations",
            finding: format!("{} by managers, {} by the people themselves.", counts.by_managers, counts.by_themselves),
            table: Table::new("Recent evaluations", heads).rows(self.dashboard.recent.iter().map(row)).empty(empty),
            more: (counts.total() > self.dashboard.recent.len() as u64)
                .then(|| ("All of them", self.evaluations_path(self.asked.period.from, self.asked.period.to))),
        }
    }

    /// What is due; nothing where the caller evaluates nobody.
    fn due(&self) -> Option<Listed> {
        let (all, today) = (&self.dashboard.due, self.dashboard.today);
        let overdue = all.iter().filter(|due| due.is_overdue(today)).count();
        if all.is_empty() {
            return None;
        }
        let rest = all.len().saturating_sub(DUE_SHOWN);
        let mut finding = format!("{} overdue, {} within a month", overdue, all.len() - overdue);
        if rest > 0 {
            finding.push_str(&format!("; the {DUE_SHOWN} that wait longest"));
        }
        finding.push_str(". One is due a quarter after the last.");
        let rows = all.iter().take(DUE_SHOWN).map(|due| due_row(due, today));
        Some(Listed {
            title: "Due evaluations",
            finding,
            table: Table::new("Due evaluations", ["About", "Last", "Due"].map(Head::new)).rows(rows),
            more: (rest > 0).then(|| ("Who is to be evaluated", "/evaluations".to_owned())),
        })
    }
}

fn due_row(due: &DueEvaluation, today: Date) -> Row {
    let when = match due.due_on {
        None => Badge::warn("never yet"),
        Some(day) if day < today => Badge::warn(format!("since {}", date_words(day))),
        Some(day) => Badge::plain(date_words(day)),
    };
    let name =
        if due.kind == EvaluationKind::SelfRated { format!("{} (yourself)", due.name) } else { due.name.clone() };
    let last = due.last.map_or_else(Cell::none, Cell::day);
    Row::link(format!("/evaluations/new?employee={}", due.employee), [Cell::text(name), last, Cell::badge(&when)])
}

#[expect(clippy::cast_precision_loss, reason = "no company has 2^52 people")]
const fn to_f64(count: usize) -> f64 {
    count as f64
}
