//! Two years of evaluations: who grew, who stands still, who left, who sees themselves otherwise than their manager does.

use jiff::ToSpan as _;
use palisade_base::Date;

use super::{
    Company, DemoRole,
    dice::Dice,
    skill::{Ability, rating},
};
use crate::catalogue::Catalogue;

/// Quarters of history.
pub(super) const QUARTERS: i32 = 8;
const DAYS_A_QUARTER: i32 = 91;
/// Nobody is evaluated in their first weeks.
const SETTLING_IN_DAYS: i32 = 30;
/// How much better most people become in two years, in hundredths of a rating.
const USUAL_GROWTH: i32 = 90;

/// What is told of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// Becomes better, as most do, and is evaluated each quarter.
    Steady,
    /// Becomes better fast.
    Growth,
    /// Has stood still for two years.
    Plateau,
    /// Sees themselves far better than their manager does.
    Overrates,
    /// Sees themselves worse than their manager does.
    Underrates,
    /// Was never evaluated.
    Never,
    /// Was evaluated for the last time three quarters ago.
    Overdue,
    /// Has left; the history ends there.
    Left,
}

/// One evaluation of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoEvaluation {
    /// Whom it is about: a place in [`Company::people`].
    pub subject: usize,
    /// Who wrote it.
    pub evaluator: usize,
    /// Its day.
    pub on: Date,
    /// Who has reviewed it, and when.
    pub reviewed: Option<(usize, Date)>,
    /// Category, skill in it, rating: places in the catalogue.
    pub skills: Vec<(usize, usize, u8)>,
    /// Category, tool in it, can operate, on the truck.
    pub tools: Vec<(usize, usize, bool, bool)>,
    /// What was said about the whole.
    pub notes: &'static str,
}

const MANAGERS_NOTES: [&str; 8] = [
    "Good quarter. Ready to take smaller jobs alone.",
    "Works cleanly, and customers ask for them by name.",
    "Should ask earlier when a job turns out bigger than it looked.",
    "We went through the new rating scale together and agreed on most of it.",
    "Took the apprentice along on four jobs and explained a lot.",
    "Call-backs are down. Keep an eye on the finish.",
    "Wants more electrical work; rode along twice this quarter.",
    "Tidy truck, complete stock, always on time.",
];
const OWN_NOTES: [&str; 5] = [
    "I would like to see more bathrooms from start to end.",
    "Felt sure of most things this quarter.",
    "Still slow on layout, getting better.",
    "I can show the tile work to others now.",
    "Please put me on a deck job next quarter.",
];

impl Company {
    /// What is told of somebody; `None` of who is no craftsman. The first team has the stories that its manager is to see.
    #[must_use]
    pub fn story(&self, place: usize) -> Option<Story> {
        let person = self.people.get(place)?;
        let work = person.employment.as_ref()?;
        if work.has_left {
            return Some(Story::Left);
        }
        if person.role == DemoRole::Manager {
            return Some(Story::Steady);
        }
        let colleagues = |other: &usize| {
            let of = self.people.get(*other).filter(|p| p.role == DemoRole::Employee);
            of.and_then(|p| p.employment.as_ref()).is_some_and(|w| !w.has_left && w.team == work.team)
        };
        let rank = (0..place).filter(colleagues).count();
        Some(match (work.team, rank) {
            (0, 0) | (3, 1) => Story::Growth,
            (0, 1) | (4, 2) => Story::Plateau,
            (0, 2) => Story::Overrates,
            (0, 4) => Story::Never,
            (0, 5) => Story::Overdue,
            (2, 1) => Story::Underrates,
            _ => Story::Steady,
        })
    }

    /// The evaluations of the last eight quarters, oldest first: the same for the same company, always. `today` is the day
    /// that the company was made for.
    #[must_use]
    pub fn history(&self, catalogue: &Catalogue, today: Date) -> Vec<DemoEvaluation> {
        let mut all = Vec::new();
        for place in 0..self.people.len() {
            if let Some(story) = self.story(place) {
                let teller = Teller::new(self, (place, story), catalogue, today);
                all.extend(teller.tell());
            }
        }
        all.sort_by_key(|one| (one.on, one.subject, one.evaluator));
        all
    }

    /// What somebody can do today.
    pub(super) fn ability(&self, place: usize, catalogue: &Catalogue) -> Option<Ability> {
        let work = self.people.get(place)?.employment.as_ref()?;
        Some(Ability::of(place, work.tier, catalogue, &mut self.dice(place)))
    }

    /// Choices about one person that do not depend on any other.
    fn dice(&self, place: usize) -> Dice {
        let name = self.people.get(place).map_or("", |person| person.user_name.as_str());
        Dice::new(name.bytes().fold(place as u64, |seed, byte| seed.wrapping_mul(131).wrapping_add(u64::from(byte))))
    }
}

