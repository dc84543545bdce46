//! Providers of the operator's own.

use std::path::PathBuf;

use clap::Args;

/// Providers of the operator's own.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Providers")]
pub struct ProviderOptions {
    /// A YAML file of provider definitions that are added to the shipped ones and win over those of the same name;
    /// may be repeated
    #[arg(long, env = "SHEETBEND_PROVIDER_FILE", value_name = "FILE", value_delimiter = ',')]
    pub provider_file: Vec<PathBuf>,
}
