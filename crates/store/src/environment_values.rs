//! Sealed values of an environment: its secrets, and the variables that functions read.

use domain::{EnvironmentId, Scope, Sealed};

use crate::Store;
use crate::error::StoreError;
use crate::events::CacheEvent;
use crate::statements::statements;
use crate::value::params;

/// What a value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// Ours to use: a signing key, an HMAC key.
    Secret,
    /// The customer's, for functions.
    Variable,
}

impl ValueKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Variable => "variable",
        }
    }

    /// The row of a value's place: `environment_values`, this, `sealed`.
    pub fn row(self, environment: EnvironmentId, name: &str) -> String {
        format!("{}/{}/{name}", environment.0, self.as_str())
    }
}

statements! {
    LOCK = "UPDATE environments SET updated_at = $2 WHERE id = $1 AND deleted_at IS NULL";
    GET = "SELECT sealed FROM environment_values WHERE environment_id = $1 AND kind = $2 AND name = $3";
    LIST = "SELECT name, sealed FROM environment_values WHERE environment_id = $1 AND kind = $2 ORDER BY name";
    PUT = "INSERT INTO environment_values (id, environment_id, kind, name, sealed, updated_at) \
           VALUES ($1, $2, $3, $4, $5, $6) \
           ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at";
    PUT_FIRST = "INSERT INTO environment_values (id, environment_id, kind, name, sealed, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING";
    REMOVE = "DELETE FROM environment_values WHERE environment_id = $1 AND kind = $2 AND name = $3";
    CLEAR = "DELETE FROM environment_values WHERE environment_id = $1 AND kind = $2";
}

impl Store {
    /// One value.
    pub async fn environment_value(
        &self,
        scope: Scope,
        kind: ValueKind,
        name: &str,
    ) -> Result<Option<Sealed>, StoreError> {
        let row = self.pool.look_up_one(GET, params![scope.environment, kind.as_str(), name]).await?;
        row.map(|mut row| row.take()).transpose()
    }

    /// All values of a kind with their names, by name.
    pub async fn environment_values(
        &self,
        scope: Scope,
        kind: ValueKind,
    ) -> Result<Vec<(String, Sealed)>, StoreError> {
        let rows = self.pool.look_up(LIST, params![scope.environment, kind.as_str()]).await?;
        rows.into_iter().map(|mut row| Ok((row.take()?, row.take()?))).collect()
    }

    /// Puts a value in place of what was there.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the environment is gone.
    pub async fn put_environment_value(
        &self,
        scope: Scope,
        kind: ValueKind,
        name: &str,
        sealed: &Sealed,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.change_values(scope, now_ms, vec![(PUT, put(scope, kind, name, sealed, now_ms))]).await
    }

    /// Puts a value unless there is one; of several that try, one wins.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the environment is gone.
    pub async fn put_first_environment_value(
        &self,
        scope: Scope,
        kind: ValueKind,
        name: &str,
        sealed: &Sealed,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        self.change_values(scope, now_ms, vec![(PUT_FIRST, put(scope, kind, name, sealed, now_ms))]).await
    }

    /// Removes a value, if there is one.
    pub async fn remove_environment_value(
        &self,
        scope: Scope,
        kind: ValueKind,
        name: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let parameters = params![scope.environment, kind.as_str(), name];
        self.change_values(scope, now_ms, vec![(REMOVE, parameters)]).await
    }

    /// Puts exactly these values in place of all of a kind.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the environment is gone.
    pub async fn replace_environment_values(
        &self,
        scope: Scope,
        kind: ValueKind,
        values: &[(String, Sealed)],
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let mut steps = vec![(CLEAR, params![scope.environment, kind.as_str()])];
        steps.extend(values.iter().map(|(name, sealed)| (PUT, put(scope, kind, name, sealed, now_ms))));
        self.change_values(scope, now_ms, steps).await
    }

    async fn change_values(
        &self,
        scope: Scope,
        now_ms: i64,
        steps: Vec<(&'static str, Vec<crate::value::Value>)>,
    ) -> Result<(), StoreError> {
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    if tx.execute(LOCK, params![scope.environment, now_ms]).await? == 0 {
                        return Err(StoreError::NotFound("environment"));
                    }
                    for (sql, parameters) in steps {
                        tx.execute(sql, parameters).await?;
                    }
                    tx.announce(CacheEvent::Environment { environment: scope.environment });
                    Ok(())
                })
            })
            .await
    }
}

fn put(scope: Scope, kind: ValueKind, name: &str, sealed: &Sealed, now_ms: i64) -> Vec<crate::value::Value> {
    params![kind.row(scope.environment, name), scope.environment, kind.as_str(), name, sealed, now_ms]
}
