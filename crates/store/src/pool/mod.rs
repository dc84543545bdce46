//! One pool over two databases: short reads, long reads, and transactions written once.
//!
//! Only this folder and `dialect.rs` know that there are two.

mod listen;
mod opening;
mod postgres;
mod sqlite;
mod tls;
mod writer;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;

use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::events::{CacheEvent, Events, Hearing, payloads};
use crate::value::{Row, Value, check_texts};

pub(crate) use opening::Opening;

/// What the pool needs to know to open.
pub(crate) struct PoolOptions {
    pub(crate) target: Target,
    /// How long to wait for a lock or a free connection, milliseconds.
    pub(crate) wait_ms: u32,
    /// At most this many connections to PostgreSQL.
    pub(crate) max_connections: u32,
    /// SQLite refuses to grow past this many bytes.
    pub(crate) max_bytes: Option<u64>,
}

pub(crate) enum Target {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Target {
    /// Waits until nobody else makes or changes the schema here; PostgreSQL has a lock of its own for that.
    pub(crate) async fn opening(&self) -> Result<Option<Opening>, StoreError> {
        match self {
            Self::Sqlite(path) => {
                let path = path.clone();
                sqlite::blocking(move || Ok(Opening::wait(&path))).await
            }
            Self::Postgres(_) => Ok(None),
        }
    }
}

/// The work of one transaction. On SQLite it runs on the writer's thread and never waits.
pub(crate) trait Work<T>:
    for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static
{
}

impl<T, F> Work<T> for F where
    F: for<'t, 'c> FnOnce(&'t mut Tx<'c>) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static
{
}

/// Connections to one database; cheap to clone.
#[derive(Clone)]
pub(crate) struct Pool {
    engine: Engine,
    events: Events,
    node: Arc<str>,
    statements: Arc<AtomicU64>,
}

#[derive(Clone)]
enum Engine {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Pool {
    pub(crate) async fn open(
        options: PoolOptions,
        events: Events,
        node: Arc<str>,
    ) -> Result<Self, StoreError> {
        let statements = Arc::new(AtomicU64::new(0));
        let engine = match &options.target {
            Target::Sqlite(path) => Engine::Sqlite(sqlite::Sqlite::open(path, &options).await?),
            Target::Postgres(url) => {
                // Until it listens; a process that never does must not trust a cache.
                events.set_hearing(Hearing::Lost);
                Engine::Postgres(postgres::Postgres::open(url, &options).await?)
            }
        };
        Ok(Self { engine, events, node, statements })
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match &self.engine {
            Engine::Sqlite(_) => Dialect::Sqlite,
            Engine::Postgres(_) => Dialect::Postgres,
        }
    }

    pub(crate) fn events(&self) -> &Events {
        &self.events
    }

    pub(crate) fn node(&self) -> &str {
        &self.node
    }

    /// What names this process among the lives (`lives.rs`): its name as a positive number.
    pub(crate) fn life(&self) -> i64 {
        let number = u64::from_str_radix(&self.node, 16).unwrap_or_default();
        i64::try_from(number >> 1).unwrap_or_default().max(1)
    }

    /// Statements run since the pool was opened.
    pub(crate) fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// A look-up by key of at most a few rows: on SQLite it runs here and now, in microseconds.
    pub(crate) async fn look_up(&self, sql: &str, parameters: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.before(&parameters)?;
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.read_here(sql, &parameters),
            Engine::Postgres(postgres) => postgres.read(sql, &parameters).await,
        }
    }

    /// As [`Self::look_up`], the first row.
    pub(crate) async fn look_up_one(
        &self,
        sql: &str,
        parameters: Vec<Value>,
    ) -> Result<Option<Row>, StoreError> {
        Ok(self.look_up(sql, parameters).await?.into_iter().next())
    }

    /// A read that may take milliseconds: on SQLite it runs on a thread for blocking work.
    pub(crate) async fn scan(&self, sql: String, parameters: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.before(&parameters)?;
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.read_aside(sql, parameters).await,
            Engine::Postgres(postgres) => postgres.read(&sql, &parameters).await,
        }
    }

