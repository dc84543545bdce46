//! SQLite: one writer thread, readers that are taken and put back.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql};
use tokio::sync::{Semaphore, oneshot};

use super::writer::{Job, Writer};
use super::{Pool, PoolOptions, Tx, TxEngine, Work};
use crate::error::StoreError;
use crate::value::{Row, Value};

/// Long reads at a time; each has a thread of its own while it runs.
const SCANS: usize = 4;
/// Idle readers that are kept; a reader holds up to 2 MiB of page cache.
const IDLE_READERS: usize = 8;
const STATEMENT_CACHE: usize = 128;

#[derive(Clone)]
pub(super) struct Sqlite {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    wait: Duration,
    idle: Mutex<Vec<Connection>>,
    scans: Semaphore,
    writer: Writer,
}

impl Sqlite {
    pub(super) async fn open(path: &Path, options: &PoolOptions) -> Result<Self, StoreError> {
        let wait = Duration::from_millis(u64::from(options.wait_ms));
        let (path, max_bytes) = (path.to_owned(), options.max_bytes);
        let open = move || -> Result<Self, StoreError> {
            let connection = open_writer(&path, wait, max_bytes)?;
            let writer = Writer::start(connection)?;
            let (idle, scans) = (Mutex::default(), Semaphore::new(SCANS));
            Ok(Self { inner: Arc::new(Inner { path, wait, idle, scans, writer }) })
        };
        blocking(open).await
    }

    /// Reads on the calling thread.
    pub(super) fn read_here(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.inner.with_reader(|reader| rows(reader, sql, parameters))
    }

    /// Reads on a thread for blocking work.
    pub(super) async fn read_aside(
        &self,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        let _permit = self.inner.scans.acquire().await.map_err(|_| closed())?;
        let inner = self.inner.clone();
        blocking(move || inner.with_reader(|reader| rows(reader, &sql, &parameters))).await
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        pool: &Pool,
        work: impl Work<T>,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.inner.writer.send(job(pool, work, answer)).await?;
        answered.await.map_err(|_| StoreError::Other("the writer dropped a transaction".to_owned()))?
    }

    pub(super) fn prepare(&self, sql: &str) -> Result<(), StoreError> {
        self.inner.with_reader(|reader| reader.prepare(sql).map(drop).map_err(error))
    }

    pub(super) fn explain(&self, sql: &str, parameters: &[Value]) -> Result<Vec<String>, StoreError> {
        let plan = self.read_here(&format!("EXPLAIN QUERY PLAN {sql}"), parameters)?;
        let last_column = |mut row: Row| {
            let _: (i64, i64, i64) = (row.take()?, row.take()?, row.take()?);
            row.take()
        };
        plan.into_iter().map(last_column).collect()
    }

    /// Copies the file next to itself, as a whole and consistent database; an earlier copy is kept.
    pub(super) async fn copy(&self, suffix: &str) -> Result<(), StoreError> {
        let mut name = self.inner.path.clone().into_os_string();
        name.push(suffix);
        let target = PathBuf::from(name);
        if target.exists() { Ok(()) } else { self.copy_to(target).await }
    }

    /// Copies the file as a whole and consistent database, readable by its owner only, while others write.
    pub(super) async fn copy_to(&self, target: PathBuf) -> Result<(), StoreError> {
        let path = self.inner.path.clone();
        blocking(move || {
            let io = |error: std::io::Error| {
                StoreError::Unavailable(format!("copying to {}: {error}", target.display()))
            };
            let mut part = target.clone().into_os_string();
            part.push(".part");
            let part = PathBuf::from(part);
            if part.exists() {
                // Of a process that died while it copied.
                std::fs::remove_file(&part).map_err(io)?;
            }
            let source = Connection::open(path).map_err(error)?;
            let name = Value::Text(part.to_string_lossy().into_owned());
            make_private(&part)?;
            execute(&source, "VACUUM INTO $1", &[name])?;
            std::fs::rename(&part, &target).map_err(io)
        })
        .await
    }

    pub(super) async fn close(&self) {
        // The writer goes last, so that it folds the write-ahead log back into the file.
        self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.inner.writer.stop().await;
    }
}

