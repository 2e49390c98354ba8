//! A rule as a value: read from its record, and said in words.

use palisade_base::{FieldError, RecordId};
use palisade_store::Value;

use crate::{
    scoring::{CatalogueView, Score},
    types::{RULE_KINDS, id_in},
};

/// What a tier asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// So many categories with a mean of at least that.
    Categories {
        /// How many.
        times: u8,
        /// The mean.
        mean: Score,
        /// The percentage of a category's skills that must be rated for it to count.
        coverage: Option<u8>,
    },
    /// A mean of at least that in one category.
    Category {
        /// The category.
        category: RecordId,
        /// The mean.
        mean: Score,
        /// The percentage of its skills that must be rated.
        coverage: Option<u8>,
    },
    /// So many of the skills at a rating or above.
    Skills {
        /// Of one category, or of all.
        category: Option<RecordId>,
        /// The rating.
        rating: u8,
        /// The percentage of the skills.
        share: u8,
    },
    /// So many categories in which somebody is an expert.
    Experts {
        /// How many.
        times: u8,
        /// The mean in each.
        mean: Score,
        /// No rating in it is lower.
        rating: u8,
        /// The percentage of its ratings that are a 5.
        share: u8,
        /// The percentage of its skills that must be rated.
        coverage: Option<u8>,
    },
    /// So many tools that they can operate.
    ToolsOperable {
        /// Which tools.
        tools: ToolList,
        /// The percentage of them.
        share: u8,
    },
    /// So many tools on their truck.
    ToolsStocked {
        /// Which tools.
        tools: ToolList,
        /// The percentage of them.
        share: u8,
    },
    /// An administrator says that they train others.
    TrainsOthers,
}

/// The tools that a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolList {
    /// All.
    All,
    /// Those that belong to no craft.
    General,
    /// Those of one category.
    Category(RecordId),
}

/// What a kind of rule needs, and what it can have besides.
struct Shape {
    kind: &'static str,
    needs: &'static [&'static str],
    takes: &'static [&'static str],
}

const TOOLS: [&str; 2] = ["tools", "tool_category_id"];

const SHAPES: &[Shape] = &[
    Shape { kind: "categories", needs: &["times", "mean_tenths"], takes: &["coverage"] },
    Shape { kind: "category", needs: &["category_id", "mean_tenths"], takes: &["coverage"] },
    Shape { kind: "skills", needs: &["rating", "share"], takes: &["category_id"] },
    Shape { kind: "experts", needs: &["times", "mean_tenths", "rating", "share"], takes: &["coverage"] },
    Shape { kind: "tools_operable", needs: &["share"], takes: &TOOLS },
    Shape { kind: "tools_stocked", needs: &["share"], takes: &TOOLS },
    Shape { kind: "trains_others", needs: &[], takes: &[] },
];

/// Everything that some kind needs.
const ANSWERS: [&str; 8] =
    ["times", "mean_tenths", "rating", "share", "coverage", "category_id", "tools", "tool_category_id"];

impl Rule {
    /// Reads the fields of a rule's record.
    ///
    /// # Errors
    /// What is missing for its kind, and what its kind does not look at, field by field.
    pub fn read(value: impl Fn(&str) -> Option<Value>) -> Result<Self, Vec<FieldError>> {
        let kind = match value("kind") {
            Some(Value::Text(kind)) => kind,
            _ => String::new(),
        };
        let shape = SHAPES.iter().find(|shape| shape.kind == kind);
        let shape = shape.ok_or_else(|| vec![wrong("kind", "Choose what the rule is about.")])?;
        let found = shape.problems(&value);
        if !found.is_empty() {
            return Err(found);
        }
        shape.rule(&value).ok_or_else(|| vec![wrong("kind", "This rule can't be read.")])
    }
}

impl Shape {
    fn problems(&self, value: &impl Fn(&str) -> Option<Value>) -> Vec<FieldError> {
        let mut found = Vec::new();
        for name in ANSWERS {
            let is_given = value(name).is_some();
            if self.needs.contains(&name) && !is_given {
                found.push(wrong(name, &format!("“{}” needs this.", label(self.kind))));
            } else if is_given && !self.needs.contains(&name) && !self.takes.contains(&name) {
                found.push(wrong(name, &format!("Leave this empty: “{}” does not look at it.", label(self.kind))));
            }
        }
        if self.takes == TOOLS {
            match TOOLS.map(|name| value(name).is_some()) {
                [false, false] => found.push(wrong("tools", "Choose all tools, the general list, or one category.")),
                [true, true] => {
                    found.push(wrong("tool_category_id", "Leave this empty, or the choice of a list above."));
                }
                _ => {}
            }
        }
        found
    }

