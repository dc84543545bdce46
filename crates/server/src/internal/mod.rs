//! What stands behind the dashboard and is nobody's API: no part of `openapi.json`, free to change with the pages.

pub mod connections;
pub mod health;
pub mod integrations;
pub mod logs;
pub mod playground;
pub mod tail;
