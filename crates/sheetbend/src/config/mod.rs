//! Configuration: flags over environment variables over a TOML file over defaults; one file a topic.

mod background;
mod database;
mod file;
mod keys;
mod limits;
mod log;
mod metrics;
mod network;
mod outbound;
mod providers;
mod sign_in;

pub use background::BackgroundOptions;
pub use database::DatabaseOptions;
pub use file::{ConfigFileError, with_file_defaults};
pub use keys::{EnvironmentKeys, KeyOptions, Keys};
pub use limits::LimitOptions;
pub use log::{LogFormat, LogOptions, LogProxyOption};
pub use metrics::MetricsOptions;
pub use network::NetworkOptions;
pub use outbound::{OutboundOptions, TrustProxyOption};
pub use providers::ProviderOptions;
pub use sign_in::SignInOptions;

use std::path::PathBuf;

use clap::Args;

/// Everything that `sheetbend serve` can be told.
#[derive(Clone, Args)]
pub struct ServeOptions {
    /// A TOML file with the same settings: `listen = "…"`, names as the flags, `-` written as `_`
    #[arg(long, env = "SHEETBEND_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub network: NetworkOptions,
    #[command(flatten)]
    pub database: DatabaseOptions,
    #[command(flatten)]
    pub keys: KeyOptions,
    #[command(flatten)]
    pub outbound: OutboundOptions,
    #[command(flatten)]
    pub providers: ProviderOptions,
    #[command(flatten)]
    pub sign_in: SignInOptions,
    #[command(flatten)]
    pub background: BackgroundOptions,
    #[command(flatten)]
    pub limits: LimitOptions,
    #[command(flatten)]
    pub log: LogOptions,
    #[command(flatten)]
    pub metrics: MetricsOptions,
}
