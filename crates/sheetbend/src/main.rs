//! The binary: one match over the commands.

mod app;
mod cli;
mod config;
mod dev;
mod encryption;
mod files;
mod house_keys;
mod logs;
mod ports;
mod provider_files;
mod providers;
mod sandbox_command;
mod shutdown;

use std::process::ExitCode;

use cli::Command;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let command = match cli::parse() {
        Ok(command) => command,
        Err(error) => return told(&error.into()),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return told(&error.into()),
    };
    let outcome = runtime.block_on(async {
        match command {
            Command::Dev(options) => dev::run(*options).await,
            Command::Serve(options) => app::serve(*options).await,
            Command::Sandbox(options) => sandbox_command::run(options).await,
            Command::Logs(options) => logs::run(options).await,
            Command::Providers(command) => providers::run(command),
            Command::Openapi => {
                print!("{}", server::openapi::text());
                Ok(())
            }
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => told(&error),
    }
}

/// Says what went wrong, cause by cause, where a person looks.
fn told(error: &anyhow::Error) -> ExitCode {
    eprintln!("sheetbend: {error:#}");
    ExitCode::FAILURE
}
