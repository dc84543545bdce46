//! The operator's commands: each asks a running server (or one that it starts for the while) and prints.

mod api_keys;
mod backup;
mod connections;
mod doctor;
mod import_nango;
mod keys;
mod output;
mod progress;
mod rows;
mod session;
mod socket;
mod table;
mod users;

use std::process::ExitCode;

pub use api_keys::ApiKeysCommand;
pub use backup::{BackupCommand, RestoreCommand, restore};
pub use connections::ConnectionsCommand;
pub use doctor::DoctorCommand;
pub use import_nango::ImportCommand;
pub use keys::KeysCommand;
pub use socket::AdminSocket;
pub use users::UsersCommand;

use session::{OperatorOptions, Session};

/// A command to a server.
pub enum OperatorCommand {
    /// `sheetbend api-keys`.
    ApiKeys(ApiKeysCommand),
    /// `sheetbend backup`.
    Backup(BackupCommand),
    /// `sheetbend connections`.
    Connections(ConnectionsCommand),
    /// `sheetbend doctor`.
    Doctor(DoctorCommand),
    /// `sheetbend import`.
    Import(ImportCommand),
    /// `sheetbend keys`.
    Keys(KeysCommand),
    /// `sheetbend users`.
    Users(UsersCommand),
}

impl OperatorCommand {
    fn server(&self) -> &OperatorOptions {
        match self {
            Self::ApiKeys(command) => &command.server,
            Self::Backup(command) => &command.server,
            Self::Connections(command) => &command.server,
            Self::Doctor(command) => &command.server,
            Self::Import(command) => &command.server,
            Self::Keys(command) => &command.server,
            Self::Users(command) => &command.server,
        }
    }
}

/// Runs a command; the server that it may have started ends with it.
///
/// # Errors
/// What the server refused, or why there is none.
pub async fn run(command: OperatorCommand) -> anyhow::Result<ExitCode> {
    let session = Session::open(command.server()).await?;
    let outcome = with(command, &session).await;
    let closed = session.close().await;
    let code = outcome?;
    closed.map(|()| code)
}

async fn with(command: OperatorCommand, session: &Session) -> anyhow::Result<ExitCode> {
    let done = |()| ExitCode::SUCCESS;
    match command {
        OperatorCommand::ApiKeys(command) => api_keys::run(command, session).await.map(done),
        OperatorCommand::Backup(command) => backup::run(command, session).await.map(done),
        OperatorCommand::Connections(command) => connections::run(command, session).await.map(done),
        OperatorCommand::Doctor(command) => doctor::run(command, session).await,
        OperatorCommand::Import(command) => import_nango::run(command, session).await.map(done),
        OperatorCommand::Keys(command) => keys::run(command, session).await.map(done),
        OperatorCommand::Users(command) => users::run(command, session).await.map(done),
    }
}
