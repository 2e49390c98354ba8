//! From an employee's evaluations to where they stand: a pure function.
//!
//! What counts: evaluations that are no drafts, are not taken out of use and are not dated after today. A corrected copy
//! counts from its review on, in the place of the one that it corrects; until then that one stands.
//!
//! The newest counts: by its day; on the same day, by when it was begun (a copy: when the one that it corrects was). A
//! reviewed rating by a manager goes before a newer one that is not reviewed yet, and any by a manager before their own.

use std::collections::{BTreeMap, HashMap, HashSet};

use palisade_base::{Date, Instant, RecordId};

use super::{
    Quarter, Source,
    pack::{CategoryEntry, SkillEntry, ToolEntry},
};

/// An evaluation that is no draft, with its marks.
#[derive(Clone, Debug)]
pub(super) struct Past {
    pub(super) id: RecordId,
    /// Of one by themselves, [`Source::SelfRated`], reviewed or not.
    pub(super) source: Source,
    pub(super) is_reviewed: bool,
    pub(super) on: Date,
    pub(super) created_at: Instant,
    pub(super) amends: Option<RecordId>,
    pub(super) is_archived: bool,
    /// Slot and rating.
    pub(super) skills: Vec<(u16, u8)>,
    /// Slot, whether they can operate it, whether it is on their truck.
    pub(super) tools: Vec<(u16, Option<bool>, Option<bool>)>,
}

/// Where somebody stands, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Projection {
    pub(super) skills: Vec<SkillEntry>,
    pub(super) tools: Vec<ToolEntry>,
    /// Newest quarter first.
    pub(super) quarters: Vec<CategoryEntry>,
    pub(super) manager_on: Option<Date>,
    pub(super) self_on: Option<Date>,
    pub(super) evaluations: u32,
}

/// The category of each skill in use, both by slot.
pub(super) type Categories = BTreeMap<u16, u16>;

pub(super) fn project(past: &[Past], categories: &Categories, today: Date) -> Projection {
    let counted = counted(past, today);
    let mut tracks = Tracks::default();
    let mut quarters = Vec::new();
    for quarter in counted.chunk_by(|a, b| Quarter::of(a.on) == Quarter::of(b.on)) {
        for evaluation in quarter {
            tracks.add(evaluation);
        }
        quarters.push(tracks.categories(quarter, categories));
    }
    let newest = |is_own: bool| {
        let of_kind = counted.iter().filter(|past| (past.source == Source::SelfRated) == is_own);
        of_kind.map(|past| past.on).max()
    };
    Projection {
        skills: tracks.skills(),
        tools: tracks.tools(),
        quarters: quarters.into_iter().rev().flatten().collect(),
        manager_on: newest(false),
        self_on: newest(true),
        evaluations: u32::try_from(counted.len()).unwrap_or(u32::MAX),
    }
}

/// The evaluations that count, oldest first.
fn counted(past: &[Past], today: Date) -> Vec<&Past> {
    let by_id: HashMap<RecordId, &Past> = past.iter().map(|evaluation| (evaluation.id, evaluation)).collect();
    let counts = |evaluation: &&Past| {
        let stands_alone = evaluation.amends.is_none() || evaluation.is_reviewed;
        stands_alone && !evaluation.is_archived && evaluation.on <= today
    };
    let mut replaced = HashSet::new();
    for evaluation in past.iter().filter(counts) {
        let mut next = evaluation.amends;
        // A copy of a copy stands in the place of both.
        while let Some(id) = next.filter(|id| replaced.insert(*id)) {
            next = by_id.get(&id).and_then(|evaluation| evaluation.amends);
        }
    }
    let mut counted: Vec<&Past> =
        past.iter().filter(counts).filter(|evaluation| !replaced.contains(&evaluation.id)).collect();
    counted.sort_by_key(|evaluation| {
        let first = first_of(evaluation, &by_id);
        (evaluation.on, first.created_at, first.id)
    });
    counted
}

/// The evaluation that a copy goes back to. What refers to itself in a circle can't have been made by anybody; it ends all
/// the same.
fn first_of<'a>(evaluation: &'a Past, by_id: &HashMap<RecordId, &'a Past>) -> &'a Past {
    let before = |evaluation: &&'a Past| evaluation.amends.and_then(|id| by_id.get(&id).copied());
    std::iter::successors(Some(evaluation), before).take(by_id.len()).last().unwrap_or(evaluation)
}

