//! What callers may take of this machine.

use clap::Args;

/// What callers may take of this machine.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitOptions {
    /// Mebibytes that the body of a call of our own API may have; proxied bodies stream and have no limit
    #[arg(long, env = "SHEETBEND_BODY_LIMIT_MB", value_name = "N", default_value_t = 4,
        value_parser = one_to_a_thousand)]
    pub body_limit_mb: usize,
    /// Megabytes that proxied bodies may take together while they are held to be signed or sent again; without room
    /// a call that must be signed is answered 503, and others stream and are not repeated
    #[arg(long, env = "SHEETBEND_HELD_TOTAL_MB", value_name = "N", default_value_t = 4_096,
        value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub held_total_mb: u64,
}

fn one_to_a_thousand(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|number| (1..=1_000).contains(number))
        .ok_or_else(|| "it must be 1 to 1000".to_owned())
}
