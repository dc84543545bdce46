//! Bringing a database up to date, one transaction a migration, one process at a time.

use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::pool::Pool;
use crate::statements::statements;

/// Number, name and text of a migration.
type Migration = (i64, &'static str, &'static str);

const MAKE_TABLE: &str =
    "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL)";

statements! {
    VERSION = "SELECT MAX(version) FROM schema_migrations";
    RECORD = "INSERT INTO schema_migrations (version, name) VALUES ($1, $2)";
}

/// An arbitrary number that means "Sheetbend migrates" among PostgreSQL's advisory locks.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7262337301)";

/// Applies what is missing.
///
/// # Errors
/// [`StoreError::NewerSchema`] when the database knows more than this program.
pub(crate) async fn run(pool: &Pool, migrations: &'static [Migration]) -> Result<(), StoreError> {
    let known = migrations.last().map_or(0, |migration| migration.0);
    let found = current(pool).await?;
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    if found == known {
        return Ok(());
    }
    if found > 0 {
        pool.copy_file(&format!(".before-{:04}", found + 1)).await?;
    }
    for (version, name, script) in migrations.iter().filter(|migration| migration.0 > found) {
        apply(pool, *version, name, script).await?;
    }
    Ok(())
}

/// The newest migration in the database; makes the table of migrations when it is absent.
async fn current(pool: &Pool) -> Result<i64, StoreError> {
    pool.write(|tx| {
        Box::pin(async move {
            if tx.dialect() == Dialect::Postgres {
                // Two nodes that start together would otherwise both make the table, and one would fail.
                tx.script(LOCK).await?;
            }
            tx.script(MAKE_TABLE).await?;
            let row = tx.row(VERSION, Vec::new()).await?;
            Ok(row.map(|mut row| row.take::<Option<i64>>()).transpose()?.flatten().unwrap_or(0))
        })
    })
    .await
}

async fn apply(
    pool: &Pool,
    version: i64,
    name: &'static str,
    script: &'static str,
) -> Result<(), StoreError> {
    pool.write(move |tx| {
        Box::pin(async move {
            if tx.dialect() == Dialect::Postgres {
                tx.script(LOCK).await?;
            }
            // Another node may have been faster while this one waited for the lock.
            let row = tx.row(VERSION, Vec::new()).await?;
            let found = row.map(|mut row| row.take::<Option<i64>>()).transpose()?.flatten().unwrap_or(0);
            if found >= version {
                return Ok(());
            }
            tx.script(script).await?;
            tx.rows(RECORD, vec![version.into(), name.into()]).await?;
            Ok(())
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Events;
    use crate::pool::{PoolOptions, Target};

    const FIRST: &[Migration] = &[(1, "first", "CREATE TABLE a (x TEXT); INSERT INTO a VALUES ('kept');")];
    const SECOND: &[Migration] = &[FIRST[0], (2, "second", "ALTER TABLE a ADD COLUMN y TEXT;")];
    const BROKEN: &[Migration] =
        &[SECOND[0], SECOND[1], (3, "broken", "CREATE TABLE b (x TEXT); INSERT INTO nowhere VALUES (1);")];

    async fn pool(path: std::path::PathBuf) -> Pool {
        let options =
            PoolOptions { target: Target::Sqlite(path), wait_ms: 1000, max_connections: 1, max_bytes: None };
        Pool::open(options, Events::new(), "node".into()).await.unwrap()
    }

    #[tokio::test]
    async fn a_file_is_copied_before_it_is_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let pool = pool(file.clone()).await;
        run(&pool, FIRST).await.unwrap();
        assert!(!folder.path().join("x.db.before-0001").exists(), "nothing to lose in a new file");
        run(&pool, SECOND).await.unwrap();
        pool.look_up("SELECT y FROM a", Vec::new()).await.unwrap();
        let copy = rusqlite::Connection::open(folder.path().join("x.db.before-0002")).unwrap();
        let kept: String = copy.query_row("SELECT x FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, "kept");
        assert!(copy.prepare("SELECT y FROM a").is_err());
    }

    #[tokio::test]
    async fn a_failed_migration_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let pool = pool(folder.path().join("x.db")).await;
        assert!(run(&pool, BROKEN).await.is_err());
        assert!(pool.look_up("SELECT x FROM b", Vec::new()).await.is_err());
        assert_eq!(current(&pool).await.unwrap(), 2);
        let error = run(&pool, FIRST).await.unwrap_err();
        assert_eq!(error, StoreError::NewerSchema { found: 2, known: 1 });
    }
}
