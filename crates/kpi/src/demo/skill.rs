//! What the made-up people can do: by trade, by tier, and better from quarter to quarter.

use super::dice::Dice;
use crate::catalogue::Catalogue;

/// Most people rate between these many of the catalogue's skills: nobody does everything.
const FEWEST_RATED: usize = 60;
const MOST_RATED: usize = 110;

/// A trade: categories of the company's catalogue, those that it is about first.
const TRADES: [(&str, [&str; 12]); 6] = [
    (
        "carpenter",
        [
            "Carpentry Interior",
            "Carpentry Exterior/Deck",
            "Doors/Windows",
            "Closets",
            "Garage/Sheds",
            "Flooring",
            "Drywall",
            "Crawl space",
            "Maintenance Inside",
            "Fencing",
            "Hauling/Moving",
            "Painting/Staining",
        ],
    ),
    (
        "plumber",
        [
            "Bathroom/Kitchen/Plumbing",
            "Heating/Cooling",
            "Maintenance Inside",
            "Crawl space",
            "Flooring",
            "Drywall",
            "Hauling/Moving",
            "Closets",
            "Maintenance Outside",
            "Electrical",
            "Painting/Staining",
            "Landscaping",
        ],
    ),
    (
        "painter",
        [
            "Painting/Staining",
            "Drywall",
            "Flooring",
            "Maintenance Inside",
            "Closets",
            "Hauling/Moving",
            "Doors/Windows",
            "Maintenance Outside",
            "Commercial",
            "Carpentry Interior",
            "Roofing/Gutters",
            "Fencing",
        ],
    ),
    (
        "electrician",
        [
            "Electrical",
            "Heating/Cooling",
            "Maintenance Inside",
            "Commercial",
            "Drywall",
            "Doors/Windows",
            "Closets",
            "Maintenance Outside",
            "Hauling/Moving",
            "Painting/Staining",
            "Landscaping",
            "Flooring",
        ],
    ),
    (
        "groundworker",
        [
            "Concrete",
            "Fencing",
            "Landscaping",
            "Maintenance Outside",
            "Roofing/Gutters",
            "Hauling/Moving",
            "Garage/Sheds",
            "Carpentry Exterior/Deck",
            "Crawl space",
            "Painting/Staining",
            "Drywall",
            "Maintenance Inside",
        ],
    ),
    (
        "fitter",
        [
            "Commercial",
            "Drywall",
            "Doors/Windows",
            "Electrical",
            "Painting/Staining",
            "Hauling/Moving",
            "Flooring",
            "Maintenance Inside",
            "Carpentry Interior",
            "Heating/Cooling",
            "Closets",
            "Roofing/Gutters",
        ],
    ),
];

/// What somebody of each tier can do in what their trade is about, on the scale of ratings in hundredths.
const LEVEL_OF_TIER: [i32; 5] = [235, 315, 400, 455, 480];
/// How much less they can do in what lies next to it, and in the rest.
const BESIDE: i32 = 70;
const FAR: i32 = 150;

/// One person's skills: which they rate at all, and how good they are at each today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ability {
    /// What their trade is called.
    pub(super) trade: &'static str,
    /// Place of the category, place of the skill in it, and the level today in hundredths.
    pub(super) skills: Vec<(usize, usize, i32)>,
    /// The same for tools; the category past the last is the general list.
    pub(super) tools: Vec<(usize, usize, i32)>,
}

impl Ability {
    /// Somebody of this tier, whose trade follows from the number.
    pub(super) fn of(number: usize, tier: u8, catalogue: &Catalogue, dice: &mut Dice) -> Self {
        let (trade, names) = TRADES[number % TRADES.len()];
        let most = MOST_RATED - dice.below(26);
        let mut ability = Self { trade, skills: Vec::new(), tools: Vec::new() };
        for (rank, name) in names.iter().enumerate() {
            let Some(place) = catalogue.categories.iter().position(|category| category.name == *name) else { continue };
            let category = &catalogue.categories[place];
            let room = most.saturating_sub(ability.skills.len());
            if ability.skills.len() >= FEWEST_RATED && category.skills.len() > room {
                continue;
            }
            let level = level(tier, rank);
            let skills = (0..category.skills.len()).map(|at| (place, at, level + dice.between(-85, 85)));
            ability.skills.extend(skills);
            let tools = (0..category.tools.len()).map(|at| (place, at, level + dice.between(-85, 85)));
            ability.tools.extend(tools);
        }
        ability.skills.truncate(MOST_RATED);
        let general = catalogue.categories.len();
        let everyday = level(tier, 0);
        ability
            .tools
            .extend((0..catalogue.general_tools.len()).map(|at| (general, at, everyday + dice.between(-60, 160))));
        ability
    }
}

fn level(tier: u8, rank: usize) -> i32 {
    let top = LEVEL_OF_TIER[usize::from(tier.clamp(1, 5)) - 1];
    match rank {
        0..=2 => top,
        3..=6 => top - BESIDE,
        _ => top - FAR,
    }
}

/// The rating that a level comes to.
pub(super) fn rating(level: i32) -> u8 {
    u8::try_from(((level + 50) / 100).clamp(1, 5)).unwrap_or(1)
}
