//! How standings lie in their columns: a version byte, then entries of a fixed size, in the order of slots; those of the
//! quarters newest first.
//!
//! A slot is the short number of a skill, a tool or a category. Numbers are big-endian. Foreign bytes are an error, and
//! never a panic: `fuzz/targets/standing.rs` tries.

use jiff::civil::Date;
use thiserror::Error;

use super::Source;

/// A skill: slot, what is in [`SkillEntry`] in one byte, day.
const SKILL_BYTES: usize = 7;
/// A tool: likewise.
const TOOL_BYTES: usize = 7;
/// A category at the end of a quarter: quarter, slot and six numbers.
const CATEGORY_BYTES: usize = 16;

/// The first byte: goes up when the layout changes, and the standings are made anew.
pub const VERSION: u8 = 1;

/// The bytes are not what was packed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PackError {
    /// Another layout.
    #[error("the packed standing has another version")]
    Version,
    /// It ends within an entry.
    #[error("the packed standing ends within an entry")]
    Length,
    /// A value that nothing can have.
    #[error("the packed standing has an impossible value")]
    Value,
    /// The entries do not go up.
    #[error("the entries of the packed standing are not in order")]
    Order,
}

/// A packed [`CurrentSkill`](super::CurrentSkill).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkillEntry {
    /// The skill.
    pub slot: u16,
    /// 1 to 5.
    pub rating: u8,
    /// Whose word it is.
    pub source: Source,
    /// Since when.
    pub rated_on: Date,
    /// What they gave themselves.
    pub self_rating: Option<u8>,
}

/// A packed [`CurrentTool`](super::CurrentTool).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolEntry {
    /// The tool.
    pub slot: u16,
    /// Whether they can operate it.
    pub can_operate: Option<bool>,
    /// Whether it is on their truck.
    pub truck_stock: bool,
    /// Whose word it is.
    pub source: Source,
    /// Since when.
    pub rated_on: Date,
}

/// A category at the end of a quarter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CategoryEntry {
    /// The quarter, as [`super::Quarter`] has it.
    pub quarter: u16,
    /// The category.
    pub slot: u16,
    /// Its current ratings, added up, and how many they are.
    pub sum: u16,
    /// See `sum`.
    pub rated: u16,
    /// The same of the ratings by themselves.
    pub self_sum: u16,
    /// See `self_sum`.
    pub self_rated: u16,
    /// How many ratings managers made in the quarter.
    pub made: u16,
    /// How many they made of themselves.
    pub self_made: u16,
}

/// What can be packed.
pub trait Entry: Sized {
    /// What entries are ordered by; no two have the same.
    fn key(&self) -> u32;
    /// Appends its bytes.
    fn write(&self, bytes: &mut Vec<u8>);
    /// How many bytes that is.
    const BYTES: usize;
    /// Reads it again.
    ///
    /// # Errors
    /// A value that nothing can have.
    fn read(bytes: &[u8]) -> Result<Self, PackError>;
}

/// Packs entries, whose keys must go up.
#[must_use]
pub fn pack<E: Entry>(entries: &[E]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + entries.len() * E::BYTES);
    bytes.push(VERSION);
    for entry in entries {
        entry.write(&mut bytes);
    }
    bytes
}

/// Unpacks entries.
///
/// # Errors
/// These bytes were not packed here.
pub fn unpack<E: Entry>(bytes: &[u8]) -> Result<Vec<E>, PackError> {
    let (version, rest) = bytes.split_first().ok_or(PackError::Length)?;
    if *version != VERSION {
        return Err(PackError::Version);
    }
    if rest.len() % E::BYTES != 0 {
        return Err(PackError::Length);
    }
    let mut entries: Vec<E> = Vec::with_capacity(rest.len() / E::BYTES);
    for chunk in rest.chunks_exact(E::BYTES) {
        let entry = E::read(chunk)?;
        if entries.last().is_some_and(|last| last.key() >= entry.key()) {
            return Err(PackError::Order);
        }
        entries.push(entry);
    }
    Ok(entries)
}

impl Entry for SkillEntry {
    const BYTES: usize = SKILL_BYTES;

    fn key(&self) -> u32 {
        self.slot.into()
    }

    /// Bits 0–2: the rating; 3–5: the own rating or 0; 6–7: the source.
    fn write(&self, bytes: &mut Vec<u8>) {
        let own = self.self_rating.unwrap_or(0);
        bytes.extend(self.slot.to_be_bytes());
        bytes.push((self.rating & 7) | (own & 7) << 3 | source_bits(self.source) << 6);
        bytes.extend(day_bytes(self.rated_on));
    }

