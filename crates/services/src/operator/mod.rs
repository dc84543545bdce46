//! What the operator of a server does with it: copies, keys, a check of the house.

pub mod backup;
pub mod doctor;
pub mod keys;
