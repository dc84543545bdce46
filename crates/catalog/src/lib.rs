//! Provider definitions: reading, linting and overlaying them, and the rules that need nothing but a definition.
//!
//! A definition is data in the key names of Nango's format (contract §4) plus a few keys of our own. This crate
//! turns it into [`domain::provider::Provider`], so that nobody else reads YAML.

mod alias;
mod authority;
mod authorization_params;
mod catalog;
mod clouds;
mod connection_config;
mod convert;
mod embedded;
mod error;
mod filled;
mod hosts;
mod layer;
mod lint;
mod live;
mod locate;
mod public;
mod read;
mod scopes;
mod secret_hosts;
mod templates;

pub use authority::is_host_placeholder;
pub use authorization_params::{ReservedParameter, merge_authorization_params};
pub use catalog::{Catalog, Difference, Entry};
pub use clouds::{CloudValues, Clouds, UnknownCloud};
pub use connection_config::{
    FieldProblem, check_credential, is_host_part, validate_connection_config, validate_credentials,
};
pub use convert::Ignored;
pub use error::CatalogError;
pub use hosts::{
    AllowedOrigin, HostPattern, InvalidHostPattern, further_origins, host_matches, url_is_allowed,
};
pub use lint::{DIFFERENCES, Lint, lint, lint_line};
pub use live::LiveCatalog;
pub use scopes::{
    EffectiveScopes, ScopeOrigin, ScopeRuleError, ScopeSources, ScopeWarning, check_scopes,
    check_token_request_scopes, effective_scopes, parse_scope_list, token_request_scopes,
};
pub use secret_hosts::{SecretHost, check_secret_host, check_secret_hosts, secret_urls};
