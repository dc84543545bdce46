//! How many proxied calls there were lately and how long they took: an hour, in memory.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::Clock;
use tokio_util::sync::CancellationToken;

/// Between two points.
pub const STEP: Duration = Duration::from_secs(10);
/// An hour of them.
const KEPT: usize = 360;
/// Half powers of two of a microsecond: the last begins at 2^31.5 µs, three quarters of an hour.
const BUCKETS: usize = 64;

/// Counts calls by how long they took.
#[derive(Debug)]
pub struct Pace {
    buckets: [AtomicU64; BUCKETS],
    failed: AtomicU64,
    points: Mutex<VecDeque<Point>>,
}

/// One step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Its end, Unix milliseconds.
    pub at_ms: i64,
    /// Calls that ended in it.
    pub calls: u64,
    /// Of these those that failed, or were answered with a status of 400 or more.
    pub failed: u64,
    /// Half of the calls took at most so many milliseconds, give or take a fifth; `None` without calls.
    pub p50_ms: Option<f64>,
    /// As before, of 95 of 100.
    pub p95_ms: Option<f64>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            buckets: std::array::from_fn(|_| AtomicU64::new(0)),
            failed: AtomicU64::new(0),
            points: Mutex::default(),
        }
    }
}

impl Pace {
    /// A call that was answered.
    pub fn answered(&self, duration_us: i64) {
        self.buckets[bucket(duration_us)].fetch_add(1, Ordering::Relaxed);
    }

    /// A call that failed.
    pub fn failed(&self, duration_us: i64) {
        self.answered(duration_us);
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// The points of the last hour, the oldest first.
    pub fn points(&self) -> Vec<Point> {
        self.points.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    /// Ends a step.
    pub fn run_once(&self, now_ms: i64) {
        let counts: [u64; BUCKETS] =
            std::array::from_fn(|index| self.buckets[index].swap(0, Ordering::Relaxed));
        let point = Point {
            at_ms: now_ms,
            calls: counts.iter().sum(),
            failed: self.failed.swap(0, Ordering::Relaxed),
            p50_ms: quantile(&counts, 0.5),
            p95_ms: quantile(&counts, 0.95),
        };
        let mut points = self.points.lock().unwrap_or_else(PoisonError::into_inner);
        if points.len() == KEPT {
            points.pop_front();
        }
        points.push_back(point);
    }

    /// Ends a step every [`STEP`] until `cancel`.
    pub async fn run(&self, clock: &dyn Clock, cancel: CancellationToken) {
        let mut ticks = tokio::time::interval(STEP);
        ticks.tick().await;
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = ticks.tick() => self.run_once(clock.now_ms()),
            }
        }
    }
}

fn bucket(duration_us: i64) -> usize {
    let us = u64::try_from(duration_us).unwrap_or(0).max(1);
    let whole = us.ilog2();
    // √2 as a fraction, so that the upper half of an octave has a bucket of its own.
    let upper = u128::from(us) * 10_000 >= (1_u128 << whole) * 14_142;
    (2 * whole as usize + usize::from(upper)).min(BUCKETS - 1)
}

/// Milliseconds: the middle, on a logarithmic scale, of the bucket in which the share is reached.
fn quantile(counts: &[u64; BUCKETS], share: f64) -> Option<f64> {
    let all: u64 = counts.iter().sum();
    let wanted = (all as f64 * share).ceil().max(1.0) as u64;
    let mut seen = 0;
    let reached = counts.iter().position(|count| {
        seen += count;
        seen >= wanted
    });
    reached.filter(|_| all > 0).map(|index| 2_f64.powf(index as f64 / 2.0 + 0.25) / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_tells_calls_failures_and_quantiles_and_the_next_begins_anew() {
        let pace = Pace::default();
        (0..90).for_each(|_| pace.answered(1_000));
        (0..10).for_each(|_| pace.failed(1_000_000));
        pace.run_once(10_000);
        pace.run_once(20_000);
        let points = pace.points();
        assert_eq!((points[0].at_ms, points[0].calls, points[0].failed), (10_000, 100, 10));
        let near =
            |value: Option<f64>, wanted: f64| value.is_some_and(|value| (value / wanted - 1.0).abs() < 0.2);
        assert!(near(points[0].p50_ms, 1.0) && near(points[0].p95_ms, 1000.0), "{points:?}");
        assert_eq!((points[1].calls, points[1].p50_ms), (0, None));
    }

    #[test]
    fn an_hour_is_kept_and_no_duration_is_out_of_range() {
        let pace = Pace::default();
        [i64::MIN, -1, 0, 1, i64::MAX].into_iter().for_each(|odd| pace.answered(odd));
        (0..400).for_each(|step| pace.run_once(step));
        assert_eq!((pace.points().len(), pace.points()[0].at_ms), (360, 40));
        for us in 1..100_000_i64 {
            let middle = quantile(&std::array::from_fn(|index| u64::from(index == bucket(us))), 0.5).unwrap();
            assert!((middle * 1000.0 / us as f64 - 1.0).abs() < 0.2, "{us}: {middle}");
        }
    }
}
