//! What the tests of several crates share: databases of their own.
pub mod databases;
pub mod postgres;
