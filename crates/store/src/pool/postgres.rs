//! PostgreSQL: pooled connections, statements prepared once a connection.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use deadpool_postgres::{Manager, ManagerConfig, PoolError, RecyclingMethod, Runtime, Transaction};
use futures_util::future::try_join_all;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::tls::Tls;
use super::{Pool, PoolOptions, Tx, TxEngine, Work};
use crate::error::StoreError;
use crate::value::{Row, Value};

#[derive(Clone)]
pub(super) struct Postgres {
    pool: deadpool_postgres::Pool,
    pub(super) tls: Arc<Tls>,
}

impl Postgres {
    pub(super) async fn open(url: &str, options: &PoolOptions) -> Result<Self, StoreError> {
        let wait = Duration::from_millis(u64::from(options.wait_ms));
        let mut tls = Tls::from_url(url)?;
        // A peer that vanished is noticed in half a minute, not in the system's two hours.
        tls.config
            .connect_timeout(wait)
            .application_name("sheetbend")
            .keepalives_idle(Duration::from_secs(15))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3);
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match &tls.connector {
            Some(connector) => Manager::from_config(tls.config.clone(), connector.clone(), recycling),
            None => Manager::from_config(tls.config.clone(), tokio_postgres::NoTls, recycling),
        };
        let pool = deadpool_postgres::Pool::builder(manager)
            .max_size(options.max_connections as usize)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(wait))
            .create_timeout(Some(wait))
            .recycle_timeout(Some(wait))
            .build()
            .map_err(|error| StoreError::Other(error.to_string()))?;
        let postgres = Self { pool, tls: Arc::new(tls) };
        postgres.read("SELECT 1", &[]).await?;
        Ok(postgres)
    }

    pub(super) async fn read(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
        let client = self.pool.get().await.map_err(pool_error)?;
        let statement = client.prepare_cached(sql).await.map_err(error)?;
        convert(client.query(&statement, &borrowed(parameters)).await.map_err(error)?)
    }

    /// Reads with a plan for exactly these parameters: a prepared statement would soon get one for all.
    pub(super) async fn search(&self, sql: &str, parameters: &[Value]) -> Result<Vec<Row>, StoreError> {
        let client = self.pool.get().await.map_err(pool_error)?;
        convert(client.query(sql, &borrowed(parameters)).await.map_err(error)?)
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        pool: &Pool,
        work: impl Work<T>,
    ) -> Result<T, StoreError> {
        let mut client = self.pool.get().await.map_err(pool_error)?;
        let transaction = client.transaction().await.map_err(error)?;
        let (result, events, logged, wakes) = {
            let statements = pool.statements.clone();
            let mut tx = Tx {
                engine: TxEngine::Postgres(&transaction),
                events: Vec::new(),
                logged: Vec::new(),
                wakes: false,
                statements,
            };
            let mut result = work(&mut tx).await;
            if result.is_ok()
                && let Err(error) = tx.notify_nodes(pool.node()).await
            {
                result = Err(error);
            }
            (result, tx.events, tx.logged, tx.wakes)
        };
        match result {
            Ok(value) => {
                transaction.commit().await.map_err(error)?;
                pool.events.publish(&events);
                pool.events.publish_log(logged);
                if wakes {
                    pool.events.wake_workers();
                }
                Ok(value)
            }
            Err(reason) => {
                // The first failure is the one to tell; a failed rollback only closes the connection.
                let _ = transaction.rollback().await;
                Err(reason)
            }
        }
    }

    pub(super) async fn prepare(&self, sql: &str) -> Result<(), StoreError> {
        let client = self.pool.get().await.map_err(pool_error)?;
        client.prepare(sql).await.map(drop).map_err(error)
    }

    pub(super) async fn explain(&self, sql: &str, parameters: &[Value]) -> Result<Vec<String>, StoreError> {
        let plan = self.read(&format!("EXPLAIN {sql}"), parameters).await?;
        plan.into_iter().map(|mut row| row.take()).collect()
    }

    pub(super) fn close(&self) {
        self.pool.close();
    }
}

pub(super) async fn rows(
    transaction: &Transaction<'_>,
    sql: &str,
    parameters: &[Value],
) -> Result<Vec<Row>, StoreError> {
    let statement = transaction.prepare_cached(sql).await.map_err(error)?;
    convert(transaction.query(&statement, &borrowed(parameters)).await.map_err(error)?)
}

pub(super) async fn execute(
    transaction: &Transaction<'_>,
    sql: &str,
    parameters: &[Value],
) -> Result<u64, StoreError> {
    let statement = transaction.prepare_cached(sql).await.map_err(error)?;
    transaction.execute(&statement, &borrowed(parameters)).await.map_err(error)
}

