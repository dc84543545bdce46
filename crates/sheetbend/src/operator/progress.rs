//! How far long work is, on stderr and only for a person who looks.

use std::io::{IsTerminal as _, Write as _};

/// A count that moves.
pub struct Progress {
    done: u64,
    all: u64,
    noun: &'static str,
    shown: Shown,
}

/// Whether somebody looks.
#[derive(PartialEq, Eq)]
enum Shown {
    Yes,
    No,
}

impl Progress {
    /// Nothing done yet.
    pub fn new(all: u64, noun: &'static str) -> Self {
        let shown = if std::io::stderr().is_terminal() { Shown::Yes } else { Shown::No };
        Self { done: 0, all, noun, shown }
    }

    /// One more.
    pub fn step(&mut self) {
        self.reach(self.done + 1);
    }

    /// So many.
    pub fn reach(&mut self, done: u64) {
        self.done = done;
        if self.shown == Shown::Yes {
            let mut err = std::io::stderr();
            // A terminal that went away is no reason to stop.
            let _ = write!(err, "\r{} of {} {}", self.done, self.all, self.noun);
            let _ = err.flush();
        }
    }

    /// The line is free again.
    pub fn end(self) {
        if self.shown == Shown::Yes {
            eprintln!();
        }
    }
}
