//! The text index, filled in the background from a queue.

use std::collections::BTreeMap;

use super::words::{Words, class_word, environment_word, kind_word, state_word, status_word};
use crate::Store;
use crate::dialect::Dialect;
use crate::error::StoreError;
use crate::pool::Tx;
use crate::statements::statements;
use crate::value::{Row, params};

/// Queue entries taken at a time; each stands for a batch of the log or for one changed operation.
const TAKE: i64 = 8;

/// Bits of a key that hold the end of `seq`; above them are the milliseconds of the id.
pub(super) const SEQ_BITS: u32 = 21;

statements! {
    OPERATIONS = "SELECT seq, id, environment_id, state, kind, action, status, detail, summary, error, \
                  integration, connection, provider FROM operations WHERE seq BETWEEN $1 AND $2";
    MESSAGES = "SELECT o.seq, m.text, m.detail FROM operations o JOIN messages m \
                ON m.environment_id = o.environment_id AND m.operation_id = o.id WHERE o.seq BETWEEN $1 AND $2";
}

/// What an operation's words are kept under; sorts by time.
pub(super) fn text_key(id: &str, seq: i64) -> i64 {
    (id_ms(id) << SEQ_BITS) | (seq & ((1 << SEQ_BITS) - 1))
}

/// The moment at an id's beginning, Unix milliseconds, as far as a key can hold it (to the year 2109).
pub(super) fn id_ms(id: &str) -> i64 {
    let digits = id.split('_').next().and_then(|digits| digits.parse::<i64>().ok());
    digits.unwrap_or_default().clamp(0, (1 << (63 - SEQ_BITS)) - 2)
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
    let mut found: BTreeMap<i64, (String, Words)> = BTreeMap::new();
    for mut range in ranges {
        let (first, last): (i64, i64) = (range.take()?, range.take()?);
        for row in tx.rows(OPERATIONS, params![first, last]).await? {
            let (seq, id, words) = read(row)?;
            found.insert(seq, (id, words));
        }
        for mut row in tx.rows(MESSAGES, params![first, last]).await? {
            let seq: i64 = row.take()?;
            let Some((_, words)) = found.get_mut(&seq) else { continue };
            words.add(&row.take::<String>()?);
            words.add_json(row.take::<Option<String>>()?.as_deref().unwrap_or_default());
        }
    }
    let count = found.len() as u64;
    let dialect = tx.dialect();
    let list = |(seq, (id, words)): (i64, (String, Words))| {
        params![text_key(&id, seq), seq, dialect.text_words(words.iter())]
    };
    let lists: Vec<_> = found.into_iter().map(list).collect();
    tx.each(dialect.text_insert(), &lists).await?;
    Ok(Some(count))
}

/// The `seq`, id and words of a row of [`OPERATIONS`].
fn read(mut row: Row) -> Result<(i64, String, Words), StoreError> {
    let (seq, id, environment): (i64, String, i64) = (row.take()?, row.take()?, row.take()?);
    let (state, kind, action): (String, String, String) = (row.take()?, row.take()?, row.take()?);
    let status: Option<i64> = row.take()?;
    let mut words = Words::default();
    let fields = [
        Some(environment_word(environment)),
        state_word(&state),
        Some(kind_word(&kind)),
        Some(kind_word(&format!("{kind}:{action}"))),
        status.and_then(status_word),
        status.and_then(|status| class_word(status / 100)),
    ];
    fields.into_iter().flatten().for_each(|field| words.add_field(field));
    let detail: Option<String> = row.take()?;
    for _ in 0..5 {
        words.add(row.take::<Option<String>>()?.as_deref().unwrap_or_default());
    }
    if let Some(status) = status.filter(|status| *status != 200) {
        words.add(&status.to_string());
    }
    words.add_json(detail.as_deref().unwrap_or_default());
    Ok((seq, id, words))
}
