//! How the server reaches others.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// How the server reaches others.
#[derive(Clone, Args)]
#[command(next_help_heading = "Outbound calls")]
pub struct OutboundOptions {
    /// PEM file of a certificate authority to trust besides the system's; may be repeated
    #[arg(long, env = "SHEETBEND_EXTRA_CA", value_name = "FILE", value_delimiter = ',')]
    pub extra_ca: Vec<PathBuf>,
    /// Outbound proxy for https targets
    #[arg(long, env = "HTTPS_PROXY", value_name = "URL", hide_env_values = true)]
    pub https_proxy: Option<String>,
    /// Outbound proxy for http targets
    #[arg(long, env = "HTTP_PROXY", value_name = "URL", hide_env_values = true)]
    pub http_proxy: Option<String>,
    /// Targets that are reached without the outbound proxy, comma separated
    #[arg(long, env = "NO_PROXY", value_name = "HOSTS")]
    pub no_proxy: Option<String>,
    /// Let the outbound proxy resolve names: only where this machine has no DNS, because the address guard then
    /// cannot see where a name leads
    #[arg(long, env = "SHEETBEND_TRUST_PROXY", value_enum, default_value_t = TrustProxyOption::No)]
    pub trust_proxy: TrustProxyOption,
    /// A `host:port` that the address guard lets pass although it is private; may be repeated
    #[arg(long, env = "SHEETBEND_EXEMPT", value_name = "HOST:PORT", value_delimiter = ',')]
    pub exempt: Vec<String>,
    /// Seconds to connect
    #[arg(long, env = "SHEETBEND_CONNECT_TIMEOUT", value_name = "N", default_value_t = 10)]
    pub connect_timeout: u64,
    /// Seconds until a provider's answer begins
    #[arg(long, env = "SHEETBEND_FIRST_BYTE_TIMEOUT", value_name = "N", default_value_t = 120)]
    pub first_byte_timeout: u64,
    /// Seconds that a body may stand still; there is no limit on its whole time
    #[arg(long, env = "SHEETBEND_IDLE_BODY_TIMEOUT", value_name = "N", default_value_t = 60)]
    pub idle_body_timeout: u64,
}

/// Whether names go to the outbound proxy unresolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TrustProxyOption {
    /// Names are resolved here and judged.
    No,
    /// Names go to the proxy.
    Yes,
}