    /// As [`Self::scan`], planned anew for these parameters: how often a word occurs decides how it is best looked for.
    pub(crate) async fn search(&self, sql: String, parameters: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.before(&parameters)?;
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.read_aside(sql, parameters).await,
            Engine::Postgres(postgres) => postgres.search(&sql, &parameters).await,
        }
    }

    /// Runs `work` in one transaction; the answer comes after the commit is on disk.
    ///
    /// The work goes on when the caller is dropped, so a commit and its cache events are never torn apart.
    pub(crate) async fn write<T: Send + 'static>(&self, work: impl Work<T>) -> Result<T, StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.write(self, work).await,
            Engine::Postgres(postgres) => {
                let (postgres, pool) = (postgres.clone(), self.clone());
                tokio::spawn(async move { postgres.write(&pool, work).await })
                    .await
                    .map_err(|error| StoreError::Other(format!("a transaction died: {error}")))?
            }
        }
    }

    /// One statement as a transaction; the rows it returns.
    pub(crate) async fn write_rows(
        &self,
        sql: &'static str,
        parameters: Vec<Value>,
    ) -> Result<Vec<Row>, StoreError> {
        self.write(move |tx| Box::pin(async move { tx.rows(sql, parameters).await })).await
    }

    /// One statement as a transaction; the number of rows it changed.
    pub(crate) async fn execute(&self, sql: &'static str, parameters: Vec<Value>) -> Result<u64, StoreError> {
        self.write(move |tx| Box::pin(async move { tx.execute(sql, parameters).await })).await
    }

    /// Sends `payload` on `channel` to the other nodes.
    pub(crate) async fn notify(&self, channel: &'static str, payload: String) -> Result<(), StoreError> {
        if let Some(sql) = self.dialect().notify() {
            self.look_up(sql, vec![channel.into(), payload.into()]).await?;
        }
        Ok(())
    }

    /// Copies an SQLite file to `target` while it is in use.
    pub(crate) async fn copy_to(&self, target: PathBuf) -> Result<(), StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.copy_to(target).await,
            Engine::Postgres(_) => {
                Err(StoreError::Other("only a file can be copied; PostgreSQL has its own tools".to_owned()))
            }
        }
    }

    /// Copies an SQLite file next to itself; nothing on PostgreSQL.
    pub(crate) async fn copy_file(&self, suffix: &str) -> Result<(), StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.copy(suffix).await,
            Engine::Postgres(_) => Ok(()),
        }
    }

    /// Compiles a statement without running it.
    pub(crate) async fn prepare(&self, sql: &str) -> Result<(), StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.prepare(sql),
            Engine::Postgres(postgres) => postgres.prepare(sql).await,
        }
    }

    /// How the database would run a statement, one line a step.
    pub(crate) async fn explain(&self, sql: &str, parameters: Vec<Value>) -> Result<Vec<String>, StoreError> {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.explain(sql, &parameters),
            Engine::Postgres(postgres) => postgres.explain(sql, &parameters).await,
        }
    }

    /// Hears what other nodes announce, until `cancel`; returns at once on SQLite.
    pub(crate) async fn listen(&self, cancel: tokio_util::sync::CancellationToken) {
        if let Engine::Postgres(postgres) = &self.engine {
            listen::run(postgres, self, cancel).await;
        }
    }

    /// Waits for queued writes and lets go of the database.
    pub(crate) async fn close(&self) {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Postgres(postgres) => postgres.close(),
        }
    }

    fn before(&self, parameters: &[Value]) -> Result<(), StoreError> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        check_texts(parameters)
    }
}

/// An open transaction.
pub(crate) struct Tx<'c> {
    engine: TxEngine<'c>,
    events: Vec<CacheEvent>,
    /// What the transaction wrote to the log: ranges of `operations.seq`.
    logged: Vec<(i64, i64)>,
    /// Whether tasks were enqueued.
    wakes: bool,
    statements: Arc<AtomicU64>,
}

enum TxEngine<'c> {
    Sqlite(&'c mut rusqlite::Connection),
    Postgres(&'c deadpool_postgres::Transaction<'c>),
}