impl Inner {
    fn with_reader<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = match idle {
            Some(reader) => reader,
            None => open_reader(&self.path, self.wait)?,
        };
        let answer = read(&reader);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_READERS {
            idle.push(reader);
        }
        answer
    }
}

/// Wraps the work so that the writer's thread can run it and answer after the commit.
fn job<T: Send + 'static>(
    pool: &Pool,
    work: impl Work<T>,
    answer: oneshot::Sender<Result<T, StoreError>>,
) -> Job {
    let (events, statements) = (pool.events.clone(), pool.statements.clone());
    Box::new(move |connection| {
        let (result, announced, logged, wakes) = match connection {
            Ok(connection) => {
                let mut tx = Tx {
                    engine: TxEngine::Sqlite(connection),
                    events: Vec::new(),
                    logged: Vec::new(),
                    wakes: false,
                    statements,
                };
                let result = work(&mut tx).now_or_never().unwrap_or_else(|| Err(waited()));
                (result, tx.events, tx.logged, tx.wakes)
            }
            Err(reason) => (Err(reason), Vec::new(), Vec::new(), false),
        };
        let outcome = result.as_ref().map(drop).map_err(Clone::clone);
        let after = Box::new(move |committed: Result<(), StoreError>| {
            if committed.is_ok() && result.is_ok() {
                events.publish(&announced);
                events.publish_log(logged);
                if wakes {
                    events.wake_workers();
                }
            }
            // A caller that went away needs no answer; its transaction counts all the same.
            let _ = answer.send(committed.and(result));
        });
        (outcome, after)
    })
}

fn open_writer(path: &Path, wait: Duration, max_bytes: Option<u64>) -> Result<Connection, StoreError> {
    make_private(path)?;
    let connection = Connection::open(path).map_err(error)?;
    connection.busy_timeout(wait).map_err(error)?;
    if connection.is_readonly("main").map_err(error)? {
        // SQLite opens such a file without a word and fails at the first write.
        return Err(StoreError::ReadOnly);
    }
    // A lock that somebody holds is told before the journal mode would stumble over it.
    connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK;").map_err(error)?;
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
             PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 4000;",
        )
        .map_err(error)?;
    if let Some(bytes) = max_bytes {
        let page: i64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(error)?;
        let pages = i64::try_from(bytes).unwrap_or(i64::MAX) / page.max(1);
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).map_err(error)?;
    }
    keep_statements(&connection)?;
    Ok(connection)
}

/// Makes an absent file readable by its owner only; SQLite gives its journals the same mode.
fn make_private(path: &Path) -> Result<(), StoreError> {
    use std::io::ErrorKind;
    use std::os::unix::fs::OpenOptionsExt;
    if path.as_os_str().as_encoded_bytes().starts_with(b"file:") {
        return Ok(());
    }
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
            Err(StoreError::ReadOnly)
        }
        Err(error) => Err(StoreError::Unavailable(format!("{}: {error}", path.display()))),
    }
}

fn open_reader(path: &Path, wait: Duration) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(error)?;
    connection.busy_timeout(wait).map_err(error)?;
    connection
        .execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY;")
        .map_err(error)?;
    keep_statements(&connection)?;
    Ok(connection)
}

/// Prepares every statement once. Without the stability guarantee SQLite plans a statement anew whenever other
/// values are bound to it (it is compiled with STAT4), which was measured to make a look-up four times slower.
fn keep_statements(connection: &Connection) -> Result<(), StoreError> {
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop).map_err(error)
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

