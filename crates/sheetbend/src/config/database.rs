//! Where state is kept.

use std::path::PathBuf;

use clap::Args;

/// Where state is kept.
#[derive(Clone, Args)]
#[command(next_help_heading = "Database")]
pub struct DatabaseOptions {
    /// Directory of the database, the generated key and the sandbox's files
    #[arg(long, env = "SHEETBEND_DATA_DIR", value_name = "DIR", default_value = "./.sheetbend")]
    pub data_dir: PathBuf,
    /// `sqlite:<file>` or `postgres://user:password@host/database` [default: sqlite in the data directory]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,
}
