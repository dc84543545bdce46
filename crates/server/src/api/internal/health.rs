//! How the server is, for people.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use services::error::Error;
use services::pace::{self, Point};
use services::store::{Dialect, TaskCount};

use crate::app::SharedApp;
use crate::auth::{Granted, ReadLogs};
use crate::error::ApiError;
use crate::strict::{NoQuery, StrictQuery};
use crate::time::zulu;

/// Figures of this process and of the database that it works on.
pub async fn get(
    State(app): State<SharedApp>,
    _: Granted<ReadLogs>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let context = &app.services.context;
    let database = context.store.database_facts().await.map_err(Error::from)?;
    let tasks = context.store.task_counts().await.map_err(Error::from)?;
    let kind = match database.dialect {
        Dialect::Sqlite => "SQLite",
        Dialect::Postgres => "PostgreSQL",
    };
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_ms": context.now_ms() - app.started_ms,
        "node": context.settings.node.to_string(),
        "database": {"kind": kind, "bytes": database.bytes, "schema": database.schema},
        "queue": queue(&tasks),
        "cache": {"accounts": app.services.accounts.len(), "keys": app.services.keys.len()},
        "memory": {"rss_bytes": resident_bytes()},
        "log": {
            "queued": context.log.waiting(),
            "operations": database.operations,
            "oldest_at": database.oldest_operation_at_ms.map(zulu),
        },
        "series": {
            "step_ms": u64::try_from(pace::STEP.as_millis()).unwrap_or(u64::MAX),
            "points": context.counts.pace.points().iter().map(point).collect::<Vec<_>>(),
        },
    })))
}

fn queue(tasks: &[TaskCount]) -> Value {
    let sum = |of: fn(&TaskCount) -> i64| tasks.iter().map(of).sum::<i64>();
    json!({
        "waiting": sum(|one| one.waiting),
        "running": sum(|one| one.running),
        "failed": sum(|one| one.failed),
        "oldest_due_at": tasks.iter().filter_map(|one| one.next_due_at_ms).min().map(zulu),
    })
}

fn point(point: &Point) -> Value {
    json!({
        "at": zulu(point.at_ms), "calls": point.calls, "failed": point.failed,
        "p50_ms": point.p50_ms, "p95_ms": point.p95_ms,
    })
}

/// Resident memory (`VmRSS` of proc(5)); `None` on systems that do not tell.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib << 10)
}
