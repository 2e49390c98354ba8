//! Figures about tools.

use palisade_base::RecordId;

use super::{CatalogueView, Group, Item, Share};
use crate::standing::Standing;

/// How many tools somebody can operate and carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ToolFigures {
    /// How many they can operate.
    pub operable: u32,
    /// Of how many it is known whether they can.
    pub answered: u32,
    /// How many are on their truck.
    pub stocked: u32,
    /// How many there are.
    pub total: u32,
}

impl ToolFigures {
    /// The tools that they can operate, of those where it is known.
    #[must_use]
    pub const fn operable_of_answered(&self) -> Share {
        Share { part: self.operable, whole: self.answered }
    }

    /// The tools that they can operate, of all.
    #[must_use]
    pub const fn operable_of_all(&self) -> Share {
        Share { part: self.operable, whole: self.total }
    }

    /// The tools on their truck, of all.
    #[must_use]
    pub const fn stocked_of_all(&self) -> Share {
        Share { part: self.stocked, whole: self.total }
    }

    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            operable: self.operable + other.operable,
            answered: self.answered + other.answered,
            stocked: self.stocked + other.stocked,
            total: self.total + other.total,
        }
    }
}

/// The figures of one category of tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolScore {
    /// The category.
    pub category: RecordId,
    /// Its figures.
    pub figures: ToolFigures,
}

/// The figures of every category of tools, in the order of the catalogue.
#[must_use]
pub fn tool_scores(catalogue: &CatalogueView, standing: &Standing) -> Vec<ToolScore> {
    let mut figures: Vec<ToolFigures> = catalogue.tools().iter().map(|group| empty(group.items.len())).collect();
    for tool in &standing.tools {
        let Some((group, _)) = catalogue.tool_place(tool.tool) else { continue };
        if let Some(figures) = figures.get_mut(group) {
            figures.operable += u32::from(tool.can_operate == Some(true));
            figures.answered += u32::from(tool.can_operate.is_some());
            figures.stocked += u32::from(tool.truck_stock);
        }
    }
    catalogue.tools().iter().zip(figures).map(|(group, figures)| ToolScore { category: group.id, figures }).collect()
}

fn empty(total: usize) -> ToolFigures {
    ToolFigures { total: u32::try_from(total).unwrap_or(u32::MAX), ..ToolFigures::default() }
}

/// The figures of all categories together.
#[must_use]
pub fn tool_total(scores: &[ToolScore]) -> ToolFigures {
    scores.iter().fold(ToolFigures::default(), |sum, score| sum.plus(score.figures))
}

/// How a group stands with one tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolCount {
    /// The category.
    pub category: RecordId,
    /// The tool.
    pub tool: RecordId,
    /// How many of the people can operate it, of how many that is known, and who has it on the truck; the total is the
    /// people, whether anything is known of them or not.
    pub figures: ToolFigures,
}

/// How these people stand with each tool, in the order of the catalogue.
#[must_use]
pub fn tool_counts<'a>(catalogue: &CatalogueView, standings: impl IntoIterator<Item = &'a Standing>) -> Vec<ToolCount> {
    let mut figures: Vec<Vec<ToolFigures>> =
        catalogue.tools().iter().map(|group| vec![ToolFigures::default(); group.items.len()]).collect();
    let mut people = 0;
    for standing in standings {
        people += 1;
        for tool in &standing.tools {
            let Some((group, item)) = catalogue.tool_place(tool.tool) else { continue };
            if let Some(figures) = figures.get_mut(group).and_then(|group| group.get_mut(item)) {
                figures.operable += u32::from(tool.can_operate == Some(true));
                figures.answered += u32::from(tool.can_operate.is_some());
                figures.stocked += u32::from(tool.truck_stock);
            }
        }
    }
    let of_group = |(group, figures): (&Group, Vec<ToolFigures>)| {
        let count = |(item, figures): (&Item, ToolFigures)| ToolCount {
            category: group.id,
            tool: item.id,
            figures: ToolFigures { total: people, ..figures },
        };
        group.items.iter().zip(figures).map(count).collect::<Vec<_>>()
    };
    catalogue.tools().iter().zip(figures).flat_map(of_group).collect()
}
