//! What is written down and for how long.

use clap::{Args, ValueEnum};

/// What is written down and for how long.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Log")]
pub struct LogOptions {
    /// Which proxied calls become operations
    #[arg(long, env = "SHEETBEND_LOG_PROXY", value_enum, default_value_t = LogProxyOption::All)]
    pub log_proxy: LogProxyOption,
    /// Days that operations are kept
    #[arg(long, env = "SHEETBEND_LOG_RETENTION_DAYS", value_name = "N", default_value_t = 15)]
    pub log_retention_days: u32,
    /// Megabytes that operations may take before the oldest go
    #[arg(long, env = "SHEETBEND_LOG_RETENTION_MB", value_name = "N", default_value_t = 10_000)]
    pub log_retention_mb: u64,
    /// Days that the audit log is kept
    #[arg(long, env = "SHEETBEND_AUDIT_RETENTION_DAYS", value_name = "N", default_value_t = 365)]
    pub audit_retention_days: u32,
    /// Form of the process's own log on stderr
    #[arg(long, env = "SHEETBEND_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Level of the process's own log: error, warn, info, debug, or a filter such as `server=debug`
    #[arg(long, env = "SHEETBEND_LOG_LEVEL", value_name = "FILTER", default_value = "info")]
    pub log_level: String,
}

/// Which proxied calls become operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogProxyOption {
    /// All.
    All,
    /// Only those that fail.
    Errors,
}

/// The form of the process's own log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
