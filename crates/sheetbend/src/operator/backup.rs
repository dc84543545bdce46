//! `sheetbend backup` and `sheetbend restore`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use http::Method;
use serde_json::{Value, json};
use services::operator::backup::{DATABASE, FACTS};
use store::{DatabaseUrl, Store, StoreOptions};

use super::output;
use super::session::{OperatorOptions, Session};
use crate::app;
use crate::config::{DatabaseOptions, KeyOptions};
use crate::encryption;
use crate::files::{self, DataDirLock};

/// `sheetbend backup`.
#[derive(Args)]
pub struct BackupCommand {
    #[command(flatten)]
    pub server: OperatorOptions,
    /// A new directory on the server's machine
    directory: PathBuf,
}

/// `sheetbend restore`.
#[derive(Args)]
pub struct RestoreCommand {
    #[command(flatten)]
    database: DatabaseOptions,
    #[command(flatten)]
    keys: KeyOptions,
    /// The directory that `backup` wrote
    backup: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Copies the database while it is in use.
pub async fn run(command: BackupCommand, session: &Session) -> anyhow::Result<()> {
    if command.server.url.is_some() {
        bail!("a backup is written on the server's machine: run the command there, without --url");
    }
    let directory = std::path::absolute(&command.directory)?;
    let body = json!({"directory": directory.to_string_lossy()});
    let answer = session.call(Method::POST, "/operator/backup", Some(&body)).await?;
    if command.server.json {
        return output::json(&answer.body);
    }
    let data = &answer.body["data"];
    println!("{} ({} bytes)", data["database"].as_str().unwrap_or_default(), data["bytes"]);
    let keys: Vec<&str> =
        data["key_ids"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    println!("It is sealed with the encryption keys {}; keep them elsewhere.", keys.join(", "));
    Ok(())
}

/// Puts a backup in place of the database; the old one stays beside it.
pub async fn restore(command: RestoreCommand) -> anyhow::Result<()> {
    let data_dir = &command.database.data_dir;
    let target = match app::database_url(&command.database)? {
        DatabaseUrl::Sqlite(path) => path,
        DatabaseUrl::Postgres(_) => {
            bail!("a backup of SQLite cannot be restored into PostgreSQL; use pg_restore")
        }
    };
    files::make_private_dir(data_dir)?;
    let lock = DataDirLock::take(data_dir)?;
    let source = command.backup.join(DATABASE);
    let beside = with_suffix(&target, ".restoring");
    files::copy_private(&source, &beside).with_context(|| source.display().to_string())?;
    let checked = check(&command, &beside).await.with_context(|| source.display().to_string());
    if checked.is_err() {
        std::fs::remove_file(&beside)?;
    }
    checked?;
    let kept = put_aside(&target)?;
    std::fs::rename(&beside, &target)?;
    drop(lock);
    if command.json {
        return output::json(&json!({"database": target.to_string_lossy(), "kept": kept}));
    }
    println!("{} is restored", target.display());
    if let Some(kept) = kept {
        println!("The database that was there is now {kept}");
    }
    Ok(())
}

/// Opens the copy with the keys at hand; a backup of an older version gets today's schema.
async fn check(command: &RestoreCommand, copy: &Path) -> anyhow::Result<()> {
    let keys = command.keys.load(&command.database.data_dir)?;
    let store = Store::open(StoreOptions::new(DatabaseUrl::Sqlite(copy.to_owned()))).await?;
    let settled = encryption::settle(&store, &keys).await.map(drop);
    store.close().await;
    settled.with_context(|| {
        let facts = std::fs::read_to_string(command.backup.join(FACTS)).unwrap_or_default();
        format!("the backup needs its encryption keys: {facts}")
    })
}

/// Moves the present database out of the way, with its journals; its new name.
fn put_aside(target: &Path) -> anyhow::Result<Option<String>> {
    if !target.exists() {
        return Ok(None);
    }
    let free = (1..).map(|number| with_suffix(target, &format!(".before-restore-{number}")));
    let kept = free.into_iter().find(|path| !path.exists()).context("no free name")?;
    for suffix in ["-wal", "-shm"] {
        let journal = with_suffix(target, suffix);
        if journal.exists() {
            std::fs::rename(&journal, with_suffix(&kept, suffix))?;
        }
    }
    std::fs::rename(target, &kept)?;
    Ok(Some(kept.to_string_lossy().into_owned()))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
