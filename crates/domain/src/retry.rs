//! When a failed try is repeated: growing pauses, spread by chance, and an end.

/// How a kind of work is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The pause after the first failure, milliseconds.
    pub first_ms: i64,
    /// Each pause is this many times the one before.
    pub factor: u32,
    /// No pause is longer, milliseconds.
    pub longest_ms: i64,
    /// No try begins later than this after the work was made, milliseconds.
    pub give_up_ms: i64,
}

impl RetryPolicy {
    /// The pause before the next try, or `None` when it is over.
    ///
    /// `tries` have failed so far, `age_ms` ago the work was made, and `chance` (0 to 255) spreads the pause over
    /// 80 to 120 percent, so that what failed together is not repeated together.
    pub fn pause_ms(&self, tries: i64, age_ms: i64, chance: u8) -> Option<i64> {
        let mut pause = self.first_ms;
        for _ in 1..tries.clamp(1, 64) {
            pause = pause.saturating_mul(i64::from(self.factor)).min(self.longest_ms);
        }
        let spread = pause / 5;
        let pause = pause - spread + 2 * spread * i64::from(chance) / 255;
        (age_ms.saturating_add(pause) <= self.give_up_ms).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: RetryPolicy =
        RetryPolicy { first_ms: 5_000, factor: 3, longest_ms: 4 * 3_600_000, give_up_ms: 24 * 3_600_000 };

    #[test]
    fn pauses_grow_to_the_longest_and_end_after_a_day() {
        let mut age = 0;
        let mut pauses = Vec::new();
        while let Some(pause) = DAY.pause_ms(pauses.len() as i64 + 1, age, 128) {
            age += pause;
            pauses.push(pause);
        }
        assert!(pauses.windows(2).all(|two| two[0] <= two[1]), "{pauses:?}");
        assert!((10..20).contains(&pauses.len()), "{pauses:?}");
        assert!(age > 20 * 3_600_000 && age <= DAY.give_up_ms, "{age}");
    }

    #[test]
    fn chance_spreads_by_a_fifth() {
        assert_eq!(DAY.pause_ms(1, 0, 0), Some(4_000));
        assert_eq!(DAY.pause_ms(1, 0, 255), Some(6_000));
        assert_eq!(DAY.pause_ms(i64::MAX, 0, 0), Some(4 * 3_600_000 / 5 * 4));
        assert_eq!(DAY.pause_ms(1, i64::MAX, 0), None);
    }
}
