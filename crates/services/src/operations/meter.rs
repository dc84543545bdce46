//! Proxied calls counted in memory: an hour of throughput and latency, without a look at the database.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The time between two points.
pub const STEP: Duration = Duration::from_secs(10);
/// An hour of points.
const POINTS: usize = 360;
/// Four classes for every doubling, up to more than an hour in microseconds.
const CLASSES: usize = 4 * 34;

/// Counts of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The step's end, Unix milliseconds.
    pub at_ms: i64,
    /// Calls that ended.
    pub calls: u64,
    /// Those that failed or were answered with 400 and above.
    pub failed: u64,
    /// Half were faster, milliseconds; the class's upper end, at most a fifth too high.
    pub p50_ms: Option<f64>,
    /// 95 of 100 were faster, milliseconds.
    pub p95_ms: Option<f64>,
}

/// The counters.
#[derive(Debug)]
pub struct Meter {
    failed: AtomicU64,
    durations: [AtomicU64; CLASSES],
    series: Mutex<VecDeque<Point>>,
}

impl Default for Meter {
    fn default() -> Self {
        Self {
            failed: AtomicU64::new(0),
            durations: [const { AtomicU64::new(0) }; CLASSES],
            series: Mutex::default(),
        }
    }
}

impl Meter {
    /// Counts a call.
    pub fn count(&self, duration_us: i64, failed: bool) {
        self.durations[class(duration_us)].fetch_add(1, Ordering::Relaxed);
        if failed {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Ends a step: what was counted becomes a point.
    pub fn step(&self, now_ms: i64) {
        let counts: Vec<u64> = self.durations.iter().map(|count| count.swap(0, Ordering::Relaxed)).collect();
        let calls = counts.iter().sum();
        let point = Point {
            at_ms: now_ms,
            calls,
            failed: self.failed.swap(0, Ordering::Relaxed),
            p50_ms: quantile(&counts, calls, 50),
            p95_ms: quantile(&counts, calls, 95),
        };
        let mut series = self.series.lock().unwrap_or_else(PoisonError::into_inner);
        if series.len() == POINTS {
            series.pop_front();
        }
        series.push_back(point);
    }

    /// The points, oldest first.
    pub fn series(&self) -> Vec<Point> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }
}

/// Two bits after the leading one: classes are a fifth wide.
fn class(duration_us: i64) -> usize {
    let us = u64::try_from(duration_us).unwrap_or_default().max(4);
    let exponent = 63 - us.leading_zeros() as usize;
    let quarter = (us >> (exponent - 2)) as usize & 3;
    ((exponent - 2) * 4 + quarter).min(CLASSES - 1)
}

/// The upper end of a class, milliseconds.
fn upper_ms(class: usize) -> f64 {
    let (exponent, quarter) = (class / 4 + 2, class % 4);
    (5 + quarter) as f64 * 2f64.powi(exponent as i32 - 2) / 1000.0
}

fn quantile(counts: &[u64], calls: u64, percent: u64) -> Option<f64> {
    let wanted = (calls * percent).div_ceil(100).max(1);
    let mut seen = 0;
    let class = counts.iter().position(|count| {
        seen += count;
        seen >= wanted
    })?;
    Some(upper_ms(class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_a_fifth_off_at_most() {
        let meter = Meter::default();
        for us in 1..=1000 {
            meter.count(us * 1000, us % 10 == 0);
        }
        meter.step(7);
        let [point] = meter.series()[..] else { panic!() };
        assert_eq!((point.at_ms, point.calls, point.failed), (7, 1000, 100));
        let near = |found: Option<f64>, exact: f64| {
            found.is_some_and(|found| found >= exact && found <= exact * 1.26)
        };
        assert!(near(point.p50_ms, 500.0) && near(point.p95_ms, 950.0), "{point:?}");
        meter.step(8);
        assert_eq!(meter.series()[1], Point { at_ms: 8, calls: 0, failed: 0, p50_ms: None, p95_ms: None });
        for odd in [-1, 0, i64::MAX] {
            meter.count(odd, false);
        }
        (0..POINTS as i64).for_each(|at| meter.step(at));
        assert_eq!(meter.series().len(), POINTS);
    }
}
