//! Repeatable choices. Not for secrets: whoever knows the seed knows them all.

/// SplitMix64: small, and the same on every machine and in every version, which is all that is needed here.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A seed for other dice, whose choices then depend on no number of choices made here.
    pub(super) fn next_seed(&mut self) -> u64 {
        self.next()
    }

    /// A number from 0 to `count - 1`; 0 where there is nothing to choose from.
    pub(super) fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % count).unwrap_or(0)
    }

    /// A number from `from` to `to`, both included.
    pub(super) fn between(&mut self, from: i32, to: i32) -> i32 {
        let span = usize::try_from(to.saturating_sub(from)).unwrap_or(0) + 1;
        from.saturating_add(i32::try_from(self.below(span)).unwrap_or(0))
    }

    /// The items in another order (Fisher and Yates).
    pub(super) fn shuffled<T: Clone>(&mut self, items: &[T]) -> Vec<T> {
        let mut shuffled = items.to_vec();
        for last in (1..shuffled.len()).rev() {
            let other = self.below(last + 1);
            shuffled.swap(last, other);
        }
        shuffled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_order_and_keeps_every_item() {
        let items: Vec<u32> = (0..50).collect();
        let first = Dice::new(7).shuffled(&items);
        assert_eq!(first, Dice::new(7).shuffled(&items));
        assert_ne!(first, Dice::new(8).shuffled(&items));
        let mut sorted = first;
        sorted.sort_unstable();
        assert_eq!(sorted, items);
    }

    #[test]
    fn the_first_numbers_are_those_of_the_published_algorithm() {
        let mut dice = Dice::new(1_234_567);
        assert_eq!([dice.next(), dice.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }
}