pub(super) fn rows(connection: &Connection, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(error)?;
    let places = places(&statement)?;
    bind(&mut statement, &places, parameters)?;
    let mut found = Vec::new();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().map_err(error)? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// Runs one statement for each list; the first row of each run.
pub(super) fn each(
    connection: &Connection,
    sql: &str,
    lists: &[Vec<Value>],
) -> Result<Vec<Option<Row>>, StoreError> {
    if lists.is_empty() {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached(sql).map_err(error)?;
    let places = places(&statement)?;
    let mut answers = Vec::with_capacity(lists.len());
    for parameters in lists {
        bind(&mut statement, &places, parameters)?;
        let mut rows = statement.raw_query();
        let first = rows.next().map_err(error)?.map(read).transpose()?;
        // To the end: a statement that is left in the middle has not done all its work.
        while rows.next().map_err(error)?.is_some() {}
        answers.push(first);
    }
    Ok(answers)
}

/// Runs one INSERT for each list; the new row's key, unless a conflict was ignored.
pub(super) fn insert_each(
    connection: &Connection,
    sql: &str,
    lists: &[Vec<Value>],
) -> Result<Vec<Option<i64>>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(error)?;
    let places = places(&statement)?;
    let mut keys = Vec::with_capacity(lists.len());
    for parameters in lists {
        bind(&mut statement, &places, parameters)?;
        let changed = statement.raw_execute().map_err(error)?;
        keys.push((changed > 0).then(|| connection.last_insert_rowid()));
    }
    Ok(keys)
}

fn read(row: &rusqlite::Row<'_>) -> Result<Row, StoreError> {
    let columns = row.as_ref().column_count();
    let values = (0..columns).map(|index| value(row.get_ref(index).map_err(error)?));
    Ok(Row::new(values.collect::<Result<_, _>>()?))
}

pub(super) fn execute(connection: &Connection, sql: &str, parameters: &[Value]) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(error)?;
    let places = places(&statement)?;
    bind(&mut statement, &places, parameters)?;
    Ok(statement.raw_execute().map_err(error)? as u64)
}

pub(super) fn script(connection: &Connection, script: &str) -> Result<(), StoreError> {
    connection.execute_batch(script).map_err(error)
}

/// For each of SQLite's parameters the place in our list: `$2` is a name to SQLite, numbered by first appearance;
/// PostgreSQL counts by the digit.
fn places(statement: &rusqlite::Statement<'_>) -> Result<Vec<usize>, StoreError> {
    let place = |index| {
        let name = statement.parameter_name(index).unwrap_or_default();
        let number = name.strip_prefix('$').and_then(|digits| digits.parse::<usize>().ok());
        let place = number.and_then(|number| number.checked_sub(1));
        place.ok_or_else(|| StoreError::Other(format!("{name} is no parameter of ours")))
    };
    (1..=statement.parameter_count()).map(place).collect()
}

fn bind(
    statement: &mut rusqlite::Statement<'_>,
    places: &[usize],
    parameters: &[Value],
) -> Result<(), StoreError> {
    for (index, &place) in places.iter().enumerate() {
        let missing = || StoreError::Other(format!("no parameter for ${}", place + 1));
        let parameter = parameters.get(place).ok_or_else(missing)?;
        statement.raw_bind_parameter(index + 1, parameter).map_err(error)?;
    }
    Ok(())
}

fn value(column: ValueRef<'_>) -> Result<Value, StoreError> {
    Ok(match column {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Text(bytes) => Value::Text(
            std::str::from_utf8(bytes).map_err(|_| StoreError::corrupt("text that is not UTF-8"))?.to_owned(),
        ),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        ValueRef::Real(_) => return Err(StoreError::corrupt("a fraction where none is stored")),
    })
}

/// SQLite's result codes in our words; its messages name tables and columns, never values.
pub(super) fn error(error: rusqlite::Error) -> StoreError {
    let rusqlite::Error::SqliteFailure(code, message) = &error else {
        return StoreError::Other(error.to_string());
    };
    let text = message.clone().unwrap_or_else(|| code.to_string());
    match (code.code, code.extended_code) {
        (_, rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
            StoreError::Duplicate(text.replace("UNIQUE constraint failed: ", ""))
        }
        (_, rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => StoreError::NotFound("referenced row"),
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => StoreError::Locked,
        (ErrorCode::DiskFull, _) => StoreError::Full,
        (ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _) => StoreError::ReadOnly,
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => StoreError::Corrupt(text),
        // The extended code says which call of the operating system failed; see sqlite.org/rescode.html.
        (ErrorCode::CannotOpen | ErrorCode::SystemIoFailure, extended) => {
            StoreError::Unavailable(format!("{text} (SQLite's code {extended})"))
        }
        _ => StoreError::Other(text),
    }
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| StoreError::Other(format!("a database thread died: {error}")))?
}

fn waited() -> StoreError {
    StoreError::Other("a transaction waited for something other than the database".to_owned())
}

pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("it was closed".to_owned())
}