    fn read(bytes: &[u8]) -> Result<Self, PackError> {
        let (slot, bits, rated_on) = head(bytes)?;
        let rating = |bits: u8| (bits <= 5).then_some(bits).ok_or(PackError::Value);
        let (given, own) = (rating(bits & 7)?, rating(bits >> 3 & 7)?);
        if given == 0 {
            return Err(PackError::Value);
        }
        let self_rating = (own > 0).then_some(own);
        Ok(Self { slot, rating: given, source: source(bits >> 6)?, rated_on, self_rating })
    }
}

impl Entry for ToolEntry {
    const BYTES: usize = TOOL_BYTES;

    fn key(&self) -> u32 {
        self.slot.into()
    }

    /// Bits 0–1: can operate (0: not answered, 1: no, 2: yes); 2: on the truck; 6–7: the source.
    fn write(&self, bytes: &mut Vec<u8>) {
        let operate = self.can_operate.map_or(0, |can| 1 + u8::from(can));
        bytes.extend(self.slot.to_be_bytes());
        bytes.push(operate | u8::from(self.truck_stock) << 2 | source_bits(self.source) << 6);
        bytes.extend(day_bytes(self.rated_on));
    }

    fn read(bytes: &[u8]) -> Result<Self, PackError> {
        let (slot, bits, rated_on) = head(bytes)?;
        let can_operate = match bits & 3 {
            0 => None,
            1 => Some(false),
            2 => Some(true),
            _ => return Err(PackError::Value),
        };
        if bits & 0b11_1000 != 0 {
            return Err(PackError::Value);
        }
        Ok(Self { slot, can_operate, truck_stock: bits & 4 != 0, source: source(bits >> 6)?, rated_on })
    }
}

impl Entry for CategoryEntry {
    const BYTES: usize = CATEGORY_BYTES;

    fn key(&self) -> u32 {
        u32::from(u16::MAX - self.quarter) << 16 | u32::from(self.slot)
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        let numbers =
            [self.quarter, self.slot, self.sum, self.rated, self.self_sum, self.self_rated, self.made, self.self_made];
        bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
    }

    fn read(bytes: &[u8]) -> Result<Self, PackError> {
        let mut numbers = bytes.chunks_exact(2).map(|two| u16::from_be_bytes([two[0], two[1]]));
        let mut next = || numbers.next().ok_or(PackError::Length);
        let entry = Self {
            quarter: next()?,
            slot: next()?,
            sum: next()?,
            rated: next()?,
            self_sum: next()?,
            self_rated: next()?,
            made: next()?,
            self_made: next()?,
        };
        let within = |sum: u16, rated: u16| (rated..=rated.saturating_mul(5)).contains(&sum);
        let is_possible = within(entry.sum, entry.rated) && within(entry.self_sum, entry.self_rated);
        is_possible.then_some(entry).ok_or(PackError::Value)
    }
}

/// Slot, bits and day of a skill or tool.
fn head(bytes: &[u8]) -> Result<(u16, u8, Date), PackError> {
    let [slot_high, slot_low, bits, year_high, year_low, month, day] = *bytes else { return Err(PackError::Length) };
    let year = i16::from_be_bytes([year_high, year_low]);
    let date = Date::new(year, month.cast_signed(), day.cast_signed()).map_err(|_| PackError::Value)?;
    Ok((u16::from_be_bytes([slot_high, slot_low]), bits, date))
}

fn day_bytes(day: Date) -> [u8; 4] {
    let [high, low] = day.year().to_be_bytes();
    [high, low, day.month().cast_unsigned(), day.day().cast_unsigned()]
}

const fn source_bits(source: Source) -> u8 {
    match source {
        Source::SelfRated => 0,
        Source::Manager => 1,
        Source::Reviewed => 2,
    }
}

