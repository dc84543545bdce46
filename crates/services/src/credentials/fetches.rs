//! When credentials were last handed out: noted in memory, written once a minute, at most hourly for a connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::{ConnectionRow, Scope};

use super::account::Account;
use crate::context::Context;
use crate::error::Error;

/// Finer is not asked for, and every note is a write.
const STEP_MS: i64 = 60 * 60 * 1000;
/// Rows of one transaction.
const BATCH: usize = 500;

/// Hand-outs that are not written down yet.
pub struct Fetches {
    context: Arc<Context>,
    noted: Mutex<HashMap<ConnectionRow, (Scope, i64)>>,
}

impl Fetches {
    /// None yet.
    pub fn new(context: Arc<Context>) -> Self {
        Self { context, noted: Mutex::default() }
    }

    /// Remembers that an account's credentials are handed out now.
    pub fn note(&self, account: &Account) {
        let now_ms = self.context.now_ms();
        if account.connection.last_fetched_at_ms.is_some_and(|at_ms| now_ms - at_ms < STEP_MS) {
            return;
        }
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        noted.entry(account.connection.row).or_insert((account.integration.scope, now_ms));
    }

    /// Writes down what was noted.
    ///
    /// # Errors
    /// The database failed; what was not written is lost, and noted again at the next hand-out.
    pub async fn flush(&self) -> Result<(), Error> {
        let noted: Vec<_> = {
            let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *noted).into_iter().map(|(row, (scope, at_ms))| (scope, row, at_ms)).collect()
        };
        for batch in noted.chunks(BATCH) {
            self.context.store.touch_connections(batch.to_vec()).await?;
        }
        Ok(())
    }
}