struct Teller<'a> {
    company: &'a Company,
    place: usize,
    story: Story,
    ability: Ability,
    hired: Date,
    manager: usize,
    today: Date,
    dice: Dice,
}

impl<'a> Teller<'a> {
    fn new(company: &'a Company, (place, story): (usize, Story), catalogue: &Catalogue, today: Date) -> Self {
        let work = company.people.get(place).and_then(|person| person.employment.as_ref());
        let team = work.and_then(|work| company.teams.get(work.team));
        // Whoever leads a team is evaluated by the administrator, who stands first.
        let manager = team.map(|team| team.manager).filter(|manager| *manager != place).unwrap_or(0);
        let ability =
            company.ability(place, catalogue).unwrap_or(Ability { trade: "", skills: Vec::new(), tools: Vec::new() });
        let hired = work.map_or(today, |work| work.hired);
        let dice = Dice::new(company.dice(place).next_seed());
        Self { company, place, story, ability, hired, manager, today, dice }
    }

    fn tell(mut self) -> Vec<DemoEvaluation> {
        let last_quarter = match self.story {
            Story::Never => return Vec::new(),
            Story::Overdue => 3,
            Story::Left => 4,
            _ => 0,
        };
        let mut told = Vec::new();
        for ago in (last_quarter..QUARTERS).rev() {
            let on = self.today.saturating_sub((ago * DAYS_A_QUARTER + self.dice.between(16, 40)).days());
            if (on - self.hired).get_days() >= SETTLING_IN_DAYS {
                told.extend(self.quarter(ago, on));
            }
        }
        told
    }

    /// A self-evaluation and, some days later, the manager's.
    fn quarter(&mut self, ago: i32, on: Date) -> Vec<DemoEvaluation> {
        let is_latest = ago == 0;
        let by_manager = on.saturating_add(self.dice.between(3, 10).days());
        // The newest ones wait for their review here and there.
        let waits = is_latest && self.place % 5 == 3;
        let mut told = Vec::new();
        let misses = self.dice.below(9) == 0 && self.story == Story::Steady;
        if !misses {
            let reviewer = (!waits && self.manager != 0).then_some(self.manager);
            told.push(self.evaluation(ago, on, (self.place, reviewer)));
        }
        // A manager's word is reviewed by the administrator; the administrator's by the manager of the next team.
        let second = if self.manager == 0 { self.next_manager() } else { 0 };
        told.push(self.evaluation(ago, by_manager, (self.manager, (!waits).then_some(second))));
        told
    }

    fn next_manager(&self) -> usize {
        let managers: Vec<usize> = self.company.teams.iter().map(|team| team.manager).collect();
        let own = managers.iter().position(|manager| *manager == self.place).unwrap_or(0);
        managers.get((own + 1) % managers.len().max(1)).copied().unwrap_or(0)
    }

    fn evaluation(&mut self, ago: i32, on: Date, (evaluator, reviewer): (usize, Option<usize>)) -> DemoEvaluation {
        let is_self = evaluator == self.place;
        let shift = self.bias(is_self) - self.growth() * ago / QUARTERS;
        let seen = |dice: &mut Dice, level: i32| level + shift + dice.between(-12, 12);
        let (skills, tools) = (self.ability.skills.clone(), self.ability.tools.clone());
        let skills = skills.into_iter().map(|(c, s, level)| (c, s, rating(seen(&mut self.dice, level)))).collect();
        let tools = tools.into_iter().map(|(c, t, level)| (c, t, level + shift >= 240, level + shift >= 345)).collect();
        let on_review = on.saturating_add(self.dice.between(2, 6).days()).min(self.today);
        let notes: &[&str] = if is_self { &OWN_NOTES } else { &MANAGERS_NOTES };
        let notes = if self.dice.below(3) == 0 { notes[self.dice.below(notes.len())] } else { "" };
        let reviewed = reviewer.filter(|by| *by != evaluator && *by != self.place).map(|by| (by, on_review));
        DemoEvaluation { subject: self.place, evaluator, on, reviewed, skills, tools, notes }
    }

    /// How much better than today's level somebody sees it, in hundredths.
    fn bias(&self, is_self: bool) -> i32 {
        match (self.story, is_self) {
            (Story::Overrates, true) => 115,
            (Story::Underrates, true) => -85,
            (_, true) => 20,
            (_, false) => 0,
        }
    }

    /// By how much they have become better in eight quarters, in hundredths.
    fn growth(&self) -> i32 {
        match self.story {
            Story::Growth => 170,
            Story::Plateau => 0,
            Story::Left => 40,
            _ => USUAL_GROWTH,
        }
    }
}
