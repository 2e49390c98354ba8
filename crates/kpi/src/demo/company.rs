//! The company: one administrator, six teams with their managers, about forty people, a few of whom have left.

use std::collections::HashSet;

use jiff::{ToSpan as _, civil::Weekday};
use palisade_base::Date;

use super::{
    dice::Dice,
    names::{FAMILY, GIVEN, NOTES, plain},
};

const NAME: &str = "Cedar & Level Handyman Co.";
const MAIL_DOMAIN: &str = "cedarandlevel.example";
const DAYS_A_YEAR: i32 = 365;

/// Teams with their area and how many work in each besides the manager.
const TEAMS: [(&str, Area, usize); 6] = [
    ("North crew", Area::North, 6),
    ("South crew", Area::South, 5),
    ("East crew", Area::East, 5),
    ("West crew", Area::West, 5),
    ("Downtown crew", Area::Central, 5),
    ("Commercial crew", Area::Central, 4),
];
const LEAVERS: usize = 4;

/// How many of a hundred who lead nobody are in each tier, apprentices first.
const TIER_SHARES: [usize; 5] = [20, 32, 28, 15, 5];
/// The fewest and the most years of service that each tier takes.
const TIER_YEARS: [(i32, i32); 5] = [(0, 1), (1, 4), (2, 8), (4, 12), (7, 16)];

/// A company.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Company {
    /// Its name.
    pub name: &'static str,
    /// Its teams.
    pub teams: Vec<DemoTeam>,
    /// Everybody; the administrator first, then the managers in the order of their teams.
    pub people: Vec<DemoPerson>,
}

/// A team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoTeam {
    /// Its name.
    pub name: &'static str,
    /// Where it works.
    pub area: Area,
    /// Who leads it: a place in [`Company::people`].
    pub manager: usize,
}

/// A part of town.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// North.
    North,
    /// South.
    South,
    /// East.
    East,
    /// West.
    West,
    /// The middle.
    Central,
}

/// What somebody may do in the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DemoRole {
    /// Runs the program.
    Admin,
    /// Leads a team.
    Manager,
    /// Works in a team.
    Employee,
}

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoPerson {
    /// Given name.
    pub given_name: &'static str,
    /// Family name.
    pub family_name: &'static str,
    /// The name to sign in with; nobody else has it.
    pub user_name: String,
    /// Mail address; nobody else has it.
    pub email: String,
    /// Telephone number; nobody else has it.
    pub phone: String,
    /// What they may do.
    pub role: DemoRole,
    /// Their work; the administrator keeps the books and is no craftsman.
    pub employment: Option<Employment>,
}

/// Somebody's work as a craftsman.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Employment {
    /// Number on the payroll; counts up with the date of hire.
    pub number: String,
    /// 1 (apprentice) to 5 (lead craftsman).
    pub tier: u8,
    /// Their team: a place in [`Company::teams`].
    pub team: usize,
    /// First day, a working day.
    pub hired: Date,
    /// Whether they have left since.
    pub has_left: bool,
    /// What somebody wrote about them; mostly nothing.
    pub notes: &'static str,
}

impl Company {
    /// Makes the company of this seed as it is on `today`: the same for the same two, always.
    #[must_use]
    pub fn generate(seed: u64, today: Date) -> Self {
        let mut maker = Maker::new(seed, today);
        let mut people = vec![maker.person(DemoRole::Admin, None)];
        let teams = TEAMS.iter().enumerate().map(|(at, &(name, area, _))| DemoTeam { name, area, manager: at + 1 });
        let teams = teams.collect();
        for team in 0..TEAMS.len() {
            let tier = maker.managers_tier();
            people.push(maker.employee(DemoRole::Manager, team, tier, false));
        }
        let mut tiers = maker.tiers();
        for (team, &(.., size)) in TEAMS.iter().enumerate() {
            for _ in 0..size {
                let tier = tiers.pop().unwrap_or(1);
                people.push(maker.employee(DemoRole::Employee, team, tier, false));
            }
        }
        for _ in 0..LEAVERS {
            let (team, tier) = (maker.dice.below(TEAMS.len()), tiers.pop().unwrap_or(1));
            people.push(maker.employee(DemoRole::Employee, team, tier, true));
        }
        number_by_seniority(&mut people);
        Self { name: NAME, teams, people }
    }

