//! What leaves the log: the old, the too much; and running operations that never end.

use std::collections::BTreeMap;

use domain::EnvironmentId;

use super::Reaped;
use super::append::{MINUTE_MS, count_timeouts};
use super::text::text_key;
use crate::Store;
use crate::error::StoreError;
use crate::pool::Tx;
use crate::statements::statements;
use crate::value::{Value, params};

statements! {
    USAGE = "SELECT bytes FROM log_usage WHERE id = 1";
    OLDEST = "SELECT seq, environment_id, id, created_at, bytes FROM operations ORDER BY seq LIMIT $1";
    DELETE = "DELETE FROM operations WHERE seq = $1 RETURNING bytes";
    DELETE_MESSAGES = "DELETE FROM messages WHERE environment_id = $1 AND operation_id = $2";
    FREE = "UPDATE log_usage SET bytes = bytes - $1 WHERE id = 1";
    EXPIRE = "UPDATE operations SET state = 'timeout', ended_at = $2 \
              WHERE seq IN (SELECT seq FROM operations WHERE state = 'running' AND created_at < $1 \
              ORDER BY created_at LIMIT $3) \
              RETURNING seq, environment_id, created_at, kind, action, integration";
    ENQUEUE = "INSERT INTO text_queue (first_seq, last_seq) VALUES ($1, $1)";
    FORGET_COUNTS = "DELETE FROM operation_counts WHERE environment_id = $1 AND minute < $2";
}

impl Store {
    /// One step of retention: deletes up to `batch` of the oldest operations that are older than `max_age_ms` or
    /// beyond `max_bytes`. Call again while [`Reaped::more`].
    pub async fn reap_log(
        &self,
        now_ms: i64,
        max_age_ms: i64,
        max_bytes: i64,
        batch: u32,
    ) -> Result<Reaped, StoreError> {
        let before_ms = now_ms - max_age_ms;
        self.pool.write(move |tx| Box::pin(reap(tx, before_ms, max_bytes, batch))).await
    }

    /// Ends up to `batch` running operations that began before `before_ms` as timed out; their number.
    pub async fn expire_running(&self, before_ms: i64, now_ms: i64, batch: u32) -> Result<u64, StoreError> {
        self.pool.write(move |tx| Box::pin(expire(tx, before_ms, now_ms, batch))).await
    }
}

async fn expire(tx: &mut Tx<'_>, before_ms: i64, now_ms: i64, batch: u32) -> Result<u64, StoreError> {
    let mut rows = tx.rows(EXPIRE, params![before_ms, now_ms, batch]).await?;
    let seqs = rows.iter_mut().map(|row| row.take::<i64>()).collect::<Result<Vec<_>, _>>()?;
    let queue: Vec<_> = seqs.iter().map(|&seq| params![seq]).collect();
    tx.each(ENQUEUE, &queue).await?;
    tx.tell_log(seqs.iter().map(|&seq| (seq, seq)).collect());
    count_timeouts(tx, rows).await?;
    Ok(seqs.len() as u64)
}

async fn reap(tx: &mut Tx<'_>, before_ms: i64, max_bytes: i64, batch: u32) -> Result<Reaped, StoreError> {
    let usage = tx.row(USAGE, Vec::new()).await?.map_or(Ok(0), |mut row| row.take())?;
    let mut left: i64 = usage;
    let (mut seqs, mut names, mut keys): (Vec<Vec<Value>>, Vec<Vec<Value>>, Vec<Vec<Value>>) =
        Default::default();
    // By environment, the minute of the youngest operation that goes.
    let mut minutes: BTreeMap<i64, i64> = BTreeMap::new();
    let oldest = tx.rows(OLDEST, params![batch]).await?;
    let full_batch = oldest.len() == batch as usize;
    for mut row in oldest {
        let (seq, environment): (i64, EnvironmentId) = (row.take()?, row.take()?);
        let (id, created_at): (String, i64) = (row.take()?, row.take()?);
        if created_at >= before_ms && left <= max_bytes {
            break;
        }
        left -= row.take::<i64>()?;
        seqs.push(params![seq]);
        keys.push(params![text_key(&id, seq)]);
        let minute = minutes.entry(environment.0).or_default();
        *minute = (*minute).max(created_at / MINUTE_MS);
        names.push(params![environment, id]);
    }
    let more = full_batch && seqs.len() == batch as usize;
    let mut reaped = Reaped { operations: 0, bytes_left: usage, more };
    let mut freed = 0;
    // Another node may reap at the same time: only what this one deleted counts.
    for mut row in tx.each(DELETE, &seqs).await?.into_iter().flatten() {
        freed += row.take::<i64>()?;
        reaped.operations += 1;
    }
    tx.each(DELETE_MESSAGES, &names).await?;
    tx.each(tx.dialect().text_delete(), &keys).await?;
    let minutes: Vec<_> =
        minutes.into_iter().map(|(environment, minute)| params![environment, minute]).collect();
    tx.each(FORGET_COUNTS, &minutes).await?;
    if freed != 0 {
        tx.execute(FREE, params![freed]).await?;
    }
    reaped.bytes_left -= freed;
    Ok(reaped)
}
