//! The register of all statements.

use crate::dialect::Dialect;

/// Declares constants and lists them as `ALL`.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $sql;)*
        /// Every statement of this file.
        pub(crate) const ALL: &[&str] = &[$($name),*];
    };
}
pub(crate) use statements;

pub(crate) const PING: &str = "SELECT 1";

/// Every statement that can be run against `dialect`.
pub(crate) fn all(dialect: Dialect) -> Vec<String> {
    let fixed = [
        &[PING][..],
        crate::admin_links::ALL,
        crate::api_keys::ALL,
        crate::audit::ALL,
        crate::checks::ALL,
        crate::connect_sessions::ALL,
        crate::connections::change::ALL,
        crate::connections::get::ALL,
        crate::connections::list::ALL,
        crate::connections::metadata::ALL,
        crate::connections::upsert::ALL,
        crate::deliveries::ALL,
        crate::environment_values::ALL,
        crate::environments::ALL,
        crate::integrations::ALL,
        crate::lives::ALL,
        crate::meta::ALL,
        crate::migrate::ALL,
        crate::node_keys::ALL,
        crate::awaited::ALL,
        crate::oauth_states::ALL,
        crate::operations::append::ALL,
        crate::operations::list::ALL,
        crate::operations::read::ALL,
        crate::operations::retention::ALL,
        crate::operations::text::ALL,
        crate::pending_certificates::ALL,
        crate::people::guesses::ALL,
        crate::people::links::ALL,
        crate::people::sessions::ALL,
        crate::people::sign_in::ALL,
        crate::people::team::ALL,
        crate::people::users::ALL,
        crate::refresh::ALL,
        crate::resources::ALL,
        crate::schedules::ALL,
        crate::sealed::ALL,
        crate::signing_keys::ALL,
        crate::size::ALL,
        crate::task_counts::ALL,
        crate::tasks::ALL,
    ];
    let mut all: Vec<String> = fixed.concat().into_iter().map(str::to_owned).collect();
    all.extend(crate::sealed::column_statements().map(str::to_owned));
    all.extend(crate::connections::list::every_shape(dialect));
    all.extend(crate::operations::beginnings::every_shape(dialect));
    all.extend(crate::operations::hits::every_shape(dialect));
    all.extend(crate::operations::list::every_shape(dialect));
    all.extend(crate::operations::histogram::every_shape(dialect));
    all.extend(crate::deliveries::list::every_shape());
    all.extend([dialect.text_insert(), dialect.text_delete()].map(str::to_owned));
    all.push(crate::operations::text::take_queue(dialect));
    all.extend(crate::size::every_shape(dialect));
    all.extend([crate::checks::claim(dialect), crate::schedules::due(dialect), crate::tasks::claim(dialect)]);
    all.extend([dialect.notify(), dialect.living()].into_iter().flatten().map(str::to_owned));
    all
}
