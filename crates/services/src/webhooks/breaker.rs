//! Spares a receiver that is down, and the workers that would wait for it (contract §8.2).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// So many failures …
const FAILURES: usize = 5;
/// … within this time open the circuit, milliseconds.
const WINDOW_MS: i64 = 10_000;
/// How long nobody asks then, milliseconds.
const PAUSE_MS: i64 = 60_000;
/// Receivers remembered; beyond it all are forgotten, which costs a few tries.
const MOST: usize = 10_000;

/// The circuits of all receivers, by URL; each node has its own.
#[derive(Default)]
pub struct Breaker(Mutex<HashMap<String, Circuit>>);

#[derive(Default)]
struct Circuit {
    failed_at_ms: Vec<i64>,
    open_until_ms: i64,
}

impl Breaker {
    /// Until when a receiver is spared, if it is. After that one caller may try while the others wait again.
    pub fn open_until(&self, url: &str, now_ms: i64) -> Option<i64> {
        let mut circuits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let circuit = circuits.get_mut(url)?;
        if circuit.open_until_ms > now_ms {
            return Some(circuit.open_until_ms);
        }
        if circuit.open_until_ms > 0 {
            circuit.open_until_ms = now_ms + PAUSE_MS;
        }
        None
    }

    /// The receiver has answered.
    pub fn succeeded(&self, url: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(url);
    }

    /// The receiver has failed.
    pub fn failed(&self, url: &str, now_ms: i64) {
        let mut circuits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if circuits.len() >= MOST && !circuits.contains_key(url) {
            circuits.clear();
        }
        let circuit = circuits.entry(url.to_owned()).or_default();
        circuit.failed_at_ms.retain(|at_ms| now_ms - at_ms < WINDOW_MS);
        circuit.failed_at_ms.push(now_ms);
        if circuit.failed_at_ms.len() >= FAILURES {
            circuit.open_until_ms = now_ms + PAUSE_MS;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_failures_open_it_and_one_caller_tries_after_a_minute() {
        let breaker = Breaker::default();
        for at_ms in [0, 1, 2, 3, 20_000, 20_001, 20_002, 20_003] {
            breaker.failed("u", at_ms);
            assert_eq!(breaker.open_until("u", at_ms), None);
        }
        breaker.failed("u", 20_004);
        assert_eq!(breaker.open_until("u", 20_005), Some(80_004));
        assert_eq!(breaker.open_until("other", 20_005), None);
        assert_eq!(breaker.open_until("u", 80_004), None, "one tries");
        assert_eq!(breaker.open_until("u", 80_005), Some(140_004), "the others wait");
        breaker.succeeded("u");
        assert_eq!(breaker.open_until("u", 80_006), None);
    }
}
