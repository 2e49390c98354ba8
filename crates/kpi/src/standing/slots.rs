//! What stands behind the short numbers in packed standings.

use palisade_base::RecordId;

use super::{
    CurrentSkill, CurrentTool, Standing,
    pack::{SkillEntry, ToolEntry},
    store::Packed,
};

/// What stands in each slot, by number.
#[derive(Debug, Default)]
pub(super) struct Slots(Vec<Option<RecordId>>);

impl Slots {
    pub(super) fn of(pairs: &[(RecordId, u16)]) -> Self {
        let length = pairs.iter().map(|(_, slot)| usize::from(*slot) + 1).max().unwrap_or_default();
        let mut items = vec![None; length];
        for (item, slot) in pairs {
            items[usize::from(*slot)] = Some(*item);
        }
        Self(items)
    }

    /// The slot of something in the catalogue; `None` where it has none yet: then nobody was ever rated in it.
    pub(super) fn slot(&self, item: RecordId) -> Option<u16> {
        self.0.iter().position(|known| *known == Some(item)).and_then(|slot| u16::try_from(slot).ok())
    }

    /// The standing with what is packed; `None` where nothing stands in a slot.
    pub(super) fn unpack(&self, packed: &Packed, mut standing: Standing) -> Option<Standing> {
        standing.skills = packed.skills.iter().map(|entry| self.skill(entry)).collect::<Option<_>>()?;
        standing.tools = packed.tools.iter().map(|entry| self.tool(entry)).collect::<Option<_>>()?;
        Some(standing)
    }

    fn item(&self, slot: u16) -> Option<RecordId> {
        self.0.get(usize::from(slot)).copied().flatten()
    }

    fn skill(&self, entry: &SkillEntry) -> Option<CurrentSkill> {
        let SkillEntry { slot, rating, source, rated_on, self_rating } = *entry;
        Some(CurrentSkill { skill: self.item(slot)?, rating, source, rated_on, self_rating })
    }

    fn tool(&self, entry: &ToolEntry) -> Option<CurrentTool> {
        let ToolEntry { slot, can_operate, truck_stock, source, rated_on } = *entry;
        Some(CurrentTool { tool: self.item(slot)?, can_operate, truck_stock, source, rated_on })
    }
}
