//! `bench`: DESIGN §9 measured. Product and yardstick are separate processes of one profile, loaded by turns.
//!
//! Every row is a ratio or a count within one run, so that a slow or shared machine moves both sides alike.

mod http1;
mod load;
mod process;
mod product;
mod report;
mod roles;
mod rows;

use clap::{Args, Parser, Subcommand};

/// Measures the product against yardsticks it starts itself
#[derive(Parser)]
#[command(name = "bench")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Proxied calls: CPU, throughput, latency, database statements, memory
    Proxy(Run),
    /// Stored connections: import, start, reads, lists, one refresh for many callers
    Connections(rows::connections::ConnectionsRun),
    /// The log with a million operations: first rows, searches, deep pages, histograms
    Logs(rows::logs::LogsRun),
    /// The yardstick: a bare hyper proxy
    #[command(hide = true)]
    Passthrough {
        /// `host:port` to forward to
        upstream: String,
    },
    /// The called system: JSON of 1 KB, streams, tokens
    #[command(hide = true)]
    Upstream,
}

/// How to measure and how to tell.
#[derive(Debug, Clone, Args)]
pub struct Run {
    /// One JSON object a line instead of a table
    #[arg(long)]
    json: bool,
    /// Smaller counts: minutes become seconds, figures become rough
    #[arg(long)]
    quick: bool,
    /// Only rows whose names contain this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Proxy(run) => alone()?.block_on(rows::proxy::measure(&run)),
        Command::Connections(run) => alone()?.block_on(rows::connections::measure(&run)),
        Command::Logs(run) => alone()?.block_on(rows::logs::measure(&run)),
        // As many workers as the product has.
        Command::Passthrough { upstream } => tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(roles::passthrough(upstream)),
        Command::Upstream => alone()?.block_on(roles::upstream()),
    }
}

/// One thread: load and upstream should leave the processors to what is measured.
fn alone() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
