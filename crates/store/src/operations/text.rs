//! The text index, filled in the background from a queue.

use std::collections::BTreeMap;

use crate::Store;
use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::pool::Tx;
use crate::statements::statements;
use crate::value::params;

/// No more text than this of one operation is indexed, bytes.
const MAX_TEXT: usize = 8 << 10;
/// Queue entries taken at a time; each stands for a batch of the log or for one changed operation.
const TAKE: i64 = 8;

statements! {
    OPERATIONS = "SELECT seq, summary, error, integration, connection, provider FROM operations \
                  WHERE seq BETWEEN $1 AND $2";
    MESSAGES = "SELECT o.seq, m.text FROM operations o JOIN messages m \
                ON m.environment_id = o.environment_id AND m.operation_id = o.id WHERE o.seq BETWEEN $1 AND $2";
}

/// Takes entries off the queue, oldest first.
pub(crate) fn take_queue(dialect: Dialect) -> String {
    format!(
        "DELETE FROM text_queue WHERE id IN (SELECT id FROM text_queue ORDER BY id LIMIT $1{}) \
         RETURNING first_seq, last_seq",
        dialect.skip_locked()
    )
}

impl Store {
    /// Indexes the text of at least `limit` operations, or of all that wait; the number indexed.
    pub async fn index_text(&self, limit: u64) -> Result<u64, StoreError> {
        let mut indexed = 0;
        while indexed < limit {
            match self.pool.write(|tx| Box::pin(step(tx))).await? {
                Some(count) => indexed += count,
                None => break,
            }
        }
        Ok(indexed)
    }
}

/// Indexes a few queue entries; `None` when the queue is empty.
async fn step(tx: &mut Tx<'_>) -> Result<Option<u64>, StoreError> {
    let ranges = tx.rows(&take_queue(tx.dialect()), params![TAKE]).await?;
    if ranges.is_empty() {
        return Ok(None);
    }
    let mut texts: BTreeMap<i64, String> = BTreeMap::new();
    for mut range in ranges {
        let (first, last): (i64, i64) = (range.take()?, range.take()?);
        for mut row in tx.rows(OPERATIONS, params![first, last]).await? {
            let text = texts.entry(row.take()?).or_default();
            text.clear();
            add_words(text, &row.take::<String>()?);
            for _ in 0..4 {
                add_words(text, row.take::<Option<String>>()?.as_deref().unwrap_or_default());
            }
        }
        for mut row in tx.rows(MESSAGES, params![first, last]).await? {
            let text = texts.entry(row.take()?).or_default();
            add_words(text, &row.take::<String>()?);
        }
    }
    let count = texts.len() as u64;
    let lists: Vec<_> = texts.into_iter().map(|(seq, text)| params![seq, text]).collect();
    tx.each(tx.dialect().text_insert(), &lists).await?;
    Ok(Some(count))
}

/// The words of a text: runs of letters and digits, so that both databases cut a URL the same way.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn add_words(text: &mut String, more: &str) {
    for word in words(more) {
        if text.len() + word.len() >= MAX_TEXT {
            return;
        }
        text.push_str(&word.to_lowercase());
        text.push(' ');
    }
}