/// The newest answer of each source to one question.
#[derive(Clone, Copy, Debug)]
struct Track<T>([Option<(T, Date)>; 3]);

impl<T> Default for Track<T> {
    fn default() -> Self {
        Self([None, None, None])
    }
}

impl<T: Copy> Track<T> {
    /// Answers come oldest first.
    fn add(&mut self, answer: T, by: &Past) {
        self.0[by.source as usize] = Some((answer, by.on));
    }

    fn current(&self) -> Option<(T, Source, Date)> {
        [Source::Reviewed, Source::Manager, Source::SelfRated]
            .into_iter()
            .find_map(|source| self.0[source as usize].map(|(answer, on)| (answer, source, on)))
    }

    fn own(&self) -> Option<T> {
        self.0[Source::SelfRated as usize].map(|(answer, _)| answer)
    }
}

/// The answers so far, by slot.
#[derive(Default)]
struct Tracks {
    skills: BTreeMap<u16, Track<u8>>,
    operate: BTreeMap<u16, Track<bool>>,
    stock: BTreeMap<u16, Track<bool>>,
}

impl Tracks {
    fn add(&mut self, evaluation: &Past) {
        for (slot, rating) in &evaluation.skills {
            self.skills.entry(*slot).or_default().add(*rating, evaluation);
        }
        for (slot, operate, stock) in &evaluation.tools {
            if let Some(can) = operate {
                self.operate.entry(*slot).or_default().add(*can, evaluation);
            }
            if let Some(has) = stock {
                self.stock.entry(*slot).or_default().add(*has, evaluation);
            }
        }
    }

    fn skills(&self) -> Vec<SkillEntry> {
        let entry = |(slot, track): (&u16, &Track<u8>)| {
            let (rating, source, rated_on) = track.current()?;
            Some(SkillEntry { slot: *slot, rating, source, rated_on, self_rating: track.own() })
        };
        self.skills.iter().filter_map(entry).collect()
    }

    /// The two questions about a tool are answered each for itself: an evaluation that only says what is on the truck
    /// leaves it at who can operate what.
    fn tools(&self) -> Vec<ToolEntry> {
        let mut slots: Vec<u16> = self.operate.keys().chain(self.stock.keys()).copied().collect();
        slots.sort_unstable();
        slots.dedup();
        let entry = |slot: u16| {
            let operate = self.operate.get(&slot).and_then(Track::current);
            let stock = self.stock.get(&slot).and_then(Track::current);
            let (_, source, rated_on) = operate.or(stock)?;
            let truck_stock = stock.is_some_and(|(has, ..)| has);
            Some(ToolEntry { slot, can_operate: operate.map(|(can, ..)| can), truck_stock, source, rated_on })
        };
        slots.into_iter().filter_map(entry).collect()
    }

    /// The categories as they stand at the end of the quarter that these evaluations were made in.
    fn categories(&self, made: &[&Past], categories: &Categories) -> Vec<CategoryEntry> {
        let Some(first) = made.first() else { return Vec::new() };
        let quarter = Quarter::of(first.on).number();
        let mut entries: BTreeMap<u16, CategoryEntry> = BTreeMap::new();
        let mut change = |skill: &u16, change: &dyn Fn(&mut CategoryEntry)| {
            if let Some(slot) = categories.get(skill) {
                change(entries.entry(*slot).or_insert(CategoryEntry {
                    quarter,
                    slot: *slot,
                    ..CategoryEntry::default()
                }));
            }
        };
        for (skill, track) in &self.skills {
            change(skill, &|entry| entry.add(track.current().map(|(rating, ..)| rating), track.own()));
        }
        for evaluation in made {
            for (skill, _) in &evaluation.skills {
                change(skill, &|entry| entry.count_made(evaluation.source));
            }
        }
        entries.into_values().collect()
    }
}

impl CategoryEntry {
    fn add(&mut self, rating: Option<u8>, own: Option<u8>) {
        for (given, sum, rated) in
            [(rating, &mut self.sum, &mut self.rated), (own, &mut self.self_sum, &mut self.self_rated)]
        {
            if let Some(rating) = given {
                *sum = sum.saturating_add(rating.into());
                *rated = rated.saturating_add(1);
            }
        }
    }

    fn count_made(&mut self, source: Source) {
        let made = if source == Source::SelfRated { &mut self.self_made } else { &mut self.made };
        *made = made.saturating_add(1);
    }
}
