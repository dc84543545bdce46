//! How often somebody guessed, counted in windows of time where every node sees it.

use crate::Store;
use crate::error::StoreError;
use crate::statements::statements;
use crate::value::params;

/// What is guessed at, and how often within a window.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GuessLimit {
    /// What is guessed at; a hash, because addresses of strangers are nobody's to keep.
    pub key: String,
    /// Guesses in a window.
    pub most: i64,
}

statements! {
    SPENT = "SELECT ends_at FROM guesses WHERE key = $1 AND ends_at > $2 AND count >= $3";
    SPEND = "INSERT INTO guesses (key, count, ends_at) VALUES ($1, 1, $3) ON CONFLICT (key) DO UPDATE SET \
             count = CASE WHEN guesses.ends_at <= $2 THEN 1 ELSE guesses.count + 1 END, \
             ends_at = CASE WHEN guesses.ends_at <= $2 THEN excluded.ends_at ELSE guesses.ends_at END \
             WHERE guesses.ends_at <= $2 OR guesses.count < $4 RETURNING count";
    GIVE_BACK = "UPDATE guesses SET count = count - 1 WHERE key = $1 AND count > 0";
    FORGET = "DELETE FROM guesses WHERE key = $1";
    PURGE = "DELETE FROM guesses WHERE key IN (SELECT key FROM guesses WHERE ends_at <= $1 LIMIT $2)";
}

impl Store {
    /// Counts a guess at each of `limits`; if one has none left, at none, and the answer is when its window ends.
    ///
    /// A window of `window_ms` begins with its first guess. What is refused is only read.
    pub async fn spend_guess(
        &self,
        mut limits: Vec<GuessLimit>,
        now_ms: i64,
        window_ms: i64,
    ) -> Result<Option<i64>, StoreError> {
        // In one order, so that two that share several wait for each other and never in a ring.
        limits.sort_unstable();
        for limit in &limits {
            let spent = self.pool.look_up_one(SPENT, params![&limit.key, now_ms, limit.most]).await?;
            if let Some(mut row) = spent {
                return row.take();
            }
        }
        let ends_ms = now_ms + window_ms;
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    for (index, GuessLimit { key, most }) in limits.iter().enumerate() {
                        if tx.row(SPEND, params![key, now_ms, ends_ms, *most]).await?.is_some() {
                            continue;
                        }
                        for spent in &limits[..index] {
                            tx.execute(GIVE_BACK, params![&spent.key]).await?;
                        }
                        let ends = tx.row(SPENT, params![key, now_ms, *most]).await?;
                        return ends.map_or(Ok(Some(ends_ms)), |mut row| row.take());
                    }
                    Ok(None)
                })
            })
            .await
    }

    /// A guess was right: what was counted for `forgotten` is, and `given_back` have it again.
    pub async fn forgive_guesses(
        &self,
        forgotten: Vec<String>,
        given_back: Vec<String>,
    ) -> Result<(), StoreError> {
        self.pool
            .write(move |tx| {
                Box::pin(async move {
                    for (sql, keys) in [(FORGET, forgotten), (GIVE_BACK, given_back)] {
                        for key in keys {
                            tx.execute(sql, params![key]).await?;
                        }
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Forgets up to `batch` windows that have ended; their number.
    pub async fn purge_guesses(&self, now_ms: i64, batch: u32) -> Result<u64, StoreError> {
        self.pool.execute(PURGE, params![now_ms, batch]).await
    }
}
