//! placeholder
pub mod databases;
pub mod postgres;
