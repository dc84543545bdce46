//! Every store function on both databases, each test's body written once.
//!
//! SQLite always runs; what needs PostgreSQL is ignored unless asked for (`cargo xtask test` asks).

mod api_keys;
mod checks;
mod connections;
mod crash;
mod environments;
mod events;
mod faults;
mod fixture;
mod integrations;
mod lists;
mod lives;
mod log;
mod once;
mod people;
mod refresh;
mod resources;
mod schema;
mod sealed;
mod signing_keys;
mod tasks;

/// Runs each named test of the module on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(crate::fixture::Fixture::sqlite().await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            #[ignore = "needs PostgreSQL"]
            async fn $name() {
                super::$name(crate::fixture::Fixture::postgres().await).await;
            })*
        }
    };
}
pub(crate) use on_both;
