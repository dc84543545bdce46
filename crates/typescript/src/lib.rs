//! TypeScript and JSX to plain ECMAScript modules: one file at a time, no types checked, no bundle made.
//!
//! [`compile`] strips types, turns JSX into calls of the automatic runtime, drops comments and whitespace, and finds
//! what the module imports. [`Module::link`] prints it with the addresses that its imports got.
//!
//! Invariant: the reader recurses, so a source that nests a few thousand deep overflows the stack of its thread. That
//! is no danger for our own files; whoever compiles what strangers send does it in a process that may die.

mod compile;
mod problem;

pub use compile::{Import, Loading, Module, Names, Options, compile};
pub use problem::Problem;

#[cfg(test)]
mod tests;
