//! Authorizations that a vendor's webhook ends: states that wait for an account, found by what the webhook says.

use domain::connect::OAuthState;
use domain::{IntegrationKey, Scope};

use crate::Store;
use crate::deliveries::{FollowUp, follow};
use crate::error::StoreError;
use crate::oauth_states;
use crate::statements::statements;
use crate::tasks::NewTask;
use crate::value::params;

statements! {
    AWAIT = "INSERT INTO oauth_states (state_hash, environment_id, integration_key, cookie_hash, payload, \
             expires_at, awaits) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (state_hash) DO UPDATE SET cookie_hash = excluded.cookie_hash, \
             payload = excluded.payload, expires_at = excluded.expires_at, awaits = excluded.awaits";
    AWAITING = "SELECT state_hash, environment_id, integration_key, cookie_hash, payload, expires_at \
                FROM oauth_states WHERE environment_id = $1 AND integration_key = $2 AND awaits = $3 \
                AND expires_at > $4 LIMIT 100";
    TELL = "UPDATE oauth_states SET payload = $3, expires_at = $4, awaits = NULL \
            WHERE state_hash = $1 AND awaits = $2 RETURNING 1";
    READ = "SELECT state_hash, environment_id, integration_key, cookie_hash, payload, expires_at \
            FROM oauth_states WHERE state_hash = $1";
}

impl Store {
    /// Adds a state that waits under the name `awaits`, in place of one that has its hash.
    pub async fn await_installation(&self, state: &OAuthState, awaits: &str) -> Result<(), StoreError> {
        let parameters = params![
            &state.state_hash,
            state.environment,
            &state.integration,
            &state.cookie_hash,
            &state.payload,
            state.expires_at_ms,
            awaits,
        ];
        self.pool.execute(AWAIT, parameters).await.map(drop)
    }

    /// The states of an integration that wait under a name, at most a hundred.
    pub async fn awaiting(
        &self,
        scope: Scope,
        integration: &IntegrationKey,
        awaits: &str,
        now_ms: i64,
    ) -> Result<Vec<OAuthState>, StoreError> {
        let parameters = params![scope.environment, integration, awaits, now_ms];
        self.pool.look_up(AWAITING, parameters).await?.into_iter().map(oauth_states::read).collect()
    }

    /// Stores what a state waited for, with the task that goes on; false when it waits no more, and nothing is stored.
    pub async fn tell_installation(
        &self,
        state: OAuthState,
        awaits: &str,
        task: NewTask,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let awaits = awaits.to_owned();
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    let parameters = params![&state.state_hash, &awaits, &state.payload, state.expires_at_ms];
                    if tx.row(TELL, parameters).await?.is_none() {
                        return Ok(false);
                    }
                    let scope = Scope { environment: state.environment };
                    follow(tx, scope, FollowUp { tasks: vec![task], deliveries: Vec::new() }, now_ms).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// A state, which stays.
    pub async fn oauth_state(&self, state_hash: &str) -> Result<Option<OAuthState>, StoreError> {
        self.pool.look_up_one(READ, params![state_hash]).await?.map(oauth_states::read).transpose()
    }
}