impl Tx<'_> {
    /// Runs a statement and returns its rows.
    pub(crate) async fn rows(&mut self, sql: &str, parameters: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.before(&parameters)?;
        match &mut self.engine {
            TxEngine::Sqlite(connection) => sqlite::rows(connection, sql, &parameters),
            TxEngine::Postgres(transaction) => postgres::rows(transaction, sql, &parameters).await,
        }
    }

    /// As [`Self::rows`], the first row.
    pub(crate) async fn row(&mut self, sql: &str, parameters: Vec<Value>) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, parameters).await?.into_iter().next())
    }

    /// Runs a statement and returns the number of rows it changed.
    pub(crate) async fn execute(&mut self, sql: &str, parameters: Vec<Value>) -> Result<u64, StoreError> {
        self.before(&parameters)?;
        match &mut self.engine {
            TxEngine::Sqlite(connection) => sqlite::execute(connection, sql, &parameters),
            TxEngine::Postgres(transaction) => postgres::execute(transaction, sql, &parameters).await,
        }
    }

    /// Runs one statement for each parameter list; on PostgreSQL without a round trip between them.
    ///
    /// The answer holds the first returned row of each run.
    pub(crate) async fn each(
        &mut self,
        sql: &str,
        lists: &[Vec<Value>],
    ) -> Result<Vec<Option<Row>>, StoreError> {
        for parameters in lists {
            self.before(parameters)?;
        }
        match &mut self.engine {
            TxEngine::Sqlite(connection) => sqlite::each(connection, sql, lists),
            TxEngine::Postgres(transaction) => postgres::each(transaction, sql, lists).await,
        }
    }

    /// Runs one INSERT for each parameter list; the new row's integer key in `column`, unless a conflict was ignored.
    ///
    /// To SQLite `RETURNING` is a trigger, and a statement with a trigger copies every page before it writes to it:
    /// that was a third of a log row's cost.
    pub(crate) async fn insert_each(
        &mut self,
        sql: &str,
        column: &str,
        lists: &[Vec<Value>],
    ) -> Result<Vec<Option<i64>>, StoreError> {
        for parameters in lists {
            self.before(parameters)?;
        }
        match &mut self.engine {
            TxEngine::Sqlite(connection) => sqlite::insert_each(connection, sql, lists),
            TxEngine::Postgres(transaction) => {
                let rows = postgres::each(transaction, &format!("{sql} RETURNING {column}"), lists).await?;
                rows.into_iter().map(|row| row.map(|mut row| row.take()).transpose()).collect()
            }
        }
    }

    /// Runs a text of several statements without parameters.
    pub(crate) async fn script(&mut self, script: &str) -> Result<(), StoreError> {
        match &mut self.engine {
            TxEngine::Sqlite(connection) => sqlite::script(connection, script),
            TxEngine::Postgres(transaction) => postgres::script(transaction, script).await,
        }
    }

    /// Tells every cache, on every node, once the transaction is committed.
    pub(crate) fn announce(&mut self, event: CacheEvent) {
        self.events.push(event);
    }

    /// Wakes the workers of every node once the transaction is committed.
    pub(crate) fn wake_workers(&mut self) {
        self.wakes = true;
    }

    /// Tells whoever follows the log, on every node, once the transaction is committed.
    pub(crate) fn tell_log(&mut self, changed: Vec<(i64, i64)>) {
        self.logged.extend(changed);
    }

    /// Which database this is, for the statements of `dialect.rs`.
    pub(crate) fn dialect(&self) -> Dialect {
        match &self.engine {
            TxEngine::Sqlite(_) => Dialect::Sqlite,
            TxEngine::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Queues the announcements for the other nodes into the transaction itself.
    async fn notify_nodes(&mut self, node: &str) -> Result<(), StoreError> {
        let Some(sql) = self.dialect().notify() else { return Ok(()) };
        for payload in payloads(node, &self.events)? {
            self.rows(sql, vec![crate::events::CACHE_CHANNEL.into(), payload.into()]).await?;
        }
        if !self.logged.is_empty() {
            let payload = crate::events::log_payload(node, &self.logged)?;
            self.rows(sql, vec![crate::events::LOG_CHANNEL.into(), payload.into()]).await?;
        }
        if self.wakes {
            self.rows(sql, vec![crate::events::TASK_CHANNEL.into(), node.into()]).await?;
        }
        Ok(())
    }

    fn before(&self, parameters: &[Value]) -> Result<(), StoreError> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        check_texts(parameters)
    }
}
