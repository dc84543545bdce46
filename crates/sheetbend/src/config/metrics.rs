//! Who may read the metrics.

use std::net::SocketAddr;

use clap::Args;

/// Who may read the metrics.
#[derive(Clone, Args)]
#[command(next_help_heading = "Metrics")]
pub struct MetricsOptions {
    /// Bearer token for `/metrics`; without it and without --metrics-listen there is no such route
    #[arg(long, env = "SHEETBEND_METRICS_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub metrics_token: Option<String>,
    /// An address of its own for `/metrics`, without a token
    #[arg(long, env = "SHEETBEND_METRICS_LISTEN", value_name = "ADDR:PORT")]
    pub metrics_listen: Option<SocketAddr>,
}
