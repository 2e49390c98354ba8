//! What the company can rate: categories with their skills and tools, and the tools that everybody needs.

use palisade_base::Error;
use serde::{Deserialize, Serialize};

/// The tool category of the list that belongs to no craft.
pub const GENERAL_TOOLS: &str = "General tools";

/// The longest name of a category, a skill or a tool, in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// The catalogue as the score card prints it, in its order.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The categories.
    #[serde(rename = "category")]
    pub categories: Vec<Category>,
    /// The tools that belong to no category.
    pub general_tools: Vec<String>,
}

/// A craft: what one can do in it, and what with.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Its name.
    pub name: String,
    /// Its skills; no name twice.
    pub skills: Vec<String>,
    /// Its tools; no name twice, but another category may have the same.
    pub tools: Vec<String>,
}

impl Catalogue {
    /// The company's own catalogue, kept with the program: 20 categories, 187 skills, 113 tools in categories and 15
    /// general ones, spelled as on its paper score card.
    ///
    /// # Errors
    /// The file built into the program is not a catalogue; a test keeps that from happening.
    pub fn company() -> Result<Self, Error> {
        toml::from_str(include_str!("../data/catalogue.toml")).map_err(Error::internal)
    }

    /// The tool categories: each category that has tools, under its own name, so that what somebody lacks in skill and
    /// in tools stands side by side; then the general list as [`GENERAL_TOOLS`].
    pub fn tool_categories(&self) -> impl Iterator<Item = (&str, &[String])> {
        let own = self.categories.iter().map(|category| (category.name.as_str(), category.tools.as_slice()));
        own.chain([(GENERAL_TOOLS, self.general_tools.as_slice())]).filter(|(_, tools)| !tools.is_empty())
    }
}

/// The form in which two spellings of one name are equal: white space and case do not count.
#[must_use]
pub fn name_key(name: &str) -> String {
    name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}