    /// Everybody who works there now, with their place in [`Company::people`].
    pub fn present(&self) -> impl Iterator<Item = (usize, &DemoPerson)> {
        let has_left = |person: &DemoPerson| person.employment.as_ref().is_some_and(|work| work.has_left);
        self.people.iter().enumerate().filter(move |(_, person)| !has_left(person))
    }
}

struct Maker {
    dice: Dice,
    today: Date,
    given: Vec<&'static str>,
    family: Vec<&'static str>,
    phones: Vec<i32>,
    user_names: HashSet<String>,
}

impl Maker {
    fn new(seed: u64, today: Date) -> Self {
        let mut dice = Dice::new(seed);
        let given = dice.shuffled(&GIVEN);
        let family = dice.shuffled(&FAMILY);
        // 555-0100 to 555-0199 belong to nobody, in every area.
        let phones = dice.shuffled(&(100..200).collect::<Vec<_>>());
        Self { dice, today, given, family, phones, user_names: HashSet::new() }
    }

    fn person(&mut self, role: DemoRole, employment: Option<Employment>) -> DemoPerson {
        let given_name = self.given.pop().unwrap_or("Alex");
        // A family name comes back now and then, as in every company.
        let repeat = self.dice.below(12) == 0;
        let family_name = match self.family.last() {
            Some(name) if repeat => name,
            _ => self.family.pop().unwrap_or("Morgan"),
        };
        let user_name = self.user_name(given_name, family_name);
        let phone = format!("(303) 555-0{}", self.phones.pop().unwrap_or(100));
        let email = format!("{user_name}@{MAIL_DOMAIN}");
        DemoPerson { given_name, family_name, user_name, email, phone, role, employment }
    }

    /// `maria.ortega`, and `maria.ortega2` should there be another.
    fn user_name(&mut self, given: &str, family: &str) -> String {
        let plain = format!("{}.{}", plain(given), plain(family));
        let mut name = plain.clone();
        let mut count = 1;
        while !self.user_names.insert(name.clone()) {
            count += 1;
            name = format!("{plain}{count}");
        }
        name
    }

    fn employee(&mut self, role: DemoRole, team: usize, tier: u8, has_left: bool) -> DemoPerson {
        let hired = self.hired(tier, has_left);
        let notes = if self.dice.below(4) == 0 { NOTES[self.dice.below(NOTES.len())] } else { "" };
        let work = Employment { number: String::new(), tier, team, hired, has_left, notes };
        self.person(role, Some(work))
    }

    /// A working day as long ago as the tier takes; who has left had been there for a while.
    fn hired(&mut self, tier: u8, has_left: bool) -> Date {
        let (fewest, most) = TIER_YEARS[usize::from(tier.clamp(1, 5)) - 1];
        let since_leaving = if has_left { DAYS_A_YEAR } else { 0 };
        let days = self.dice.between(fewest * DAYS_A_YEAR + 14, most * DAYS_A_YEAR) + since_leaving;
        let day = self.today.saturating_sub(days.days());
        match day.weekday() {
            Weekday::Saturday => day.saturating_sub(1.days()),
            Weekday::Sunday => day.saturating_sub(2.days()),
            _ => day,
        }
    }

    /// Managers are master or lead craftsmen.
    fn managers_tier(&mut self) -> u8 {
        if self.dice.below(3) == 0 { 5 } else { 4 }
    }

    /// Tiers for everybody who leads nobody, in their shares, in any order.
    fn tiers(&mut self) -> Vec<u8> {
        let count = TEAMS.iter().map(|team| team.2).sum::<usize>() + LEAVERS;
        let mut tiers = Vec::with_capacity(count);
        for (tier, share) in (1_u8..).zip(TIER_SHARES) {
            tiers.extend(std::iter::repeat_n(tier, (count * share + 50) / 100));
        }
        // Rounding may leave one too few or too many; handymen are the most.
        tiers.resize(count, 2);
        self.dice.shuffled(&tiers)
    }
}

/// Payroll numbers in the order of hire, as they were given out.
fn number_by_seniority(people: &mut [DemoPerson]) {
    let mut works: Vec<&mut Employment> = people.iter_mut().filter_map(|person| person.employment.as_mut()).collect();
    works.sort_by_key(|work| work.hired);
    for (number, work) in (1_001..).zip(works) {
        work.number = format!("E-{number}");
    }
}
