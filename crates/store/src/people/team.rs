//! What an owner changes about others. There is always an owner left who can sign in.

use domain::EnvironmentId;
use domain::person::Role;

use super::users::give_roles;
use crate::Store;
use crate::error::StoreError;
use crate::pool::Tx;
use crate::statements::statements;
use crate::value::params;

statements! {
    SET_OWNER = "UPDATE users SET owner = $2, updated_at = $3 WHERE id = $1";
    // Makes everybody who changes owners wait for each other, so that the count below holds.
    LOCK_OWNERS = "UPDATE users SET updated_at = updated_at WHERE owner = 1";
    COUNT_OWNERS = "SELECT COUNT(*) FROM users WHERE owner = 1 AND (password IS NOT NULL OR oidc IS NOT NULL)";
    FORGET_ROLES = "DELETE FROM user_roles WHERE user_id = $1";
    DELETE = "DELETE FROM users WHERE id = $1";
    CLEAR_TOTP = "UPDATE users SET totp = NULL, totp_confirmed_at = NULL, totp_step = 0, updated_at = $2 \
                  WHERE id = $1";
    FORGET_CODES = "DELETE FROM user_recovery_codes WHERE user_id = $1";
}

impl Store {
    /// Changes what a person may do; `None` leaves a part as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the person or an environment, [`StoreError::LimitReached`] when no owner would be
    /// left.
    pub async fn change_user(
        &self,
        id: &str,
        owner: Option<bool>,
        roles: Option<Vec<(EnvironmentId, Role)>>,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    tx.execute(LOCK_OWNERS, Vec::new()).await?;
                    if let Some(owner) = owner {
                        let parameters = params![&id, i64::from(owner), now_ms];
                        if tx.execute(SET_OWNER, parameters).await? == 0 {
                            return Err(StoreError::NotFound("user"));
                        }
                    }
                    if let Some(roles) = roles {
                        tx.execute(FORGET_ROLES, params![&id]).await?;
                        give_roles(tx, &id, &roles).await?;
                    }
                    an_owner_is_left(tx).await
                })
            })
            .await
    }

    /// Removes a person, with sessions and links.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::LimitReached`] when no owner would be left.
    pub async fn delete_user(&self, id: &str) -> Result<(), StoreError> {
        let parameters = params![id];
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    tx.execute(LOCK_OWNERS, Vec::new()).await?;
                    match tx.execute(DELETE, parameters).await? {
                        0 => Err(StoreError::NotFound("user")),
                        _ => an_owner_is_left(tx).await,
                    }
                })
            })
            .await
    }

    /// Forgets a person's one-time passwords and recovery codes.
    pub async fn clear_user_totp(&self, id: &str, now_ms: i64) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    tx.execute(CLEAR_TOTP, params![&id, now_ms]).await?;
                    tx.execute(FORGET_CODES, params![&id]).await.map(drop)
                })
            })
            .await
    }
}

async fn an_owner_is_left(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let row = tx.row(COUNT_OWNERS, Vec::new()).await?;
    match row.map_or(Ok(0), |mut row| row.take::<i64>())? {
        0 => Err(StoreError::LimitReached("changes that leave no owner")),
        _ => Ok(()),
    }
}
