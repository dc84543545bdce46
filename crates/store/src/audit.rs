//! The audit log: an attempt is written before the change, its outcome after it.

use domain::EnvironmentId;
use serde_json::{Map, Value as Json};

use crate::Store;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::{Row, json, params};

/// Who changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// `person`, `key` or `operator`.
    pub kind: String,
    /// The person's or key's id; empty for the operator.
    pub id: String,
    /// E-mail address or the key's name, as it was then.
    pub name: String,
}

/// An attempt to change something.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAudit {
    /// When, Unix milliseconds.
    pub at_ms: i64,
    /// Who.
    pub actor: Actor,
    /// Where, with the environment's name as it was then; `None` for the account.
    pub environment: Option<(EnvironmentId, String)>,
    /// What, for example `integration.update`.
    pub action: String,
    /// What it is done to, for example an integration's key.
    pub target: String,
    /// What was asked for, without secrets.
    pub detail: Map<String, Json>,
}

/// An entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// Its place in the log.
    pub seq: i64,
    /// What was attempted.
    pub new: NewAudit,
    /// The HTTP status of the answer; `None` while it runs and where the process ended first.
    pub status: Option<i64>,
}

/// Which entries to list.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only older than this place.
    pub before: Option<i64>,
    /// Exactly this actor's id.
    pub actor: Option<String>,
    /// Exactly these environments; `None` for all and the account's.
    pub environments: Option<Vec<EnvironmentId>>,
    /// Exactly this action, or all that begin with it and a dot.
    pub action: Option<String>,
    /// At most this many.
    pub limit: u32,
}

statements! {
    INSERT = "INSERT INTO audit (at, actor_kind, actor_id, actor_name, environment_id, environment, action, target, \
              detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING seq";
    END = "UPDATE audit SET status = $2, ended_at = $3 WHERE seq = $1";
    LIST = "SELECT seq, at, actor_kind, actor_id, actor_name, environment_id, environment, action, target, detail, \
            status FROM audit WHERE seq < $1 AND ($2 = '' OR actor_id = $2) AND ($3 = '' OR action = $3 \
            OR substr(action, 1, length($3) + 1) = $3 || '.') \
            AND ($4 = '' OR $4 LIKE '%,' || CAST(environment_id AS TEXT) || ',%') ORDER BY seq DESC LIMIT $5";
    PURGE = "DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE at < $1 ORDER BY at LIMIT $2)";
}

fn read(mut row: Row) -> Result<Audit, StoreError> {
    let (seq, at_ms) = (row.take()?, row.take()?);
    let actor = Actor { kind: row.take()?, id: row.take()?, name: row.take()? };
    let (environment, name): (Option<i64>, Option<String>) = (row.take()?, row.take()?);
    let new = NewAudit {
        at_ms,
        actor,
        environment: environment.map(|id| (EnvironmentId(id), name.unwrap_or_default())),
        action: row.take()?,
        target: row.take()?,
        detail: row.take_json()?,
    };
    Ok(Audit { seq, new, status: row.take()? })
}

impl Store {
    /// Writes an attempt; its place.
    pub async fn insert_audit(&self, new: NewAudit) -> Result<i64, StoreError> {
        let NewAudit { at_ms, actor, environment, action, target, detail } = new;
        let (environment, name) = environment.map(|(id, name)| (id.0, name)).unzip();
        let detail = json(&detail)?;
        let parameters =
            params![at_ms, actor.kind, actor.id, actor.name, environment, name, action, target, detail];
        let row = self.pool.write_rows(INSERT, parameters).await?.into_iter().next();
        row.ok_or(StoreError::NotFound("audit entry"))?.take()
    }

    /// Notes how an attempt ended.
    pub async fn end_audit(&self, seq: i64, status: u16, now_ms: i64) -> Result<(), StoreError> {
        self.pool.execute(END, params![seq, i64::from(status), now_ms]).await.map(drop)
    }

    /// Entries, newest first.
    pub async fn list_audit(&self, filter: &AuditFilter) -> Result<Vec<Audit>, StoreError> {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        let environments = filter.environments.as_ref().map_or(String::new(), |all| {
            all.iter().fold(",".to_owned(), |list, id| format!("{list}{},", id.0))
        });
        let before = filter.before.unwrap_or(i64::MAX);
        let parameters =
            params![before, text(&filter.actor), text(&filter.action), environments, filter.limit];
        self.pool.scan(LIST.to_owned(), parameters).await?.into_iter().map(read).collect()
    }

    /// Deletes entries older than `before_ms`, at most `most`; their number.
    pub async fn purge_audit(&self, before_ms: i64, most: u32) -> Result<u64, StoreError> {
        self.pool.execute(PURGE, params![before_ms, most]).await
    }
}
