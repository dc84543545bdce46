//! The connect page: its embedded files and the socket by which it learns of a result.

pub mod assets;
pub mod socket;
