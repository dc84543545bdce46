//! `GET /internal/health`: the process and its database in figures.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use services::error::Error;
use services::operations::meter::{self, Point};
use services::store::{Dialect, MOST_COUNTED};

use crate::app::SharedApp;
use crate::auth::{Granted, ReadLogs};
use crate::error::ApiError;
use crate::strict::{NoQuery, StrictQuery};
use crate::time::zulu;

/// Figures of this node; the series is of the last hour, from memory.
pub async fn health(
    State(app): State<SharedApp>,
    _: Granted<ReadLogs>,
    StrictQuery(NoQuery {}): StrictQuery<NoQuery>,
) -> Result<Json<Value>, ApiError> {
    let context = &app.services.context;
    let figures = context.store.figures(context.now_ms()).await.map_err(Error::from)?;
    let kind = match context.store.dialect() {
        Dialect::Sqlite => "sqlite",
        Dialect::Postgres => "postgres",
    };
    let points: Vec<Value> = context.log.meter().series().iter().map(point).collect();
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_ms": u64::try_from(app.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "node": context.settings.node.home,
        "database": {"kind": kind, "bytes": figures.bytes, "schema": figures.schema},
        "queue": {
            "waiting": figures.tasks_waiting, "running": figures.tasks_running, "failed": figures.tasks_failed,
            "oldest_due_at": figures.oldest_due_at_ms.map(zulu), "most_counted": MOST_COUNTED,
        },
        "cache": {"accounts": app.services.accounts.len(), "keys": app.services.keys.len()},
        "memory": {"rss_bytes": resident_bytes()},
        "log": {
            "queued": context.log.waiting(), "dropped": context.log.dropped(), "operations": figures.operations,
            "oldest_at": figures.oldest_operation_at_ms.map(zulu), "bytes": figures.log_bytes,
        },
        "series": {"step_ms": u64::try_from(meter::STEP.as_millis()).unwrap_or_default(), "points": points},
    })))
}

fn point(point: &Point) -> Value {
    json!({
        "at": zulu(point.at_ms), "calls": point.calls, "failed": point.failed, "p50_ms": point.p50_ms,
        "p95_ms": point.p95_ms,
    })
}

/// The process's resident memory (proc(5), `status`); null where there is no such file.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
