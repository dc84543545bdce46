//! The nouns of Sheetbend and their pure rules: no I/O, no clock, no database.

mod clock;

pub use clock::Clock;
