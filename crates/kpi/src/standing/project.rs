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

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = date(2026, 6, 30);

    fn id(number: u128) -> RecordId {
        RecordId(uuid::Uuid::from_u128(number))
    }

    /// An evaluation by a manager, handed in; numbers stand for ids and order.
    fn past(number: u128, on: Date, skills: &[(u16, u8)]) -> Past {
        Past {
            id: id(number),
            source: Source::Manager,
            is_reviewed: false,
            on,
            created_at: Instant::from_micros(i64::try_from(number).unwrap()),
            amends: None,
            is_archived: false,
            skills: skills.to_vec(),
            tools: Vec::new(),
        }
    }

    fn ratings(projection: &Projection) -> Vec<(u16, u8, Option<u8>)> {
        projection.skills.iter().map(|entry| (entry.slot, entry.rating, entry.self_rating)).collect()
    }

    #[test]
    fn of_two_on_one_day_the_later_begun_counts() {
        let day = date(2026, 5, 1);
        let both = [past(2, day, &[(1, 5)]), past(1, day, &[(1, 2), (2, 3)])];
        assert_eq!(ratings(&project(&both, &Categories::new(), TODAY)), [(1, 5, None), (2, 3, None)]);
    }

    #[test]
    fn what_is_dated_after_today_or_out_of_use_does_not_count() {
        let all = [
            past(1, date(2026, 5, 1), &[(1, 2)]),
            past(2, date(2026, 7, 1), &[(1, 5)]),
            Past { is_archived: true, ..past(3, date(2026, 5, 2), &[(1, 4)]) },
        ];
        let projection = project(&all, &Categories::new(), TODAY);
        assert_eq!((ratings(&projection), projection.evaluations), (vec![(1, 2, None)], 1));
    }

    #[test]
    fn a_copy_of_a_copy_stands_in_the_place_of_both() {
        let day = date(2026, 5, 1);
        let first = Past { is_reviewed: true, source: Source::Reviewed, ..past(1, day, &[(1, 1), (2, 1)]) };
        // Put aside by its own copy, and still the link between the two.
        let second = Past { amends: Some(id(1)), is_archived: true, ..Past { id: id(3), ..first.clone() } };
        let third = Past { amends: Some(id(3)), skills: vec![(1, 3), (2, 3)], ..Past { id: id(4), ..first.clone() } };
        let other =
            Past { skills: vec![(2, 5)], ..Past { id: id(2), created_at: Instant::from_micros(2), ..first.clone() } };
        let projection = project(&[first, second, third, other], &Categories::new(), TODAY);
        assert_eq!((ratings(&projection), projection.evaluations), (vec![(1, 3, None), (2, 5, None)], 2));
    }

    #[test]
    fn copies_that_correct_each_other_in_a_circle_come_to_an_end() {
        let a = Past { amends: Some(id(2)), is_reviewed: true, ..past(1, date(2026, 5, 1), &[(1, 2)]) };
        let b = Past { amends: Some(id(1)), is_reviewed: true, ..past(2, date(2026, 5, 1), &[(1, 3)]) };
        assert_eq!(project(&[a, b], &Categories::new(), TODAY).evaluations, 0);
    }

    #[test]
    fn a_quarter_ends_with_what_stood_then_and_tells_what_was_made_in_it() {
        let categories = Categories::from([(1, 9), (2, 9), (3, 8)]);
        let own = Past { source: Source::SelfRated, ..past(2, date(2026, 2, 3), &[(1, 5)]) };
        let all = [
            past(1, date(2025, 12, 31), &[(1, 2), (2, 3), (4, 5)]),
            own,
            past(3, date(2026, 3, 31), &[(2, 4), (3, 1)]),
        ];
        let quarters = project(&all, &categories, TODAY).quarters;
        let entry = |quarter: u16, slot, (sum, rated), (self_sum, self_rated), (made, self_made)| CategoryEntry {
            quarter,
            slot,
            sum,
            rated,
            self_sum,
            self_rated,
            made,
            self_made,
        };
        // Skill 4 is out of use: it is in no category.
        assert_eq!(
            quarters,
            [
                entry(2026 * 4, 8, (1, 1), (0, 0), (1, 0)),
                entry(2026 * 4, 9, (6, 2), (5, 1), (1, 1)),
                entry(2025 * 4 + 3, 9, (5, 2), (0, 0), (2, 0)),
            ]
        );
    }

    prop_compose! {
        fn any_past()(number in 1_u128..40, days in 0_i32..700, source in 0_u8..3, is_archived in prop::bool::weighted(0.1),
                      skills in prop::collection::btree_map(0_u16..6, 1_u8..=5, 0..6)) -> Past {
            let source = [Source::SelfRated, Source::Manager, Source::Reviewed][usize::from(source)];
            let on = date(2025, 1, 1).saturating_add(jiff::Span::new().days(days));
            let skills = skills.into_iter().collect();
            Past { source, is_reviewed: source == Source::Reviewed, is_archived, skills, ..past(number, on, &[]) }
        }
    }

    fn any_history() -> impl Strategy<Value = Vec<Past>> {
        prop::collection::vec(any_past(), 0..12).prop_map(|mut history| {
            history.sort_by_key(|past| past.id);
            history.dedup_by_key(|past| past.id);
            history
        })
    }

    /// The definition, as it is written: for each skill, look for the newest of the first source that has any.
    fn naive(history: &[Past], skill: u16) -> Option<(u8, Option<u8>)> {
        let newest = |source: Source| {
            let counts = |past: &&Past| past.source == source && !past.is_archived && past.on <= TODAY;
            let rated = history.iter().filter(counts).filter_map(|past| {
                let rating = past.skills.iter().find(|(slot, _)| *slot == skill)?.1;
                Some(((past.on, past.created_at, past.id), rating))
            });
            rated.max_by_key(|(when, _)| *when).map(|(_, rating)| rating)
        };
        let own = newest(Source::SelfRated);
        newest(Source::Reviewed).or(newest(Source::Manager)).or(own).map(|rating| (rating, own))
    }

    proptest! {
        #[test]
        fn every_current_rating_is_the_one_that_the_definition_names(history in any_history()) {
            let projection = project(&history, &Categories::new(), TODAY);
            for skill in 0..6 {
                let found = projection.skills.iter().find(|entry| entry.slot == skill);
                prop_assert_eq!(found.map(|entry| (entry.rating, entry.self_rating)), naive(&history, skill));
            }
        }

        /// In which order the rows come says nothing, and a copy that is not reviewed yet changes nothing.
        #[test]
        fn the_order_of_rows_and_unreviewed_copies_change_nothing(history in any_history(), copied in 0_usize..12) {
            let categories: Categories = (0..6).map(|skill| (skill, 100 + skill % 2)).collect();
            let expected = project(&history, &categories, TODAY);
            let mut rows: Vec<Past> = history.iter().rev().cloned().collect();
            if let Some(original) = history.get(copied) {
                let waiting = Past { source: Source::Manager, is_reviewed: false, ..original.clone() };
                rows.push(Past { id: id(99), amends: Some(original.id), skills: vec![(0, 1)], ..waiting });
            }
            prop_assert_eq!(project(&rows, &categories, TODAY), expected);
        }

        /// The newest quarter says what stands now, where all that counts is in use.
        #[test]
        fn the_newest_quarter_adds_up_to_the_current_ratings(history in any_history()) {
            let categories: Categories = (0..6).map(|skill| (skill, 100)).collect();
            let projection = project(&history, &categories, TODAY);
            if let Some(newest) = projection.quarters.first() {
                prop_assert_eq!(usize::from(newest.rated), projection.skills.len());
                prop_assert_eq!(newest.sum, projection.skills.iter().map(|entry| u16::from(entry.rating)).sum::<u16>());
                let made: u16 = projection.quarters.iter().map(|entry| entry.made + entry.self_made).sum();
                let counts = |past: &&Past| !past.is_archived && past.on <= TODAY;
                prop_assert_eq!(usize::from(made), history.iter().filter(counts).map(|past| past.skills.len()).sum::<usize>());
            }
        }
    }
}
