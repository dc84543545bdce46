//! How the server is reached.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use ipnet::IpNet;

/// How the server is reached.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkOptions {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, env = "SHEETBEND_LISTEN", value_name = "ADDR:PORT", default_value = "127.0.0.1:3003")]
    pub listen: SocketAddr,
    /// The address under which browsers and providers reach this server, for example https://connect.example.com
    /// [default: http://localhost:<port>]
    #[arg(long, env = "SHEETBEND_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<url::Url>,
    /// Path in front of every route when a reverse proxy serves this under a prefix, for example /sheetbend
    #[arg(long, env = "SHEETBEND_BASE_PATH", value_name = "PATH", default_value = "")]
    pub base_path: String,
    /// The redirect URI given to providers [default: <public URL>/oauth/callback]
    #[arg(long, env = "SHEETBEND_CALLBACK_URL", value_name = "URL")]
    pub callback_url: Option<url::Url>,
    /// PEM certificate chain; serves https together with --tls-key and is read again when the file changes
    #[arg(long, env = "SHEETBEND_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// PEM private key of --tls-cert
    #[arg(long, env = "SHEETBEND_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Address range of reverse proxies whose X-Forwarded-* headers are believed; may be repeated
    #[arg(long, env = "SHEETBEND_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',')]
    pub trusted_proxy: Vec<IpNet>,
    /// Calls a minute that each environment may make; 0 sets no limit
    #[arg(long, env = "SHEETBEND_RATE_LIMIT", value_name = "N", default_value_t = 0)]
    pub rate_limit: u32,
    /// Seconds that running requests get to finish at a shutdown
    #[arg(long, env = "SHEETBEND_DRAIN_SECONDS", value_name = "N", default_value_t = 30)]
    pub drain_seconds: u64,
}