/// Sends all runs before it reads the first answer.
pub(super) async fn each(
    transaction: &Transaction<'_>,
    sql: &str,
    lists: &[Vec<Value>],
) -> Result<Vec<Option<Row>>, StoreError> {
    let statement = transaction.prepare_cached(sql).await.map_err(error)?;
    let run = |list: &'_ Vec<Value>| {
        let (statement, list) = (statement.clone(), list.clone());
        async move {
            let rows = transaction.query(&statement, &borrowed(&list)).await.map_err(error)?;
            Ok(convert(rows)?.into_iter().next())
        }
    };
    let mut answers = Vec::with_capacity(lists.len());
    for chunk in lists.chunks(256) {
        answers.extend(try_join_all(chunk.iter().map(run)).await?);
    }
    Ok(answers)
}

pub(super) async fn script(transaction: &Transaction<'_>, script: &str) -> Result<(), StoreError> {
    transaction.batch_execute(script).await.map_err(error)
}

fn borrowed(parameters: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| parameter as &(dyn ToSql + Sync)).collect()
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (self, kind) {
            (Self::Null, _) => Ok(IsNull::Yes),
            (Self::Int(number), &Type::INT4) => i32::try_from(*number)?.to_sql(kind, out),
            (Self::Int(number), &Type::INT8) => number.to_sql(kind, out),
            (Self::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::UNKNOWN) => text.to_sql(kind, out),
            (Self::Text(text), &Type::JSONB) => {
                // The binary form of jsonb: a version byte and the text.
                out.extend_from_slice(&[1]);
                out.extend_from_slice(text.as_bytes());
                Ok(IsNull::No)
            }
            (Self::Bytes(bytes), &Type::BYTEA) => bytes.to_sql(kind, out),
            _ => Err(format!("a parameter does not fit a column of type {kind}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn convert(rows: Vec<tokio_postgres::Row>) -> Result<Vec<Row>, StoreError> {
    rows.iter()
        .map(|row| (0..row.len()).map(|index| value(row, index)).collect::<Result<_, _>>().map(Row::new))
        .collect()
}

fn value(row: &tokio_postgres::Row, index: usize) -> Result<Value, StoreError> {
    fn optional<T>(value: Option<T>, wrap: fn(T) -> Value) -> Value {
        value.map_or(Value::Null, wrap)
    }
    let kind = row.columns()[index].type_();
    let value = match *kind {
        Type::INT8 => row.try_get(index).map(|value| optional(value, Value::Int)),
        Type::INT4 => row.try_get(index).map(|value: Option<i32>| optional(value.map(i64::from), Value::Int)),
        Type::TEXT | Type::VARCHAR | Type::NAME => {
            row.try_get(index).map(|value| optional(value, Value::Text))
        }
        Type::BYTEA => row.try_get(index).map(|value| optional(value, Value::Bytes)),
        // What a function such as pg_notify returns for nothing.
        Type::VOID => Ok(Value::Null),
        _ => return Err(StoreError::Other(format!("a column of unexpected type {kind}"))),
    };
    value.map_err(error)
}

fn pool_error(failed: PoolError) -> StoreError {
    match failed {
        PoolError::Backend(backend) => error(backend),
        PoolError::Timeout(_) => {
            StoreError::Unavailable("no connection became free or ready in time".to_owned())
        }
        other => StoreError::Unavailable(other.to_string()),
    }
}

/// PostgreSQL's SQLSTATE in our words (its manual, appendix A). Messages of other classes may quote values, so
/// only their code is told.
pub(super) fn error(failed: tokio_postgres::Error) -> StoreError {
    let Some(detail) = failed.as_db_error() else {
        let cause =
            failed.source().map_or_else(|| failed.to_string(), |source| format!("{failed}: {source}"));
        return if failed.source().is_some_and(|source| source.is::<std::io::Error>()) || failed.is_closed() {
            StoreError::Unavailable(cause)
        } else {
            StoreError::Other(cause)
        };
    };
    let code = detail.code();
    match code.code() {
        "23505" => StoreError::Duplicate(detail.constraint().unwrap_or("unique constraint").to_owned()),
        "23503" => StoreError::NotFound("referenced row"),
        "53100" => StoreError::Full,
        "25006" | "42501" => StoreError::ReadOnly,
        "40001" | "40P01" | "55P03" => StoreError::Locked,
        "22021" => StoreError::NulCharacter,
        "XX001" | "XX002" => StoreError::Corrupt(detail.message().to_owned()),
        class if ["08", "28", "3D", "53", "57", "58"].iter().any(|begin| class.starts_with(begin)) => {
            StoreError::Unavailable(detail.message().to_owned())
        }
        class if class.starts_with("42") || *code == SqlState::FEATURE_NOT_SUPPORTED => {
            StoreError::Other(format!("{class}: {}", detail.message()))
        }
        other => StoreError::Other(format!("SQLSTATE {other}")),
    }
}
