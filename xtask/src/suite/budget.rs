//! Wall time of each step beside the minutes it may take.

use std::time::{Duration, Instant};

use anyhow::Result;

/// The steps so far.
#[derive(Default)]
pub struct Budget {
    steps: Vec<Step>,
}

struct Step {
    name: &'static str,
    minutes: u32,
    took: Duration,
}

impl Budget {
    /// Runs one step and notes how long it took, whether it succeeded or not.
    pub fn step<T>(
        &mut self,
        name: &'static str,
        minutes: u32,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        println!("== {name} (budget {minutes} min)");
        let start = now();
        let outcome = work();
        self.steps.push(Step { name, minutes, took: start.elapsed() });
        outcome
    }

    /// Prints one line a step. Over budget is a warning: machines differ.
    pub fn print(&self) {
        println!("\n{:<10} {:>8} {:>8}", "step", "took", "budget");
        for step in &self.steps {
            let seconds = step.took.as_secs();
            let over = if seconds > u64::from(step.minutes) * 60 { "  OVER BUDGET" } else { "" };
            println!(
                "{:<10} {:>5}:{:02} {:>5}:00{over}",
                step.name,
                seconds / 60,
                seconds % 60,
                step.minutes
            );
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the wall time of a build step is what is measured here")]
fn now() -> Instant {
    Instant::now()
}