const fn source(bits: u8) -> Result<Source, PackError> {
    match bits {
        0 => Ok(Source::SelfRated),
        1 => Ok(Source::Manager),
        2 => Ok(Source::Reviewed),
        _ => Err(PackError::Value),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn any_day() -> impl Strategy<Value = Date> {
        (-9999_i16..=9999, 1_i8..=12, 1_i8..=28).prop_map(|(year, month, day)| date(year, month, day))
    }

    fn any_source() -> impl Strategy<Value = Source> {
        prop_oneof![Just(Source::SelfRated), Just(Source::Manager), Just(Source::Reviewed)]
    }

    fn ordered<E: Entry>(mut entries: Vec<E>) -> Vec<E> {
        entries.sort_by_key(Entry::key);
        entries.dedup_by_key(|entry| entry.key());
        entries
    }

    prop_compose! {
        fn any_skill()(slot: u16, rating in 1_u8..=5, source in any_source(), rated_on in any_day(),
                       self_rating in proptest::option::of(1_u8..=5)) -> SkillEntry {
            SkillEntry { slot, rating, source, rated_on, self_rating }
        }
    }

    prop_compose! {
        fn any_tool()(slot: u16, can_operate: Option<bool>, truck_stock: bool, source in any_source(),
                      rated_on in any_day()) -> ToolEntry {
            ToolEntry { slot, can_operate, truck_stock, source, rated_on }
        }
    }

    prop_compose! {
        fn any_category()(quarter: u16, slot: u16, rated in 0_u16..200, self_rated in 0_u16..200, times in 1_u16..=5, made: u16, self_made: u16)
                         -> CategoryEntry {
            CategoryEntry { quarter, slot, sum: rated * times, rated, self_sum: self_rated * times, self_rated, made, self_made }
        }
    }

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(
            skills in proptest::collection::vec(any_skill(), 0..40),
            tools in proptest::collection::vec(any_tool(), 0..40),
            categories in proptest::collection::vec(any_category(), 0..40),
        ) {
            let (skills, tools, categories) = (ordered(skills), ordered(tools), ordered(categories));
            prop_assert_eq!(unpack::<SkillEntry>(&pack(&skills)).unwrap(), skills);
            prop_assert_eq!(unpack::<ToolEntry>(&pack(&tools)).unwrap(), tools);
            prop_assert_eq!(unpack::<CategoryEntry>(&pack(&categories)).unwrap(), categories);
        }

        /// Whatever is accepted says the same when it is packed again: there is one spelling of everything.
        #[test]
        fn foreign_bytes_are_an_error_or_mean_one_thing(mut bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let (Some(first), true) = (bytes.first().copied(), bytes.len() % 2 == 0) {
                bytes[0] = first % 3;
            }
            if let Ok(entries) = unpack::<SkillEntry>(&bytes) {
                prop_assert_eq!(pack(&entries), bytes.clone());
            }
            if let Ok(entries) = unpack::<ToolEntry>(&bytes) {
                prop_assert_eq!(pack(&entries), bytes.clone());
            }
            if let Ok(entries) = unpack::<CategoryEntry>(&bytes) {
                prop_assert_eq!(pack(&entries), bytes);
            }
        }
    }

    #[test]
    fn bytes_of_another_kind_are_refused_for_what_they_are() {
        let skill = SkillEntry {
            slot: 258,
            rating: 4,
            source: Source::Reviewed,
            rated_on: date(2026, 3, 31),
            self_rating: Some(5),
        };
        // Version 1; slot 0x0102; reviewed (10), own 5 (101), rating 4 (100); year 2026 = 0x07EA; March; 31.
        assert_eq!(pack(&[skill]), [1, 1, 2, 0b10_101_100, 0x07, 0xEA, 3, 31]);
        assert_eq!(unpack::<SkillEntry>(&[]), Err(PackError::Length));
        assert_eq!(unpack::<SkillEntry>(&[2]), Err(PackError::Version));
        assert_eq!(unpack::<SkillEntry>(&[1, 1, 2]), Err(PackError::Length));
        assert_eq!(unpack::<SkillEntry>(&[1, 1, 2, 0b10_101_000, 0x07, 0xEA, 3, 31]), Err(PackError::Value));
        assert_eq!(unpack::<SkillEntry>(&[1, 1, 2, 0b10_101_100, 0x07, 0xEA, 2, 30]), Err(PackError::Value));
        assert_eq!(unpack::<ToolEntry>(&[1, 1, 2, 0b00_001_001, 0x07, 0xEA, 3, 31]), Err(PackError::Value));
        let twice = [pack(&[skill]), pack(&[skill])[1..].to_vec()].concat();
        assert_eq!(unpack::<SkillEntry>(&twice), Err(PackError::Order));
        let impossible = CategoryEntry { slot: 1, sum: 11, rated: 2, ..CategoryEntry::default() };
        assert_eq!(unpack::<CategoryEntry>(&pack(&[impossible])), Err(PackError::Value));
    }
}