    fn rule(&self, value: &impl Fn(&str) -> Option<Value>) -> Option<Rule> {
        let number = |name: &str| match value(name) {
            Some(Value::Int(number)) => u8::try_from(number).ok(),
            _ => None,
        };
        let mean = || number("mean_tenths").map(Score::from_tenths);
        let (coverage, category) = (number("coverage"), id_in(value("category_id")));
        let tools = || match (value("tools"), id_in(value("tool_category_id"))) {
            (None, Some(category)) => Some(ToolList::Category(category)),
            (Some(Value::Text(list)), None) => Some(if list == "general" { ToolList::General } else { ToolList::All }),
            _ => None,
        };
        Some(match self.kind {
            "categories" => Rule::Categories { times: number("times")?, mean: mean()?, coverage },
            "category" => Rule::Category { category: category?, mean: mean()?, coverage },
            "skills" => Rule::Skills { category, rating: number("rating")?, share: number("share")? },
            "experts" => Rule::Experts {
                times: number("times")?,
                mean: mean()?,
                rating: number("rating")?,
                share: number("share")?,
                coverage,
            },
            "tools_operable" => Rule::ToolsOperable { tools: tools()?, share: number("share")? },
            "tools_stocked" => Rule::ToolsStocked { tools: tools()?, share: number("share")? },
            "trains_others" => Rule::TrainsOthers,
            _ => return None,
        })
    }
}

fn label(kind: &str) -> &str {
    RULE_KINDS.iter().find(|(stored, _)| *stored == kind).map_or(kind, |(_, label)| label)
}

fn wrong(field: &'static str, message: &str) -> FieldError {
    FieldError { field: field.into(), message: message.to_owned() }
}

impl Rule {
    /// The rule in words; the catalogue gives the names.
    #[must_use]
    pub fn words(&self, catalogue: &CatalogueView) -> String {
        match *self {
            Self::Categories { times, mean, coverage } => {
                format!("At least {} with a mean of {mean} or more{}", categories(times), covered(coverage, times == 1))
            }
            Self::Category { category, mean, coverage } => {
                format!("A mean of {mean} or more in {}{}", skills_of(catalogue, category), covered(coverage, true))
            }
            Self::Skills { category, rating, share } => {
                let of = category.map_or_else(
                    || "all skills".to_owned(),
                    |category| format!("the skills in {}", skills_of(catalogue, category)),
                );
                format!("At least {share} % of {of} rated {}", or_higher(rating))
            }
            Self::Experts { times, mean, rating, share, coverage } => format!(
                "Expert in at least {}: a mean of {mean} or more, no rating below {rating}, at least {share} % of the ratings a 5{}",
                categories(times),
                covered(coverage, times == 1),
            ),
            Self::ToolsOperable { tools, share } => {
                format!("Can operate at least {share} % of {}", tools.words(catalogue))
            }
            Self::ToolsStocked { tools, share } => {
                format!("Has at least {share} % of {} on the truck", tools.words(catalogue))
            }
            Self::TrainsOthers => "Trains others".to_owned(),
        }
    }
}

impl ToolList {
    pub(super) fn words(self, catalogue: &CatalogueView) -> String {
        match self {
            Self::All => "all tools".to_owned(),
            Self::General => "the general tools".to_owned(),
            Self::Category(category) => {
                let name = catalogue.tool_group(category).map_or(OUT_OF_USE, |group| group.name.as_str());
                format!("the tools in {name}")
            }
        }
    }
}

/// What is said of a category that a rule speaks of and that is out of use by now.
const OUT_OF_USE: &str = "a category that is out of use";

pub(super) fn skills_of(catalogue: &CatalogueView, category: RecordId) -> String {
    catalogue.skill_group(category).map_or(OUT_OF_USE, |group| group.name.as_str()).to_owned()
}

fn categories(times: u8) -> String {
    if times == 1 { "1 category".to_owned() } else { format!("{times} categories") }
}

fn covered(coverage: Option<u8>, is_one: bool) -> String {
    let whose = if is_one { "its" } else { "their" };
    coverage.map_or_else(String::new, |percent| format!(", with at least {percent} % of {whose} skills rated"))
}

fn or_higher(rating: u8) -> String {
    if rating >= 5 { rating.to_string() } else { format!("{rating} or higher") }
}
