//! Work that nobody waits for.

use clap::Args;

/// Work that nobody waits for.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Background work")]
pub struct BackgroundOptions {
    /// Seconds that a receiver of webhooks may take
    #[arg(long, env = "SHEETBEND_WEBHOOK_TIMEOUT", value_name = "N", default_value_t = 20,
        value_parser = clap::value_parser!(u64).range(1..=300))]
    pub webhook_timeout: u64,
    /// Hours that a webhook is repeated before it is given up
    #[arg(long, env = "SHEETBEND_WEBHOOK_RETRY_HOURS", value_name = "N", default_value_t = 24,
        value_parser = clap::value_parser!(u32).range(0..=720))]
    pub webhook_retry_hours: u32,
    /// Hours after which credentials that nobody used are refreshed, so that they do not lapse
    #[arg(long, env = "SHEETBEND_REFRESH_IDLE_HOURS", value_name = "N", default_value_t = 24,
        value_parser = clap::value_parser!(u32).range(1..=720))]
    pub refresh_idle_hours: u32,
}
