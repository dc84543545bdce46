//! A consistent copy of the database while it is in use.

use std::path::{Path, PathBuf};

use store::Dialect;

use crate::context::Context;
use crate::error::Error;

/// The name of the database in a backup.
pub const DATABASE: &str = "sheetbend.db";
/// The name of the facts about it.
pub const FACTS: &str = "backup.json";

/// What was copied.
#[derive(Debug)]
pub struct Backup {
    /// The copied database.
    pub database: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// The encryption keys it needs, by id; they are not in the backup.
    pub key_ids: Vec<String>,
    /// When, Unix milliseconds.
    pub at_ms: i64,
}

/// Copies the database into a directory of the server's machine that holds no backup yet.
///
/// # Errors
/// The directory cannot be used, or the database is PostgreSQL, which has tools of its own for it.
pub async fn write(context: &Context, directory: &Path) -> Result<Backup, Error> {
    if context.store.dialect() == Dialect::Postgres {
        return Err(Error::refused(
            "backup_not_here",
            "the database is PostgreSQL: copy it with pg_dump, or by your provider's snapshots, and keep the \
             encryption keys apart from the copy",
        ));
    }
    if !directory.is_absolute() {
        return Err(Error::refused("invalid_path", "the directory must be an absolute path"));
    }
    let unusable = |error: std::io::Error| {
        Error::refused("invalid_path", format!("{} cannot be used: {error}", directory.display()))
    };
    make_private(directory).map_err(unusable)?;
    let database = directory.join(DATABASE);
    if database.exists() {
        let text = format!("{} holds a backup already; name another directory", directory.display());
        return Err(Error::refused("backup_exists", text));
    }
    let at_ms = context.now_ms();
    context.store.copy_to(&database).await?;
    let bytes = std::fs::metadata(&database).map_err(unusable)?.len();
    let key_ids: Vec<String> = context.vault.known_keys().iter().map(ToString::to_string).collect();
    let facts =
        serde_json::json!({"created_at_ms": at_ms, "version": env!("CARGO_PKG_VERSION"), "key_ids": key_ids});
    std::fs::write(directory.join(FACTS), facts.to_string()).map_err(unusable)?;
    Ok(Backup { database, bytes, key_ids, at_ms })
}

fn make_private(directory: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if directory.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)
}
