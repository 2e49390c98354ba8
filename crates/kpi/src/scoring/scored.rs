//! How one person stands on a catalogue, worked out once: the figures of a group are made of those of its people.

use std::sync::Arc;

use super::{CatalogueView, CategoryScore, ToolScore, category_scores, ratings, tool_scores};
use crate::standing::Standing;

/// One person's figures on a catalogue. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scored {
    /// In every category of skills, in the order of the catalogue.
    pub categories: Arc<[CategoryScore]>,
    /// In every category of tools, in the order of the catalogue.
    pub tools: Arc<[ToolScore]>,
    /// The current rating of each skill, as [`ratings`] has it.
    pub ratings: Arc<[u8]>,
}

impl Scored {
    /// The figures of somebody who stands like this.
    #[must_use]
    pub fn of(catalogue: &CatalogueView, standing: &Standing) -> Self {
        Self {
            categories: category_scores(catalogue, standing).into(),
            tools: tool_scores(catalogue, standing).into(),
            ratings: ratings(catalogue, standing).into(),
        }
    }
}

impl AsRef<[CategoryScore]> for Scored {
    fn as_ref(&self) -> &[CategoryScore] {
        &self.categories
    }
}

impl AsRef<[ToolScore]> for Scored {
    fn as_ref(&self) -> &[ToolScore] {
        &self.tools
    }
}
