//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::config::{ConfigFileError, ServeOptions, with_file_defaults};
use crate::operator::{
    ApiKeysCommand, BackupCommand, ConnectionsCommand, DoctorCommand, ImportCommand, KeysCommand,
    RestoreCommand, UsersCommand,
};
use crate::providers::ProvidersCommand;

/// Connects a product to its users' accounts on other systems
#[derive(Parser)]
#[command(name = "sheetbend", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Start everything for development: server, simulated Microsoft tenant, integrations, ready connections
    Dev(Box<DevOptions>),
    /// Serve
    Serve(Box<ServeOptions>),
    /// Start the simulated Microsoft tenant alone
    Sandbox(SandboxCommand),
    /// Show what happened, or follow it
    Logs(LogsOptions),
    /// List, show, refresh, delete and import connections
    Connections(Box<ConnectionsCommand>),
    /// Make, list and revoke API keys
    ApiKeys(Box<ApiKeysCommand>),
    /// Bring everything over from a running Nango
    Import(Box<ImportCommand>),
    /// Copy the database while it is in use
    Backup(Box<BackupCommand>),
    /// Put a backup in place of the database of a server that does not run
    Restore(Box<RestoreCommand>),
    /// Show and change the encryption keys of the database
    Keys(Box<KeysCommand>),
    /// List, invite and help the people who sign in to the dashboard
    Users(Box<UsersCommand>),
    /// Look for what is wrong with an installation and say what to do
    Doctor(Box<DoctorCommand>),
    /// List, show, check and add provider definitions
    Providers(ProvidersCommand),
    /// Print the description of the public API
    #[command(hide = true)]
    Openapi,
}

/// `sheetbend dev`.
#[derive(Args)]
pub struct DevOptions {
    #[command(flatten)]
    pub serve: ServeOptions,
    #[command(flatten)]
    pub sandbox: SandboxOptions,
    /// Print one JSON object on the first line of stdout, for scripts
    #[arg(long)]
    pub json: bool,
    /// Serve https as well, on a port of its own, with a certificate of the sandbox's authority
    #[arg(long)]
    pub tls: bool,
    /// Leave the browser alone; by itself the dashboard opens when a person starts this in a terminal on a desktop
    #[arg(long)]
    pub no_open: bool,
}

/// The simulated tenant.
#[derive(Clone, Args)]
#[command(next_help_heading = "Sandbox")]
pub struct SandboxOptions {
    /// Address of the simulated Microsoft tenant; port 0 takes a free one. HTTPS listens on the next port.
    #[arg(
        long,
        env = "SHEETBEND_SANDBOX_LISTEN",
        value_name = "ADDR:PORT",
        default_value = "127.0.0.1:3004"
    )]
    pub sandbox_listen: SocketAddr,
    /// Put a workbook of your own into the signed-in user's drive; may be repeated
    #[arg(long, value_name = "FILE.xlsx")]
    pub workbook: Vec<PathBuf>,
    /// Let any address use /_control with this bearer token, instead of loopback only
    #[arg(long, env = "SHEETBEND_SANDBOX_CONTROL_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub control_token: Option<String>,
}

/// `sheetbend sandbox`.
#[derive(Args)]
pub struct SandboxCommand {
    #[command(flatten)]
    pub sandbox: SandboxOptions,
    /// Where the tenant's state outlives the process; in memory without it
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}

/// `sheetbend logs`.
#[derive(Args)]
pub struct LogsOptions {
    /// Data directory of the running server, which tells its address and key
    #[arg(long, env = "SHEETBEND_DATA_DIR", value_name = "DIR", default_value = "./.sheetbend")]
    pub data_dir: PathBuf,
    /// Address of the server [default: from the data directory]
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// API key [default: from the data directory]
    #[arg(long, env = "SHEETBEND_API_KEY", value_name = "KEY", hide_env_values = true)]
    pub api_key: Option<String>,
    /// Go on showing what happens
    #[arg(long, short)]
    pub follow: bool,
    /// Only this integration
    #[arg(long, value_name = "KEY")]
    pub integration: Option<String>,
    /// Only this connection
    #[arg(long, value_name = "ID")]
    pub connection: Option<String>,
    /// Only this state: running, success, failed, timeout, cancelled
    #[arg(long, value_name = "STATE")]
    pub state: Option<String>,
    /// Only this type: proxy, auth
    #[arg(long, value_name = "TYPE")]
    pub r#type: Option<String>,
    /// Only operations with these words
    #[arg(long, value_name = "WORDS")]
    pub search: Option<String>,
    /// How many to begin with
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    pub lines: u32,
}

/// Commands with commands of their own take their options before and after those.
fn command() -> clap::Command {
    const WITH_COMMANDS: [&str; 5] = ["connections", "api-keys", "keys", "import", "users"];
    let anywhere = |command: clap::Command| command.mut_args(|option| option.global(true));
    WITH_COMMANDS.iter().fold(Cli::command(), |all, name| all.mut_subcommand(name, anywhere))
}

/// Reads the command line, the environment and the configuration file.
///
/// # Errors
/// The configuration file cannot be used; clap itself exits on a wrong command line.
pub fn parse() -> Result<Command, ConfigFileError> {
    let first = command().get_matches();
    let file = first
        .subcommand()
        .filter(|(name, _)| matches!(*name, "dev" | "serve"))
        .and_then(|(name, matches)| Some((name.to_owned(), matches.get_one::<PathBuf>("config")?.clone())));
    let matches = match file {
        Some((name, path)) => with_file_defaults(command(), &name, &path)?.get_matches(),
        None => first,
    };
    match Cli::from_arg_matches(&matches) {
        Ok(cli) => Ok(cli.command),
        Err(error) => error.exit(),
    }
}
