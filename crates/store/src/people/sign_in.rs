//! What proves a person: password, one-time passwords, recovery codes. Of many who show the same code one is let in.

use domain::{Sealed, Secret};

use crate::Store;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::params;

statements! {
    SET_PASSWORD = "UPDATE users SET password = $2, updated_at = $3 WHERE id = $1";
    END_OTHERS = "DELETE FROM user_sessions WHERE user_id = $1 AND hash <> $2";
    SET_TOTP = "UPDATE users SET totp = $2, totp_step = 0, updated_at = $3 WHERE id = $1 AND totp_confirmed_at IS NULL";
    CONFIRM_TOTP = "UPDATE users SET totp_confirmed_at = $3, totp_step = $2, updated_at = $3 \
                    WHERE id = $1 AND totp IS NOT NULL AND totp_confirmed_at IS NULL";
    TAKE_STEP = "UPDATE users SET totp_step = $2 WHERE id = $1 AND totp_step < $2";
    FORGET_CODES = "DELETE FROM user_recovery_codes WHERE user_id = $1";
    ADD_CODE = "INSERT INTO user_recovery_codes (user_id, hash) VALUES ($1, $2)";
    TAKE_CODE = "DELETE FROM user_recovery_codes WHERE user_id = $1 AND hash = $2";
}

impl Store {
    /// Sets a person's password and ends their sessions but the one with this hash.
    pub async fn set_user_password(
        &self,
        id: &str,
        password: &Secret,
        keep: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let (set, end) = (params![id, password.expose(), now_ms], params![id, keep]);
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    tx.execute(SET_PASSWORD, set).await?;
                    tx.execute(END_OTHERS, end).await.map(drop)
                })
            })
            .await
    }

    /// Keeps a secret of one-time passwords that is not confirmed yet; false where a confirmed one stands.
    pub async fn set_user_totp(&self, id: &str, secret: &Sealed, now_ms: i64) -> Result<bool, StoreError> {
        Ok(self.pool.execute(SET_TOTP, params![id, secret, now_ms]).await? > 0)
    }

    /// Asks for codes from now on; `step` is used up. False where there is nothing to confirm.
    pub async fn confirm_user_totp(
        &self,
        id: &str,
        step: i64,
        recovery_hashes: Vec<String>,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    if tx.execute(CONFIRM_TOTP, params![&id, step, now_ms]).await? == 0 {
                        return Ok(false);
                    }
                    tx.execute(FORGET_CODES, params![&id]).await?;
                    let lists: Vec<_> = recovery_hashes.iter().map(|hash| params![&id, hash]).collect();
                    tx.each(ADD_CODE, &lists).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Uses up a time step; false when it, or a later one, was used before.
    pub async fn take_totp_step(&self, id: &str, step: i64) -> Result<bool, StoreError> {
        Ok(self.pool.execute(TAKE_STEP, params![id, step]).await? > 0)
    }

    /// Uses up a recovery code; false when there is none of this hash.
    pub async fn take_recovery_code(&self, id: &str, hash: &str) -> Result<bool, StoreError> {
        Ok(self.pool.execute(TAKE_CODE, params![id, hash]).await? > 0)
    }
}
