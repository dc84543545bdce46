//! The binary: one match over the commands.

mod app;
mod cli;
mod config;
mod dev;
mod encryption;
mod files;
mod house_keys;
mod logs;
mod named_server;
mod operator;
mod ports;
mod provider_files;
mod providers;
mod sandbox_command;
mod shutdown;

use std::process::ExitCode;

use cli::Command;
use operator::OperatorCommand;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    use_small_pages();
    let command = match cli::parse() {
        Ok(command) => command,
        Err(error) => return told(&error.into()),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return told(&error.into()),
    };
    runtime.block_on(run(command)).unwrap_or_else(|error| told(&error))
}

/// Memory comes in pages of 4 KiB. mimalloc asks the kernel for huge ones, with which a server that uses 6 MiB occupies
/// 21 (measured: 42 MiB resident after the first calls, 27 without them).
fn use_small_pages() {
    // Where the kernel refuses, memory is only larger.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let done = |()| ExitCode::SUCCESS;
    match command {
        Command::Dev(options) => dev::run(*options).await.map(done),
        Command::Serve(options) => app::serve(*options).await.map(done),
        Command::Sandbox(options) => sandbox_command::run(options).await.map(done),
        Command::Logs(options) => logs::run(options).await.map(done),
        Command::Connections(command) => operator::run(OperatorCommand::Connections(*command)).await,
        Command::ApiKeys(command) => operator::run(OperatorCommand::ApiKeys(*command)).await,
        Command::Import(command) => operator::run(OperatorCommand::Import(*command)).await,
        Command::Backup(command) => operator::run(OperatorCommand::Backup(*command)).await,
        Command::Restore(command) => operator::restore(*command).await.map(done),
        Command::Keys(command) => operator::run(OperatorCommand::Keys(*command)).await,
        Command::Users(command) => operator::run(OperatorCommand::Users(*command)).await,
        Command::Doctor(command) => operator::run(OperatorCommand::Doctor(*command)).await,
        Command::Providers(command) => providers::run(command).map(done),
        Command::Openapi => {
            print!("{}", server::openapi::text());
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Says what went wrong, cause by cause, where a person looks.
fn told(error: &anyhow::Error) -> ExitCode {
    eprintln!("sheetbend: {error:#}");
    ExitCode::FAILURE
}
